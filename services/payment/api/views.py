"""What payment's addresses give besides claims: rates, budgets, classes, bank files, the ledger."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from services.payment.api.advance_views import AdvanceSums
from services.payment.application.answer_bank_file import AnswerRow
from services.payment.application.order_ports import BankFile
from services.payment.application.queries import ClassReading
from services.payment.domain.rate_correction import RateCorrection
from services.payment.domain.rates import Rate, RateUnit
from shared.policy.decision import Finding


class RateAnswer(BaseModel):
    """The row as entered."""

    rate_id: int
    region: str
    programme: str
    occupation: str | None
    level: str | None
    certificate_kind: str | None
    valid_from: date
    amount_fen: int
    unit: RateUnit
    source: str

    @classmethod
    def of(cls, rate: Rate) -> Self:
        """Render a row."""
        return cls(
            rate_id=rate.number,
            region=rate.region,
            programme=rate.programme,
            occupation=rate.occupation,
            level=rate.level,
            certificate_kind=rate.certificate_kind,
            valid_from=rate.valid_from,
            amount_fen=rate.amount_fen,
            unit=rate.unit,
            source=rate.source,
        )


class RateCorrectionView(BaseModel):
    """A correction of a rate and the two people who carry it."""

    correction_id: str
    region: str
    programme: str
    occupation: str | None
    level: str | None
    certificate_kind: str | None
    valid_from: date
    amount_fen: int
    unit: RateUnit
    source: str
    reason: str
    state: Literal["proposed", "confirmed", "refused"]
    proposed_by: str
    proposed_on: date
    decided_by: str | None
    decided_on: date | None
    decision_reason: str | None

    @classmethod
    def of(cls, correction: RateCorrection) -> Self:
        """Render a correction."""
        rate = RateAnswer.of(correction.rate).model_dump(exclude={"rate_id"})
        return cls(
            correction_id=correction.correction_id,
            **rate,
            reason=correction.reason,
            state=correction.state.value,
            proposed_by=correction.proposed_by,
            proposed_on=correction.proposed_on,
            decided_by=correction.decided_by,
            decided_on=correction.decided_on,
            decision_reason=correction.decision_reason,
        )


class RateCorrections(BaseModel):
    """The corrections of a region, oldest first."""

    items: list[RateCorrectionView]
    next: None = None


class BudgetAnswer(BaseModel):
    """The budget after the allotment."""

    region: str
    funding_source: str
    year: int
    allotted_fen: int


class ReservationView(BaseModel):
    """What payment holds for a class."""

    answers_version: int
    held: int
    used: int
    funding_source: str | None
    budget_fen: int
    released: str | None


class ClassView(BaseModel):
    """What payment knows of a class, and what still stands against a claim."""

    class_id: str
    institution_id: str | None
    region: str | None
    rulebook_id: str | None
    opened: bool
    cancelled: bool
    training_revision: int | None
    assessment_revision: int | None
    sessions_known: int
    certificates_known: int
    reservation: ReservationView
    missing: list[Finding]
    claim_id: str | None
    advances: Annotated[AdvanceSums | None, Field(description="本班预付的合计；没有预付的为空")]
    version: int

    @classmethod
    def of(cls, reading: ClassReading) -> Self:
        """Render a class."""
        file, facts = reading.file, reading.facts
        return cls(
            class_id=file.class_id,
            institution_id=file.institution_id,
            region=file.region,
            rulebook_id=file.rulebook_id,
            opened=facts.opened is not None,
            cancelled=facts.cancelled is not None,
            training_revision=facts.training.fact.revision if facts.training else None,
            assessment_revision=facts.examination.fact.revision if facts.examination else None,
            sessions_known=len(facts.attendance),
            certificates_known=len(facts.certificates) - len(facts.voided),
            reservation=ReservationView(
                answers_version=file.asked_version,
                held=len(reading.slots),
                used=sum(state == "used" for state in reading.slots.values()),
                funding_source=file.funding_source,
                budget_fen=reading.budget_fen,
                released=file.released,
            ),
            missing=list(reading.missing),
            claim_id=reading.claim_id,
            advances=AdvanceSums.of(reading.advances) if reading.advances else None,
            version=file.version,
        )


class BankFileAnswer(BaseModel):
    """A bank file; its content is fetched apart."""

    bank_file_id: str
    funding_source: str
    count: int
    amount_fen: int
    sha256: str
    created_by: str
    created_on: date

    @classmethod
    def of(cls, file: BankFile) -> Self:
        """Render a bank file."""
        return cls(
            bank_file_id=file.bank_file_id,
            funding_source=file.funding_source,
            count=file.count,
            amount_fen=file.amount_fen,
            sha256=file.sha256,
            created_by=file.created_by,
            created_on=file.created_on,
        )


class AnswerRowView(BaseModel):
    """What became of one answer."""

    order_id: str
    attempt: int
    result: Literal["applied", "duplicate", "refused"]
    code: str | None = None
    message: str | None = None
    advice: str | None = None

    @classmethod
    def of(cls, row: AnswerRow) -> Self:
        """Render a row."""
        refusal = row.refusal
        return cls(
            order_id=row.order_id,
            attempt=row.attempt,
            result=row.result,
            code=refusal.code if refusal else None,
            message=refusal.message if refusal else None,
            advice=refusal.advice if refusal else None,
        )


class AnswersAnswer(BaseModel):
    """What became of the answers, in the order in which they were sent."""

    rows: list[AnswerRowView]


class LedgerPage(BaseModel):
    """Rows of the ledger."""

    items: list[dict[str, Any]]
    next: None = None
