"""A Jiyuan class to supervise: made-up people with opaque ids, real rulebook."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import count

from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.device import Device
from services.supervision.domain.inspection import Inspection
from services.supervision.domain.training_class import open_class
from services.supervision.domain.video import Clip
from shared.clock import SHANGHAI
from shared.contracts.enrollment import (
    ClassOpened,
    InstitutionReference,
    OccupationReference,
    OpenedTrainee,
    PlannedSession,
    ReviewRecord,
    SessionKind,
)
from shared.contracts.supervision import CheckKind
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Rulebook, Shelf

REGION = "419001"
OPENING = date(2021, 6, 1)
INSTITUTION = "institution-1"
CLASS = "class-1"


@cache
def shelf() -> Shelf:
    """Give the packaged rulebooks."""
    return load_rulebooks()


def jiyuan() -> Rulebook:
    """Give the rulebook of Jiyuan in force on the opening day."""
    return shelf().in_force(REGION, OPENING)


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Give the instant of a wall-clock time in Jiyuan."""
    return datetime.combine(day, time(hour, minute, second), SHANGHAI)


def people(number: int) -> tuple[str, ...]:
    """Give opaque person ids p01, p02, ..."""
    return tuple(f"p{place:02}" for place in range(1, number + 1))


def planned_session(
    session_id: str, starts_at: datetime, *, minutes: int = 160, kind: SessionKind = "theory", class_hours: int = 4
) -> PlannedSession:
    """Give one session of a timetable."""
    return PlannedSession(
        session_id=session_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        kind=kind,
        class_hours=class_hours,
        teacher_id="teacher-1",
        venue_id="venue-1",
    )


def timetable(days: int = 2) -> tuple[PlannedSession, ...]:
    """Give two class hours of theory each morning at nine and four of practice each afternoon at two."""
    sessions: list[PlannedSession] = []
    for number in range(days):
        day = OPENING + timedelta(days=number)
        sessions.append(planned_session(f"s{number + 1}-am", at(day, 9), class_hours=2))
        sessions.append(planned_session(f"s{number + 1}-pm", at(day, 14), kind="practice"))
    return tuple(sessions)


def class_opened(
    *,
    class_id: str = CLASS,
    trainees: Iterable[str] = people(50),
    planned: int = 50,
    refused: int = 0,
    sessions: tuple[PlannedSession, ...] | None = None,
    approved_at: datetime | None = None,
    institution_id: str = INSTITUTION,
    group: str = "employee",
) -> ClassOpened:
    """Give the event that opens the class."""
    meetings = timetable() if sessions is None else sessions
    return ClassOpened(
        class_id=class_id,
        kind="class",
        programme="training",
        training_type="employee_upskilling",
        region=REGION,
        rulebook_id=jiyuan().id,
        institution=InstitutionReference(
            institution_id=institution_id, name="示例培训学校", credit_code="91350200776049653A", kind="private_school"
        ),
        occupation=OccupationReference(code="6-18-02-04", name="焊工", certifiable=("level",)),
        level="4",
        delivery="offline",
        planned=planned,
        refused=refused,
        opening_date=OPENING,
        closing_date=OPENING + timedelta(days=30),
        funding_source="skills_fund",
        sessions=meetings,
        teachers=("teacher-1",),
        trainees=tuple(
            OpenedTrainee(person_id=person, groups=(group,), masked_name="张**", payee_check="00", payee_check_key="k")
            for person in trainees
        ),
        reviews=(
            ReviewRecord(
                step="bureau_opinion", actor="approver", decided_at=approved_at or at(OPENING - timedelta(days=1), 16)
            ),
        ),
    )


def class_file(fact: ClassOpened | None = None) -> ClassFile:
    """Give the file of a class that has just opened."""
    training_class, sessions = open_class(fact or class_opened(), jiyuan())
    return ClassFile(training_class=training_class, sessions=sessions)


def device(
    device_id: str = "device-1",
    *,
    institution_id: str = INSTITUTION,
    methods: tuple[str, ...] = ("fingerprint", "face", "manual", "palm"),
) -> Device:
    """Give a registered device."""
    return Device(
        device_id=device_id,
        institution_id=institution_id,
        serial=f"serial-{device_id}",
        name="一号教室考勤机",
        region=REGION,
        methods=methods,
        registered_by="approver",
        registered_at=at(OPENING - timedelta(days=30), 9),
    )


def inspection(
    check_id: str = "check-1",
    *,
    kind: CheckKind = "opening",
    held_at: datetime | None = None,
    headcount: int = 50,
    sign_in_in_order: bool | None = True,
    records_retained: bool | None = True,
) -> Inspection:
    """Give an inspection record, written the evening it was held."""
    moment = held_at or at(OPENING, 9, 30)
    return Inspection(
        check_id=check_id,
        kind=kind,
        held_at=moment,
        place="实训楼一层",
        headcount=headcount,
        sign_in_in_order=sign_in_in_order,
        records_retained=records_retained,
        teachers_seen=("teacher-1",),
        inspectors=("inspector-1", "inspector-2"),
        note="",
        recorded_at=moment + timedelta(hours=9),
        venue_id="venue-1",
    )


def clip(session_id: str, starts_at: datetime, ends_at: datetime, *, video_id: str | None = None) -> Clip:
    """Give the metadata of one video file."""
    return Clip(
        video_id=video_id or f"{session_id}@{starts_at:%H%M%S}",
        session_id=session_id,
        starts_at=starts_at,
        ends_at=ends_at,
        sha256="0" * 64,
        reported_by="school-1",
    )


class Ids:
    """Makes ids in a row, so that tests can name them."""

    def __init__(self, prefix: str = "finding") -> None:
        self._numbers = count(1)
        self._prefix = prefix

    def __call__(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"
