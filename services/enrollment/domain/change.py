"""Changes of a class after its approval (JY-ENR-06): proposed by the institution, decided in the approval's steps."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from services.enrollment.domain.decision import RecordedDecision
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.review import Decision
from services.enrollment.domain.roster import Decisions
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import AWAITING_OPENING, State, TrainingClass
from shared.domain.errors import Conflict, NotFound, Refused
from shared.policy.decision import Finding
from shared.policy.terms.term import Step, Steps, Term

ChangeState = Literal["proposed", "approved", "returned", "refused", "withdrawn"]
Kind = Literal["opening_moved", "trainees_added", "teacher", "venue", "timetable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the rules said of the change when it was proposed: of a row, or of the plan when `row` is None."""

    row: int | None
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChange:
    """A proposed change; nothing of the class is other than before until its last step approves it.

    `sessions` is the whole timetable as it is to be, None when it stays; `removed` names persons, `added` their
    replacements.
    """

    class_id: str
    number: int
    state: ChangeState
    opening_date: date
    closing_date: date
    sessions: tuple[Session, ...] | None
    removed: tuple[str, ...]
    added: tuple[RosterRow, ...]
    reason: str = field(repr=False)
    proposed_by: str
    proposed_at: datetime
    questions: tuple[Question, ...] = ()

    def moves_opening(self, plan: ClassPlan) -> bool:
        """Say whether the class is to open on another day."""
        return self.opening_date != plan.opening_date

    def changes_people(self) -> bool:
        """Say whether anybody is to leave or join."""
        return bool(self.removed or self.added)

    def plan(self, plan: ClassPlan) -> ClassPlan:
        """Give the plan as it is to be."""
        sessions = plan.sessions if self.sessions is None else self.sessions
        return replace(plan, opening_date=self.opening_date, closing_date=self.closing_date, sessions=sessions)


def require_possible(training_class: TrainingClass, change: ClassChange, *, now: datetime) -> None:
    """Raise Conflict CLASS_STATE, or Refused, when the class's state or course no longer lets it change so.

    People and opening date change before the opening alone; afterwards the timetable does, where it has not begun.
    """
    before_opening = change.changes_people() or change.moves_opening(training_class.plan)
    running: tuple[State, ...] = () if before_opening else ("opened",)
    training_class.require(*AWAITING_OPENING, *running, act="变更开班日期或学员" if before_opening else "变更教学计划")
    if training_class.state != "opened" or change.sessions is None:
        return
    kept = set(change.sessions)
    begun = [session for session in training_class.plan.sessions if session.starts_at <= now]
    if any(session not in kept for session in begun):
        raise Refused(
            code="SESSION_BEGUN",
            message="已经开始的课次不能变更。",
            advice="请原样保留已开始的课次（含 session_id），只调整尚未开始的课次。",
            field="sessions",
        )
    standing = {session.session_id for session in begun}
    if any(session.starts_at <= now and session.session_id not in standing for session in change.sessions):
        raise Refused(
            code="SESSION_IN_THE_PAST",
            message="变更后的课次开始时间早于现在。",
            advice="请把变更的课次安排在现在之后。",
            field="sessions",
        )


def kind_of(change: ClassChange, plan: ClassPlan) -> Kind:
    """Say in the word of events what kind of change it is."""
    if change.moves_opening(plan):
        return "opening_moved"
    if change.changes_people():
        return "trainees_added"
    before = {session.session_id: session for session in plan.sessions}
    pairs = [(before.get(session.session_id), session) for session in change.sessions or ()]
    kept = [(old, new) for old, new in pairs if old is not None and old != new]
    if len(kept) == sum(old != new for old, new in pairs) and len(pairs) == len(before):
        if all(replace(old, teacher_id=new.teacher_id) == new for old, new in kept):
            return "teacher"
        if all(replace(old, venue_id=new.venue_id) == new for old, new in kept):
            return "venue"
    return "timetable"


def require_something(change: ClassChange, plan: ClassPlan) -> None:
    """Raise Refused NOTHING_CHANGED for a change that leaves everything as it is."""
    if change.plan(plan) == plan and not change.changes_people():
        raise Refused(
            code="NOTHING_CHANGED",
            message="变更申请没有改变任何内容。",
            advice="请填写要变更的日期、课次或学员后再提交。",
        )


def require_room(on_roster: int, planned: int, basis: Term) -> None:
    """Raise Refused PLANNED_EXCEEDED when more people would train than were approved: the planned headcount stands."""
    if on_roster > planned:
        raise Refused(
            code="PLANNED_EXCEEDED",
            message=f"变更后学员为 {on_roster} 人，超过批准的计划人数 {planned} 人。",
            advice="补入学员只能填补退出或不予通过人员的空缺；确需增加的，请另行申请开班。",
            field="added",
            value=str(on_roster),
            rule=basis.rule,
            clause=basis.clause,
            document=basis.document,
        )


def require_new_rows(rows: Sequence[RosterRow], taken: Collection[int]) -> None:
    """Raise Conflict ROW_NUMBER_TAKEN unless every row has a number of its own."""
    numbers = [row.row for row in rows]
    clash = sorted({number for number in numbers if number in taken or numbers.count(number) > 1})
    if clash:
        raise Conflict(
            code="ROW_NUMBER_TAKEN",
            message=f"行号已被使用：{'、'.join(map(str, clash))}。",
            advice="请为补入的学员使用新的行号。",
            field="added",
            value=str(clash[0]),
        )


def questions_by_row(change: ClassChange) -> dict[int | None, tuple[Finding, ...]]:
    """Give what the rules said of the change by row, under None what they said of the plan."""
    rows = dict.fromkeys(question.row for question in change.questions)
    return {row: tuple(one.finding for one in change.questions if one.row == row) for row in rows}


def proposed(changes: Iterable[ClassChange], number: int) -> ClassChange:
    """Give the change that waits for a decision; raise NotFound without one, Conflict CHANGE_SETTLED for another."""
    change = next((one for one in changes if one.number == number), None)
    if change is None:
        raise NotFound(
            code="CHANGE_NOT_FOUND", message="本班没有该变更申请。", advice="请核对变更序号 number。", field="number"
        )
    if change.state != "proposed":
        raise Conflict(
            code="CHANGE_SETTLED",
            message=f"第 {number} 项变更申请已办结。",
            advice="请查询办理结果；仍需变更的，请提出新的变更申请。",
            field="number",
            value=str(number),
        )
    return change


def require_none_proposed(changes: Iterable[ClassChange]) -> None:
    """Raise Conflict CHANGE_PENDING while an earlier change waits for its decision."""
    pending = next((one for one in changes if one.state == "proposed"), None)
    if pending is not None:
        raise Conflict(
            code="CHANGE_PENDING",
            message=f"第 {pending.number} 项变更申请尚未办结。",
            advice="请等待办结，或先撤回该变更申请。",
            field="number",
            value=str(pending.number),
        )


def after_step(change: ClassChange, *, step: Step, decision: Decision, steps: Steps) -> ClassChange:
    """Give the change after a step: the last approval approves it, a return or refusal ends it."""
    if decision == "return":
        return replace(change, state="returned")
    if decision == "refuse":
        return replace(change, state="refused")
    return replace(change, state="approved") if steps.steps[-1].code == step.code else change


def decisions_in_effect(
    training_class: TrainingClass,
    decisions: Iterable[RecordedDecision],
    changes: Iterable[ClassChange] = (),
    *,
    case: int = 0,
) -> Decisions:
    """Give by row what counts in a case: decisions on the submission, on approved changes, and on the case itself."""
    counting = {0, case} | {change.number for change in changes if change.state == "approved"}
    found: dict[int | None, list[RecordedDecision]] = {}
    for decision in decisions:
        if decision.round == training_class.round and decision.change in counting:
            found.setdefault(decision.row, []).append(decision)
    return found
