"""What rows state of people is kept sealed and judged by what registers say on the opening day; on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from services.enrollment.application.keep_register import Written, record_entry
from services.enrollment.domain.roster_row import PersonalFacts, RosterRow
from services.enrollment.storage.tables import ROSTER_ROW
from shared.contracts.enrollment import ClassOpened
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook, Shelf
from tests.enrollment.desk import APPROVER, Desk, rows
from tests.enrollment.sample import OPENING, book, codes, shelf


def with_inclusion() -> Rulebook:
    """Give Jiyuan's rulebook with Linshu's group that only a decision takes in."""
    linshu = shelf().in_force("371329", date(2020, 9, 1)).enrollment
    group = linshu.group("no_pension")
    assert group is not None
    terms = replace(
        book().enrollment,
        groups=(*book().enrollment.groups, group),
        registers=tuple(one for one in linshu.registers if one.code == "group_inclusion"),
        group_inclusion=linshu.group_inclusion,
        pension_exclusion=linshu.pension_exclusion,
    )
    return replace(book(), enrollment=terms)


def stating(one: RosterRow, **facts: object) -> RosterRow:
    return replace(one, particulars=replace(one.particulars, facts=PersonalFacts(**facts)))


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    desk.shelf = Shelf([with_inclusion()], (), regions())
    return desk


async def judged(desk: Desk, sent: list[RosterRow]) -> list[list[str]]:
    class_id = await desk.draft(desk.plan(planned=len(sent)))
    answer = await desk.send(class_id, sent)
    return [codes(entry.judgement.findings) for entry in answer.entries]


async def test_a_group_counts_from_the_day_on_which_the_bureau_takes_it_in(open_desk: Desk) -> None:
    """LS-ENR-07: a recorded decision, and of those it takes in nobody who may draw a pension."""
    (one,) = rows(1, group="no_pension")
    assert await judged(open_desk, [one]) == [["GROUP_NOT_INCLUDED"]]
    fields = {"group": "no_pension", "valid_from": OPENING.isoformat(), "reason": "会议纪要第1号"}
    await open_desk.act(record_entry, Written(register="group_inclusion", fields=fields), by=APPROVER)
    pensioner = stating(rows(1, skip=1, group="no_pension")[0], pension_from=OPENING)
    assert await judged(open_desk, [one, replace(pensioner, row=2)]) == [[], ["PENSION_ENTITLED"]]


async def test_what_a_row_states_of_a_person_comes_back_as_stated_and_is_nowhere_in_the_open(desk: Desk) -> None:
    facts = PersonalFacts(
        group_kind="college",
        evidence_from=date(2039, 1, 2),
        evidence_until=date(2031, 1, 2),
        place_links=("household", "job_search"),
        pension_from=date(2032, 1, 2),
        release_on=date(2033, 1, 2),
        graduation_year=2034,
        employed_since=date(2035, 1, 2),
        qualification_number="Q-20360102",
        qualified_on=date(2036, 1, 2),
        insured_months=12,
        dispatched_to="D-20370102",
        assigned_by="某镇政府",
        consented_on=date(2038, 1, 2),
    )
    (one,) = rows(1)
    class_id = await desk.draft()
    await desk.send(class_id, [replace(one, particulars=replace(one.particulars, facts=facts))])
    (entry,) = await desk.roster(class_id)
    assert entry.row.particulars.facts == facts
    async with desk.unit() as uow:
        (stored,) = (await uow.connection.execute(select(ROSTER_ROW))).all()
    for shown in (repr(stored), repr(entry)):
        assert not [year for year in range(2031, 2040) if str(year) in shown]


async def test_of_what_is_stated_only_what_payment_asks_for_travels_when_the_class_opens(desk: Desk) -> None:
    """HL-CLM-11, QJ-CLM-04: insured months, and the enterprise that uses somebody; no release date, no proof."""
    one, two, three = rows(3)
    facts = {"insured_months": 0, "dispatched_to": "D-1", "release_on": date(2033, 1, 2), "assigned_by": "某镇政府"}
    await desk.opened(sent=[stating(one, **facts), two, three])
    (opened,) = await desk.facts(ClassOpened)
    told = [trainee.attributes for trainee in opened.trainees]
    assert sorted(told, key=len) == [{}, {}, {"dispatched_to": "D-1", "insured_months": "0"}]
