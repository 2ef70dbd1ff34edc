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
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

from shared.clock import legal_day, start_of_day
from shared.contracts.enrollment import ClassOpened, OpenedTrainee, PlannedSession, SessionKind
from shared.contracts.supervision import InspectionOpinion, Presence, TrainingCompleted
from shared.domain.errors import Refused, refused_by
from shared.policy.decision import Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.supervision import SignIn
from shared.policy.terms.term import quote

Ending = Literal["cancelled", "withdrawn"]
State = Literal["open", "held", "completed", "cancelled", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session (课次) of the approved timetable and its attendance as published.

    `revision` counts the publications of its attendance; `class_hours` (课时) are those that may be counted. A session
    that was moved after it had been closed is open again and keeps its revision.
    """

    session_id: str
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind
    class_hours: int
    teacher_id: str
    venue_id: str
    revision: int = 0
    is_closed: bool = False
    present: tuple[Presence, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def held_on(self) -> date:
        """Give the legal day on which the session begins."""
        return legal_day(self.starts_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDecision:
    """A person's decision whether the custodian's register serves as attendance (JY-ENR-16)."""

    allowed: bool
    decided_by: str
    decided_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingClass:
    """What supervision knows of one class; `version` counts the changes of its record here.

    `trainees` gives for every person on the roster the day on which they left, or None; `joined` the instant from
    which those count who came to the running class; `custody` those of groups in custody; `exempt_by_decision` the
    rules of which a decision in enrollment exempts the class. `counts_from` is the instant
    before which no sign-in counts: opening or last approval, whichever is later (JY-ENR-06). Of `register_decisions`
    the last holds.
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
    joined: Mapping[str, datetime] = field(default_factory=dict)
    custody: tuple[str, ...] = ()
    exempt_by_decision: tuple[str, ...] = ()
    register_decisions: tuple[RegisterDecision, ...] = ()
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

    def admitted_to(self, session: Session) -> tuple[str, ...]:
        """Give who attends when they sign in, by id: who left on its day was there before (JY-SUP-04)."""
        return tuple(sorted(person for person in self.trainees if self._is_admitted(person, session)))

    def expected_at(self, session: Session) -> tuple[str, ...]:
        """Give who should be there, by id: everybody on the roster by its beginning who has not left by its day."""
        return tuple(
            person
            for person in self.admitted_to(session)
            if self.trainees[person] != session.held_on and not self._came_after(person, session.starts_at)
        )

    def roster_on(self, day: date) -> tuple[str, ...]:
        """Give who was on the roster on a day, by id; who left on that very day was."""
        return tuple(
            sorted(
                person
                for person, left in self.trainees.items()
                if (left is None or day <= left) and self._joined_on_or_before(person, day)
            )
        )

    def counts_for(self, person_id: str) -> datetime:
        """Give the instant before which no sign-in of the person counts (JY-ENR-06)."""
        return max(self.counts_from, self.joined.get(person_id, self.counts_from))

    @property
    def register_serves(self) -> bool:
        """Say whether the custodian's register serves as attendance by the decision that holds (JY-ENR-16)."""
        return bool(self.register_decisions) and self.register_decisions[-1].allowed

    def _is_admitted(self, person_id: str, session: Session) -> bool:
        left = self.trainees[person_id]
        return (left is None or session.held_on <= left) and not self._came_after(person_id, session.ends_at)

    def _joined_on_or_before(self, person_id: str, day: date) -> bool:
        joined = self.joined.get(person_id)
        return joined is None or legal_day(joined) <= day

    def _came_after(self, person_id: str, moment: datetime) -> bool:
        joined = self.joined.get(person_id)
        return joined is not None and joined > moment

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
        custody=_in_custody(fact.trainees, book),
        exempt_by_decision=fact.exempt_by_decision,
    )
    return training_class, in_order(session_of(planned, book) for planned in fact.sessions)


def session_of(planned: PlannedSession, book: Rulebook) -> Session:
    """Give the session as planned, with the class hours it is long enough for (JY-ENR-08)."""
    return Session(
        session_id=planned.session_id,
        starts_at=planned.starts_at,
        ends_at=planned.ends_at,
        kind=planned.kind,
        class_hours=_countable_class_hours(planned, book),
        teacher_id=planned.teacher_id,
        venue_id=planned.venue_id,
    )


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


def join_trainees(
    training_class: TrainingClass,
    added: Iterable[str],
    described: Iterable[OpenedTrainee],
    book: Rulebook,
    at: datetime,
) -> TrainingClass:
    """Put people on the roster of the running class from an instant; who stands there already stays as they are."""
    new = [person_id for person_id in added if person_id not in training_class.trainees]
    custody = _in_custody((trainee for trainee in described if trainee.person_id in new), book)
    return replace(
        training_class,
        trainees={**training_class.trainees, **dict.fromkeys(new)},
        joined={**training_class.joined, **dict.fromkeys(new, at)},
        custody=tuple(sorted({*training_class.custody, *custody})),
    )


def decide_register(training_class: TrainingClass, decision: RegisterDecision, book: Rulebook) -> TrainingClass:
    """Record whether the custodian's register serves; raise Refused NOBODY_IN_CUSTODY for a class without such people.

    A class that ended takes no decision (CLASS_ENDED).
    """
    training_class.require_running()
    term = book.supervision.custody_attendance
    if term is None or not training_class.custody:
        raise Refused(
            code="NOBODY_IN_CUSTODY",
            message="本班没有服刑或强制隔离戒毒学员，不能以监管场所名册代替设备签到。",
            advice="请使用考勤设备签到；个别人员确需人工补签的，逐条申请批准。",
            field="class_id",
            value=training_class.class_id,
            **quote(term),
        )
    return replace(training_class, register_decisions=(*training_class.register_decisions, decision))


def end_class(training_class: TrainingClass, ending: Ending) -> TrainingClass:
    """End the class for good; raise Refused CLASS_ENDED when it has ended already."""
    training_class.require_running()
    return replace(training_class, ending=ending, held=False)


def state_opinion(training_class: TrainingClass, opinion: InspectionOpinion) -> TrainingClass:
    """Record the bureau's inspection opinion (JY-SUP-08); a later one replaces it, a class that ended takes none."""
    training_class.require_running()
    return replace(training_class, opinion=opinion)


def require_verified(opinion: InspectionOpinion, training_class: TrainingClass, book: Rulebook) -> None:
    """Raise Refused VERIFICATION_INCOMPLETE when an opinion passes a class of which not everybody was verified.

    A recorded decision lets a sample do; raise Refused SAMPLING_REASON for one without its reason (HB-SUP-05). Nothing
    is asked where the rulebook verifies nobody.
    """
    term = book.supervision.inspection_opinion
    if term is None or term.verifies is None or not opinion.passed:
        return
    roster, verified = len(training_class.roster_on(opinion.given_on)), opinion.verified or 0
    if opinion.sampled and not (opinion.remark.strip() and verified):
        raise refused_by(
            term.finding(
                code="SAMPLING_REASON",
                severity=Severity.STOP,
                message="以抽查代替逐人核实的，须写明抽查人数和理由。",
                advice="请填写已核实人数（verified）和理由（remark）后重新提交。",
                field="remark",
            )
        )
    if not opinion.sampled and verified < roster:
        raise refused_by(
            term.finding(
                code="VERIFICATION_INCOMPLETE",
                severity=Severity.STOP,
                message=f"本班在册 {roster} 人，已核实培训信息 {verified} 人，不能出具通过的检查意见。",
                advice="请核实全部学员后再出具意见；决定以抽查代替的，请注明抽查（sampled）并写明理由。",
                field="verified",
                value=str(verified),
            )
        )


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


def _in_custody(trainees: Iterable[OpenedTrainee], book: Rulebook) -> tuple[str, ...]:
    term = book.supervision.custody_attendance
    if term is None:
        return ()
    return tuple(sorted(each.person_id for each in trainees if not set(term.groups).isdisjoint(each.groups)))


def _countable_class_hours(session: PlannedSession, book: Rulebook) -> int:
    """Give how many of the planned class hours the session is long enough for (JY-ENR-08)."""
    term = book.enrollment.class_hour
    if term is None:
        return session.class_hours
    return min(session.class_hours, (session.ends_at - session.starts_at) // timedelta(minutes=term.minutes_min))
