"""Video metadata: theory is filmed in full, practice continuously for some minutes of every class hour.

Clips that overlap or touch without a gap are one continuous recording; a gap of any length parts them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from services.supervision.domain.finding import Observation
from services.supervision.domain.training_class import Session
from services.supervision.domain.voiding import Voiding, require_voidable
from shared.policy.rulebook import Rulebook
from shared.policy.terms.supervision import PracticeVideo, TheoryVideo


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Metadata of one video file; the film itself stays with the institution, its SHA-256 pins it."""

    video_id: str
    session_id: str
    starts_at: datetime
    ends_at: datetime
    sha256: str
    reported_by: str
    voided: Voiding | None = None

    def is_same_film(self, other: "Clip") -> bool:
        """Say whether both describe the same file, whoever reported it and whatever became of it."""
        return replace(self, reported_by="", voided=None) == replace(other, reported_by="", voided=None)


def void_clip(clip: Clip, voiding: Voiding) -> Clip:
    """Declare a wrongly reported video void; raise Forbidden SAME_AUTHOR for its reporter or Conflict RECORD_VOID."""
    require_voidable(clip.voided, authors=(clip.reported_by,), by=voiding.by)
    return replace(clip, voided=voiding)


ClipOutcome = Literal["accepted", "duplicate", "refused"]

_REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "SESSION_UNKNOWN": ("本班没有此课次。", "请核对课次编号，以班级查询结果中的 session_id 为准。"),
    "CLIP_EMPTY": ("录像的结束时间不晚于开始时间。", "请核对录像起止时间后重新上报。"),
    "CLIP_OUTSIDE_SESSION": ("录像时段与该课次没有交集。", "请核对课次编号和录像起止时间。"),
    "CLIP_IN_FUTURE": ("录像结束时间晚于当前时间。", "请在录像结束后上报，并校准录像设备的时钟。"),
    "VIDEO_ID_REUSED": ("该录像编号已用于另一段录像，本条未保存。", "请为新的录像使用新的编号后重新上报。"),
    "VIDEO_VOID": ("该录像记录已作废，本条未保存。", "请核对作废原因；正确的录像请使用新的编号上报。"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipVerdict:
    """What becomes of reported video metadata, and why."""

    video_id: str
    outcome: ClipOutcome
    code: str | None = None
    message: str | None = None
    advice: str | None = None


def judge_clip(
    clip: Clip, *, sessions: Mapping[str, Session], known: Mapping[str, Clip], now: datetime, tolerance: timedelta
) -> ClipVerdict:
    """Say whether a clip is taken; `known` holds by id the clips reported before for the class."""
    session = sessions.get(clip.session_id)
    stood = known.get(clip.video_id)
    if stood is not None:
        if not stood.is_same_film(clip):
            return _refuse(clip, "VIDEO_ID_REUSED")
        void = stood.voided is not None
        return _refuse(clip, "VIDEO_VOID") if void else ClipVerdict(video_id=clip.video_id, outcome="duplicate")
    if session is None:
        return _refuse(clip, "SESSION_UNKNOWN")
    if clip.ends_at <= clip.starts_at:
        return _refuse(clip, "CLIP_EMPTY")
    if clip.ends_at <= session.starts_at or clip.starts_at >= session.ends_at:
        return _refuse(clip, "CLIP_OUTSIDE_SESSION")
    if clip.ends_at > now + tolerance:
        return _refuse(clip, "CLIP_IN_FUTURE")
    return ClipVerdict(video_id=clip.video_id, outcome="accepted")


def _refuse(clip: Clip, code: str) -> ClipVerdict:
    message, advice = _REFUSALS[code]
    return ClipVerdict(video_id=clip.video_id, outcome="refused", code=code, message=message, advice=advice)


Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How a session is filmed: the gaps, the longest continuous recording in each class hour, and whether it will do.

    `is_sufficient` is None when the rulebook does not ask for video of this kind of session.
    """

    gaps: tuple[Interval, ...]
    longest_by_class_hour: tuple[timedelta, ...]
    is_sufficient: bool | None

    @property
    def gap_seconds(self) -> float:
        """Give the length of all gaps together."""
        return sum((end - begin for begin, end in self.gaps), timedelta()).total_seconds()


def coverage(session: Session, clips: Iterable[Clip], book: Rulebook) -> Coverage:
    """Judge the video of one session (JY-SUP-02 for theory, JY-SUP-03 for practice)."""
    recordings = _recordings(clips)
    gaps = _gaps(session, recordings)
    hours = tuple(_longest_within(hour, recordings) for hour in _class_hours(session))
    terms = book.supervision
    sufficient: bool | None = None
    if session.kind == "theory" and terms.theory_video is not None:
        sufficient = _is_filmed_in_full(session, gaps, terms.theory_video)
    elif session.kind == "practice" and terms.practice_video is not None:
        sufficient = all(longest >= _least(terms.practice_video) for longest in hours)
    return Coverage(gaps=gaps, longest_by_class_hour=hours, is_sufficient=sufficient)


def observe_video(session: Session, clips: Sequence[Clip], book: Rulebook) -> Observation | None:
    """Say what is missing from a session's video, or None when nothing is or nothing is asked."""
    filmed = coverage(session, clips, book)
    if filmed.is_sufficient is not False:
        return None
    if session.kind == "theory" and (theory := book.supervision.theory_video) is not None:
        return Observation.under(
            theory,
            seen=f"{session.held_on} 的理论课录像不完整（VIDEO_INCOMPLETE）：缺口 {len(filmed.gaps)} 处，"
            f"共 {filmed.gap_seconds:g} 秒。",
        )
    practice = book.supervision.practice_video
    if practice is None:
        return None
    least = _least(practice)
    short = [str(place) for place, longest in enumerate(filmed.longest_by_class_hour, 1) if longest < least]
    return Observation.under(
        practice,
        seen=f"{session.held_on} 的实操课录像不足（VIDEO_INCOMPLETE）：第 {'、'.join(short)} 学时的最长连续录像"
        f"不满 {practice.continuous_minutes_per_class_hour} 分钟。",
    )


def observe_camera(session: Session, clips: Sequence[Clip], book: Rulebook) -> Observation | None:
    """Object to a session nobody filmed where the departments have switched cameras on (QJ-SUP-01).

    It blocks until somebody waives it for this class or a recording is reported.
    """
    term = book.supervision.cameras
    if term is None or not term.required or clips:
        return None
    return Observation.under(term, seen=f"{session.held_on} 的课次没有任何录像（CAMERA_REQUIRED）。")


def _is_filmed_in_full(session: Session, gaps: Iterable[Interval], term: TheoryVideo) -> bool:
    tolerance = timedelta(seconds=term.tolerance_seconds)
    missing = sum((end - begin for begin, end in gaps if end - begin > tolerance), timedelta())
    whole = session.ends_at - session.starts_at
    return (whole - missing) * 100 >= whole * term.coverage_percent


def _least(term: PracticeVideo) -> timedelta:
    return timedelta(minutes=term.continuous_minutes_per_class_hour)


def _recordings(clips: Iterable[Clip]) -> list[Interval]:
    """Join clips that overlap or touch."""
    joined: list[Interval] = []
    for begin, end in sorted((clip.starts_at, clip.ends_at) for clip in clips):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _gaps(session: Session, recordings: Iterable[Interval]) -> tuple[Interval, ...]:
    gaps: list[Interval] = []
    filmed_until = session.starts_at
    for begin, end in recordings:
        if begin >= session.ends_at:
            break
        if begin > filmed_until:
            gaps.append((filmed_until, begin))
        filmed_until = max(filmed_until, end)
    if filmed_until < session.ends_at:
        gaps.append((filmed_until, session.ends_at))
    return tuple(gaps)


def _class_hours(session: Session) -> list[Interval]:
    """Split the session evenly into its class hours, to the microsecond."""
    count, whole = session.class_hours, session.ends_at - session.starts_at
    edges = [session.starts_at + whole * place // count for place in range(count + 1)] if count else []
    return list(pairwise(edges))


def _longest_within(hour: Interval, recordings: Iterable[Interval]) -> timedelta:
    inside = (min(end, hour[1]) - max(begin, hour[0]) for begin, end in recordings)
    return max((timedelta(0), *inside))
