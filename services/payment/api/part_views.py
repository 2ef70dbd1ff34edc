"""Parts of a claim, and applications that join several, as people read them."""

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel

from services.payment.application.submit_application import Application
from services.payment.domain.breach import Breach
from services.payment.domain.clawback import Clawback, Repayment
from services.payment.domain.line_return import LineReturn
from shared.contracts.assessment import SatisfactionMeasured


class LineReturnView(BaseModel):
    """One line given back, and what the claimant answered."""

    line_no: int
    round: int
    reason_code: str
    note: str
    returned_by: str
    returned_on: date
    answer: str | None
    statement: str | None
    answered_on: date | None

    @classmethod
    def of(cls, returned: LineReturn) -> Self:
        """Render a return."""
        return cls(
            line_no=returned.line_no,
            round=returned.round,
            reason_code=returned.reason_code,
            note=returned.note,
            returned_by=returned.returned_by,
            returned_on=returned.returned_on,
            answer=returned.answer.value if returned.answer else None,
            statement=returned.statement,
            answered_on=returned.answered_on,
        )


class ClawbackView(BaseModel):
    """Money asked back, who decided it, and what came in."""

    clawback_id: str
    claim_id: str
    state: str
    amount_fen: int
    outstanding_fen: int
    amounts: dict[str, int]
    sources: dict[str, int]
    cause: str
    rule: str
    clause: str
    document: str
    reason: str
    proposed_by: str
    proposed_on: date
    entry: int | None
    decided_by: str | None
    decided_on: date | None
    decision_reason: str | None
    repayments: list[Repayment]

    @classmethod
    def of(cls, clawback: Clawback) -> Self:
        """Render a claw-back."""
        return cls(
            clawback_id=clawback.clawback_id,
            claim_id=clawback.claim_id,
            state=clawback.state.value,
            amount_fen=clawback.amount_fen,
            outstanding_fen=clawback.outstanding_fen,
            amounts={str(line_no): fen for line_no, fen in sorted(clawback.amounts.items())},
            sources={share.funding_source: share.amount_fen for share in clawback.sources},
            cause=clawback.cause,
            rule=clawback.ground.rule,
            clause=clawback.ground.clause,
            document=clawback.ground.document,
            reason=clawback.reason,
            proposed_by=clawback.proposed_by,
            proposed_on=clawback.proposed_on,
            entry=clawback.entry,
            decided_by=clawback.decided_by,
            decided_on=clawback.decided_on,
            decision_reason=clawback.decision_reason,
            repayments=list(clawback.repayments),
        )


class BreachView(BaseModel):
    """A breach of the undertaking; facts and evidence are there only for the bureau."""

    breach_id: str
    state: Literal["open", "confirmed", "unfounded", "work_error"]
    opened_on: date
    reason: str | None
    closed_by: str | None
    closed_on: date | None
    line_nos: list[int]
    opened_by: str | None = None
    facts: str | None = None
    evidence: str | None = None

    @classmethod
    def of(cls, breach: Breach, *, whole: bool) -> Self:
        """Render a breach."""
        return cls(
            breach_id=breach.breach_id,
            state=breach.conclusion.value if breach.conclusion else "open",
            opened_on=breach.opened_on,
            reason=breach.reason,
            closed_by=breach.closed_by,
            closed_on=breach.closed_on,
            line_nos=sorted(breach.line_nos),
            opened_by=breach.opened_by if whole else None,
            facts=breach.facts if whole else None,
            evidence=breach.evidence if whole else None,
        )


class SurveyView(BaseModel):
    """What the satisfaction survey of the class came to (JY-QUA-01); null while none is known."""

    satisfied: int
    valid_responses: int
    invited: int | None

    @classmethod
    def of(cls, measured: SatisfactionMeasured | None) -> Self | None:
        """Render a survey's end, if it is known."""
        if measured is None:
            return None
        return cls(satisfied=measured.satisfied, valid_responses=measured.valid_responses, invited=measured.invited)


class BatchView(BaseModel):
    """One batch of an application."""

    claim_id: str
    class_id: str
    state: str
    planned: int
    recognised: int
    amount_fen: int


class ApplicationView(BaseModel):
    """An application with its batches and their totals (JY-CLM-09)."""

    application_id: str
    planned: int
    recognised: int
    amount_fen: int
    batches: list[BatchView]

    @classmethod
    def of(cls, application: Application) -> Self:
        """Render an application."""
        batches = [
            BatchView(
                claim_id=batch.claim.claim_id,
                class_id=batch.claim.class_id,
                state=batch.claim.state.value,
                planned=batch.planned,
                recognised=batch.claim.assessment.recognised,
                amount_fen=sum(batch.claim.payable.values()),
            )
            for batch in application.batches
        ]
        return cls(
            application_id=application.application_id,
            planned=sum(batch.planned for batch in batches),
            recognised=sum(batch.recognised for batch in batches),
            amount_fen=sum(batch.amount_fen for batch in batches),
            batches=batches,
        )
