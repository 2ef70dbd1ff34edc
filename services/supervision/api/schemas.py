"""What is sent to the interface of supervision."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, NotRequired

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    TypeAdapter,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from services.supervision.application.record_check import RecordCheck
from services.supervision.application.register_device import RegisterDevice
from services.supervision.application.view_session import Mode
from services.supervision.domain.comparison import Elsewhere
from services.supervision.domain.finding import Conclusion
from services.supervision.domain.video import Clip
from shared.contracts.supervision import CheckKind
from shared.web.validation import Impersonal, invalid_value


def _written_out(moment: object) -> object:
    # A number of seconds would be taken too, or of milliseconds: nobody knows which was meant.
    if not isinstance(moment, str) or moment[4:5] != "-":
        raise PydanticCustomError("datetime_type", "an instant is a text that begins with a date")
    return moment


def _in_utc(moment: datetime) -> datetime:
    # Instants with one zone compare several times faster than mixed ones.
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("an instant at the edge of the calendar") from None


def _not_blank(text: str) -> str:
    if not text.strip():
        raise invalid_value("TEXT_BLANK", "内容为空白。", "请填写内容后重新提交。")
    return text


_PLAIN: Final = r"^[^\x00-\x1f\x7f]+$"
"""No control characters: PostgreSQL cannot store all of them."""
_PROSE: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
"""Lines and tabs, but no other control characters."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
Sequence = Annotated[int, Field(strict=True, ge=0, lt=2**63, description="设备内唯一的序号；重传沿用原序号")]
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=_PLAIN)]
PathId = Annotated[str, Path(min_length=1, max_length=100, pattern=_PLAIN)]
Code = Annotated[str, Field(min_length=1, max_length=50, pattern=_PLAIN)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=_PLAIN), AfterValidator(_not_blank), Impersonal]
Prose = Annotated[str, Field(max_length=2000, pattern=_PROSE), Impersonal]
Reason = Annotated[Prose, Field(min_length=1), AfterValidator(_not_blank)]
"""Reasons and remarks are stored open and read by many, so no number of a person may stand in them; none travels."""
Subject = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$"), Impersonal]
"""A token subject as somebody types it: it travels in events, so nobody's name fits into it."""

Cursor = Annotated[str | None, Query(max_length=300, pattern=_PLAIN, description="上一页返回的 next")]

SIGN_INS_MAX: Final = 5000


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


def shown(example: dict[str, Any]) -> ConfigDict:
    """Configure a body with the example that its OpenAPI schema shows."""
    return ConfigDict(json_schema_extra={"examples": [example]})


@with_config(ConfigDict(extra="forbid"))
class SignInItem(TypedDict):
    """One sign-in; thousands come at once, so it becomes a plain mapping and no object."""

    sequence: Sequence
    class_id: Id
    person_id: Id
    signed_at: Moment
    method: Annotated[Code, Field(description="签到方式代码，见规则册")]
    score: NotRequired[Annotated[int | None, Field(strict=True, ge=0, le=100, description="比对得分")]]


@with_config(ConfigDict(extra="forbid"))
class SignInBatch(TypedDict):
    """A batch of sign-ins."""

    sign_ins: Annotated[list[SignInItem], Field(max_length=SIGN_INS_MAX)]


SIGN_IN_BATCH: TypeAdapter[SignInBatch] = TypeAdapter(SignInBatch)
SIGN_IN_BATCH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["sign_ins"],
    "additionalProperties": False,
    "properties": {
        "sign_ins": {
            "type": "array",
            "maxItems": SIGN_INS_MAX,
            "items": TypeAdapter(SignInItem).json_schema(),
        }
    },
}


class ApprovalBody(Body):
    """Sign-ins of one device that a reviewer lets count."""

    model_config = shown({"device_id": "kqj-2021-0007", "sequences": [17, 18], "reason": "指纹破损，任课教师证明到课"})

    device_id: Id
    sequences: Annotated[list[Sequence], Field(min_length=1, max_length=500)]
    reason: Reason


class DeviceBody(Body):
    """A device to register."""

    model_config = shown(
        {
            "institution_id": "institution-1",
            "serial": "KQJ-2021-0007",
            "name": "一号教室考勤机",
            "region": "419001",
            "methods": ["fingerprint", "face"],
        }
    )

    institution_id: Id
    serial: Id
    name: Line
    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    methods: Annotated[list[Code], Field(min_length=1, max_length=20)]

    def to_command(self) -> RegisterDevice:
        """Give the command."""
        return RegisterDevice(
            institution_id=self.institution_id,
            serial=self.serial,
            name=self.name,
            region=self.region,
            methods=tuple(dict.fromkeys(self.methods)),
        )


class DeviceChangeBody(Body):
    """What changes of a device; an absent field stays as it is."""

    model_config = shown({"name": "二号教室考勤机", "methods": ["fingerprint"]})

    name: Line | None = None
    methods: Annotated[list[Code], Field(min_length=1, max_length=20)] | None = None


class ReasonBody(Body):
    """A recorded act and why."""

    model_config = shown({"reason": "现场清点人数误录，应为 49 人"})

    reason: Reason


class RegisterBody(Body):
    """Whether the custodian's register serves as attendance of people in custody (JY-ENR-16)."""

    model_config = shown({"allowed": True, "reason": "监区不得使用考勤设备，以监管场所名册为准"})

    allowed: StrictBool
    reason: Reason


Day = Annotated[date, BeforeValidator(_written_out)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


class VideoItem(Body):
    """Metadata of one video file."""

    video_id: Id
    session_id: Id
    starts_at: Moment
    ends_at: Moment
    sha256: Sha256

    def to_clip(self, *, reported_by: str) -> Clip:
        """Give the clip as reported by a token's subject."""
        return Clip(
            video_id=self.video_id,
            session_id=self.session_id,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            sha256=self.sha256.lower(),
            reported_by=reported_by,
        )


class VideosBody(Body):
    """Video metadata of one class."""

    model_config = shown(
        {
            "videos": [
                {
                    "video_id": "20210601-0900",
                    "session_id": "session-1",
                    "starts_at": "2021-06-01T09:00:00+08:00",
                    "ends_at": "2021-06-01T11:40:00+08:00",
                    "sha256": "0" * 64,
                }
            ]
        }
    )

    videos: Annotated[list[VideoItem], Field(max_length=500)]


class CheckBody(Body):
    """An inspection record; an opening-day record needs every item (JY-SUP-09)."""

    model_config = shown(
        {
            "kind": "opening",
            "held_at": "2021-06-01T09:30:00+08:00",
            "place": "实训楼一层",
            "venue_id": "venue-1",
            "headcount": 48,
            "sign_in_in_order": True,
            "records_retained": True,
            "teachers_seen": ["teacher-1"],
            "companions": ["inspector-2"],
            "note": "",
        }
    )

    kind: CheckKind
    held_at: Moment
    place: Line
    venue_id: Annotated[
        Subject | None, Field(description="检查地点的备案场地编号（课表中的 venue_id），填入申请表")
    ] = None
    headcount: Annotated[
        int, Field(strict=True, ge=0, le=1000, description="现场清点的本班在册学员人数，不得多于当日在册人数")
    ]
    sign_in_in_order: StrictBool | None = None
    records_retained: StrictBool | None = None
    teachers_seen: Annotated[list[Subject], Field(max_length=20)] = []
    companions: Annotated[list[Subject], Field(max_length=20)] = []
    note: Prose = ""
    photos: Annotated[list[Sha256], Field(max_length=50, description="现场照片文件的 SHA-256，照片本身不上传")] = []

    def to_command(self) -> RecordCheck:
        """Give the command."""
        return RecordCheck(
            kind=self.kind,
            held_at=self.held_at,
            place=self.place,
            venue_id=self.venue_id,
            headcount=self.headcount,
            sign_in_in_order=self.sign_in_in_order,
            records_retained=self.records_retained,
            teachers_seen=tuple(self.teachers_seen),
            companions=tuple(self.companions),
            note=self.note,
            photos=tuple(dict.fromkeys(photo.lower() for photo in self.photos)),
        )


class OpinionBody(Body):
    """The bureau's inspection opinion."""

    model_config = shown({"passed": True, "remark": "同意"})

    passed: StrictBool
    remark: Prose = ""
    verified: Annotated[
        int | None, Field(strict=True, ge=0, le=1000, description="已核实培训信息的人数；政策要求核实的地区必填")
    ] = None
    sampled: Annotated[StrictBool, Field(description="决定以抽查代替逐人核实，理由写入 remark")] = False


class ElsewhereItem(Body):
    """Other data say that a person was elsewhere on the day."""

    model_config = shown({"person_id": "person-1", "day": "2021-06-04"})

    person_id: Id
    day: Day


class ComparisonBody(Body):
    """What the data of one source say of a class's people."""

    model_config = shown({"source": "travel", "hits": [{"person_id": "person-1", "day": "2021-06-04"}]})

    source: Code
    hits: Annotated[list[ElsewhereItem], Field(min_length=1, max_length=5000)]

    def to_hits(self) -> list[Elsewhere]:
        """Give the hits."""
        return [Elsewhere(person_id=hit.person_id, day=hit.day) for hit in self.hits]


class ViewingBody(Body):
    """Whether the session is looked at while it goes on, or by its recordings."""

    model_config = shown({"mode": "replay"})

    mode: Mode


class ClosureBody(Body):
    """A person's conclusion on a finding."""

    model_config = shown({"conclusion": "waived", "reason": "录像设备当日停电，有停电通知为证"})

    conclusion: Conclusion
    reason: Reason
