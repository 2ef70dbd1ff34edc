"""A class of Hebei and one of Quanjiao under their own rulebooks, from the registers to the opening; both databases."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.enrollment.application.keep_register import Written, record_entry
from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_occupation import register_occupation
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.submit_class import submit_class
from services.enrollment.domain.decision import Outcome
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.roster_row import PersonalFacts, RosterRow
from services.enrollment.domain.timetable import Venue
from shared.clock import new_id, start_of_day
from shared.contracts.enrollment import ClassOpened
from shared.database.engine import Database
from shared.domain.errors import Conflict, Refused
from tests.enrollment.desk import APPROVER, FIRST, SCHOOL, Desk, rows
from tests.enrollment.sample import WELDER, codes, entry, moment, occupation
from tests.enrollment.sample_elsewhere import HEBEI, QUANJIAO, Place

FUND = "employment_subsidy_fund"


class Office:
    """A desk in another place: the same acts by parties of that region, a week before the opening."""

    def __init__(self, desk: Desk, place: Place) -> None:
        self.desk = desk
        self.place = place
        self.now = moment(place.opening - timedelta(days=14), 9)
        self.clerk = replace(SCHOOL, region=place.region)
        self.first = replace(FIRST, region=place.region)
        self.approver = replace(APPROVER, region=place.region)

    async def furnish(self, trade_code: str = WELDER) -> None:
        """Register the occupation, the institution with its entry and workshop; no register says anything yet."""
        trade = replace(occupation(), code=trade_code, region=self.place.region, valid_from=date(2019, 1, 1))
        await self.desk.act(register_occupation, trade, by=self.approver, at=self.now)
        known = self.place.institution()
        await self.desk.act(register_institution, known, doubtful_code=False, by=self.approver, at=self.now)
        listing = entry(entry_id=new_id(), valid_from=self.now.date(), occupations=(trade_code,))
        await self.desk.act(list_institution, institution_id="school", entry=listing, by=self.approver, at=self.now)
        workshop = Venue(venue_id="workshop", name="实训室", stations={trade_code: 10})
        await self.desk.act(
            register_venue, institution_id="school", venue=workshop, address="示例路1号", by=self.clerk, at=self.now
        )

    async def write(self, register: str, fields: dict[str, Any], *, own: bool = False) -> None:
        written = Written(register=register, fields=fields, institution_id="school" if own else None)
        await self.desk.act(record_entry, written, by=self.approver, at=self.now)

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


@pytest.fixture
def hebei(database: Database) -> Office:
    return Office(Desk(database), HEBEI)


@pytest.fixture
def quanjiao(database: Database) -> Office:
    return Office(Desk(database), QUANJIAO)


async def test_a_hebei_class_opens_once_both_directories_and_the_published_list_name_it(hebei: Office) -> None:
    """HB-INS-01, HB-INS-04, HB-ENR-05, HB-ENR-06, HB-ENR-07: two steps, two people, and the appointment travels."""
    await hebei.furnish("4-10-01-01")
    plan = hebei.plan(occupation="4-10-01-01")
    assert await hebei.refused(plan) == ["NOT_PUBLISHED", "OCCUPATION_NOT_LISTED"]
    listed = {"occupation": "4-10-01-01", "urgently_short": True, "listed_from": "2024-04-30"}
    await hebei.write("occupation_directory", listed)
    await hebei.write(
        "published_institution", {"list_number": "示例公告〔2024〕1号", "published_on": "2024-05-15"}, own=True
    )
    class_id = await hebei.apply(plan, rows(3, group="rural_transferred"))
    assert codes((await hebei.desk.found(class_id)).findings) == ["URGENTLY_SHORT"]
    await hebei.approve(class_id)
    fact = await hebei.open(class_id)
    assert (fact.rulebook_id, fact.funding_source, len(fact.trainees)) == (HEBEI.book().id, FUND, 3)
    assert fact.attributes["evaluation_on"] == "2024-06-20"
    assert [review.step for review in fact.reviews] == ["first_review", "bureau_opinion"]


async def test_pre_job_training_outside_quanjiaos_directory_is_approved_only_with_the_countys_decision(
    quanjiao: Office,
) -> None:
    """QJ-ENR-01, QJ-ENR-03, QJ-INS-02, QJ-INS-03: warned of twice, asked once, and opened after the answer."""
    await quanjiao.furnish()
    assert await quanjiao.refused(quanjiao.plan()) == ["OCCUPATION_NOT_LISTED"]
    facts = PersonalFacts(employed_since=QUANJIAO.opening)
    recruits = [replace(one, particulars=replace(one.particulars, facts=facts)) for one in rows(3, group="recruit")]
    class_id = await quanjiao.apply(quanjiao.plan(training_type="pre_job", level=None), recruits)
    found = (await quanjiao.desk.found(class_id)).findings
    assert sorted(codes(found)) == ["NOT_IN_ENTERPRISE_PLAN", "OCCUPATION_REVIEW", "RATING_MISSING"]
    with pytest.raises(Conflict, match="DECISIONS_MISSING"):
        await quanjiao.approve(class_id)
    await quanjiao.decide(class_id, "OCCUPATION_REVIEW")
    await quanjiao.approve(class_id)
    fact = await quanjiao.open(class_id)
    assert (fact.programme, fact.exempt_by_decision) == ("pre_job", ("QJ-ENR-03",))
