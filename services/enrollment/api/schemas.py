"""What enrollment's addresses take and give; unknown fields are refused, personal data is only ever taken."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.enrollment.application.queries import ClassView
from services.enrollment.domain.application_form import FormHead
from services.enrollment.domain.attributes import TRAINING_MODE
from services.enrollment.domain.plan import ClassPlan, Delivery, ExceptionRequest, TrainingPlan
from services.enrollment.domain.review import Decision, Review
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import ApprovedClaim, Blocker, ReservationAnswer, State
from shared.clock import legal_day, new_id
from shared.contracts.enrollment import ClassKind, SessionKind
from shared.policy.decision import Finding
from shared.web.masking import mask
from shared.web.validation import Impersonal, Text, invalid_value

_VISIBLE = r"^[\x21-\x7e]+$"
"""Codes and ids may be repeated in a refusal, so nobody's name fits into them."""
Code = Annotated[str, Field(min_length=1, max_length=50, pattern=_VISIBLE)]
ShortText = Annotated[Text, Field(min_length=1, max_length=200)]
PublicName = Annotated[ShortText, Impersonal]
"""The name of an institution or occupation: public, and sent to everybody in events."""
LongText = Annotated[Text, Field(min_length=1, max_length=2000)]
FreeText = Annotated[LongText, AfterValidator(mask)]
"""A text for reviewers, which no event carries: what looks like a number of a person is taken out of it."""


def _written_as_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return value
    raise invalid_value("INPUT_INVALID", "日期格式不正确。", "请使用 YYYY-MM-DD 格式的有效日期，例如 2021-09-13。")


def _written_as_instant(value: object) -> object:
    if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}[Tt ]", value):
        return value
    raise _no_instant()


def _in_utc(moment: datetime) -> datetime:
    try:
        legal_day(moment)
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):  # at the edge of the calendar another zone's day has no date
        raise _no_instant() from None


def _no_instant() -> PydanticCustomError:
    return invalid_value("INPUT_INVALID", "时间格式不正确。", "请使用带时区的时间，例如 2021-09-13T08:00:00+08:00。")


Day = Annotated[date, BeforeValidator(_written_as_day)]
"""Never seconds since 1970, nor an instant of which only somebody's zone knows the day."""
Moment = Annotated[AwareDatetime, BeforeValidator(_written_as_instant), AfterValidator(_in_utc)]
Truth = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
"""No text, no fraction, and `true` is no 1."""
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=_VISIBLE)]


class Body(BaseModel):
    """A request body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SessionBody(Body):
    """One planned session."""

    starts_at: Moment
    ends_at: Moment
    kind: SessionKind
    class_hours: Whole = Field(ge=1, le=24, description="课时数")
    teacher_id: Id
    venue_id: Id


def sessions_of(bodies: Iterable[SessionBody]) -> tuple[Session, ...]:
    """Give the sessions with ids of their own."""
    return tuple(Session(session_id=new_id(), **body.model_dump()) for body in bodies)


Sessions = Annotated[list[SessionBody], Field(min_length=1, max_length=500)]


class ExceptionBody(Body):
    """The institution asks a person to decide on what stops its plan, where the rulebook provides for a decision."""

    code: Code = Field(description="问题代码，如 PRACTICE_SHARE_TOO_LOW")
    reason: FreeText


class PlanBody(Body):
    """The training plan in words."""

    title: ShortText
    objective: LongText
    content: LongText


def _without_mode(attributes: dict[str, str]) -> dict[str, str]:
    if TRAINING_MODE in attributes:
        raise invalid_value(
            "INPUT_INVALID", "拟培训方式填写了两处。", "请只在 training_mode 字段填写拟培训方式的代码。"
        )
    return attributes


class ClassBody(Body):
    """An application for a class, its roster aside."""

    kind: ClassKind
    training_type: Code
    occupation: Code
    level: Annotated[Text, Field(min_length=1, max_length=20)] | None = Field(
        default=None, examples=["4"], description="等级；规定等级的培训类型（如 employee_intermediate）必填"
    )
    planned: Whole = Field(ge=1, le=10_000, description="计划人数，含不予通过的行")
    opening_date: Day
    closing_date: Day
    funding_source: Code
    delivery: Delivery
    training_mode: Code = Field(
        examples=["self_run"],
        description="拟培训方式：规则册代码，如 self_run；委托培训 entrusted 须在 attributes 写明合作单位与合同",
    )
    sealed: Truth = Field(examples=[True], description="申请表是否已加盖申请单位印章（JY-FLD-03）")
    contact_person: Annotated[Text, Field(max_length=50)] = Field(
        examples=["示例"], description="联系人；加密保存，不进入事件，也不在应答中返回"
    )
    telephone: Annotated[Text, Field(max_length=30)] = Field(
        examples=["19900000001"], description="联系电话：手机或带区号的固定电话；加密保存，不进入事件，也不在应答中返回"
    )
    batch: Whole = Field(ge=1, le=9_999, description="开班批次：本单位本年度内不得重复")
    plan: PlanBody
    sessions: Annotated[list[SessionBody], Field(max_length=500)] = Field(
        description="课次；以工代训不按课次组织，可为空列表"
    )
    exceptions: Annotated[list[ExceptionBody], Field(max_length=10)] = Field(
        default=[], description="申请例外：须由审批人员作出书面决定的问题与理由"
    )

    attributes: Annotated[dict[Code, ShortText], Field(max_length=30), AfterValidator(_without_mode)] = Field(
        default={}, description="班级属性：规则册规定的代码与取值，如 class_mode=order"
    )

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
            form=FormHead(
                sealed=self.sealed, contact_person=self.contact_person, telephone=self.telephone, batch=self.batch
            ),
            plan=TrainingPlan(**self.plan.model_dump()),
            sessions=sessions_of(self.sessions),
            attributes=dict(self.attributes),
            exceptions=tuple(ExceptionRequest(**one.model_dump()) for one in self.exceptions),
        )


class OpeningBody(Body):
    """New dates and timetable of a class before it opens."""

    opening_date: Day
    closing_date: Day
    sessions: Sessions


class ReviewBody(Body):
    """One approval step."""

    step: Literal["first_review", "second_review", "bureau_opinion"]
    decision: Decision
    opinion: FreeText


class ReasonBody(Body):
    """Why somebody leaves or a class is withdrawn: a standard reason, and what is to be said besides."""

    reason_code: Code = Field(examples=["other"], description="规则册标准理由的代码，必填；没有合适的用 other")
    reason: Annotated[Text, Field(max_length=2000), AfterValidator(mask)] = Field(
        default="", description="补充说明；加密保存，不进入事件"
    )


class EmptyBody(Body):
    """Nothing to say besides doing it."""


class ClassAnswer(BaseModel):
    """A class: `accepted` counts rows that asked once the class is approved, `ask` only before.

    `findings` are what the rules warn of or ask about the plan; a review's `actor` is a token subject.
    """

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
    sealed: bool
    batch: int
    plan: TrainingPlan
    sessions: tuple[Session, ...]
    attributes: dict[str, str]
    exceptions: tuple[ExceptionRequest, ...]
    rulebook_id: str
    findings: tuple[Finding, ...]
    applied_on: date | None
    reviews: tuple[Review, ...]
    reservation: ReservationAnswer | None
    blocker: Blocker | None
    claims: tuple[ApprovedClaim, ...]

    @classmethod
    def of(cls, view: ClassView) -> Self:
        """Give the class as answers show it."""
        found, plan = view.training_class, view.training_class.plan
        return cls(
            class_id=found.class_id,
            institution_id=found.institution_id,
            region=found.region,
            state=found.state,
            version=found.version,
            kind=plan.kind,
            training_type=plan.training_type,
            programme=found.programme,
            occupation=plan.occupation,
            level=plan.level,
            planned=plan.planned,
            accepted=view.accepted,
            refused=view.refused,
            ask=view.ask,
            withdrawn=view.withdrawn,
            opening_date=plan.opening_date,
            closing_date=plan.closing_date,
            funding_source=plan.funding_source,
            delivery=plan.delivery,
            training_mode=plan.training_mode,
            sealed=plan.form.sealed,
            batch=plan.form.batch,
            plan=plan.plan,
            sessions=plan.sessions,
            attributes=dict(plan.attributes),
            exceptions=plan.exceptions,
            rulebook_id=found.rulebook_id,
            findings=found.findings,
            applied_on=found.applied_on,
            reviews=found.reviews,
            reservation=found.answer,
            blocker=found.blocker,
            claims=found.claims,
        )


class ClassPage(BaseModel):
    """A page of classes; `next` is the cursor of the next page, null on the last."""

    items: list[ClassAnswer]
    next: str | None
