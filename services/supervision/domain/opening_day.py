"""The opening-day rule: below nine tenths of the planned headcount the class does not go on (JY-SUP-04)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from services.supervision.domain.finding import Observation
from services.supervision.domain.inspection import Inspection, standing
from services.supervision.domain.training_class import Session
from shared.domain.money import is_below_percent
from shared.policy.decision import Trace
from shared.policy.terms.supervision import OpeningAttendance


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDay:
    """Who came on the opening day.

    `signed_in` counts distinct persons over the day's sessions; `headcount` is the inspectors': of one session's
    counts the smallest, of the day's sessions the largest, None without an opening check. `planned` was frozen at
    approval, `refused` counts its rows that were refused before the opening.
    """

    day: date
    signed_in: int
    headcount: int | None
    planned: int
    refused: int

    @property
    def attended(self) -> int:
        """Give the headcount that counts: the smaller of sign-ins and inspectors' count."""
        return self.signed_in if self.headcount is None else min(self.signed_in, self.headcount)

    @property
    def due(self) -> int:
        """Give the headcount against which attendance is held."""
        return self.planned - self.refused

    def is_below(self, term: OpeningAttendance) -> bool:
        """Say whether fewer than the minimum came; exactly the minimum is enough (reading 3)."""
        return is_below_percent(self.attended, self.due, term.minimum_percent)

    def trace(self, term: OpeningAttendance) -> Trace:
        """Show the computation."""
        return term.trace(
            result="below" if self.is_below(term) else "enough",
            inputs={
                "day": self.day.isoformat(),
                "signed_in": self.signed_in,
                "headcount": self.headcount,
                "attended": self.attended,
                "planned": self.planned,
                "refused": self.refused,
                "minimum_percent": term.minimum_percent,
            },
        )

    def observe(self, term: OpeningAttendance) -> Observation | None:
        """Object when too few came."""
        if not self.is_below(term):
            return None
        counted = "无现场清点" if self.headcount is None else f"现场清点 {self.headcount} 人"
        return Observation.under(
            term,
            seen=f"开班当日（{self.day}）实到 {self.attended} 人（签到 {self.signed_in} 人，{counted}），"
            f"计划 {self.planned} 人，其中 {self.refused} 人开班前未予通过；"
            f"{self.attended}×100 < {self.due}×{term.minimum_percent}，低于 {term.minimum_percent}%。",
        )


def opening_day(
    sessions: Iterable[Session], inspections: Iterable[Inspection], *, planned: int, refused: int
) -> OpeningDay | None:
    """Count the opening day, which is the day of the first session; None until all its sessions are closed."""
    sessions = tuple(sessions)
    day = min((session.held_on for session in sessions), default=None)
    meetings = [session for session in sessions if session.held_on == day]
    if day is None or not all(session.is_closed for session in meetings):
        return None
    present = {presence.person_id for session in meetings for presence in session.present}
    return OpeningDay(
        day=day,
        signed_in=len(present),
        headcount=_headcount(meetings, standing(inspections)),
        planned=planned,
        refused=refused,
    )


def _headcount(meetings: Iterable[Session], inspections: Iterable[Inspection]) -> int | None:
    """Give the inspectors' count of the day.

    Who came to any session attended, so the fullest session tells; but of two counts of one session the smaller stands
    until it is declared void, or whoever wrote it could outweigh it alone (decision 0008). A count between sessions is
    one of the session before it.
    """
    counts: dict[datetime | None, int] = {}
    beginnings = [session.starts_at for session in meetings]
    for check in inspections:
        if check.kind == "opening":
            begun = [beginning for beginning in beginnings if beginning <= check.held_at]
            meeting = max(begun, default=min(beginnings, default=None))
            counts[meeting] = min(check.headcount, counts.get(meeting, check.headcount))
    return max(counts.values(), default=None)
