"""Which classes a person's archive names, who may read it, and that every look is audited; on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.enrollment.application.read_archive import read_archive
from services.enrollment.application.withdraw_trainee import withdraw_trainee
from services.enrollment.domain.roster_row import PersonalFacts, RosterRow
from shared.audit.tables import AUDIT_ENTRY
from shared.database.engine import Database
from shared.domain.actor import Actor, Role
from shared.domain.errors import NotFound, Refused
from tests.enrollment.desk import APPROVER, FIRST, Desk, rows
from tests.enrollment.office_elsewhere import Office
from tests.enrollment.sample import WELDER, moment
from tests.enrollment.sample_elsewhere import HULUDAO

CITY = replace(APPROVER, region="211400")
WHERE = {"occupation": WELDER, "occupation_name": "焊工", "listed_from": "2019-08-01"}
LICENCE = {"occupation": WELDER, "licence_number": "葫民培〔2019〕1号", "licensed_from": "2019-01-01"}
AGREEMENT = {"agreement_number": "葫培协〔2020〕1号", "department": "葫芦岛市人社局"}
PERIOD = {"agreed_from": "2020-01-01", "agreed_to": "2020-12-31"}


@pytest.fixture
async def huludao(database: Database) -> Office:
    """Give the city's office with a school that may train welders."""
    office = Office(Desk(database), HULUDAO, bureau=CITY.region)
    await office.furnish()
    await office.record("guide_directory", WHERE)
    await office.record("licence", LICENCE, of="school")
    await office.record("training_agreement", {**AGREEMENT, **PERIOD}, of="school")
    return office


def learners() -> list[RosterRow]:
    """Give three people of the district as they are sent."""
    facts = PersonalFacts(place_links=("household",))
    return [
        replace(one, particulars=replace(one.particulars, facts=facts)) for one in rows(3, group="rural_transferred")
    ]


async def apply_twice(office: Office) -> tuple[str, str, str]:
    """Let the same three people be applied for with a later and an earlier class; give a person and both classes."""
    sent = learners()
    opening = HULUDAO.opening + timedelta(days=28)
    later = await office.apply(office.plan(opening=opening, level="4"), sent)
    earlier = await office.apply(office.plan(), sent)
    person_id = (await office.desk.roster(earlier))[0].row.person_id
    assert person_id is not None
    return person_id, earlier, later


def themselves(person_id: str) -> Actor:
    return Actor(subject=person_id, organisation="public", region="419001", roles=frozenset({Role.TRAINEE}))


async def test_hl_dat_02_the_classes_of_a_person_stand_in_the_order_of_time(huludao: Office) -> None:
    person_id, earlier, later = await apply_twice(huludao)
    found = await huludao.desk.act(read_archive, person_id, by=CITY)
    assert [place.class_id for place in found] == [earlier, later]
    assert {place.institution_name for place in found} == {HULUDAO.institution().name}
    assert [place.left_on for place in found] == [None, None]
    assert await huludao.desk.act(read_archive, person_id, by=themselves(person_id)) == found


async def test_who_left_a_class_keeps_it_in_the_archive_and_a_draft_is_none(huludao: Office) -> None:
    """HL-DAT-02"""
    person_id, earlier, _ = await apply_twice(huludao)
    opening = HULUDAO.opening + timedelta(days=56)
    draft = await huludao.desk.draft(huludao.plan(opening=opening, level="3"), by=huludao.clerk, at=huludao.now)
    await huludao.desk.send(draft, learners(), by=huludao.clerk, at=huludao.now)
    await huludao.approve(earlier)
    left = {"class_id": earlier, "person_id": person_id, "code": "other", "reason": ""}
    await huludao.desk.act(withdraw_trainee, **left, by=huludao.clerk, at=huludao.now)
    found = await huludao.desk.act(read_archive, person_id, by=CITY)
    assert [place.left_on for place in found] == [huludao.now.date(), None]


async def test_nobody_elses_archive_is_read_and_no_other_regions(huludao: Office) -> None:
    """HL-DAT-02"""
    person_id, *_ = await apply_twice(huludao)
    foreign = replace(APPROVER, region="130000")
    both = replace(themselves("somebody"), region="211400", roles=frozenset({Role.TRAINEE, Role.APPROVER}))
    for stranger in (foreign, themselves("somebody"), both):
        with pytest.raises(NotFound, match="PERSON_NOT_FOUND"):
            await huludao.desk.act(read_archive, person_id, by=stranger)
    with pytest.raises(NotFound, match="PERSON_NOT_FOUND"):
        await huludao.desk.act(read_archive, "nobody", by=CITY)


async def test_every_look_is_audited_without_anything_of_the_person(huludao: Office) -> None:
    """HL-DAT-02"""
    person_id, *_ = await apply_twice(huludao)
    await huludao.desk.act(read_archive, person_id, by=CITY)
    async with huludao.desk.database.connect(write=False) as connection:
        looks = (await connection.execute(select(AUDIT_ENTRY).where(AUDIT_ENTRY.c.action == "archive_read"))).all()
    assert [(look.actor, look.subject, look.details) for look in looks] == [("approver", person_id, {"classes": 2})]


async def test_a_document_that_names_no_archive_keeps_none(desk: Desk) -> None:
    """HL-DAT-02 is Huludao's alone."""
    class_id = await desk.applied()
    person_id = (await desk.roster(class_id))[0].row.person_id
    with pytest.raises(Refused, match="FEATURE_OFF"):
        await desk.act(read_archive, person_id, by=FIRST, at=moment(HULUDAO.opening, 9))
