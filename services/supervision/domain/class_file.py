"""The file of one class (一班一档): every fact supervision holds about it, and what follows from them.

Everything published about a class is derived here from its facts alone, so the order in which facts arrive changes
revisions and the moment of events, never the final attendance, findings or totals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.supervision.domain.attendance import SignedIn, check_attendance, withdraw_attendance
from services.supervision.domain.completion import complete_training, observe_practice_share
from services.supervision.domain.finding import (
    CAMERA_MISSING,
    HEADCOUNT_CONTRADICTION,
    OPENING_ATTENDANCE,
    OPENING_CHECK_MISSING,
    PRACTICE_SHARE,
    SPOT_CHECKS_FEW,
    TEACHER_CHANGED,
    VENUE_CHANGED,
    VIDEO_INCOMPLETE,
    CaseFinding,
    Conclusion,
    Key,
    Observation,
    close_finding,
    finding_unknown,
    reconcile,
)
from services.supervision.domain.inspection import (
    Inspection,
    observe_headcount,
    observe_opening_checks,
    observe_spot_checks,
    observe_teachers,
    observe_venue,
)
from services.supervision.domain.opening_day import OpeningDay, opening_day
from services.supervision.domain.training_class import Session, TrainingClass, end_class, sign_in_term
from services.supervision.domain.video import Clip, observe_camera, observe_video
from shared.clock import legal_day
from shared.contracts.contract import Contract
from shared.contracts.supervision import ClassCancelled
from shared.domain.errors import NotFound
from shared.policy.rulebook import Rulebook

NOTHING: Final[Mapping[Key, Observation | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFile:
    """A class with its sessions in order of time, those that a change dropped, inspections, clips and findings."""

    training_class: TrainingClass
    sessions: tuple[Session, ...]
    dropped: tuple[Session, ...] = ()
    inspections: tuple[Inspection, ...] = ()
    clips: tuple[Clip, ...] = ()
    findings: tuple[CaseFinding, ...] = ()

    @property
    def opening(self) -> OpeningDay | None:
        """Count the opening day, None until its sessions are closed."""
        planned, refused = self.training_class.planned, self.training_class.refused
        return opening_day(self.sessions, self.inspections, planned=planned, refused=refused)

    def session(self, session_id: str) -> Session | None:
        """Give the session by id."""
        return next((session for session in self.sessions if session.session_id == session_id), None)

    def clips_of(self, session_id: str) -> tuple[Clip, ...]:
        """Give the clips that stand for a session."""
        return tuple(clip for clip in self.clips if clip.session_id == session_id and clip.voided is None)

    def inspection(self, check_id: str) -> Inspection:
        """Give the inspection by id, or raise NotFound."""
        for check in self.inspections:
            if check.check_id == check_id:
                return check
        raise NotFound(code="CHECK_UNKNOWN", message="本班没有此检查记录。", advice="请核对检查记录编号。")

    def clip(self, video_id: str) -> Clip:
        """Give the clip by id, or raise NotFound."""
        for clip in self.clips:
            if clip.video_id == video_id:
                return clip
        raise NotFound(code="VIDEO_UNKNOWN", message="本班没有此录像记录。", advice="请核对录像编号。")

    def finding(self, finding_id: str) -> CaseFinding:
        """Give the finding by id, or raise NotFound."""
        for finding in self.findings:
            if finding.finding_id == finding_id:
                return finding
        raise finding_unknown()

    def authors(self, finding: CaseFinding) -> frozenset[str]:
        """Give who signed the inspection records on which a finding rests, and who declared one of them void."""
        if finding.check == OPENING_ATTENDANCE:
            records = [check for check in self.inspections if check.kind == "opening"]
        elif finding.check == HEADCOUNT_CONTRADICTION:
            records = [check for check in self.inspections if check.check_id == finding.about]
        else:
            return frozenset()
        signers = {inspector for check in records for inspector in check.inspectors}
        return frozenset(signers | {check.voided.by for check in records if check.voided is not None})


def settle(
    file: ClassFile,
    book: Rulebook,
    *,
    signed_in: Mapping[str, SignedIn],
    now: datetime,
    make_id: Callable[[], str],
    observed: Mapping[Key, Observation | None] = NOTHING,
) -> tuple[ClassFile, tuple[Contract, ...]]:
    """Draw every conclusion that the facts allow, and give the file with them and the events that say what is new.

    `signed_in` holds, for each session to be closed or looked at again, its counted sign-ins; `observed` what was seen
    elsewhere (a device's clock). A class that ended is left as it is: nothing follows from later facts.
    """
    if file.training_class.ending is not None:
        return file, ()
    file, attendance = _check_sessions(file, book, signed_in)
    judged = {**_judge(file, book), **observed}
    findings, cases = reconcile(
        file.findings,
        judged,
        class_id=file.training_class.class_id,
        now=now,
        make_id=make_id,
        casework=book.supervision.casework,
    )
    held = any(finding.check == OPENING_ATTENDANCE and finding.is_open for finding in findings)
    file = replace(file, findings=findings, training_class=replace(file.training_class, held=held))
    opening = file.opening
    if held or opening is None or not _all_closed(file):
        return file, (*attendance, *cases)
    completed = complete_training(file.training_class, file.sessions, file.inspections, opening, today=legal_day(now))
    if completed is None:
        return file, (*attendance, *cases)
    return replace(file, training_class=completed[0]), (*attendance, *cases, completed[1])


def conclude(
    file: ClassFile,
    book: Rulebook,
    *,
    finding_id: str,
    conclusion: Conclusion,
    closed_by: str,
    reason: str,
    now: datetime,
    make_id: Callable[[], str],
) -> tuple[ClassFile, tuple[Contract, ...]]:
    """Close a finding by a person's conclusion and draw what follows.

    A confirmed opening-day finding cancels the class for good; an unfounded one (device failure) lets it go on.
    """
    finding = file.finding(finding_id)
    file.training_class.require_running()
    closed, event = close_finding(
        finding,
        conclusion=conclusion,
        closed_by=closed_by,
        reason=reason,
        now=now,
        opening_term=book.supervision.opening_attendance,
    )
    findings = tuple(closed if standing is finding else standing for standing in file.findings)
    file = replace(file, findings=findings)
    if finding.check == OPENING_ATTENDANCE and conclusion == "confirmed":
        cancelled = _cancelled(file, closed, now)
        file = replace(file, training_class=end_class(file.training_class, "cancelled"))
        return file, (event, cancelled)
    file, events = settle(file, book, signed_in={}, now=now, make_id=make_id)
    return file, (event, *events)


def _check_sessions(
    file: ClassFile, book: Rulebook, signed_in: Mapping[str, SignedIn]
) -> tuple[ClassFile, list[Contract]]:
    term = sign_in_term(book)
    sessions: list[Session] = []
    events: list[Contract] = []
    for session in file.sessions:
        checked = None
        if session.session_id in signed_in:
            checked = check_attendance(session, file.training_class, signed_in[session.session_id], term)
        if checked is None:
            sessions.append(session)
        else:
            sessions.append(checked[0])
            events.append(checked[1])
    dropped: list[Session] = []
    for session in file.dropped:
        withdrawn = withdraw_attendance(session, file.training_class)
        dropped.append(withdrawn[0] if withdrawn else session)
        events += [withdrawn[1]] if withdrawn else []
    return replace(file, sessions=tuple(sessions), dropped=tuple(dropped)), events


def _judge(file: ClassFile, book: Rulebook) -> dict[Key, Observation | None]:
    """Ask every check that the facts suffice for; video is judged once the training is over, then at every change."""
    judged: dict[Key, Observation | None] = {
        (check, each.session_id): None for each in file.dropped for check in (VIDEO_INCOMPLETE, CAMERA_MISSING)
    }
    class_id, opening, term = file.training_class.class_id, file.opening, book.supervision.opening_attendance
    if opening is not None:
        if term is not None:
            judged[OPENING_ATTENDANCE, class_id] = opening.observe(term)
        judged[OPENING_CHECK_MISSING, class_id] = observe_opening_checks(file.inspections, opening.day, book)
    for check in file.inspections:
        judged[HEADCOUNT_CONTRADICTION, check.check_id] = observe_headcount(
            check, file.training_class, file.sessions, book
        )
        judged[VENUE_CHANGED, check.check_id] = observe_venue(check, file.sessions, book)
        judged[TEACHER_CHANGED, check.check_id] = observe_teachers(check, file.sessions, book)
    if _all_closed(file):
        for session in file.sessions:
            filmed = observe_video(session, file.clips_of(session.session_id), book) if session.present else None
            judged[VIDEO_INCOMPLETE, session.session_id] = filmed
            missing = observe_camera(session, file.clips_of(session.session_id), book) if session.present else None
            judged[CAMERA_MISSING, session.session_id] = missing
        judged[PRACTICE_SHARE, class_id] = observe_practice_share(file.training_class, file.sessions, book)
        judged[SPOT_CHECKS_FEW, class_id] = observe_spot_checks(file.inspections, book)
    return judged


def _all_closed(file: ClassFile) -> bool:
    return all(session.is_closed for session in file.sessions)


def _cancelled(file: ClassFile, finding: CaseFinding, now: datetime) -> ClassCancelled:
    opening = file.opening
    if opening is None:
        raise LookupError("an opening-day finding stands, but the opening day is not closed")
    return ClassCancelled(
        class_id=file.training_class.class_id,
        on=legal_day(now),
        rule=finding.rule,
        clause=finding.clause,
        attended=opening.attended,
        planned=opening.planned,
        confirmed_by=str(finding.closed_by),
        reason=f"开班当日实到 {opening.attended} 人、计划 {opening.planned} 人，到课率不足，经人工核实取消本班。",
    )
