"""A Jiyuan class as its events would tell it, small enough to read; every name and number is made up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from services.payment.domain.deciding import assess
from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.rates import Rate, RateTable, rate_table
from services.payment.domain.subsidy import Assessment
from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    CertificateIssued,
    CertificateKind,
    KindCount,
    SatisfactionMeasured,
)
from shared.contracts.enrollment import (
    ClassOpened,
    InstitutionReference,
    OccupationReference,
    OpenedTrainee,
    PlannedSession,
    ReviewRecord,
)
from shared.contracts.supervision import (
    AttendanceChecked,
    InspectionOpinion,
    Presence,
    TraineeTotals,
    TrainingCompleted,
)
from shared.domain.jurisdiction import regions
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Rulebook, Shelf

JIYUAN = "419001"
OPENING = date(2021, 6, 1)
INSTITUTION = "institution-1"
INSTITUTION_NAME = "济源市样例职业培训学校"


@cache
def shelf() -> Shelf:
    """Give the packaged rulebooks."""
    return load_rulebooks()


def rulebook() -> Rulebook:
    """Give the Jiyuan rulebook of 2021."""
    return shelf().in_force(JIYUAN, OPENING)


def people(first: int, last: int) -> list[str]:
    """Give `p1`..`p3` for 1 and 3."""
    return [f"p{number}" for number in range(first, last + 1)]


def class_opened(
    class_id: str = "class-1",
    *,
    trainees: Iterable[str] = (),
    planned: int = 50,
    certifiable: tuple[str, ...] = ("level",),
    groups: Mapping[str, tuple[str, ...]] | None = None,
    opening: date = OPENING,
) -> ClassOpened:
    """Give the opening of a welder class at level 4 with one session."""
    starts = datetime(opening.year, opening.month, opening.day, 1, tzinfo=UTC)
    return ClassOpened(
        class_id=class_id,
        kind="class",
        programme="training",
        training_type="employee_intermediate",
        region=JIYUAN,
        rulebook_id=rulebook().id,
        institution=InstitutionReference(
            institution_id=INSTITUTION,
            name=INSTITUTION_NAME,
            credit_code="91350200776049653A",
            kind="private_school",
        ),
        occupation=OccupationReference(code="welder", name="焊工", certifiable=certifiable),
        level="4",
        delivery="offline",
        planned=planned,
        refused=0,
        opening_date=opening,
        closing_date=opening + timedelta(days=20),
        funding_source="employment_subsidy_fund",
        sessions=(
            PlannedSession(
                session_id="s1",
                starts_at=starts,
                ends_at=starts + timedelta(hours=3),
                kind="practice",
                class_hours=4,
                teacher_id="teacher-1",
                venue_id="venue-1",
            ),
        ),
        teachers=("teacher-1",),
        trainees=tuple(
            OpenedTrainee(
                person_id=person,
                groups=(groups or {}).get(person, ("employee",)),
                masked_name="张*",
                payee_check=f"check-{person}",
                payee_check_key="key-1",
            )
            for person in trainees
        ),
        reviews=(ReviewRecord(step="first_review", actor="reviewer-0", decided_at=starts),),
    )


def attendance(present: Iterable[str], *, class_id: str = "class-1", revision: int = 1) -> AttendanceChecked:
    """Give the attendance of the class's one session."""
    return AttendanceChecked(
        class_id=class_id,
        session_id="s1",
        revision=revision,
        held_on=OPENING,
        kind="practice",
        class_hours=4,
        present=tuple(Presence(person_id=person, methods=("face",), strength=90) for person in present),
        absent=(),
    )


def training_completed(
    *,
    opening: int,
    spot: Sequence[int],
    class_id: str = "class-1",
    revision: int = 1,
    opening_checks: int = 1,
    passed: bool | None = True,
) -> TrainingCompleted:
    """Give the totals of a class; `passed` None leaves the inspection opinion out."""
    opinion = InspectionOpinion(passed=bool(passed), given_by="approver-9", given_on=OPENING, remark="检查")
    return TrainingCompleted(
        class_id=class_id,
        revision=revision,
        completed_on=date(2021, 6, 22),
        sessions=1,
        theory_class_hours=0,
        practice_class_hours=4,
        opening_headcount=opening,
        opening_checks=opening_checks,
        spot_headcounts=tuple(spot),
        trainees=(TraineeTotals(person_id="p1", sessions_present=1, class_hours_present=4),),
        opinion=None if passed is None else opinion,
    )


def certificate(
    person: str,
    kind: CertificateKind = "level",
    *,
    class_id: str = "class-1",
    attempt: int = 1,
    level: str | None = "4",
    occupation: str = "welder",
    issued: date = date(2021, 7, 2),
) -> CertificateIssued:
    """Give a certificate of one person."""
    return CertificateIssued(
        class_id=class_id,
        certificate_id=f"{class_id}-{kind}-{person}",
        assessment_id=f"{class_id}-exam-{kind}",
        person_id=person,
        kind=kind,
        occupation=occupation,
        level=level,
        number=f"{kind}-{person}",
        issued_on=issued,
        attempt=attempt,
        body_id="body-1",
    )


def scheduled(
    kind: CertificateKind = "level", *, class_id: str = "class-1", exam_on: date = date(2021, 6, 25)
) -> AssessmentScheduled:
    """Give an exam of a certificate kind."""
    return AssessmentScheduled(
        class_id=class_id,
        assessment_id=f"{class_id}-exam-{kind}",
        body_id="body-1",
        body_name="济源市样例鉴定中心",
        certificate_kind=kind,
        applied_on=date(2021, 6, 1),
        exam_on=exam_on,
        channel="system",
    )


def assessment_completed(
    certificates: Iterable[CertificateIssued], *, class_id: str = "class-1", revision: int = 1
) -> AssessmentCompleted:
    """Give the completion whose counts agree with the certificates."""
    counts: dict[CertificateKind, int] = {}
    for issued in certificates:
        counts[issued.kind] = counts.get(issued.kind, 0) + 1
    return AssessmentCompleted(
        class_id=class_id,
        revision=revision,
        completed_on=date(2021, 7, 10),
        examined=sum(counts.values()),
        certified=sum(counts.values()),
        kinds=tuple(KindCount(kind=kind, examined=count, certified=count) for kind, count in counts.items()),
        patrol="patrol-1",
    )


def survey(
    *, class_id: str = "class-1", satisfied: int = 31, answers: int = 34, revision: int = 1
) -> SatisfactionMeasured:
    """Give the end of a satisfaction survey."""
    return SatisfactionMeasured(
        class_id=class_id, satisfied=satisfied, valid_responses=answers, invited=40, revision=revision
    )


def class_facts(
    *,
    roster: Sequence[str],
    certificates: Sequence[CertificateIssued],
    present: Sequence[str] | None = None,
    opening: int | None = None,
    spot: Sequence[int] = (),
    certifiable: tuple[str, ...] = ("level",),
    opening_checks: int = 1,
    exams: Sequence[AssessmentScheduled] | None = None,
) -> ClassFacts:
    """Give everything known of a finished class; whoever is not said to be absent was present.

    Unless said otherwise there was one exam, for the skill level.
    """
    attended = roster if present is None else present
    return ClassFacts(
        class_id="class-1",
        opened=Known(event_id="e-opened", fact=class_opened(trainees=roster, certifiable=certifiable)),
        training=Known(
            event_id="e-training",
            fact=training_completed(
                opening=len(attended) if opening is None else opening, spot=spot, opening_checks=opening_checks
            ),
        ),
        examination=Known(event_id="e-examination", fact=assessment_completed(certificates)),
        attendance=(Known(event_id="e-attendance", fact=attendance(attended)),),
        exams=tuple(
            Known(event_id=f"e-{exam.assessment_id}", fact=exam) for exam in ([scheduled()] if exams is None else exams)
        ),
        certificates=tuple(Known(event_id=f"e-{issued.certificate_id}", fact=issued) for issued in certificates),
        survey=Known(event_id="e-survey", fact=survey()),
    )


def rate(amount_yuan: int, *, number: int = 1, **keys: str) -> Rate:
    """Give a test rate valid since the beginning of the year; the document states none."""
    empty = Rate(
        number=number,
        region=JIYUAN,
        programme="training",
        occupation=None,
        level=None,
        certificate_kind=None,
        valid_from=date(2021, 1, 1),
        amount_fen=amount_yuan * 100,
        source="test",
    )
    return replace(empty, **keys)  # type: ignore[arg-type]


def rates(*rows: Rate) -> RateTable:
    """Give Jiyuan's rate table holding these rows."""
    table = rate_table(rulebook(), JIYUAN, rows, regions())
    assert table is not None
    return table


def accepted(rule: str, *persons: str, accept: bool = True) -> Decision:
    """Give a recorded decision about people, or about the class when none is named."""
    return Decision(
        rule=rule,
        accepted=accept,
        reason="核对了前次考核记录",
        decided_by="reviewer-1",
        decided_on=date(2021, 7, 12),
        persons=frozenset(persons) or None,
    )


def assessed(
    facts: ClassFacts,
    *rows: Rate,
    decisions: Sequence[Decision] = (),
    entitled: Iterable[str] | None = None,
) -> Assessment:
    """Assess facts under the Jiyuan rulebook; everybody on the roster holds a slot unless said otherwise."""
    assert facts.opened is not None
    roster = [trainee.person_id for trainee in facts.opened.fact.trainees]
    return assess(
        facts,
        facts.opened,
        rulebook=rulebook(),
        rates=rates(*rows),
        decisions=decisions,
        entitled=frozenset(roster if entitled is None else entitled),
    )
