"""What inspectors write down on site: the opening-day check and spot checks during the course (JY-SUP-07, -09)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.supervision.domain.finding import Observation
from services.supervision.domain.training_class import Session, TrainingClass
from services.supervision.domain.voiding import Voiding, require_voidable
from shared.clock import legal_day
from shared.contracts.supervision import CheckKind, SpotCheckRecorded, SpotCheckVoided
from shared.domain.errors import Refused, refused_by
from shared.policy.decision import Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One signed record; `inspectors` are token subjects, the first of them wrote it.

    An item is None when nobody looked at it; the opening-day record may leave out none (JY-SUP-09). `place` is the
    place in the inspector's words, which stay here; `venue_id` the filed venue that it is, None for another or unsaid.
    `photos` are the SHA-256 sums of the photographs taken, which are kept elsewhere.
    """

    check_id: str
    kind: CheckKind
    held_at: datetime
    place: str
    headcount: int
    sign_in_in_order: bool | None
    records_retained: bool | None
    teachers_seen: tuple[str, ...]
    inspectors: tuple[str, ...]
    note: str
    recorded_at: datetime
    venue_id: str | None = None
    photos: tuple[str, ...] = ()
    voided: Voiding | None = None


def standing(inspections: Iterable[Inspection]) -> tuple[Inspection, ...]:
    """Give the inspections that are not void."""
    return tuple(check for check in inspections if check.voided is None)


def void_inspection(inspection: Inspection, voiding: Voiding, *, class_id: str) -> tuple[Inspection, SpotCheckVoided]:
    """Declare a record void; raise Forbidden SAME_AUTHOR for those who signed it, Conflict RECORD_VOID when it is."""
    require_voidable(inspection.voided, authors=inspection.inspectors, by=voiding.by)
    event = SpotCheckVoided(
        class_id=class_id,
        check_id=inspection.check_id,
        kind=inspection.kind,
        voided_on=legal_day(voiding.at),
        voided_by=voiding.by,
        reason="",  # a person's words may name somebody: they stay here
    )
    return replace(inspection, voided=voiding), event


def record_inspection(
    inspection: Inspection, training_class: TrainingClass, sessions: Iterable[Session], book: Rulebook
) -> SpotCheckRecorded:
    """Give the event of a complete record.

    Raise Refused ITEM_MISSING for an incomplete opening record, CHECK_IN_FUTURE, and CHECK_ON_WRONG_DAY for an
    opening check on another day than the opening day or a spot check not after it or after the last session (the
    average of spot checks holds the course without its opening day, JY-SUP-06). Raise Refused HEADCOUNT_ABOVE_ROSTER
    for more heads than the class had people that day: one such count would lift every average (JY-SUP-05). Raise
    Refused PHOTOS_MISSING where the document wants photographs (HL-SUP-01).
    """
    if inspection.held_at > inspection.recorded_at:
        raise Refused(
            code="CHECK_IN_FUTURE",
            message="检查时间晚于当前时间。",
            advice="请核对检查时间后重新提交。",
            field="held_at",
            value=inspection.held_at.isoformat(),
        )
    _require_day(inspection, sessions, book)
    _require_photos(inspection, book)
    if inspection.kind == "opening":
        _require_items(inspection, book)
    _require_roster(inspection, training_class, book)
    return SpotCheckRecorded(
        class_id=training_class.class_id,
        check_id=inspection.check_id,
        kind=inspection.kind,
        held_on=legal_day(inspection.held_at),
        headcount=inspection.headcount,
        inspectors=inspection.inspectors,
        venue_id=inspection.venue_id,
        teachers_seen=inspection.teachers_seen,
        sign_in_in_order=inspection.sign_in_in_order,
        records_retained=inspection.records_retained,
    )


def observe_headcount(
    inspection: Inspection, training_class: TrainingClass, sessions: Iterable[Session], book: Rulebook
) -> Observation | None:
    """Object when inspectors counted fewer heads than people had signed in to a session closed by now.

    Object as well to more heads than the roster had that day, which happens when somebody's leaving is told later.
    """
    term = book.supervision.inspections if inspection.voided is None else None
    if term is None:
        return None
    day = legal_day(inspection.held_at)
    roster = len(training_class.roster_on(day))
    if inspection.headcount > roster:
        return Observation.under(
            term,
            seen=f"{day} 现场清点 {inspection.headcount} 人，多于当日在册的 {roster} 人，"
            f"相差 {inspection.headcount - roster} 人。",
        )
    meeting = [s for s in sessions if s.is_closed and s.starts_at <= inspection.held_at <= s.ends_at]
    if not meeting:
        return None
    signed_in = max(len(session.present) for session in meeting)
    if inspection.headcount >= signed_in:
        return None
    return Observation.under(
        term,
        seen=f"{day} 现场清点 {inspection.headcount} 人，"
        f"少于该课次签到的 {signed_in} 人，相差 {signed_in - inspection.headcount} 人。",
    )


def observe_venue(inspection: Inspection, sessions: Iterable[Session], book: Rulebook) -> Observation | None:
    """Note that a spot check found the class in another filed venue than that day's timetable has (JY-FLD-27)."""
    term, day = book.supervision.venue_seen, legal_day(inspection.held_at)
    planned = {session.venue_id for session in sessions if session.held_on == day}
    if term is None or inspection.voided or inspection.venue_id is None or inspection.venue_id in planned:
        return None
    seen = f"{day} 检查时的场地 {inspection.venue_id} 不在当日课表之内（VENUE_CHANGED）。"
    return Observation.under(term, seen=seen, blocking=False)


def observe_teachers(inspection: Inspection, sessions: Iterable[Session], book: Rulebook) -> Observation | None:
    """Note that a spot check found teachers whom the timetable does not name (JY-FLD-28)."""
    term = book.supervision.teachers_seen
    strange = sorted({*inspection.teachers_seen} - {session.teacher_id for session in sessions})
    if term is None or inspection.voided or not strange:
        return None
    day, named = legal_day(inspection.held_at), "、".join(strange)
    seen = f"{day} 检查时有 {len(strange)} 名教师不在课表之内：{named}（TEACHER_CHANGED）。"
    return Observation.under(term, seen=seen, blocking=False)


def observe_opening_checks(checks: Iterable[Inspection], day: date, book: Rulebook) -> Observation | None:
    """Note that the opening day passed without the checks it needs (JY-SUP-07); payment asks for a decision then."""
    term = book.supervision.inspections
    held = sum(check.kind == "opening" for check in standing(checks))
    if term is None or held >= term.opening_checks_min:
        return None
    return Observation.under(
        term,
        blocking=False,
        seen=f"开班当日（{day}）检查记录 {held} 次，少于应有的 {term.opening_checks_min} 次（OPENING_CHECK_MISSING）。",
    )


def observe_spot_checks(checks: Iterable[Inspection], book: Rulebook) -> Observation | None:
    """Note that the course ended with fewer spot checks than there should be (JY-SUP-07)."""
    term = book.supervision.inspections
    held = sum(check.kind == "spot" for check in standing(checks))
    if term is None or held >= term.spot_checks_min:
        return None
    return Observation.under(
        term,
        blocking=False,
        seen=f"培训结束时过程抽查记录 {held} 次，少于应有的 {term.spot_checks_min} 次（SPOT_CHECKS_FEW）。",
    )


def _require_day(inspection: Inspection, sessions: Iterable[Session], book: Rulebook) -> None:
    day = legal_day(inspection.held_at)
    days = [session.held_on for session in sessions]
    first, last = min(days, default=day), max(days, default=day)
    if (day == first) if inspection.kind == "opening" else (first < day <= last):
        return
    term = book.supervision.inspections
    raise Refused(
        code="CHECK_ON_WRONG_DAY",
        message=f"检查日期 {day} 与检查类型不符：开班当日为 {first}，最后一课在 {last}。",
        advice="开班当日的检查填 opening，其后至最后一课当日的过程抽查填 spot；请核对类型与时间。",
        field="held_at",
        value=day.isoformat(),
        **quote(term),
    )


def _require_photos(inspection: Inspection, book: Rulebook) -> None:
    term = book.supervision.inspections
    if term is None or len(inspection.photos) >= term.photos_min:
        return
    raise refused_by(
        term.finding(
            code="PHOTOS_MISSING",
            severity=Severity.STOP,
            message=f"检查记录应附照片不少于 {term.photos_min} 张，现有 {len(inspection.photos)} 张。",
            advice="请附上现场照片（填写照片文件的 SHA-256）后重新提交。",
            field="photos",
        )
    )


def _require_roster(inspection: Inspection, training_class: TrainingClass, book: Rulebook) -> None:
    roster = len(training_class.roster_on(legal_day(inspection.held_at)))
    if inspection.headcount <= roster:
        return
    term = book.supervision.inspections
    raise Refused(
        code="HEADCOUNT_ABOVE_ROSTER",
        message=f"清点人数 {inspection.headcount} 人多于本班当日在册的 {roster} 人。",
        advice="请只清点本班在册学员，名册以外的人员写入备注；名册正在变更的，待变更批准后再登记。",
        field="headcount",
        value=str(inspection.headcount),
        **quote(term),
    )


def _require_items(inspection: Inspection, book: Rulebook) -> None:
    term = book.supervision.opening_check
    if term is None:
        return
    given = {
        "headcount": True,
        "sign_in": inspection.sign_in_in_order is not None,
        "records_retained": inspection.records_retained is not None,
    }
    missing = [item for item in term.items if not given.get(item.code, False)]
    if missing:
        finding = term.finding(
            code="ITEM_MISSING",
            severity=Severity.STOP,
            message=f"开班当日检查缺少：{'、'.join(item.name for item in missing)}。",
            advice="开班当日检查须逐项填写学员人数、签到情况和培训资料留存情况，请补齐后重新提交。",
            field="、".join(item.code for item in missing),
        )
        raise refused_by(finding)
