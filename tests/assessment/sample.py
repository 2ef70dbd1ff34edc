"""A Jiyuan class to examine: made-up people with opaque ids, real rulebook."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache
from itertools import count

from services.assessment.domain.application import Channel, ExamApplication
from services.assessment.domain.assessment import Assessment, Signature, sign
from services.assessment.domain.body import AssessmentBody, Part, PassMark
from services.assessment.domain.examined_class import ExaminedClass, examined_class
from services.assessment.domain.results import Marks, ScoreEntry, enter_scores, examined_parts
from services.assessment.domain.results import finalise as finalised
from services.assessment.domain.ruling import ExamWindow
from services.assessment.domain.scheduling import schedule
from shared.clock import SHANGHAI
from shared.contracts.assessment import CertificateKind
from shared.contracts.enrollment import (
    ClassClosed,
    ClassOpened,
    InstitutionReference,
    OccupationReference,
    OpenedTrainee,
    PlannedSession,
    ReviewRecord,
)
from shared.contracts.supervision import InspectionOpinion, TrainingCompleted
from shared.database.encryption import Vault
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Rulebook, Shelf

REGION = "419001"
REGIONS = ("419001", "410000", "000000")
OPENING = date(2021, 6, 1)
CLOSING = date(2021, 6, 30)
EXAM_DAY = date(2021, 7, 2)
APPLIED = date(2021, 6, 20)
TODAY = date(2021, 7, 5)
CLOSED = date(2021, 7, 1)
CLASS = "class-1"
VAULT = Vault([bytes(range(32))], bytes(range(32, 64)))
INSTITUTION = "institution-1"
WELDER = "6-18-02-04"
INSTITUTION_CODE = "91350200776049653A"
BODY_CODE = "91440101MA5CJQ4N59"
BUREAU_CODE = "123502001549897397"


@cache
def shelf() -> Shelf:
    """Give the packaged rulebooks."""
    return load_rulebooks()


def jiyuan() -> Rulebook:
    """Give the rulebook of Jiyuan in force on the opening day."""
    return shelf().in_force(REGION, OPENING)


def at(day: date, hour: int = 10) -> datetime:
    """Give the instant of a wall-clock hour in Jiyuan."""
    return datetime.combine(day, time(hour), SHANGHAI)


def people(number: int) -> tuple[str, ...]:
    """Give opaque person ids p01, p02, ..."""
    return tuple(f"p{place:02}" for place in range(1, number + 1))


def class_opened(
    *,
    class_id: str = CLASS,
    trainees: Iterable[str] = people(4),
    training_type: str = "employee_intermediate",
    certifiable: tuple[str, ...] = ("level",),
    delivery: str = "offline",
    closing_date: date = CLOSING,
    institution_id: str = INSTITUTION,
    region: str = REGION,
    taught: bool = True,
) -> ClassOpened:
    """Give the event that opens the class; one that is not taught has no lessons."""
    lesson = PlannedSession(
        session_id="session-1",
        starts_at=at(OPENING, 9),
        ends_at=at(OPENING, 12),
        kind="theory",
        class_hours=4,
        teacher_id="teacher-1",
        venue_id="venue-1",
    )
    return ClassOpened(
        class_id=class_id,
        kind="class",
        programme="training",
        training_type=training_type,
        region=region,
        rulebook_id=jiyuan().id,
        institution=InstitutionReference(
            institution_id=institution_id, name="示例培训学校", credit_code=INSTITUTION_CODE, kind="private_school"
        ),
        occupation=OccupationReference(code=WELDER, name="焊工", certifiable=certifiable),
        level="4",
        delivery=delivery,  # type: ignore[arg-type]
        planned=50,
        refused=0,
        opening_date=OPENING,
        closing_date=closing_date,
        funding_source="skills_fund",
        sessions=(lesson,) if taught else (),
        teachers=("teacher-1",),
        trainees=tuple(
            OpenedTrainee(
                person_id=person, groups=("employee",), masked_name="张**", payee_check="00", payee_check_key="k"
            )
            for person in trainees
        ),
        reviews=(ReviewRecord(step="bureau_opinion", actor="approver", decided_at=at(OPENING, 8)),),
    )


def training_completed(*, class_id: str = CLASS, revision: int = 1, passed: bool | None = True) -> TrainingCompleted:
    """Give supervision's report; `passed` is the inspection opinion, None when there is none."""
    opinion = (
        InspectionOpinion(passed=passed, given_by="approver", given_on=CLOSING, remark="")
        if passed is not None
        else None
    )
    return TrainingCompleted(
        class_id=class_id,
        revision=revision,
        completed_on=CLOSING,
        sessions=2,
        theory_class_hours=4,
        practice_class_hours=8,
        opening_headcount=4,
        opening_checks=1,
        spot_headcounts=(4, 4),
        trainees=(),
        opinion=opinion,
    )


def class_closed(reason: str = "completed", *, class_id: str = CLASS, on: date = CLOSED) -> ClassClosed:
    """Give the event that ends the class for enrollment."""
    return ClassClosed(class_id=class_id, reason=reason, on=on)  # type: ignore[arg-type]


def opened(fact: ClassOpened | None = None) -> ExaminedClass:
    """Give a class that has just opened."""
    return examined_class(fact or class_opened())


def trained(fact: ClassOpened | None = None, *, passed: bool | None = True) -> ExaminedClass:
    """Give a class whose training is complete."""
    return opened(fact).with_training(training_completed(passed=passed))


def body(
    body_id: str = "body-1",
    *,
    kinds: tuple[CertificateKind, ...] = ("level", "qualification", "special_ability", "completion"),
    occupations: tuple[str, ...] = (WELDER,),
    credit_code: str = BODY_CODE,
    is_bureau: bool = False,
    region: str = REGION,
) -> AssessmentBody:
    """Give an assessment body."""
    return AssessmentBody(
        body_id=body_id,
        name="示例评价机构",
        credit_code=credit_code,
        region=region,
        certificate_kinds=kinds,
        occupations=occupations,
        is_bureau=is_bureau,
    )


def application(
    kind: CertificateKind = "level",
    *,
    persons: tuple[str, ...] = people(4),
    applied_on: date = APPLIED,
    exam_on: date = EXAM_DAY,
    mode: str = "offline",
    channel: Channel = "system",
    paper_received_on: date | None = None,
    by_bureau: bool = False,
    resit: bool = False,
    moved_on: date | None = None,
    windows: tuple[ExamWindow, ...] = (),
    excepted: frozenset[CertificateKind] = frozenset(),
) -> ExamApplication:
    """Give an application that nothing speaks against."""
    return ExamApplication(
        kind=kind,
        mode=mode,  # type: ignore[arg-type]
        exam_on=exam_on,
        applied_on=applied_on,
        channel=channel,
        paper_received_on=paper_received_on,
        persons=persons,
        by_bureau=by_bureau,
        resit=resit,
        moved_on=moved_on,
        windows=windows,
        excepted=excepted,
    )


def exam(
    assessment_id: str = "exam-1", asked: ExamApplication | None = None, others: tuple[Assessment, ...] = ()
) -> Assessment:
    """Give a scheduled exam."""
    return schedule(
        asked or application(), opened(), body(), others, assessment_id=assessment_id, applied_by="institution-clerk"
    )[0]


def mark(
    part: Part = "theory",
    *,
    kind: CertificateKind = "level",
    pass_mark: int = 60,
    full_mark: int = 100,
    region: str = REGION,
    valid_from: date = date(2021, 1, 1),
    set_at: datetime = datetime(2021, 1, 1, tzinfo=UTC),
) -> PassMark:
    """Give a pass mark of sixty out of a hundred."""
    return PassMark(
        region=region,
        occupation=WELDER,
        level="4",
        certificate_kind=kind,
        part=part,
        full_mark=full_mark,
        pass_mark=pass_mark,
        valid_from=valid_from,
        source="示例文件〔2021〕1号",
        set_at=set_at,
    )


def marks(*, kind: CertificateKind = "level") -> Marks:
    """Give the pass marks of both parts."""
    return {"theory": mark("theory", kind=kind), "practice": mark("practice", kind=kind)}


def score(person_id: str, points: int | None, part: Part = "theory") -> ScoreEntry:
    """Give a row of scores."""
    return ScoreEntry(person_id=person_id, part=part, points=points)


def scored(assessment: Assessment, points: dict[str, tuple[int, int]], *, day: date | None = None) -> Assessment:
    """Enter theory and practice of each person."""
    entries = [
        entry
        for person, (theory, practice) in points.items()
        for entry in (score(person, theory), score(person, practice, "practice"))
        if entry.part in examined_parts(assessment.kind, jiyuan())
    ]
    entered, _, verdicts = enter_scores(
        assessment,
        entries,
        examined=opened(class_opened(trainees=assessment.persons)),
        marks=marks(kind=assessment.kind),
        rulebook=jiyuan(),
        author="assessor-1",
        now=at(day or assessment.exam_on, 18),
    )
    assert {verdict.verdict for verdict in verdicts} <= {"accepted", "duplicate"}, verdicts
    return entered


def signed(assessment: Assessment, by: str = "patrol-1") -> Assessment:
    """Let the patrol sign on the exam day."""
    return sign(assessment, Signature(signed_by=by, signed_at=at(assessment.exam_on, 17), remark=""))


def final(assessment: Assessment, points: dict[str, tuple[int, int]], others: Iterable[Assessment] = ()) -> Assessment:
    """Give the exam with these results, final on its day."""
    return finalised(
        signed(scored(assessment, points)),
        others,
        examined=trained(class_opened(trainees=assessment.persons)),
        marks=marks(kind=assessment.kind),
        rulebook=jiyuan(),
        finalised_by="assessor-1",
        today=assessment.exam_on,
    )


def level_number(serial: int, *, province: str = "41", year: str = "21", level: str = "4") -> str:
    """Give a well-formed number of a skill-level certificate."""
    return f"S0001{province}000001{year}{level}{serial:06}"


def without_term(name: str, *, chapter: str = "assessment") -> Rulebook:
    """Give Jiyuan's rulebook as if its document did not name a term."""
    book = jiyuan()
    return replace(book, **{chapter: replace(getattr(book, chapter), **{name: None})})  # type: ignore[arg-type]


class Ids:
    """Makes ids in a row, so that tests can name them."""

    def __init__(self, prefix: str = "certificate") -> None:
        self._numbers = count(1)
        self._prefix = prefix

    def __call__(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"
