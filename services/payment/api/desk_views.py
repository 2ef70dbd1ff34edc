"""Progress and queues as people read them."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.payment.application.desk import ProgressReading, QueueItem
from services.payment.domain.claim import Review
from services.payment.domain.progress import Blocker, Task, days_left
from shared.domain.errors import Refused
from shared.policy.decision import Severity


class TaskView(BaseModel):
    """One thing to be done, who holds it, since when, and how many working days are left."""

    task: str
    name: str
    party: str
    role: str | None
    since: date | None
    due: date | None
    due_outer: date | None
    working_days_left: int | None = Field(description="剩余工作日；已超期为负数；没有时限或没有该年日历为 null")
    working_days_left_outer: int | None
    subject: str | None = Field(description="所涉条目序号、异议、拨付单等的编号")

    @classmethod
    def of(cls, task: Task, today: date) -> Self:
        """Render a task as of a legal day."""
        return cls(
            task=task.holder.task,
            name=task.holder.name,
            party=task.holder.party.value,
            role=task.holder.role.value if task.holder.role else None,
            since=task.since,
            due=task.due,
            due_outer=task.due_outer,
            working_days_left=_left(task.due, today),
            working_days_left_outer=_left(task.due_outer, today),
            subject=task.subject,
        )


def _left(due: date | None, today: date) -> int | None:
    if due is None:
        return None
    try:
        return days_left(due, today)
    except Refused:  # nobody knows that year's calendar yet; the date itself is shown
        return None


class BlockerView(BaseModel):
    """One thing that is missing, with its rule and clause, what to do, and who can do it."""

    code: str
    rule: str
    document: str
    clause: str
    severity: Severity
    message: str
    advice: str
    value: str | None
    task: str
    party: str
    role: str | None
    persons: list[str]

    @classmethod
    def of(cls, blocker: Blocker) -> Self:
        """Render a blocker."""
        finding, holder = blocker.finding, blocker.holder
        return cls(
            code=finding.code,
            rule=finding.rule,
            document=finding.document,
            clause=finding.clause,
            severity=finding.severity,
            message=finding.message,
            advice=finding.advice,
            value=finding.value,
            task=holder.task,
            party=holder.party.value,
            role=holder.role.value if holder.role else None,
            persons=list(blocker.persons),
        )


class ProgressView(BaseModel):
    """Why this is unpaid: the next step, every open task, everything that is missing."""

    class_id: str
    claim_id: str | None
    state: str
    round: int | None
    next: TaskView | None
    tasks: list[TaskView]
    blockers: list[BlockerView]
    version: int

    @classmethod
    def of(cls, reading: ProgressReading, today: date) -> Self:
        """Render the progress as of a legal day."""
        claim = reading.claim
        tasks = [TaskView.of(task, today) for task in reading.progress.tasks]
        return cls(
            class_id=reading.class_id,
            claim_id=claim.claim_id if claim else None,
            state=claim.state.value if claim else "unclaimed",
            round=claim.round if claim else None,
            next=tasks[0] if tasks else None,
            tasks=tasks,
            blockers=[BlockerView.of(blocker) for blocker in reading.progress.blockers],
            version=reading.version,
        )


class LastReviewView(BaseModel):
    """What the reviewer before said."""

    step: str
    decision: Literal["approve", "return"]
    opinion: str
    actor: str
    decided_at: datetime

    @classmethod
    def of(cls, review: Review | None) -> Self | None:
        """Render a review, if there is one."""
        if review is None:
            return None
        return cls(
            step=review.step.value,
            decision="approve" if review.approved else "return",
            opinion=review.opinion,
            actor=review.actor,
            decided_at=review.decided_at,
        )


class QueueItemView(BaseModel):
    """One task of one claim."""

    claim_id: str
    class_id: str
    institution_id: str
    region: str
    state: str
    round: int
    amount_fen: int
    overdue: list[str]
    task: TaskView
    last_review: LastReviewView | None
    version: int

    @classmethod
    def of(cls, item: QueueItem, today: date) -> Self:
        """Render an item as of a legal day."""
        claim = item.claim
        return cls(
            claim_id=claim.claim_id,
            class_id=claim.class_id,
            institution_id=claim.institution_id,
            region=claim.region,
            state=claim.state.value,
            round=claim.round,
            amount_fen=sum(claim.payable.values()),
            overdue=sorted(claim.overdue),
            task=TaskView.of(item.task, today),
            last_review=LastReviewView.of(item.last_review),
            version=claim.version,
        )


class QueuePage(BaseModel):
    """A page of a queue, the earliest limit first."""

    items: list[QueueItemView]
    next: str | None
