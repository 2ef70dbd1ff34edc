"""Addresses of what institutions handed their trainees of an allowance before they claim it."""

from datetime import date
from typing import Annotated, Self

from fastapi import Depends
from pydantic import BaseModel, Field

from services.payment.api.schemas import Body, Day, Fen, Id
from services.payment.api.work import BY_BUREAU, Source, StatementsDecisionBody, StatementsReversalBody, StatementView
from services.payment.application.ports import PaymentUnit
from services.payment.application.record_payouts import decide_payouts, read_payouts, record_payouts, reverse_payouts
from services.payment.application.scope import BUREAU
from services.payment.domain.payout import GivenPayout, PayoutEntry
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction

router = service_router("/payment/v1", tags=["垫付补贴发放记录"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]
Read = Annotated[PaymentUnit, Depends(read_transaction)]


class PayoutBody(Body):
    """What a trainee was handed on a day."""

    person_id: Id
    amount_fen: Fen
    paid_on: Annotated[Day, Field(description="实际发放给学员的日期")]
    source: Annotated[Source, Field(description="凭证，例如签领表或银行回单编号", examples=["签领表 2020-10"])]

    def to_command(self) -> GivenPayout:
        """Give the command's part."""
        return GivenPayout(
            person_id=self.person_id, amount_fen=self.amount_fen, paid_on=self.paid_on, source=self.source
        )


class PayoutsBody(Body):
    """Payouts of one class's people."""

    payouts: Annotated[list[PayoutBody], Field(min_length=1, max_length=500)]


class PayoutView(StatementView):
    """A stated payout with what became of it."""

    amount_fen: int
    paid_on: date

    @classmethod
    def of(cls, entry: PayoutEntry) -> Self:
        """Render an entry."""
        return cls(**cls.told(entry), amount_fen=entry.given.amount_fen, paid_on=entry.given.paid_on)


class PayoutsAnswer(BaseModel):
    """Entries of a class, in the order of statement."""

    class_id: str
    items: list[PayoutView]
    next: None = None

    @classmethod
    def of(cls, class_id: str, entries: tuple[PayoutEntry, ...]) -> Self:
        """Render a class's entries."""
        return cls(class_id=class_id, items=[PayoutView.of(entry) for entry in entries])


@router.post(
    "/classes/{class_id}/payouts",
    status_code=201,
    summary="登记垫付给学员的补贴（须由人社部门他人确认后方可申领）",
    dependencies=[requires(Role.INSTITUTION, *BY_BUREAU)],
    responses=responses(404, 409, 422),
)
async def post_payouts(class_id: str, body: PayoutsBody, unit: Write) -> PayoutsAnswer:
    """State payouts; those that were stated alike before are not given again."""
    given = [each.to_command() for each in body.payouts]
    return PayoutsAnswer.of(class_id, await record_payouts(unit, class_id=class_id, given=given))


@router.post(
    "/classes/{class_id}/payouts/decisions",
    summary="确认或不予确认垫付发放记录及其冲销（须为登记人以外的人员）",
    dependencies=[requires(*BY_BUREAU)],
    responses=responses(403, 404, 409),
)
async def post_payout_decisions(class_id: str, body: StatementsDecisionBody, unit: Write) -> PayoutsAnswer:
    """Decide stated payouts; claims of the class are computed again."""
    decided = await decide_payouts(
        unit, class_id=class_id, numbers=body.numbers, confirmed=body.decision == "confirm", reason=body.reason
    )
    return PayoutsAnswer.of(class_id, decided)


@router.post(
    "/classes/{class_id}/payouts/reversals",
    status_code=201,
    summary="冲销误确认的垫付发放记录（须由他人确认）",
    dependencies=[requires(Role.INSTITUTION, *BY_BUREAU)],
    responses=responses(404, 409),
)
async def post_payout_reversals(class_id: str, body: StatementsReversalBody, unit: Write) -> PayoutsAnswer:
    """State the opposite of confirmed payouts."""
    made = await reverse_payouts(unit, class_id=class_id, numbers=body.numbers, reason=body.reason)
    return PayoutsAnswer.of(class_id, made)


@router.get(
    "/classes/{class_id}/payouts",
    summary="查询垫付发放记录",
    dependencies=[requires(Role.INSTITUTION, *BUREAU)],
    responses=responses(404),
)
async def get_payouts(class_id: str, unit: Read) -> PayoutsAnswer:
    """Give every stated payout of a class with what became of it."""
    return PayoutsAnswer.of(class_id, await read_payouts(unit, class_id=class_id))
