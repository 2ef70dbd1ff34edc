"""A training class as it runs: who is expected, when it meets, and how far it has come.

open ---------> completed            every session is closed
 |  ^               |
 v  |               v
held <--------------+                too few came on the opening day: a person must decide (JY-SUP-04)
 |
 +-----> cancelled                   confirmed: final
any ---> withdrawn                   enrollment withdrew the class: final
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from shared.clock import legal_day, start_of_day
from shared.contracts.enrollment import ClassOpened, PlannedSession, SessionKind
from shared.contracts.supervision import InspectionOpinion, Presence, TrainingCompleted
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.supervision import SignIn

Ending = Literal["cancelled", "withdrawn"]
State = Literal["open", "held", "completed", "cancelled", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session (课次) of the approved timetable and its attendance as published.

    `revision` 0 means that attendance is not closed yet; `class_hours` (课时) are those that may be counted.
    """

    session_id: str
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind
    class_hours: int
    teacher_id: str
    venue_id: str
    revision: int = 0
    present: tuple[Presence, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def held_on(self) -> date:
        """Give the legal day on which the session begins."""
        return legal_day(self.starts_at)

    @property
    def is_closed(self) -> bool:
        """Say whether its attendance was published."""
        return self.revision > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingClass:
    """What supervision knows of one class; `version` counts the changes of its record here.

    `trainees` gives for every person on the roster the day on which they left, or None. `counts_from` is the instant
    before which no sign-in counts: opening or last approval, whichever is later (JY-ENR-06).
    """

    class_id: str
    institution_id: str
    region: str
    rulebook_id: str
    planned: int
    refused: int
    opening_date: date
    closing_date: date
    counts_from: datetime
    trainees: Mapping[str, date | None]
    held: bool = False
    ending: Ending | None = None
    opinion: InspectionOpinion | None = None
    completion: TrainingCompleted | None = None
    version: int = 1

    @property
    def state(self) -> State:
        """Give where the class stands."""
        if self.ending is not None:
            return self.ending
        if self.held:
            return "held"
        return "open" if self.completion is None else "completed"

    def admitted_on(self, day: date) -> tuple[str, ...]:
        """Give who attends when they sign in on the day, by id: who left that day was there before (JY-SUP-04)."""
        return tuple(sorted(person for person, left in self.trainees.items() if left is None or day <= left))

    def expected_on(self, day: date) -> tuple[str, ...]:
        """Give who should be there on the day, by id: everybody on the roster who has not left by then."""
        return tuple(sorted(person for person, left in self.trainees.items() if left is None or day < left))

    def require_running(self) -> None:
        """Raise Refused CLASS_ENDED when the class is cancelled or withdrawn: nothing about it changes any more."""
        if self.ending is not None:
            word = "取消" if self.ending == "cancelled" else "撤销"
            raise Refused(
                code="CLASS_ENDED",
                message=f"班级已{word}，监管记录不再变更。",
                advice="请核对班级编号；如对取消有异议，请按申诉程序向人社部门提出。",
                field="class_id",
                value=self.class_id,
            )


def open_class(fact: ClassOpened, book: Rulebook) -> tuple[TrainingClass, tuple[Session, ...]]:
    """Give the class and its sessions, in order of time, as they stand when the class opens."""
    training_class = TrainingClass(
        class_id=fact.class_id,
        institution_id=fact.institution.institution_id,
        region=fact.region,
        rulebook_id=fact.rulebook_id,
        planned=fact.planned,
        refused=fact.refused,
        opening_date=fact.opening_date,
        closing_date=fact.closing_date,
        counts_from=max((start_of_day(fact.opening_date), *(review.decided_at for review in fact.reviews))),
        trainees={trainee.person_id: None for trainee in fact.trainees},
    )
    sessions = (
        Session(
            session_id=planned.session_id,
            starts_at=planned.starts_at,
            ends_at=planned.ends_at,
            kind=planned.kind,
            class_hours=_countable_class_hours(planned, book),
            teacher_id=planned.teacher_id,
            venue_id=planned.venue_id,
        )
        for planned in fact.sessions
    )
    return training_class, in_order(sessions)


def in_order(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """Give sessions by their beginning, then by id."""
    return tuple(sorted(sessions, key=lambda session: (session.starts_at, session.session_id)))


def withdraw_trainee(training_class: TrainingClass, person_id: str, on: date) -> TrainingClass:
    """Take a person off the roster on a day; of two days the earlier stands."""
    left = training_class.trainees.get(person_id)
    return replace(
        training_class,
        trainees={**training_class.trainees, person_id: on if left is None else min(left, on)},
    )


def end_class(training_class: TrainingClass, ending: Ending) -> TrainingClass:
    """End the class for good; raise Refused CLASS_ENDED when it has ended already."""
    training_class.require_running()
    return replace(training_class, ending=ending, held=False)


def state_opinion(training_class: TrainingClass, opinion: InspectionOpinion) -> TrainingClass:
    """Record the bureau's inspection opinion (JY-SUP-08); a later one replaces it, a class that ended takes none."""
    training_class.require_running()
    return replace(training_class, opinion=opinion)


def sign_in_term(book: Rulebook) -> SignIn:
    """Give the rules of signing in, or raise Refused TERM_MISSING: without them no attendance can be judged."""
    term = book.supervision.sign_in
    if term is None:
        raise Refused(
            code="TERM_MISSING",
            message=f"规则册 {book.id} 没有签到规则（supervision.sign_in），无法认定出勤。",
            advice="请由政策管理员在规则册中补充签到规则后再办理。",
            field="rulebook_id",
            value=book.id,
        )
    return term


def _countable_class_hours(session: PlannedSession, book: Rulebook) -> int:
    """Give how many of the planned class hours the session is long enough for (JY-ENR-08)."""
    term = book.enrollment.class_hour
    if term is None:
        return session.class_hours
    return min(session.class_hours, (session.ends_at - session.starts_at) // timedelta(minutes=term.minutes_min))
