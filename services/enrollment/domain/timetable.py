"""The teaching plan (教学计划): sessions with teacher and venue, their dates, hours, practice and double booking."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from shared.clock import legal_day
from shared.contracts.enrollment import SessionKind
from shared.policy.decision import Finding, Severity
from shared.policy.terms.class_plan import ClassHour, PracticeShare, Ratio
from shared.policy.terms.institution import TeacherFiling
from shared.policy.terms.term import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One planned session (课次); instants are UTC, `class_hours` are 课时."""

    session_id: str
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind
    class_hours: int
    teacher_id: str
    venue_id: str

    def overlaps(self, other: "Session | Booking") -> bool:
        """Say whether both run at the same time; one that ends when the other begins does not overlap."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A training venue of an institution and its usable work-stations by occupation."""

    venue_id: str
    name: str
    stations: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A time at which another class has a teacher or a venue; `key` is the id that this class uses for it."""

    kind: Literal["teacher", "venue"]
    key: str
    starts_at: datetime
    ends_at: datetime


def judge_dates(sessions: Sequence[Session], *, opening: date, closing: date, basis: Term) -> list[Finding]:
    """Stop dates that contradict each other: the class runs from its first session on the opening date to its end."""

    def stop(code: str, message: str, advice: str, field: str) -> Finding:
        return basis.finding(code=code, severity=Severity.STOP, message=message, advice=advice, field=field)

    if closing < opening:
        return [stop("CLOSING_BEFORE_OPENING", "结业日期早于开班日期。", "请改正开班或结业日期。", "closing_date")]
    found = []
    for number, session in enumerate(sessions):
        days = legal_day(session.starts_at), legal_day(session.ends_at - timedelta(microseconds=1))
        field = f"sessions.{number}"
        if session.ends_at <= session.starts_at or days[0] != days[1]:
            advice = "请把每次课安排在同一天之内，结束晚于开始。"
            found.append(stop("SESSION_TIMES", f"第 {number + 1} 次课的起止时间不成立。", advice, field))
        elif not (opening <= days[0] and days[1] <= closing):
            message = f"第 {number + 1} 次课（{days[0].isoformat()}）不在开班至结业日期之内。"
            found.append(stop("SESSION_OUT_OF_DATES", message, "请调整课次或开班、结业日期。", field))
    if not any(legal_day(session.starts_at) == opening for session in sessions):
        message = f"开班日期 {opening.isoformat()} 当天没有课次。"
        found.append(stop("NO_SESSION_ON_OPENING", message, "请把第一次课安排在开班日期。", "sessions"))
    in_order = sorted(enumerate(sessions), key=lambda pair: pair[1].starts_at)
    for (_, earlier), (number, later) in pairwise(in_order):
        if earlier.overlaps(later):
            message = f"第 {number + 1} 次课与本班另一次课时间重叠。"
            found.append(stop("SESSIONS_OVERLAP", message, "请错开本班各次课的时间。", f"sessions.{number}"))
    return found


def judge_class_hours(sessions: Iterable[Session], terms: ClassHour | None) -> list[Finding]:
    """Stop every session whose class hours would be shorter than the least minutes (JY-ENR-08)."""
    if terms is None:
        return []
    least = timedelta(minutes=terms.minutes_min)
    return [
        terms.finding(
            code="CLASS_HOUR_TOO_SHORT",
            severity=Severity.STOP,
            message=f"第 {number + 1} 次课排 {session.class_hours} 课时，每课时不足 {terms.minutes_min} 分钟。",
            advice=f"该次课至少需 {session.class_hours * terms.minutes_min} 分钟；请延长时间或减少课时数。",
            field=f"sessions.{number}.class_hours",
            value=str(session.class_hours),
        )
        for number, session in enumerate(sessions)
        if session.ends_at - session.starts_at < session.class_hours * least
    ]


def judge_practice_share(sessions: Sequence[Session], terms: PracticeShare | None) -> list[Finding]:
    """Stop a timetable whose practice is less than the least share of all class hours (JY-ENR-09)."""
    total = sum(session.class_hours for session in sessions)
    practice = sum(session.class_hours for session in sessions if session.kind == "practice")
    if terms is None or practice * 100 >= total * terms.minimum_percent:
        return []
    return [
        terms.finding(
            code="PRACTICE_SHARE_TOO_LOW",
            severity=Severity.STOP,
            message=f"实操 {practice} 课时，总课时 {total}，实操占比低于 {terms.minimum_percent}%。",
            advice=_or_exception("请增加实操课时或减少理论课时", terms.exempt_by_decision),
            field="sessions",
            value=f"{practice}/{total}",
        )
    ]


def judge_teachers(
    sessions: Iterable[Session], *, filed: Collection[str], institution_kind: str, terms: TeacherFiling | None
) -> list[Finding]:
    """Stop every named teacher who is not filed with the bureau, once per teacher (JY-INS-07)."""
    if terms is None or institution_kind not in terms.institution_kinds:
        return []
    named = dict.fromkeys(session.teacher_id for session in sessions)
    return [
        terms.finding(
            code="TEACHER_NOT_FILED",
            severity=Severity.STOP,
            message=f"教师编号 {teacher_id} 未在本单位教师名册中报备。",
            advice="请先报备该教师，或改派已报备的教师。",
            field="sessions.teacher_id",
            value=teacher_id,
        )
        for teacher_id in named
        if teacher_id not in filed
    ]


def judge_venues(sessions: Iterable[Session], *, venues: Mapping[str, Venue], basis: Term) -> list[Finding]:
    """Stop every named venue that the institution has not registered, once per venue."""
    return [
        basis.finding(
            code="VENUE_UNKNOWN",
            severity=Severity.STOP,
            message=f"场地编号 {venue_id} 不是本单位登记的培训场地。",
            advice="请先登记该场地，或改用已登记的场地。",
            field="sessions.venue_id",
            value=venue_id,
        )
        for venue_id in dict.fromkeys(session.venue_id for session in sessions)
        if venue_id not in venues
    ]


def judge_bookings(sessions: Iterable[Session], *, bookings: Iterable[Booking], basis: Term) -> list[Finding]:
    """Stop every session whose teacher or venue another class has at the same time."""
    taken = tuple(bookings)
    words = {"teacher": ("TEACHER_DOUBLE_BOOKED", "教师"), "venue": ("VENUE_DOUBLE_BOOKED", "场地")}
    found = []
    for number, session in enumerate(sessions):
        for kind, key in (("teacher", session.teacher_id), ("venue", session.venue_id)):
            if any(row.kind == kind and row.key == key and session.overlaps(row) for row in taken):
                code, word = words[kind]
                found.append(
                    basis.finding(
                        code=code,
                        severity=Severity.STOP,
                        message=f"第 {number + 1} 次课的{word}在同一时间已安排给其他班级。",
                        advice=f"请更换{word}或调整该次课的时间。",
                        field=f"sessions.{number}.{kind}_id",
                        value=key,
                    )
                )
    return found


def judge_teacher_ratio(sessions: Iterable[Session], *, planned: int, terms: Ratio | None) -> list[Finding]:
    """Warn or stop when there are too many trainees per teacher (JY-ENR-10)."""
    teachers = len({session.teacher_id for session in sessions})
    return _judge_ratio(planned, teachers, terms, code="TEACHER_RATIO", what="任课教师", field="sessions")


def judge_station_ratio(
    sessions: Iterable[Session], *, venues: Mapping[str, Venue], occupation: str, planned: int, terms: Ratio | None
) -> list[Finding]:
    """Warn or stop per practice venue with too many trainees per work-station of the occupation (JY-ENR-11)."""
    practised_in = dict.fromkeys(session.venue_id for session in sessions if session.kind == "practice")
    return [
        finding
        for venue_id in practised_in
        if venue_id in venues
        for finding in _judge_ratio(
            planned,
            venues[venue_id].stations.get(occupation, 0),
            terms,
            code="STATION_RATIO",
            what=f"场地“{venues[venue_id].name}”的实训工位",
            field="sessions.venue_id",
        )
    ]


def _judge_ratio(
    planned: int, available: int, terms: Ratio | None, *, code: str, what: str, field: str
) -> list[Finding]:
    if terms is None or planned <= available * terms.warn_above_trainees:
        return []
    stops = planned > available * terms.stop_above_trainees
    limit = terms.stop_above_trainees if stops else terms.warn_above_trainees
    return [
        terms.finding(
            code=code,
            severity=Severity.STOP if stops else Severity.WARN,
            message=f"学员 {planned} 人，{what} {available} 个，比例超过 1:{limit}。",
            advice=_or_exception("请增加配备或减少计划人数", terms.override_by_decision)
            if stops
            else "建议增加配备，使比例不高于规定。",
            field=field,
            value=f"{planned}/{available}",
        )
    ]


def _or_exception(advice: str, by_decision: bool) -> str:
    exception = "；确需例外的，请在 exceptions 中申请并说明理由，由审核人员作出书面决定"
    return f"{advice}{exception if by_decision else ''}。"
