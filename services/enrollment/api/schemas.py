"""What enrollment's addresses take and give; unknown fields are refused, personal data is only ever taken."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from services.enrollment.application.queries import ClassView
from services.enrollment.domain.plan import ClassPlan, Delivery, TrainingPlan
from services.enrollment.domain.review import Decision, Review
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import ReservationAnswer, State
from shared.clock import new_id
from shared.contracts.enrollment import SessionKind
from shared.contracts.payment import BudgetAnswer, RefusedReservation
from shared.policy.decision import Finding, Severity
from shared.web.masking import mask
from shared.web.validation import invalid_value


def _without_control_characters(text: str) -> str:
    if any(letter < " " and letter not in "\n\t" for letter in text):  # PostgreSQL cannot store some of them
        raise invalid_value("INPUT_INVALID", "文本含有控制字符。", "请删除不可见的控制字符后重新提交。")
    return text


Text = Annotated[str, AfterValidator(_without_control_characters)]
_VISIBLE = r"^[\x21-\x7e]+$"
"""Codes and ids may be repeated in a refusal, so nobody's name fits into them."""
Code = Annotated[str, Field(min_length=1, max_length=50, pattern=_VISIBLE)]
ShortText = Annotated[Text, Field(min_length=1, max_length=200)]
LongText = Annotated[Text, Field(min_length=1, max_length=2000)]
FreeText = Annotated[LongText, AfterValidator(mask)]
"""A text that reaches events and reviewers: what looks like a number of a person is taken out of it."""
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=_VISIBLE)]


class Body(BaseModel):
    """A request body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class FindingView(BaseModel):
    """One rule's objection, with rule, document and clause."""

    code: str
    rule: str
    document: str
    clause: str
    severity: Severity
    message: str
    advice: str
    field: str | None
    value: str | None


def finding_views(findings: Iterable[Finding]) -> list[FindingView]:
    """Give the findings as answers show them."""
    return [FindingView(**asdict(finding)) for finding in findings]


class SessionBody(Body):
    """One planned session."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    kind: SessionKind
    class_hours: int = Field(ge=1, le=24, description="课时数")
    teacher_id: Id
    venue_id: Id


def sessions_of(bodies: Iterable[SessionBody]) -> tuple[Session, ...]:
    """Give the sessions with ids of their own."""
    return tuple(Session(session_id=new_id(), **body.model_dump()) for body in bodies)


Sessions = Annotated[list[SessionBody], Field(min_length=1, max_length=500)]


class PlanBody(Body):
    """The training plan in words."""

    title: ShortText
    objective: LongText
    content: LongText


class ClassBody(Body):
    """An application for a class, its roster aside."""

    kind: Literal["class"]
    training_type: Code
    occupation: Code
    level: Annotated[Text, Field(min_length=1, max_length=20)] | None = None
    planned: int = Field(ge=1, le=10_000, description="计划人数，含不予通过的行")
    opening_date: date
    closing_date: date
    funding_source: Code
    delivery: Delivery
    training_mode: Annotated[Text, Field(min_length=1, max_length=100)]
    plan: PlanBody
    sessions: Sessions

    def to_plan(self) -> ClassPlan:
        """Give the plan with fresh session ids."""
        return ClassPlan(
            kind=self.kind,
            training_type=self.training_type,
            occupation=self.occupation,
            level=self.level,
            planned=self.planned,
            opening_date=self.opening_date,
            closing_date=self.closing_date,
            funding_source=self.funding_source,
            delivery=self.delivery,
            training_mode=self.training_mode,
            plan=TrainingPlan(**self.plan.model_dump()),
            sessions=sessions_of(self.sessions),
        )


class OpeningBody(Body):
    """New dates and timetable of a class before it opens."""

    opening_date: date
    closing_date: date
    sessions: Sessions


class ReviewBody(Body):
    """One approval step."""

    step: Literal["first_review", "second_review", "bureau_opinion"]
    decision: Decision
    opinion: FreeText


class ReasonBody(Body):
    """Why somebody leaves or a class is withdrawn; no personal data."""

    reason: FreeText


class EmptyBody(Body):
    """Nothing to say besides doing it."""


class ReviewView(BaseModel):
    """One recorded step; `actor` is a token subject."""

    round: int
    step: str
    actor: str
    decision: Decision
    opinion: str
    decided_at: datetime

    @classmethod
    def of(cls, review: Review) -> Self:
        """Give the step as answers show it."""
        return cls(**asdict(review))


class ReservationView(BaseModel):
    """Payment's answer to the newest reservation."""

    answers_version: int
    granted: int
    refused: list[RefusedReservation]
    budget: BudgetAnswer

    @classmethod
    def of(cls, answer: ReservationAnswer) -> Self:
        """Give the answer as answers show it."""
        return cls(
            answers_version=answer.answers_version,
            granted=answer.granted,
            refused=list(answer.refused),
            budget=answer.budget,
        )


class SessionView(BaseModel):
    """One planned session."""

    session_id: str
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind
    class_hours: int
    teacher_id: str
    venue_id: str


class BlockerView(BaseModel):
    """Why a class does not open, or did not."""

    code: str
    message: str


class ClaimView(BaseModel):
    """One approval of a claim for the class, as payment reported it."""

    claim_id: str
    entry: int
    amount_fen: int
    approved_on: date


class ClassAnswer(BaseModel):
    """A class: `accepted` counts rows that asked once the class is approved, `ask` only before."""

    class_id: str
    institution_id: str
    region: str
    state: State
    version: int
    kind: str
    training_type: str
    programme: str
    occupation: str
    level: str | None
    planned: int
    accepted: int
    refused: int
    ask: int
    withdrawn: int
    opening_date: date
    closing_date: date
    funding_source: str
    delivery: Delivery
    training_mode: str
    plan: PlanBody
    sessions: list[SessionView]
    rulebook_id: str
    applied_on: date | None
    reviews: list[ReviewView]
    reservation: ReservationView | None
    blocker: BlockerView | None
    claims: list[ClaimView]

    @classmethod
    def of(cls, view: ClassView) -> Self:
        """Give the class as answers show it."""
        return cls(**_class_fields(view))


class JudgedClassAnswer(ClassAnswer):
    """A class with what the rules warn of or ask about it."""

    findings: list[FindingView]

    @classmethod
    def judged(cls, view: ClassView, findings: Iterable[Finding]) -> Self:
        """Give the class with its findings."""
        return cls(**_class_fields(view), findings=finding_views(findings))


class ClassPage(BaseModel):
    """A page of classes; `next` is the cursor of the next page, null on the last."""

    items: list[ClassAnswer]
    next: str | None


def _class_fields(view: ClassView) -> dict[str, Any]:
    found, plan = view.training_class, view.training_class.plan
    return {
        "class_id": found.class_id,
        "institution_id": found.institution_id,
        "region": found.region,
        "state": found.state,
        "version": found.version,
        "kind": plan.kind,
        "training_type": plan.training_type,
        "programme": found.programme,
        "occupation": plan.occupation,
        "level": plan.level,
        "planned": plan.planned,
        "accepted": view.accepted,
        "refused": view.refused,
        "ask": view.ask,
        "withdrawn": view.withdrawn,
        "opening_date": plan.opening_date,
        "closing_date": plan.closing_date,
        "funding_source": plan.funding_source,
        "delivery": plan.delivery,
        "training_mode": plan.training_mode,
        "plan": PlanBody(**asdict(plan.plan)),
        "sessions": [SessionView(**asdict(session)) for session in plan.sessions],
        "rulebook_id": found.rulebook_id,
        "applied_on": found.applied_on,
        "reviews": [ReviewView.of(review) for review in found.reviews],
        "reservation": ReservationView.of(found.answer) if found.answer else None,
        "blocker": BlockerView(**asdict(found.blocker)) if found.blocker else None,
        "claims": [ClaimView(**asdict(claim)) for claim in found.claims],
    }
