"""What the addresses of decisions and changes take and give."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from services.enrollment.api.roster_schemas import RosterRowBody
from services.enrollment.api.schemas import Body, Code, Day, FreeText, Id, SessionBody, Whole
from services.enrollment.application.change_class import Wish
from services.enrollment.application.decide_questions import Answer
from services.enrollment.application.reveal_row import Revealed
from services.enrollment.domain.change import ChangeState, ClassChange, Question
from services.enrollment.domain.decision import Outcome, RecordedDecision
from services.enrollment.domain.queue import Task
from services.enrollment.domain.review import Review
from services.enrollment.domain.roster_row import PersonalFacts
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import TrainingClass
from shared.clock import new_id
from shared.policy.decision import Trace

RowNumber = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class DecisionBody(Body):
    """A reviewer's decision on a question of the plan, or of one or several rows."""

    rows: Annotated[list[RowNumber], Field(max_length=500)] = Field(
        default=[], description="花名册行号；不填表示对开班申请本身的问题作决定"
    )
    code: Code | None = Field(default=None, description="问题代码，如 GROUP_DECISION；退回单个学员时不填")
    decision: Outcome = Field(description="allow 同意、refuse 不予同意、return 退回单个学员")
    basis: Code | None = Field(default=None, description="依据代码；退回时为标准退回原因代码")
    reason: FreeText
    change: Whole = Field(default=0, ge=0, le=1000, description="变更申请序号；0 为开班申请本身")

    def to_answer(self) -> Answer:
        """Give the decision as the use-case takes it."""
        return Answer(
            case=self.change,
            rows=tuple(dict.fromkeys(self.rows)),
            code=self.code,
            outcome=self.decision,
            basis=self.basis,
            reason=self.reason,
        )


class DecisionAnswer(BaseModel):
    """A recorded decision with the rule that left it to a person; `actor` is a token subject."""

    number: int
    round: int
    change: int
    row: int | None
    code: str
    decision: Outcome
    basis: str | None
    reason: str | None = Field(description="仅在查询时返回：提交的应答会按幂等键保存")
    step: str
    actor: str
    decided_at: datetime
    trace: Trace

    @classmethod
    def of(cls, decision: RecordedDecision, *, with_reason: bool) -> Self:
        """Give the decision; its reason only in answers that nobody stores."""
        return cls(
            number=decision.number,
            round=decision.round,
            change=decision.change,
            row=decision.row,
            code=decision.code,
            decision=decision.outcome,
            basis=decision.basis,
            reason=decision.reason if with_reason else None,
            step=decision.step,
            actor=decision.actor,
            decided_at=decision.decided_at,
            trace=decision.trace(),
        )


class DecisionsAnswer(BaseModel):
    """What was recorded, under the class's version."""

    version: int
    items: list[DecisionAnswer]
    next: None = None


class RevelationBody(Body):
    """Why a reviewer looks at what a row states."""

    reason_code: Code = Field(description="规则册“查看原因”中的代码，如 check_group", examples=["check_group"])
    change: Whole = Field(default=0, ge=0, le=1000, description="变更申请序号；0 为开班申请本身")


class RevelationAnswer(BaseModel):
    """What the row states, as far as its open questions need it; never stored with the request."""

    row: int
    codes: tuple[str, ...]
    group: str
    evidence: str
    employer_name: str
    employer_credit_code: str
    employer_region: str
    fee_fen: int
    declares_ability_and_will: bool
    employee_focus: tuple[str, ...]
    facts: PersonalFacts = Field(description="本行就人员类别、联系、资格等所作的申报")
    name: str | None = Field(description="仅在姓名有疑问时提供")
    identity_number: str | None = Field(description="仅在姓名有疑问时提供")

    @classmethod
    def of(cls, revealed: Revealed) -> Self:
        """Give the row as the reviewer reads it."""
        row = revealed.row
        return cls(
            row=row.row,
            codes=revealed.codes,
            group=row.group,
            evidence=revealed.evidence,
            employer_name=row.employer_name,
            employer_credit_code=row.employer_credit_code,
            employer_region=row.employer_region,
            fee_fen=row.fee_fen,
            declares_ability_and_will=row.declares_ability_and_will,
            employee_focus=row.employee_focus,
            facts=row.particulars.facts,
            name=revealed.name,
            identity_number=revealed.identity_number,
        )


class ContactBody(Body):
    """Why somebody looks at the contact of an application."""

    reason_code: Code = Field(description="规则册“查看原因”中的代码，如 complete_form", examples=["complete_form"])


class ContactAnswer(BaseModel):
    """The form's contact person and telephone (JY-FLD-04, -05); never stored with the request."""

    class_id: str
    contact_person: str
    telephone: str


class ChangedSessionBody(SessionBody):
    """A session as it is to be; with the id of a standing one it is that session, without it is a new one."""

    session_id: Id | None = None

    def to_session(self) -> Session:
        """Give the session under its own or a fresh id."""
        return Session(**{**self.model_dump(), "session_id": self.session_id or new_id()})


class ChangeBody(Body):
    """What is to be other than approved; what is left out stays."""

    reason: FreeText
    opening_date: Day | None = None
    closing_date: Day | None = None
    sessions: Annotated[list[ChangedSessionBody], Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="变更后的全部课次；保留的课次须带 session_id"
    )
    removed: Annotated[list[Id], Field(max_length=500)] = Field(default=[], description="移出学员的 person_id")
    added: Annotated[list[RosterRowBody], Field(max_length=500)] = Field(
        default=[], description="补入的学员，使用新的行号"
    )

    def to_wish(self) -> Wish:
        """Give the change as the use-case takes it."""
        sessions = self.sessions
        return Wish(
            reason=self.reason,
            opening_date=self.opening_date,
            closing_date=self.closing_date,
            sessions=None if sessions is None else [body.to_session() for body in sessions],
            kept_sessions=[body.session_id for body in sessions or () if body.session_id],
            removed=self.removed,
            added=[row.to_row() for row in self.added],
        )


class ChangeReviewBody(Body):
    """One step on a proposed change."""

    step: Literal["first_review", "second_review", "bureau_opinion"]
    decision: Literal["approve", "return", "refuse"]
    opinion: FreeText


class JoiningAnswer(BaseModel):
    """Somebody who is to join, with masked name."""

    row: int
    person_id: str | None
    masked_name: str
    group: str


class ChangeAnswer(BaseModel):
    """A change and what the rules said of it when it was proposed; `version` is the class's."""

    class_id: str
    version: int | None
    number: int
    state: ChangeState
    opening_date: date
    closing_date: date
    sessions: tuple[Session, ...] | None
    removed: tuple[str, ...]
    added: list[JoiningAnswer]
    reason: str | None = Field(description="仅在查询时返回：提交的应答会按幂等键保存")
    questions: tuple[Question, ...]
    proposed_by: str
    proposed_at: datetime
    reviews: tuple[Review, ...]

    @classmethod
    def of(cls, change: ClassChange, training_class: TrainingClass, *, with_reason: bool = False) -> Self:
        """Give the change; its reason only in answers that nobody stores."""
        return cls(
            class_id=change.class_id,
            version=training_class.version,
            number=change.number,
            state=change.state,
            opening_date=change.opening_date,
            closing_date=change.closing_date,
            sessions=change.sessions,
            removed=change.removed,
            added=[
                JoiningAnswer(row=row.row, person_id=row.person_id, masked_name=row.masked_name, group=row.group)
                for row in change.added
            ],
            reason=change.reason if with_reason else None,
            questions=change.questions,
            proposed_by=change.proposed_by,
            proposed_at=change.proposed_at,
            reviews=training_class.reviews_of(change.number),
        )


class TaskAnswer(BaseModel):
    """A case whose step is due; `due_on` is the last day in time, `asking_rows` wait for a recorded decision."""

    class_id: str
    institution_id: str
    region: str
    change: int = Field(description="变更申请序号；0 为开班申请本身")
    step: str
    step_name: str
    since: datetime
    due_on: date
    overdue: bool
    asking_rows: int

    @classmethod
    def of(cls, task: Task) -> Self:
        """Give the task as answers show it."""
        return cls(
            class_id=task.waiting.class_id,
            institution_id=task.waiting.institution_id,
            region=task.waiting.region,
            change=task.waiting.case,
            step=task.step.code,
            step_name=task.step.name,
            since=task.waiting.since,
            due_on=task.waiting.due_on,
            overdue=task.overdue,
            asking_rows=task.waiting.asking_rows,
        )


class QueuePage(BaseModel):
    """A page of tasks, oldest first; `next` is the cursor of the next page, null on the last."""

    items: list[TaskAnswer]
    next: str | None


class ChangePage(BaseModel):
    """Every change of a class: there are few, so `next` is always null."""

    items: list[ChangeAnswer]
    next: None = None
