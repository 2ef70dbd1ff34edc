"""Judges sign-ins: which session one belongs to, and whether it counts.

A sign-in belongs to the session whose window `[start - minutes before, end + minutes after]`, both ends included, it
falls into. Where two windows hold it, the nearer session has it (distance 0 inside the session itself); at equal
distance the one that begins later, because people sign in when they arrive.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.supervision.domain.device import Device
from services.supervision.domain.finding import Observation
from services.supervision.domain.training_class import Session, TrainingClass, sign_in_term
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Term

Outcome = Literal["accepted", "late", "pending", "refused"]

CLASS_CANCELLED: Final = "CLASS_CANCELLED"
CLASS_WITHDRAWN: Final = "CLASS_WITHDRAWN"
CLASS_NOT_OPENED: Final = "CLASS_NOT_OPENED"
CLASS_NOT_OPEN_YET: Final = "CLASS_NOT_OPEN_YET"
DEVICE_FOREIGN: Final = "DEVICE_FOREIGN"
NOT_ON_ROSTER: Final = "NOT_ON_ROSTER"
TRAINEE_WITHDRAWN: Final = "TRAINEE_WITHDRAWN"
METHOD_NOT_ACCEPTED: Final = "METHOD_NOT_ACCEPTED"
METHOD_NOT_OF_DEVICE: Final = "METHOD_NOT_OF_DEVICE"
DEVICE_RETIRED: Final = "DEVICE_RETIRED"
APPROVAL_REQUIRED: Final = "APPROVAL_REQUIRED"
SIGNED_IN_FUTURE: Final = "SIGNED_IN_FUTURE"
BEFORE_APPROVAL: Final = "BEFORE_APPROVAL"
OUTSIDE_SESSION: Final = "OUTSIDE_SESSION"
SEQUENCE_REUSED: Final = "SEQUENCE_REUSED"
SIGN_IN_UNREADABLE: Final = "SIGN_IN_UNREADABLE"

PLACED_BY_CLASS: Final = (NOT_ON_ROSTER, TRAINEE_WITHDRAWN, APPROVAL_REQUIRED, BEFORE_APPROVAL, OUTSIDE_SESSION)
"""Objections that lie in the class and not in the sign-in: another roster or timetable may lift or raise them."""

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    CLASS_CANCELLED: ("班级已取消，签到已留存但不计出勤。", "无需重传；如有异议请按申诉程序向人社部门提出。"),
    CLASS_WITHDRAWN: ("班级已撤销，签到已留存但不计出勤。", "无需重传；请核对设备上的班级设置。"),
    CLASS_NOT_OPENED: ("班级未能开班，签到已留存但不计出勤。", "请核对班级编号；未开班的班级不得培训。"),
    CLASS_NOT_OPEN_YET: ("班级尚未开班，签到已暂存。", "无需重传；开班后系统自动认定。"),
    DEVICE_FOREIGN: (
        "设备不属于该班级的培训机构。",
        "请使用本机构登记的设备；设备已转入的，请人社部门停用原登记后重新登记。",
    ),
    NOT_ON_ROSTER: ("该人员不在本班花名册内。", "请核对人员编号；确需增加学员的，先办理花名册变更。"),
    TRAINEE_WITHDRAWN: ("该学员已退班，退班次日起的签到不计出勤。", "请核对退班记录；登记有误的请联系人社部门更正。"),
    METHOD_NOT_ACCEPTED: ("签到方式不在规定范围内。", "请改用指纹、人脸等规则册列明的方式签到。"),
    METHOD_NOT_OF_DEVICE: ("该设备未登记此签到方式。", "请核对设备设置；确有此签到方式的，请人社部门变更设备登记。"),
    DEVICE_RETIRED: ("设备已停用，停用之后的签到不计出勤。", "请使用在用设备；设备重新启用的，请人社部门重新登记。"),
    APPROVAL_REQUIRED: ("该签到方式须经审核人员批准后才计出勤。", "签到已留存；请向人社部门说明原因并申请批准。"),
    SIGNED_IN_FUTURE: (
        "签到时间晚于系统时间，已留存并标记，不计出勤。",
        "请校准设备时钟；设备时间有误的请联系人社部门核实。",
    ),
    BEFORE_APPROVAL: ("签到早于班级审核通过或开班，不计出勤。", "审核通过并开班后的培训才计出勤；签到已留存备查。"),
    OUTSIDE_SESSION: (
        "签到不在任何课次的签到时段内，不计出勤。",
        "请核对设备时钟与课程表；确有调课的，先办理课程表变更。",
    ),
    SEQUENCE_REUSED: (
        "该序号已用于另一条签到，本条留存备查，不计出勤。",
        "请为新签到分配新的序号后重传；设备重置过的，请从未用过的序号开始。",
    ),
    SIGN_IN_UNREADABLE: ("该条签到的字段缺失或格式有误，本条未保存。", "请对照接口文档改正该条后，以原序号重传。"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a sign-in does not count, for staff: Chinese sentences and, where a document says so, rule and clause."""

    code: str
    message: str
    advice: str
    rule: str | None
    clause: str | None


def explain(code: str, book: Rulebook | None) -> Explanation:
    """Explain a code in the name of the class's rulebook, None while the class is not known."""
    message, advice = _TEXTS[code]
    term: Term | None = None
    if book is not None:
        if code in (METHOD_NOT_ACCEPTED, METHOD_NOT_OF_DEVICE, DEVICE_RETIRED, APPROVAL_REQUIRED, SIGNED_IN_FUTURE):
            term = book.supervision.sign_in
        elif code in (BEFORE_APPROVAL, OUTSIDE_SESSION, NOT_ON_ROSTER, TRAINEE_WITHDRAWN):
            term = book.enrollment.start_after_approval
        elif code == CLASS_CANCELLED:
            term = book.supervision.opening_attendance
    return Explanation(
        code=code,
        message=message,
        advice=advice,
        rule=term.rule if term else None,
        clause=term.clause if term else None,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a sign-in; the same object serves every row with the same fate."""

    outcome: Outcome
    code: str | None = None
    session_id: str | None = None

    @property
    def counts(self) -> bool:
        """Say whether the sign-in is evidence of presence."""
        return self.outcome in ("accepted", "late")


def observe_clock(device: Device, book: Rulebook) -> Observation:
    """Note that a device reported sign-ins from the future: its clock needs a look, the claim need not wait for it."""
    term = sign_in_term(book)
    return Observation.under(
        term,
        blocking=False,
        seen=f"设备 {device.serial} 上报的签到时间晚于系统时间 {term.clock_tolerance_seconds} 秒以上，疑似时钟有误。",
    )


PENDING: Final = Verdict("pending", CLASS_NOT_OPEN_YET)
NEVER_OPENED: Final = Verdict("refused", CLASS_NOT_OPENED)


class Roll:
    """The roll (点名册) of one class against which its sign-ins are judged; built once, asked for every row.

    Asking makes no objects: a backlog of thousands of rows passes through here.
    """

    def __init__(self, training_class: TrainingClass, sessions: Iterable[Session], book: Rulebook) -> None:
        term = sign_in_term(book)
        before, after = timedelta(minutes=term.minutes_before_start), timedelta(minutes=term.minutes_after_end)
        self._class = training_class
        self._tolerance = timedelta(seconds=term.clock_tolerance_seconds)
        self._methods = {method.code: method for method in term.methods}
        self._sessions = sorted(sessions, key=lambda session: (session.starts_at - before, session.session_id))
        self._opens = [session.starts_at - before for session in self._sessions]
        self._closes = [session.ends_at + after for session in self._sessions]
        self._longest = max(
            (end - begin for begin, end in zip(self._opens, self._closes, strict=True)), default=timedelta(0)
        )
        self._refusals: dict[tuple[str, str | None], Verdict] = {}
        register = book.supervision.custody_attendance
        self._register = frozenset(register.methods if register and training_class.register_serves else ())
        self._custody = frozenset(training_class.custody)
        self._days = {session.session_id: session.held_on for session in self._sessions}
        self._verdicts = {
            session.session_id: Verdict("late" if session.is_closed else "accepted", None, session.session_id)
            for session in self._sessions
        }

    def judge(
        self, device: Device, *, person_id: str, method: str, signed_at: datetime, received_at: datetime
    ) -> Verdict:
        """Give the fate of one sign-in by the first objection; what lies in the sign-in itself comes first."""
        training_class = self._class
        if device.institution_id != training_class.institution_id:  # first: a stranger learns nothing of the class
            return self._refuse(DEVICE_FOREIGN)
        if training_class.ending is not None:
            return self._refuse(CLASS_CANCELLED if training_class.ending == "cancelled" else CLASS_WITHDRAWN)
        if method not in self._methods:
            return self._refuse(METHOD_NOT_ACCEPTED)
        if method not in device.methods:
            return self._refuse(METHOD_NOT_OF_DEVICE)
        if device.retired is not None and signed_at >= device.retired.at:
            return self._refuse(DEVICE_RETIRED)
        if signed_at > received_at + self._tolerance:
            return self._refuse(SIGNED_IN_FUTURE)
        return self.place(person_id=person_id, method=method, signed_at=signed_at)

    def place(self, *, person_id: str, method: str, signed_at: datetime, approved: bool = False) -> Verdict:
        """Give the fate that roster and timetable leave to a sign-in against which nothing else stands.

        `approved` says that a reviewer let it count (JY-SUP-01).
        """
        training_class = self._class
        if person_id not in training_class.trainees:
            return self._refuse(NOT_ON_ROSTER)
        if signed_at < training_class.counts_for(person_id):
            return self._refuse(BEFORE_APPROVAL)
        session_id = self.session_at(signed_at)
        if session_id is None:
            return self._refuse(OUTSIDE_SESSION)
        left = training_class.trainees[person_id]
        if left is not None and left < self._days[session_id]:
            return self._refuse(TRAINEE_WITHDRAWN)
        if approved or not self._methods[method].approval_required or self._is_on_register(person_id, method):
            return self._verdicts[session_id]
        return self._refuse(APPROVAL_REQUIRED, session_id)

    def session_at(self, moment: datetime) -> str | None:
        """Give the session whose window holds the moment, None when none does."""
        nearest: timedelta | None = None
        found: str | None = None
        for place in range(bisect_right(self._opens, moment) - 1, -1, -1):
            if self._opens[place] + self._longest < moment:
                break
            if moment > self._closes[place]:
                continue
            session = self._sessions[place]
            distance = max(session.starts_at - moment, moment - session.ends_at, timedelta(0))
            # Later sessions come first, so a strictly smaller distance is needed to take the sign-in from them.
            if nearest is None or distance < nearest:
                nearest, found = distance, session.session_id
        return found

    def _is_on_register(self, person_id: str, method: str) -> bool:
        return method in self._register and person_id in self._custody

    def _refuse(self, code: str, session_id: str | None = None) -> Verdict:
        key = (code, session_id)
        if key not in self._refusals:
            self._refusals[key] = Verdict("refused", code, session_id)
        return self._refusals[key]
