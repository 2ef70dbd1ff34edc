"""Classes as reports see them, small enough to read; nothing here is real."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.payment.domain.class_record import ClassRecord, Settlement
from services.payment.domain.monthly_report import Month, MonthlyReport
from shared.contracts.enrollment import ClassOpened, InstitutionReference
from shared.contracts.supervision import TraineeTotals
from tests.payment.sample import (
    JIYUAN,
    OPENING,
    assessment_completed,
    certificate,
    class_opened,
    people,
    rulebook,
    training_completed,
)

MAY, JUNE = Month(year=2021, month=5), Month(year=2021, month=6)


def opened(class_id: str = "class-1", *, provider: str = "", provider_kind: str = "", **fields: Any) -> ClassOpened:
    """Give an opening of ten people; `provider` and `provider_kind` change the institution, other fields the event."""
    roster = fields.pop("roster", people(1, 10))
    groups: Mapping[str, tuple[str, ...]] | None = fields.pop("groups", None)
    fact = class_opened(class_id, trainees=roster, opening=fields.pop("opening", OPENING), groups=groups)
    institution = InstitutionReference(
        institution_id=fields.pop("institution_id", "institution-1"),
        name=provider or fact.institution.name,
        credit_code=fact.institution.credit_code,
        kind=provider_kind or fact.institution.kind,
    )
    return replace(fact, institution=institution, **fields)


def record(
    fact: ClassOpened | None = None,
    *,
    trained_on: date | None = date(2021, 6, 22),
    exam_on: date | None = date(2021, 6, 25),
    issued: date = date(2021, 7, 2),
    passed: Sequence[str] | None = None,
    level: str = "4",
    **fields: Any,
) -> ClassRecord:
    """Give a class in which everybody came and, unless said otherwise, passed."""
    fact = fact or opened()
    roster = [trainee.person_id for trainee in fact.trainees]
    certificates = [
        certificate(each, class_id=fact.class_id, issued=issued, level=level)
        for each in (roster if passed is None else passed)
    ]
    totals = tuple(TraineeTotals(person_id=each, sessions_present=1, class_hours_present=4) for each in roster)
    training = training_completed(class_id=fact.class_id, opening=len(roster), spot=())
    examination = replace(assessment_completed(certificates, class_id=fact.class_id), examined=len(roster))
    kept = {
        "training": trained_on and replace(training, completed_on=trained_on, trainees=totals),
        "examination": examination if exam_on else None,
        "exam_days": (exam_on,) if exam_on else (),
        "certificates": tuple(certificates) if exam_on else (),
        **fields,
    }
    return ClassRecord(opened=fact, **kept)


def settled(amount_fen: int, on: date, person_id: str | None = "p1") -> Settlement:
    """Give money that the bank credited."""
    return Settlement(person_id=person_id, amount_fen=amount_fen, on=on)


def drafted(month: Month = MAY) -> MonthlyReport:
    """Give a month's report as the 1st of the next month leaves it."""
    return MonthlyReport(
        region=JIYUAN,
        month=month,
        rulebook_id=rulebook().id,
        drafted_on=month.next.period.first,
        due=month.next.period.first.replace(day=6),
    )
