"""What waits for a reviewer: cases whose step is due, oldest first, and by when they must be decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from shared.clock import legal_day
from shared.domain.actor import Actor
from shared.policy.terms.term import Step, Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A case in review: `case` is 0 for an application, else the number of the proposed change.

    `taken` counts its approvals, `since` is when the last one or the submission was, `asking_rows` counts rows that
    wait for a recorded decision. `due_on` is the last day on which the decision is in time: before the class opens, or
    before the first session that a change touches.
    """

    class_id: str
    institution_id: str
    region: str
    case: int
    rulebook_id: str
    taken: int
    since: datetime
    due_on: date
    asking_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A case and the step that is due in it."""

    waiting: Waiting
    step: Step
    overdue: bool

    @property
    def place(self) -> tuple[str, str, int]:
        """Give where the task stands in the queue, oldest first."""
        return self.waiting.since.isoformat(), self.waiting.class_id, self.waiting.case


def tasks_of(
    actor: Actor,
    cases: Iterable[Waiting],
    *,
    steps: Mapping[str, Steps | None],
    duties: Mapping[str, str],
    now: datetime,
) -> list[Task]:
    """Give the cases whose due step the actor may take, oldest first.

    `steps` are by rulebook id, `duties` the actor's own by class: a case in which they have another part is not theirs.
    """
    tasks = []
    for case in cases:
        order = steps[case.rulebook_id]
        step = order.after(case.taken) if order else None
        if step is None or not actor.has(step.role) or duties.get(case.class_id, step.code) != step.code:
            continue
        tasks.append(Task(waiting=case, step=step, overdue=legal_day(now) > case.due_on))
    return sorted(tasks, key=lambda task: task.place)
