"""Whatever the order, repetition and delay in which the facts of a class arrive, they come to the same."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.supervision.domain.class_file import ClassFile, conclude, settle
from services.supervision.domain.finding import OPENING_ATTENDANCE
from services.supervision.domain.inspection import Inspection
from services.supervision.domain.sign_in import PENDING, Roll, Verdict
from services.supervision.domain.timetable import change_timetable
from services.supervision.domain.training_class import withdraw_trainee
from services.supervision.domain.video import Clip
from shared.contracts.contract import Contract
from shared.contracts.supervision import AttendanceChecked, TrainingCompleted
from tests.supervision.sample import (
    OPENING,
    Ids,
    at,
    class_file,
    class_opened,
    clip,
    device,
    inspection,
    jiyuan,
    people,
)

BOOK = jiyuan()
PEOPLE = people(10)
OPENED = class_opened(trainees=PEOPLE, planned=10)
SESSIONS = tuple(session.session_id for session in OPENED.sessions)
STARTS = {session.session_id: session.starts_at for session in OPENED.sessions}
STARTS["evening"] = at(OPENING + timedelta(days=1), 18)
LATER = at(OPENING + timedelta(days=9), 9)


@dataclass(frozen=True)
class SignIn:
    sequence: int
    person: str
    session: str
    method: str


@dataclass(frozen=True)
class Opening:
    """The class opens; sign-ins that came before wait for it."""


@dataclass(frozen=True)
class Closing:
    session: str


@dataclass(frozen=True)
class Withdrawal:
    person: str
    days: int


@dataclass(frozen=True)
class Change:
    """The second afternoon is moved to the evening, approved on the first day after the sessions."""


Fact = SignIn | Opening | Closing | Withdrawal | Inspection | Clip | Change

APPROVED = at(OPENING, 18)
EVENING = at(OPENING + timedelta(days=1), 18)
CHANGED = tuple(
    replace(session, starts_at=EVENING, ends_at=EVENING + timedelta(minutes=160))
    if session.session_id == "s2-pm"
    else session
    for session in OPENED.sessions
)


class Desk:
    """Takes facts as the service does, with lists for tables."""

    def __init__(self) -> None:
        self.file: ClassFile | None = None
        self.kept: dict[int, tuple[SignIn, Verdict]] = {}
        self.waiting: list[Fact] = []
        self.published: list[Contract] = []
        self.make_id = Ids()
        self.held = False
        self.due: set[str] = set()

    def take(self, fact: Fact) -> None:
        if isinstance(fact, Opening):
            if self.file is None:
                self.file = class_file(OPENED)
                self.kept = {number: (row, self._judge(row)) for number, (row, _) in self.kept.items()}
                for waiting in self.waiting:
                    self.take(waiting)
        elif isinstance(fact, SignIn):
            if fact.sequence not in self.kept:
                verdict = self._judge(fact)
                self.kept[fact.sequence] = (fact, verdict)
                if verdict.outcome == "late":
                    self._settle(str(verdict.session_id))
        elif self.file is None:
            self.waiting.append(fact)
        else:
            self._apply(self.file, fact)

    def _apply(self, file: ClassFile, fact: Closing | Withdrawal | Inspection | Clip | Change) -> None:
        match fact:
            case Closing(session=session):
                self.due.add(session)
                self._settle(session)
            case Change():
                sessions, dropped = change_timetable(file.sessions, file.dropped, CHANGED, BOOK, at=APPROVED)
                self.file = replace(file, sessions=sessions, dropped=dropped)
                self.kept = {number: (row, self._judge(row)) for number, (row, _) in self.kept.items()}
                self._settle(*self.due)  # the timer of a session that was opened again fires again
            case Withdrawal(person=person, days=days):
                left = withdraw_trainee(file.training_class, person, OPENING + timedelta(days=days))
                self.file = replace(file, training_class=left)
                self._settle(*(session.session_id for session in file.sessions if session.is_closed))
            case Inspection():
                self.file = replace(file, inspections=tuple({*file.inspections, fact}))
                self._settle()
            case Clip():
                self.file = replace(file, clips=tuple({*file.clips, fact}))
                self._settle()

    def _judge(self, row: SignIn) -> Verdict:
        if self.file is None:
            return PENDING
        signed_at = STARTS[row.session] + timedelta(seconds=row.sequence)
        return Roll(self.file.training_class, self.file.sessions, BOOK).judge(
            device(), person_id=row.person, method=row.method, signed_at=signed_at, received_at=LATER
        )

    def _settle(self, *sessions: str) -> None:
        assert self.file is not None
        signed_in: dict[str, dict[str, set[str]]] = {session: defaultdict(set) for session in sessions}
        for row, verdict in self.kept.values():
            if verdict.counts and verdict.session_id in signed_in:
                signed_in[verdict.session_id][row.person].add(row.method)
        self.file, events = settle(self.file, BOOK, signed_in=signed_in, now=LATER, make_id=self.make_id)
        self.published += events

    def lift_hold(self) -> None:
        """Let a person find the opening-day finding baseless: a held class publishes no totals until then."""
        assert self.file is not None
        for finding in self.file.findings:
            if finding.check == OPENING_ATTENDANCE and finding.is_open:
                self.file, events = conclude(
                    self.file,
                    BOOK,
                    finding_id=finding.finding_id,
                    conclusion="unfounded",
                    closed_by="approver-1",
                    reason="设备故障",
                    now=LATER,
                    make_id=self.make_id,
                )
                self.published += events

    def outcome(self) -> Any:
        """Give what remains when revisions, ids and moments are taken away."""
        assert self.file is not None
        completion = self.file.training_class.completion
        return (
            self.file.training_class.state,
            [(session.session_id, session.present, session.absent) for session in self.file.sessions],
            None if completion is None else replace(completion, revision=0),
            sorted((finding.check, finding.about, finding.seen) for finding in self.file.findings if finding.is_open),
        )


def desk_after(facts: list[Fact]) -> Desk:
    """Give the desk when all facts are in and the hold, if there is one, is lifted."""
    desk = Desk()
    for fact in facts:
        desk.take(fact)
    assert desk.file is not None
    desk.held = desk.file.training_class.held
    desk.lift_hold()
    return desk


METHODS = st.sampled_from(("fingerprint", "face", "manual", "palm"))
SIGN_INS = st.lists(
    st.tuples(st.sampled_from((*PEOPLE, "stranger")), st.sampled_from(tuple(STARTS)), METHODS), max_size=25
)
WITHDRAWALS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 2)), max_size=2)
HEADCOUNTS = st.lists(st.integers(7, 10), max_size=2)
FILMED = st.sets(st.sampled_from(SESSIONS))


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """Give the facts of a class in order, and shuffled with repetitions."""
    everybody = [(person, session, "fingerprint") for person in PEOPLE[:9] for session in SESSIONS[:2]]
    signed = [*(everybody if draw(st.booleans()) else []), *draw(SIGN_INS)]
    sign_ins = [SignIn(number, *row) for number, row in enumerate(signed)]
    checks = [
        inspection(f"opening-{number}", held_at=STARTS["s1-am"] + timedelta(minutes=5), headcount=headcount)
        for number, headcount in enumerate(draw(HEADCOUNTS))
    ]
    clips = [
        clip(session.session_id, session.starts_at, session.ends_at)
        for session in OPENED.sessions
        if session.session_id in draw(st.shared(FILMED, key="filmed"))
    ]
    left = [Withdrawal(*row) for row in draw(WITHDRAWALS)]
    change = [Change()] if draw(st.booleans()) else []
    closings = [Closing(session) for session in SESSIONS]
    ordered: list[Fact] = [Opening(), *change, *sign_ins, *left, *checks, *clips, *closings]
    repeated = draw(st.lists(st.sampled_from(ordered), max_size=10))
    return ordered, draw(st.permutations([*ordered, *repeated]))


@settings(max_examples=150, deadline=None)
@given(histories())
@example(
    (
        [Opening(), SignIn(0, "p01", "s1-am", "face"), *(Closing(session) for session in SESSIONS)],
        [*(Closing(session) for session in SESSIONS), SignIn(0, "p01", "s1-am", "face"), Opening()],
    )
)
def test_any_order_repetition_and_delay_comes_to_the_same(history: tuple[list[Fact], list[Fact]]) -> None:
    ordered, shuffled = history

    expected, found = desk_after(ordered), desk_after(shuffled)

    assert expected.held == found.held
    assert found.outcome() == expected.outcome()
    assert_revisions_rise_by_one(found.published)


def assert_revisions_rise_by_one(published: list[Contract]) -> None:
    revisions: dict[str, list[int]] = defaultdict(list)
    for event in published:
        if isinstance(event, AttendanceChecked):
            revisions[event.session_id].append(event.revision)
        elif isinstance(event, TrainingCompleted):
            revisions["completion"].append(event.revision)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in revisions.values())
