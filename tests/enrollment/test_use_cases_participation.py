"""What rows state of people is kept sealed and judged by what registers say on the opening day; on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from peibu.demo.people import SamplePerson
from services.enrollment.application.keep_register import Written, record_entry
from services.enrollment.application.report_register import report_register
from services.enrollment.domain.person import Identity
from services.enrollment.domain.roster_row import PersonalFacts, RosterRow
from services.enrollment.storage.tables import ROSTER_ROW
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Conflict, Refused
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook, Shelf
from tests.enrollment.desk import APPROVER, SCHOOL, Desk, people, rows
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


def with_register(region: str, code: str) -> Rulebook:
    """Give Jiyuan's rulebook with a register of another document."""
    register = shelf().in_force(region, date(2020, 9, 1)).enrollment.register(code)
    assert register is not None
    return replace(book(), enrollment=replace(book().enrollment, registers=(register,)))


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
        source="social_insurance",
        source_record="R-20400102",
        sourced_on=date(2040, 1, 2),
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
        assert not [year for year in range(2031, 2041) if str(year) in shown]


async def test_of_what_is_stated_only_what_payment_asks_for_travels_when_the_class_opens(desk: Desk) -> None:
    """HL-CLM-11, QJ-CLM-04: insured months, and the enterprise that uses somebody; no release date, no proof."""
    one, two, three = rows(3)
    facts = {"insured_months": 0, "dispatched_to": "D-1", "release_on": date(2033, 1, 2), "assigned_by": "某镇政府"}
    await desk.opened(sent=[stating(one, **facts), two, three])
    (opened,) = await desk.facts(ClassOpened)
    told = [trainee.attributes for trainee in opened.trainees]
    assert sorted(told, key=len) == [{}, {}, {"dispatched_to": "D-1", "insured_months": "0"}]


async def test_of_thirty_people_whom_a_department_hands_in_the_two_in_a_class_are_known(desk: Desk) -> None:
    """LS-ENR-05: 30 accepted, 2 in a class already; once more by another department they are the same people."""
    desk.shelf = Shelf([with_register("371329", "department_trainee")], (), regions())
    await desk.applied(desk.plan(planned=2), rows(2))
    fields = {"department": "vet", "reported_on": "2021-05-12"}

    async def handed_in(department: str, one: SamplePerson) -> None:
        identity = Identity(identity_number=one.identity_number, name=one.name)
        entered = Written(register="department_trainee", fields={**fields, "department": department}, person=identity)
        await desk.act(record_entry, entered, by=APPROVER)

    for one in people(30):
        await handed_in("vet", one)
    with pytest.raises(Conflict):
        await handed_in("vet", people(1)[0])
    await handed_in("dpf", people(1)[0])
    asked = {"region": None, "as_of": None, "since": None, "until": None}
    async with desk.unit(APPROVER) as uow:
        found = (await report_register(uow, register="department_trainee", **asked)).report
    assert {row.key: dict(row.counts) for row in found.rows} == {
        "dpf": {"persons": 1, "enrolled": 1},
        "vet": {"persons": 30, "enrolled": 2},
    }
    assert found.totals == {"persons": 30, "enrolled": 2}


async def test_of_eleven_online_records_the_one_that_names_nobody_is_refused(desk: Desk) -> None:
    """HL-INT-02: ten with a learner are taken; what was watched twice counts once."""
    desk.shelf = Shelf([with_register("211400", "learning_record")], (), regions())
    fields = {"lesson": "钳工基础", "learnt_on": "2021-05-10", "from_minute": 0, "to_minute": 12, "test_result": 80}
    for one in people(10):
        identity = Identity(identity_number=one.identity_number, name=one.name)
        await desk.act(record_entry, Written(register="learning_record", fields=fields, person=identity), by=SCHOOL)
    with pytest.raises(Refused) as nobody:
        await desk.act(record_entry, Written(register="learning_record", fields=fields), by=SCHOOL)
    assert nobody.value.code == "PERSON_EXPECTED"
    again = {**fields, "from_minute": 5, "to_minute": 20}
    first = people(1)[0]
    identity = Identity(identity_number=first.identity_number, name=first.name)
    await desk.act(record_entry, Written(register="learning_record", fields=again, person=identity), by=SCHOOL)
    asked = {"region": None, "as_of": None, "since": None, "until": None}
    async with desk.unit(SCHOOL) as uow:
        found = (await report_register(uow, register="learning_record", **asked)).report
    assert found.totals == {"persons": 10, "minutes": 20 + 9 * 12}
