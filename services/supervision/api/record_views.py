"""What the interface of supervision answers about single records: sign-ins, devices, videos, checks, findings."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.supervision.domain.finding import Conclusion
from services.supervision.domain.training_class import State
from services.supervision.domain.video import ClipOutcome
from shared.contracts.supervision import CheckKind


class View(BaseModel):
    """An answer whose fields are those of what it shows."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, shown: object) -> Self:
        """Show a domain object by its attributes of the same names."""
        return cls.model_validate(shown)


class SignInRowAnswer(BaseModel):
    """What became of one row; a `duplicate` repeats why its first arrival does not count, if it does not."""

    sequence: int | None = Field(description="无法读取的行可能没有序号，此时按提交顺序对应")
    outcome: Literal["accepted", "duplicate", "late", "pending", "refused"]
    code: str | None = None
    message: str | None = None
    advice: str | None = None
    rule: str | None = None
    clause: str | None = None


class SignInBatchAnswer(BaseModel):
    """What became of a batch; `rows` are in the order in which they were sent."""

    accepted: int
    duplicate: int
    late: int = Field(description="课次已结束认定后到达，计入新的修订版")
    pending: int = Field(description="班级尚未开班，开班后自动认定")
    refused: int
    rows: list[SignInRowAnswer]


class ApprovalAnswer(BaseModel):
    """Which sign-ins count now; `unknown` ones do not wait for approval in this class."""

    approved: list[int]
    unknown: list[int]


class RetirementView(View):
    """Who took a device out of use, when and why."""

    by: str
    at: datetime
    reason: str


class DeviceView(View):
    """A registered device."""

    device_id: str
    institution_id: str
    serial: str
    name: str
    region: str
    methods: list[str]
    retired: RetirementView | None
    version: int


class VideoRowAnswer(View):
    """What became of one video's metadata."""

    video_id: str
    outcome: ClipOutcome
    code: str | None = None
    message: str | None = None
    advice: str | None = None


class VideosAnswer(BaseModel):
    """What became of the metadata, row by row."""

    rows: list[VideoRowAnswer]


class VoidingView(View):
    """Who declared a record void, when and why."""

    by: str
    at: datetime
    reason: str


class ClipView(View):
    """The metadata of a video as reported."""

    video_id: str
    session_id: str
    starts_at: datetime
    ends_at: datetime
    sha256: str
    reported_by: str
    voided: VoidingView | None


class RegisterDecisionView(View):
    """A decision whether the custodian's register serves as attendance (JY-ENR-16)."""

    allowed: bool
    decided_by: str
    decided_at: datetime
    reason: str


class RegisterAnswer(BaseModel):
    """The decision as recorded and the number of people in custody it concerns."""

    class_id: str
    persons: int
    decision: RegisterDecisionView
    version: int


class CheckView(View):
    """An inspection as recorded; a void one counts for nothing."""

    check_id: str
    kind: CheckKind
    held_at: datetime
    place: str
    venue_id: str | None
    photos: list[str]
    headcount: int
    sign_in_in_order: bool | None
    records_retained: bool | None
    teachers_seen: list[str]
    inspectors: list[str]
    note: str
    recorded_at: datetime
    voided: VoidingView | None


class OpinionView(View):
    """The bureau's inspection opinion and who gave it when."""

    passed: bool
    given_by: str
    given_on: date
    remark: str
    verified: int | None
    sampled: bool


class ComparisonAnswer(BaseModel):
    """How many hits of other data there were, and how many of them are doubts."""

    class_id: str
    hits: int
    doubts: int
    version: int


class OpinionAnswer(BaseModel):
    """The opinion as recorded."""

    class_id: str
    state: State
    opinion: OpinionView | None
    version: int


class FindingView(View):
    """A finding as it stands."""

    finding_id: str
    class_id: str
    check: str
    about: str
    rule: str
    clause: str
    blocking: bool
    seen: str
    state: Literal["open", "closed"]
    raised_at: datetime
    owner: str | None = Field(description="负责结案的角色，规则册未规定的为空")
    due_on: date | None = Field(description="结案期限，含当日")
    conclusion: Conclusion | None
    closed_by: str | None
    closed_at: datetime | None
    reason: str | None


class FindingList(BaseModel):
    """The findings of a class."""

    items: list[FindingView]
    next: None = None


class ClosureAnswer(BaseModel):
    """The closed finding, where its class stands now and the class's version."""

    finding: FindingView
    class_state: State
    version: int


class UnknownClassAnswer(View):
    """The closed case."""

    case_id: str
    device_id: str
    sign_ins: int
    closed_by: str
    closed_at: datetime
    reason: str
