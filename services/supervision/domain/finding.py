"""Findings (疑点) as cases: raised once by a rule, closed by a person or by facts that came later."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from shared.clock import legal_day
from shared.contracts.supervision import FindingClosed, FindingRaised
from shared.domain.actor import SYSTEM, Actor, Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from shared.policy.terms.supervision import Casework
from shared.policy.terms.term import Term, quote

Conclusion = Literal["confirmed", "waived", "unfounded"]

OPENING_ATTENDANCE: Final = "opening_attendance"
VIDEO_INCOMPLETE: Final = "video_incomplete"
HEADCOUNT_CONTRADICTION: Final = "headcount_contradiction"
DEVICE_CLOCK: Final = "device_clock"
PRACTICE_SHARE: Final = "practice_share"
OPENING_CHECK_MISSING: Final = "opening_check_missing"
SPOT_CHECKS_FEW: Final = "spot_checks_few"
VENUE_CHANGED: Final = "venue_changed"
TEACHER_CHANGED: Final = "teacher_changed"
CAMERA_MISSING: Final = "camera_missing"

Key = tuple[str, str]
"""What a finding is about, within its class: the check and the thing it looked at (session, inspection, device)."""

_FACTS_CHANGED: Final = "后续到达的数据使该疑点不再成立，系统自动结案。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a check saw, in words without personal data, and the rule that objects to it."""

    rule: str
    clause: str
    blocking: bool
    seen: str

    @classmethod
    def under(cls, term: Term, *, seen: str, blocking: bool = True) -> "Observation":
        """Observe in the name of a term's rule and clause."""
        return cls(rule=term.rule, clause=term.clause, blocking=blocking, seen=seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFinding:
    """One case; a class has one open at most per check and thing looked at. `blocking` ones stop the claim.

    `owner` is the role that concludes it and `due_on` the last day for that, None where the region has set neither.
    """

    finding_id: str
    class_id: str
    check: str
    about: str
    rule: str
    clause: str
    blocking: bool
    seen: str
    raised_at: datetime
    owner: str | None = None
    due_on: date | None = None
    conclusion: Conclusion | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to conclude it."""
        return self.conclusion is None

    @property
    def state(self) -> Literal["open", "closed"]:
        """Give the same as a word."""
        return "open" if self.is_open else "closed"


FindingEvent = FindingRaised | FindingClosed


def reconcile(
    findings: Iterable[CaseFinding],
    judged: Mapping[Key, Observation | None],
    *,
    class_id: str,
    now: datetime,
    make_id: Callable[[], str],
    casework: Casework | None = None,
) -> tuple[tuple[CaseFinding, ...], tuple[FindingEvent, ...]]:
    """Bring cases into line with what the checks say now; None means that nothing stands against the thing any more.

    A new observation raises a case, an open case shows the newest numbers, one whose ground is gone is closed as
    unfounded by the system. Should the ground return, that is another case under an id of its own, because whoever
    was told that a case is closed never opens it again. What a person concluded stands.
    """
    cases = {finding.finding_id: finding for finding in findings}
    standing = {
        (finding.check, finding.about): finding
        for finding in cases.values()
        if finding.is_open or finding.closed_by != SYSTEM.subject
    }
    events: list[FindingEvent] = []
    for key, observation in judged.items():
        found = standing.get(key)
        if observation is None:
            if found is not None and found.is_open:
                cases[found.finding_id], closed = _close(found, "unfounded", SYSTEM.subject, _FACTS_CHANGED, now)
                events.append(closed)
        elif found is None:
            case = _raise(make_id(), class_id, key, observation, now, casework)
            cases[case.finding_id] = case
            events.append(_raised(case))
        elif found.is_open:
            cases[found.finding_id] = replace(found, seen=observation.seen)
    return tuple(cases.values()), tuple(events)


def finding_unknown() -> NotFound:
    """Give the error that answers every id which is no finding's within the caller's scope."""
    return NotFound(code="FINDING_UNKNOWN", message="没有此疑点。", advice="请核对疑点编号。")


def close_finding(
    finding: CaseFinding,
    *,
    conclusion: Conclusion,
    closed_by: str,
    reason: str,
    now: datetime,
    opening_term: Term | None = None,
) -> tuple[CaseFinding, FindingClosed]:
    """Close a case by a person's conclusion; raise Conflict FINDING_CLOSED or Refused WAIVER_NOT_ALLOWED.

    `opening_term` is the opening-day rule, in whose name a waiver of it is refused (JY-SUP-04).
    """
    if not finding.is_open:
        raise Conflict(
            code="FINDING_CLOSED",
            message=f"该疑点已结案，结论为 {finding.conclusion}。",
            advice="请查询该疑点的最新状态；已结案的疑点不能再次结案。",
            field="finding_id",
            value=finding.finding_id,
        )
    if finding.check == OPENING_ATTENDANCE and conclusion == "waived":
        raise Refused(
            code="WAIVER_NOT_ALLOWED",
            message="开班当日到课率不足不得豁免，政策未留裁量余地。",
            advice="经核实确有设备故障或迟传的，结论填 unfounded；属实的填 confirmed，班级随即取消。",
            field="conclusion",
            value=conclusion,
            **quote(opening_term),
        )
    return _close(finding, conclusion, closed_by, reason, now)


def require_concluder(
    actor: Actor, *, owner: str | None, casework: Casework | None, authors: Collection[str] = ()
) -> None:
    """Raise Forbidden ROLE_MISSING unless the actor's role owns the case, or the rulebook sets it above the owners.

    Whoever signed or voided a record on which the case rests never concludes it alone (SAME_AUTHOR, JY-REP-07).
    """
    if owner is not None:
        superior = casework.superior if casework else None
        actor.require(*(Role(role) for role in dict.fromkeys((owner, superior)) if role is not None))
    if actor.subject in authors:
        raise Forbidden(
            code="SAME_AUTHOR",
            message="该疑点所依据的现场检查记录由本人登记、共同检查或作废，本人不能就此结案。",
            advice="请由未参与这些记录的其他工作人员（本疑点的负责角色或其上级角色）核实后结案。",
            field="finding_id",
        )


def due_after(days: int, found_at: datetime) -> date:
    """Give the last day for a duty of some calendar days; the day of the find is not counted."""
    return legal_day(found_at) + timedelta(days=days)


def _raise(
    finding_id: str, class_id: str, key: Key, observation: Observation, now: datetime, casework: Casework | None
) -> CaseFinding:
    duty = casework.duty(key[0]) if casework else None
    return CaseFinding(
        finding_id=finding_id,
        class_id=class_id,
        check=key[0],
        about=key[1],
        rule=observation.rule,
        clause=observation.clause,
        blocking=observation.blocking,
        seen=observation.seen,
        raised_at=now,
        owner=duty.owner if duty else None,
        due_on=due_after(duty.days, now) if duty else None,
    )


def _raised(finding: CaseFinding) -> FindingRaised:
    return FindingRaised(
        class_id=finding.class_id,
        finding_id=finding.finding_id,
        check=finding.check,
        rule=finding.rule,
        clause=finding.clause,
        blocking=finding.blocking,
        seen=finding.seen,
        owner=finding.owner,
        due_on=finding.due_on,
    )


def _close(
    finding: CaseFinding, conclusion: Conclusion, closed_by: str, reason: str, now: datetime
) -> tuple[CaseFinding, FindingClosed]:
    closed = replace(finding, conclusion=conclusion, closed_by=closed_by, closed_at=now, reason=reason)
    event = FindingClosed(
        class_id=finding.class_id,
        finding_id=finding.finding_id,
        conclusion=conclusion,
        closed_by=closed_by,
        reason=reason if closed_by == SYSTEM.subject else "",  # a person's words may name somebody: they stay here
    )
    return closed, event
