"""What the interface of supervision shows of one class: its sessions, its opening day, its attendance."""

from collections import Counter
from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.supervision.api.record_views import (
    CheckView,
    ClipView,
    FindingView,
    OpinionView,
    RegisterDecisionView,
    View,
)
from services.supervision.application.queries import ClassReading
from services.supervision.domain.opening_day import OpeningDay
from services.supervision.domain.training_class import Session, State
from services.supervision.domain.video import Coverage, coverage
from shared.contracts.enrollment import SessionKind
from shared.policy.rulebook import Rulebook


class Gap(BaseModel):
    """A stretch of a session without video."""

    starts_at: datetime
    ends_at: datetime


class VideoView(BaseModel):
    """How a session is filmed; `sufficient` is null when the rules ask for nothing."""

    gaps: list[Gap]
    gap_seconds: float
    longest_seconds_by_class_hour: list[float]
    sufficient: bool | None

    @classmethod
    def of(cls, filmed: Coverage) -> Self:
        """Render the coverage of a session."""
        return cls(
            gaps=[Gap(starts_at=begin, ends_at=end) for begin, end in filmed.gaps],
            gap_seconds=filmed.gap_seconds,
            longest_seconds_by_class_hour=[each.total_seconds() for each in filmed.longest_by_class_hour],
            sufficient=filmed.is_sufficient,
        )


class SessionView(BaseModel):
    """A session; of an open one `present` counts who signed in so far and `absent` who did not yet."""

    session_id: str
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind
    class_hours: int
    teacher_id: str
    venue_id: str
    state: Literal["open", "closed"]
    revision: int
    present: int
    absent: int
    video: VideoView

    @classmethod
    def of(cls, session: Session, reading: ClassReading) -> Self:
        """Render a session."""
        marks = Counter(_marks(session, reading).values())
        return cls(
            session_id=session.session_id,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            kind=session.kind,
            class_hours=session.class_hours,
            teacher_id=session.teacher_id,
            venue_id=session.venue_id,
            state="closed" if session.is_closed else "open",
            revision=session.revision,
            present=marks["present"],
            absent=marks["absent"] + marks["awaited"],
            video=VideoView.of(coverage(session, reading.file.clips_of(session.session_id), reading.book)),
        )


class ViewingAnswer(BaseModel):
    """A session as a supervisor looked at it: who is there, and what was recorded."""

    mode: Literal["live", "replay"]
    session: SessionView
    recordings: list[ClipView]


class TraceView(View):
    """One step of a decision with the rule behind it."""

    rule: str
    document: str
    clause: str
    result: str | int | bool | None
    inputs: dict[str, str | int | bool | None]


class OpeningView(BaseModel):
    """Who came on the opening day, and the rule's computation."""

    day: date
    attended: int
    signed_in: int
    headcount: int | None
    planned: int
    refused: int
    trace: TraceView | None

    @classmethod
    def of(cls, opening: OpeningDay, book: Rulebook) -> Self:
        """Render the opening day."""
        term = book.supervision.opening_attendance
        trace = opening.trace(term) if term is not None else None
        return cls(
            day=opening.day,
            attended=opening.attended,
            signed_in=opening.signed_in,
            headcount=opening.headcount,
            planned=opening.planned,
            refused=opening.refused,
            trace=None if trace is None else TraceView.of(trace),
        )


class CompletionView(View):
    """The totals published last."""

    revision: int
    completed_on: date
    theory_class_hours: int
    practice_class_hours: int
    opening_headcount: int
    spot_headcounts: list[int]


class DroppedSession(View):
    """A session that an approved change took off the timetable."""

    session_id: str
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind


class ClassView(BaseModel):
    """A class under supervision."""

    class_id: str
    institution_id: str
    region: str
    rulebook_id: str
    state: State
    planned: int
    refused: int
    opening_date: date
    closing_date: date
    sessions: list[SessionView]
    dropped_sessions: list[DroppedSession]
    register_decisions: list[RegisterDecisionView]
    opening: OpeningView | None = Field(description="开班当日各课次结束认定后才有")
    checks: list[CheckView]
    findings: list[FindingView]
    opinion: OpinionView | None
    completion: CompletionView | None
    version: int

    @classmethod
    def of(cls, reading: ClassReading) -> Self:
        """Render a class."""
        file, training_class = reading.file, reading.file.training_class
        return cls(
            class_id=training_class.class_id,
            institution_id=training_class.institution_id,
            region=training_class.region,
            rulebook_id=training_class.rulebook_id,
            state=training_class.state,
            planned=training_class.planned,
            refused=training_class.refused,
            opening_date=training_class.opening_date,
            closing_date=training_class.closing_date,
            sessions=[SessionView.of(session, reading) for session in file.sessions],
            dropped_sessions=[DroppedSession.of(session) for session in file.dropped],
            register_decisions=[RegisterDecisionView.of(each) for each in training_class.register_decisions],
            opening=None if file.opening is None else OpeningView.of(file.opening, reading.book),
            checks=[CheckView.of(check) for check in file.inspections],
            findings=[FindingView.of(finding) for finding in file.findings],
            opinion=None if training_class.opinion is None else OpinionView.of(training_class.opinion),
            completion=None if training_class.completion is None else CompletionView.of(training_class.completion),
            version=training_class.version,
        )


Mark = Literal["present", "absent", "awaited", "not_expected"]


class SessionHead(View):
    """A column of the attendance matrix."""

    session_id: str
    held_on: date
    kind: SessionKind
    revision: int


class PersonAttendance(BaseModel):
    """A line of the attendance matrix: per session, in order, what is known of a person."""

    person_id: str
    withdrawn_on: date | None
    marks: list[Mark] = Field(description="按 sessions 的顺序；awaited 为课次未结束且尚未签到，not_expected 为已退班")


class AttendanceView(BaseModel):
    """Sessions x persons."""

    class_id: str
    sessions: list[SessionHead]
    persons: list[PersonAttendance]
    version: int

    @classmethod
    def of(cls, reading: ClassReading) -> Self:
        """Render the matrix."""
        file, training_class = reading.file, reading.file.training_class
        columns = [_marks(session, reading) for session in file.sessions]
        return cls(
            class_id=training_class.class_id,
            sessions=[SessionHead.of(session) for session in file.sessions],
            persons=[
                PersonAttendance(
                    person_id=person_id,
                    withdrawn_on=left,
                    marks=[column.get(person_id, "not_expected") for column in columns],
                )
                for person_id, left in sorted(training_class.trainees.items())
            ],
            version=training_class.version,
        )


def _marks(session: Session, reading: ClassReading) -> dict[str, Mark]:
    marks: dict[str, Mark] = {}
    if session.is_closed:
        marks |= dict.fromkeys(session.absent, "absent")
        marks |= dict.fromkeys((presence.person_id for presence in session.present), "present")
        return marks
    training_class, signed_in = reading.file.training_class, reading.signed_in[session.session_id]
    marks |= dict.fromkeys(training_class.expected_at(session), "awaited")
    marks |= {person: "present" for person in training_class.admitted_to(session) if person in signed_in}
    return marks
