"""What a case file says, as the events by which the services would have told it.

What a file does not say is taken as in order: attendance by everybody, a passed inspection opinion.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final, cast

from services.payment.domain.benefit import AGREED_MONTHS, DISPATCHED_TO, ENTERPRISE, FUNDER, HIRER, INSURED_MONTHS
from services.payment.domain.caps import Use
from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known, Payout, Spell, WorkMonth
from services.payment.domain.rates import Rate
from services.supervision.domain.inspection import Inspection
from services.supervision.domain.opening_day import OpeningDay, opening_day
from services.supervision.domain.training_class import Session
from shared.clock import start_of_day
from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    CertificateIssued,
    CertificateKind,
    KindCount,
)
from shared.contracts.contract import Contract
from shared.contracts.enrollment import (
    ClassOpened,
    InstitutionReference,
    OccupationReference,
    OpenedTrainee,
)
from shared.contracts.supervision import (
    AttendanceChecked,
    InspectionOpinion,
    Presence,
    SpotCheckRecorded,
    TraineeTotals,
    TrainingCompleted,
)
from shared.domain.money import fen_from_yuan
from shared.policy.case_file import Case, Certificate, People
from shared.policy.rulebook import Rulebook
from shared.policy.terms.class_plan import ProgrammeType

CLASS_ID: Final = "class"
_OFFICER: Final = "officer"
_MINUTES_OF_A_CLASS_HOUR: Final = 40
_BY_THE_DAY: Final = ("living_allowance", "living_allowance_difficult", "graduate_living_allowance")


def opened_class(
    case: Case, book: Rulebook, kind: ProgrammeType, programme: str | None, roster: tuple[str, ...]
) -> ClassOpened:
    """Give the class as it opened, with the people of the roster."""
    told = {person: people for people in case.person for person in people.ids}
    return ClassOpened(
        class_id=CLASS_ID,
        kind=case.kind,
        programme=programme or kind.programme,
        training_type=kind.code,
        region=case.region,
        rulebook_id=book.id,
        institution=InstitutionReference(
            institution_id="provider", name="provider", credit_code="", kind=case.provider or "institution"
        ),
        occupation=OccupationReference(
            code=case.occupation or "",
            name=case.occupation or "",
            certifiable=case.certifiable,
            new_since=case.new_occupation_published,
        ),
        level=case.level,
        delivery="offline",
        planned=case.planned,
        refused=len(case.people) - len(roster),
        opening_date=case.opened,
        closing_date=last_day(case),
        funding_source=case.fund or "",
        sessions=(),
        teachers=(),
        trainees=tuple(
            OpenedTrainee(
                person_id=person,
                groups=(told[person].group,),
                masked_name=person,
                payee_check="",
                payee_check_key="",
                fee_fen=fen_from_yuan(told[person].fee_yuan),
                attributes=_of_person(told[person]),
            )
            for person in roster
        ),
        reviews=(),
        attributes={**_of_class(case), **stated_cost(case, book)},
    )


def stated_cost(case: Case, book: Rulebook) -> dict[str, str]:
    """Give what the class costs and what of it the first source bore, as it was decided (decision 0017).

    The value of a decision by the rule of the benefit is the cost in yuan, by that of the order of sources what the
    first of them bore.
    """
    order = book.payment.funding_order
    if order is None:
        return {}
    attribute = {one.rule: order.cost for one in book.payment.benefits if one.basis == "cost"} | {
        order.rule: order.spent
    }
    decided = {attribute[one.rule]: one.value for one in case.decision if one.rule in attribute}
    return {code: str(value) for code, value in decided.items() if value is not None}


def _of_class(case: Case) -> dict[str, str]:
    told = {
        FUNDER: case.funder or "learner",  # what the training cost its learners, unless somebody else paid
        ENTERPRISE: case.enterprise,
        HIRER: case.hirer,
        AGREED_MONTHS: None if case.agreed_months is None else str(case.agreed_months),
    }
    return {code: value for code, value in told.items() if value is not None}


def _of_person(people: People) -> dict[str, str]:
    told = {
        DISPATCHED_TO: people.dispatched_to,
        INSURED_MONTHS: None if people.insured_months is None else str(people.insured_months),
    }
    return {code: value for code, value in told.items() if value is not None}


def past(case: Case) -> tuple[Use, ...]:
    """Give what the file says that people had before or elsewhere; where it names no days only the year is known."""
    return tuple(
        Use(
            person_id=person,
            programme=row.programme,
            on=date(row.year, 1, 1),
            occupation=row.occupation,
            level=row.level,
            days=row.days,
        )
        for row in case.history
        for person in row.persons
    )


def class_facts(case: Case, opened: ClassOpened) -> ClassFacts:
    """Give everything that the services would know of the class once it is trained and examined."""
    proven = _Events()
    certificates = [*_certificates(case, opened)]
    return ClassFacts(
        class_id=CLASS_ID,
        opened=proven.by(opened),
        training=proven.by(_training(case, opened)),
        examination=proven.by(_examination(case, certificates)),
        attendance=tuple(proven.by(session) for session in _attendance(case, opened)),
        checks=tuple(proven.by(check) for check in _checks(case)),
        exams=tuple(proven.by(exam) for exam in _exams(case, certificates)),
        certificates=tuple(proven.by(certificate) for certificate in certificates),
        spells=tuple(
            Spell(person_id=person, employer=row.employer, start=row.start, end=row.to)
            for row in case.employment
            for person in row.persons
        ),
        months=tuple(
            WorkMonth(
                person_id=person,
                month=date.fromisoformat(f"{row.month}-01"),
                full=row.full,
                standard_fen=None if row.wage_yuan is None else fen_from_yuan(row.wage_yuan),
            )
            for row in case.month
            for person in row.persons
        ),
        payouts=_payouts(case),
    )


def _payouts(case: Case) -> tuple[Payout, ...] | None:
    """Give what people were handed of an allowance; where no row speaks of it, it is in order."""
    told = [row for row in case.allowance_day if row.paid_out_yuan is not None]
    if not told:
        return None
    return tuple(
        Payout(person_id=person, amount_fen=fen_from_yuan(row.paid_out_yuan))
        for row in told
        for person in row.persons
        if row.paid_out_yuan
    )


def decisions(case: Case, book: Rulebook) -> tuple[Decision, ...]:
    """Give what people decided; a decision that names nobody holds for the class and for everybody in it."""
    release = book.payment.employment_release.rule if book.payment.employment_release else None
    measured = next((dated.on for dated in case.date if dated.event == "employment_check"), None)
    found = []
    for made in case.decision:
        for persons in [made.persons] if made.persons else [(), case.people]:
            found.append(
                Decision(
                    rule=made.rule,
                    accepted=made.value is not False,
                    reason=made.reason,
                    decided_by=made.by,
                    decided_on=made.date,
                    valid_from=measured if made.rule == release else None,
                    persons=frozenset(persons) or None,
                    valid_until=made.until,
                )
            )
    return tuple(found)


def rates(case: Case) -> tuple[Rate, ...]:
    """Give the rates that the file brings with it, valid from the opening."""
    return tuple(
        Rate(
            number=number,
            region=case.region,
            programme=row.programme,
            occupation=row.occupation,
            level=row.level,
            certificate_kind=row.certificate,
            valid_from=case.opened,
            amount_fen=fen_from_yuan(row.amount_yuan),
            source=row.source,
            unit=row.unit if row.programme in _BY_THE_DAY else "each",
        )
        for number, row in enumerate(case.rate)
    )


def opening_of(case: Case, roster: tuple[str, ...]) -> OpeningDay:
    """Count the opening day as supervision does (decision 0008); where the file names no session of it, all came.

    A file names no hours: its opening checks are counts of the day's sessions in turn, further ones of the last.
    """
    first = [row.present for row in case.session if row.date == case.opened] or [roster]
    begins = [start_of_day(case.opened) + timedelta(hours=number) for number in range(len(first))]
    sessions = [
        Session(
            session_id=f"session-{number}",
            starts_at=begin,
            ends_at=begin + timedelta(hours=1),
            kind="theory",
            class_hours=0,
            teacher_id="",
            venue_id="",
            is_closed=True,
            present=tuple(_presence(person) for person in roster if person in present),
        )
        for number, (begin, present) in enumerate(zip(begins, first, strict=True))
    ]
    counts = [check.heads for check in case.check if check.kind == "opening"]
    checks = [_opening_check(heads, begins[min(number, len(begins) - 1)]) for number, heads in enumerate(counts)]
    counted = opening_day(sessions, checks, planned=case.planned, refused=len(case.people) - len(roster))
    if counted is None:
        raise LookupError("the opening day has no session")
    return counted


def _opening_check(heads: int, held_at: datetime) -> Inspection:
    return Inspection(
        check_id="",
        kind="opening",
        held_at=held_at,
        place="",
        headcount=heads,
        sign_in_in_order=None,
        records_retained=None,
        teachers_seen=(),
        inspectors=(_OFFICER,),
        note="",
        recorded_at=held_at,
    )


def _presence(person: str) -> Presence:
    return Presence(person_id=person, methods=(), strength=100)


def last_day(case: Case) -> date:
    """Give the last day of training that the file names."""
    ended = [dated.on for dated in case.date if dated.event == "training_end"]
    days = [session.date for session in case.session] + [check.date for check in case.check]
    return max([case.opened, *(ended or days)])


class _Events:
    """Numbers events as they come."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def by(self, fact: Any) -> Known[Any]:
        return Known(event_id=f"event-{next(self._numbers)}", fact=cast(Contract, fact))


def _training(case: Case, opened: ClassOpened) -> TrainingCompleted:
    sessions = [*_attendance(case, opened)]
    present = Counter(presence.person_id for session in sessions for presence in session.present)
    opinion = InspectionOpinion(passed=True, given_by=_OFFICER, given_on=opened.closing_date, remark="")
    return TrainingCompleted(
        class_id=CLASS_ID,
        revision=1,
        completed_on=opened.closing_date,
        sessions=len(sessions),
        theory_class_hours=sum(session.class_hours for session in sessions if session.kind == "theory"),
        practice_class_hours=sum(session.class_hours for session in sessions if session.kind == "practice"),
        opening_headcount=opening_of(case, tuple(trainee.person_id for trainee in opened.trainees)).attended,
        opening_checks=sum(check.kind == "opening" for check in case.check),
        spot_headcounts=tuple(check.heads for check in case.check if check.kind == "spot"),
        trainees=tuple(
            TraineeTotals(person_id=person, sessions_present=sessions, class_hours_present=sessions)
            for person, sessions in present.items()
        ),
        opinion=opinion,
    )


def _attendance(case: Case, opened: ClassOpened) -> Iterator[AttendanceChecked]:
    everybody = tuple(trainee.person_id for trainee in opened.trainees)
    told = [(row.date, row.present, row.minutes, row.practice) for row in case.session] or [*_days(case)]
    for number, (day, present, minutes, practice) in enumerate(told or [(case.opened, everybody, 0, False)]):
        came = [person for person in everybody if person in present]
        yield AttendanceChecked(
            class_id=CLASS_ID,
            session_id=f"session-{number}",
            revision=1,
            held_on=day,
            kind="practice" if practice else "theory",
            class_hours=minutes // _MINUTES_OF_A_CLASS_HOUR,
            present=tuple(_presence(person) for person in came),
            absent=tuple(person for person in everybody if person not in came),
        )


def _days(case: Case) -> Iterator[tuple[date, tuple[str, ...], int, bool]]:
    """Give a session on each day for those of whom the file says only how many days they came."""
    came = {person: row.days for row in case.allowance_day for person in row.persons}
    for number in range(max(came.values(), default=0)):
        present = tuple(person for person, days in came.items() if number < days)
        yield case.opened + timedelta(days=number), present, 0, False


def _checks(case: Case) -> Iterator[SpotCheckRecorded]:
    for number, check in enumerate(case.check):
        yield SpotCheckRecorded(
            class_id=CLASS_ID,
            check_id=f"check-{number}",
            kind=check.kind,
            held_on=check.date,
            headcount=check.heads,
            inspectors=("inspector-1", "inspector-2"),
        )


def _certificates(case: Case, opened: ClassOpened) -> Iterator[CertificateIssued]:
    numbers = count(1)
    roster = {trainee.person_id for trainee in opened.trainees}
    for row in case.certificate:
        for person in row.persons:
            if person in roster:
                yield CertificateIssued(
                    class_id=CLASS_ID,
                    certificate_id=f"certificate-{next(numbers)}",
                    assessment_id=_exam_id(row),
                    person_id=person,
                    kind=row.kind,
                    occupation=row.occupation or case.occupation or "",
                    level=row.level or (case.level if row.kind in ("level", "qualification") else None),
                    number="",
                    issued_on=row.issued,
                    attempt=row.attempt,
                    body_id="body",
                    agreement_on=row.agreement,
                )


def _exam_id(row: Certificate) -> str:
    return f"exam-{row.kind}-{row.issued}"


def _exams(case: Case, certificates: list[CertificateIssued]) -> Iterator[AssessmentScheduled]:
    """Give the exam of every certificate, and the one that was failed before a certificate of a later attempt."""
    held = [dated.on for dated in case.date if dated.event == "exam"]
    earliest: dict[str, CertificateIssued] = {}
    for certificate in certificates:
        earliest.setdefault(certificate.assessment_id, certificate)
    for exam_id, certificate in earliest.items():
        yield _exam(exam_id, certificate.kind, held[0] if held else certificate.issued_on)
    if later := [certificate for certificate in certificates if certificate.attempt > 1]:
        for kind in case.certifiable:
            yield _exam(f"exam-{kind}-before", kind, min(certificate.issued_on for certificate in later))


def _exam(exam_id: str, kind: str, day: date) -> AssessmentScheduled:
    return AssessmentScheduled(
        class_id=CLASS_ID,
        assessment_id=exam_id,
        body_id="body",
        body_name="body",
        certificate_kind=cast(CertificateKind, kind),
        applied_on=day,
        exam_on=day,
        channel="system",
    )


def _examination(case: Case, certificates: list[CertificateIssued]) -> AssessmentCompleted:
    certified = Counter(certificate.kind for certificate in certificates)
    return AssessmentCompleted(
        class_id=CLASS_ID,
        revision=1,
        completed_on=max([last_day(case), *(certificate.issued_on for certificate in certificates)]),
        examined=len(certificates),
        certified=len(certificates),
        kinds=tuple(KindCount(kind=kind, examined=heads, certified=heads) for kind, heads in certified.items()),
        patrol="",
    )
