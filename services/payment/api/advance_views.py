"""Advances as people read them: how far each is, by which rule, and what of it is owed."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from services.payment.application.advance_queries import AdvanceReading
from services.payment.domain.advance_money import AdvancePayment, Clearing, Recovery

Fen = Annotated[int, Field(description="单位：分")]


class AdvanceSums(BaseModel):
    """What was paid in advance for a class, and what became of it."""

    decided_fen: Annotated[int, Field(description="已决定预付的金额（含待拨付），单位：分")]
    paid_fen: Annotated[int, Field(description="已到账的预付，单位：分")]
    set_off_fen: Annotated[int, Field(description="已由申领抵扣，单位：分")]
    repaid_fen: Annotated[int, Field(description="已通过银行收回，单位：分")]
    outstanding_fen: Annotated[int, Field(description="尚待抵扣或收回，单位：分")]

    @classmethod
    def of(cls, advances: Iterable[AdvancePayment]) -> Self:
        """Add advances up."""
        known = tuple(advances)
        return cls(
            decided_fen=sum(each.decided_fen for each in known),
            paid_fen=sum(each.paid_fen for each in known),
            set_off_fen=sum(each.set_off_fen for each in known),
            repaid_fen=sum(each.repaid_fen for each in known),
            outstanding_fen=sum(each.outstanding_fen for each in known),
        )


class ClearingView(BaseModel):
    """What an advance is owed less by."""

    number: int
    kind: Annotated[Literal["set_off", "repaid"], Field(description="由申领抵扣，或通过银行收回")]
    amount_fen: Fen
    on: date
    recorded_by: str
    order_id: Annotated[str | None, Field(description="抵扣所结清的拨付单")]
    reference: Annotated[str | None, Field(description="银行到账凭证号")]

    @classmethod
    def of(cls, clearing: Clearing) -> Self:
        """Render a clearing."""
        return cls(
            number=clearing.number,
            kind=clearing.kind,
            amount_fen=clearing.amount_fen,
            on=clearing.on,
            recorded_by=clearing.recorded_by,
            order_id=clearing.order_id,
            reference=clearing.reference,
        )


class RecoveryView(BaseModel):
    """A demand for what is owed, and the two people who carry it."""

    number: int
    state: Literal["proposed", "refused", "ordered"]
    amount_fen: Annotated[int, Field(description="提出时尚欠的金额，单位：分")]
    due_on: Annotated[date, Field(description="退回期限")]
    reason: str
    proposed_by: str
    proposed_on: date
    decided_by: str | None
    decided_on: date | None
    decision_reason: str | None

    @classmethod
    def of(cls, recovery: Recovery) -> Self:
        """Render a demand."""
        return cls(
            number=recovery.number,
            state=recovery.state.value,
            amount_fen=recovery.amount_fen,
            due_on=recovery.due_on,
            reason=recovery.reason,
            proposed_by=recovery.proposed_by,
            proposed_on=recovery.proposed_on,
            decided_by=recovery.decided_by,
            decided_on=recovery.decided_on,
            decision_reason=recovery.decision_reason,
        )


class WaitingView(BaseModel):
    """What an advance waits for."""

    task: str
    name: str
    party: str
    role: str | None
    due: date | None


class AdvanceView(BaseModel):
    """One advance, with the rule by which it is paid."""

    advance_id: str
    class_id: str
    institution_id: str
    number: Annotated[int, Field(description="本班第几笔预付（未成立的不占）")]
    state: Literal["requested", "refused", "decided", "ready", "sent", "returned", "paid", "withdrawn"]
    rule: str
    clause: str
    document: str
    percent: Annotated[int, Field(description="文件规定的预付比例上限")]
    requested_fen: Fen
    requested_by: str
    requested_on: date
    amount_fen: Annotated[int | None, Field(description="决定预付的金额，单位：分")]
    limit_fen: Annotated[int | None, Field(description="本班各笔预付合计的上限，单位：分")]
    funding_source: str | None
    decided_by: str | None
    decided_on: date | None
    decision_reason: str | None
    ordered_by: str | None
    ordered_on: date | None
    attempt: int
    withdrawn_by: str | None
    withdrawn_on: date | None
    withdrawal_reason: str | None
    account_masked: str | None
    pending_account_masked: str | None
    sums: AdvanceSums
    clearings: list[ClearingView]
    recoveries: list[RecoveryView]
    waits_for: WaitingView | None
    version: int

    @classmethod
    def of(cls, reading: AdvanceReading) -> Self:
        """Render an advance."""
        advance, task, term = reading.advance, reading.task, reading.term
        return cls(
            advance_id=advance.advance_id,
            class_id=advance.class_id,
            institution_id=advance.institution_id,
            number=advance.number,
            state=advance.state.value,
            rule=term.rule,
            clause=term.clause,
            document=term.document,
            percent=term.percent,
            requested_fen=advance.requested_fen,
            requested_by=advance.requested_by,
            requested_on=advance.requested_on,
            amount_fen=advance.amount_fen or None,
            limit_fen=advance.limit_fen or None,
            funding_source=advance.funding_source,
            decided_by=advance.decided_by,
            decided_on=advance.decided_on,
            decision_reason=advance.decision_reason,
            ordered_by=advance.ordered_by,
            ordered_on=advance.ordered_on,
            attempt=advance.attempt,
            withdrawn_by=advance.withdrawn_by,
            withdrawn_on=advance.withdrawn_on,
            withdrawal_reason=advance.withdrawal_reason,
            account_masked=reading.account_masked,
            pending_account_masked=reading.pending_account_masked,
            sums=AdvanceSums.of([advance]),
            clearings=[ClearingView.of(each) for each in advance.clearings],
            recoveries=[RecoveryView.of(each) for each in advance.recoveries],
            waits_for=WaitingView(
                task=task.holder.task,
                name=task.holder.name,
                party=task.holder.party.value,
                role=task.holder.role.value if task.holder.role else None,
                due=task.due,
            )
            if task
            else None,
            version=advance.version,
        )


class Advances(BaseModel):
    """Advances, the newest request last."""

    items: list[AdvanceView]
    next: None = None
