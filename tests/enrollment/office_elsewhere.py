"""A desk in another jurisdiction than Jiyuan: its institution, its registers, and a class from draft to opening."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from services.enrollment.application.keep_register import Written, record_entry
from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_occupation import register_occupation
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.submit_class import submit_class
from services.enrollment.domain.decision import Outcome
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.register import RegisterEntry
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.domain.timetable import Venue
from shared.clock import new_id, start_of_day
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Refused
from tests.enrollment.desk import APPROVER, FIRST, SCHOOL, Desk
from tests.enrollment.sample import WELDER, entry, moment, occupation
from tests.enrollment.sample_elsewhere import Place

FUND = "employment_subsidy_fund"


class Office:
    """A desk in another place: the same acts by parties of that region, some days before the opening."""

    def __init__(self, desk: Desk, place: Place, *, bureau: str | None = None, days_before: int = 14) -> None:
        self.desk = desk
        self.place = place
        self.now = moment(place.opening - timedelta(days=days_before), 9)
        self.clerk = replace(SCHOOL, region=place.region)
        self.first = replace(FIRST, region=bureau or place.region)
        self.approver = replace(APPROVER, region=bureau or place.region)

    async def furnish(self, trade_code: str = WELDER) -> None:
        """Register the occupation, the institution with its entry and workshop; no register says anything yet."""
        trade = replace(occupation(), code=trade_code, region=self.approver.region, valid_from=date(2019, 1, 1))
        await self.desk.act(register_occupation, trade, by=self.approver, at=self.now)
        known = self.place.institution()
        await self.desk.act(register_institution, known, doubtful_code=False, by=self.approver, at=self.now)
        listing = entry(entry_id=new_id(), valid_from=self.now.date(), occupations=(trade_code,))
        await self.desk.act(list_institution, institution_id="school", entry=listing, by=self.approver, at=self.now)
        workshop = Venue(venue_id="workshop", name="实训室", stations={trade_code: 10})
        await self.desk.act(
            register_venue, institution_id="school", venue=workshop, address="示例路1号", by=self.clerk, at=self.now
        )

    async def record(self, register: str, fields: Mapping[str, Any], *, of: str | None = None) -> RegisterEntry:
        """Record what the bureau knows, of an institution where the register is one of institutions."""
        written = Written(register=register, fields=fields, institution_id=of, region=None)
        return await self.desk.act(record_entry, written, by=self.approver, at=self.now)

    def plan(self, **given: Any) -> ClassPlan:
        proper = self.place.plan(planned=3, **given)
        sessions = tuple(replace(one, session_id=new_id()) for one in proper.sessions)
        return replace(proper, funding_source=FUND, sessions=sessions)

    async def refused(self, plan: ClassPlan) -> list[str]:
        """Give the codes by which a draft is refused."""
        try:
            await self.desk.draft(plan, by=self.clerk, at=self.now)
        except Refused as one:
            return [one.code]
        except ExceptionGroup as several:
            return [one.code for one in several.exceptions if isinstance(one, Refused)]
        return []

    async def apply(self, plan: ClassPlan, sent: list[RosterRow]) -> str:
        class_id = await self.desk.draft(plan, by=self.clerk, at=self.now)
        await self.desk.send(class_id, sent, by=self.clerk, at=self.now)
        await self.desk.act(submit_class, class_id=class_id, by=self.clerk, at=self.now)
        return class_id

    async def approve(self, class_id: str) -> None:
        for step, actor in (("first_review", self.first), ("bureau_opinion", self.approver)):
            await self.desk.review(class_id, step, actor, at=self.now)

    async def open(self, class_id: str) -> ClassOpened:
        await self.desk.answer(class_id, at=self.now)
        await self.desk.fire_timers(start_of_day(self.place.opening))
        (fact,) = await self.desk.facts(ClassOpened)
        assert isinstance(fact, ClassOpened)
        return fact

    async def decide(self, class_id: str, code: str, outcome: Outcome = "allow") -> None:
        await self.desk.decide(class_id, code, outcome=outcome, by=self.first, at=self.now)
