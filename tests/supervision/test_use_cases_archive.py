"""What supervision adds to a person's archive: attendance of one class, to the bureau and the person alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from services.supervision.application.read_archive import read_archive
from services.supervision.domain.attendance import PersonAttendance
from shared.audit.tables import AUDIT_ENTRY
from shared.domain.actor import Actor, Role
from shared.domain.errors import NotFound, Refused
from tests.supervision.conftest import Callers
from tests.supervision.office import APPROVER, INSPECTOR, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, class_opened, people, shelf

HULUDAO = "211400"
CITY = replace(APPROVER, region=HULUDAO)
PERSON = people(1)[0]


def themselves(person_id: str) -> Actor:
    return Actor(subject=person_id, organisation="public", region="419001", roles=frozenset({Role.TRAINEE}))


async def read(office: Office, actor: Actor, person_id: str = PERSON) -> PersonAttendance:
    return await office.act(lambda uow: read_archive(uow, class_id=CLASS, person_id=person_id), actor=actor)


async def held(office: Office, *, region: str = HULUDAO, opening: date = date(2020, 7, 1)) -> None:
    """Hold the sample class under the region's document; two people come, on the first morning alone."""
    book = shelf().in_force(region, opening)
    await office.open(replace(class_opened(), region=region, rulebook_id=book.id))
    await office.register()
    await office.push(sign_ins(people(2), at(OPENING, 8, 55), method=book.supervision.sign_in.methods[0].code))
    await office.close_until(at(OPENING + timedelta(days=5), 9))


async def test_hl_dat_02_sessions_attended_and_missed_are_told_to_the_bureau_and_the_person(office: Office) -> None:
    await held(office)
    found = await read(office, CITY)
    assert found == PersonAttendance(present_sessions=1, absent_sessions=3, present_class_hours=2)
    assert await read(office, themselves(PERSON)) == found
    assert (await read(office, CITY, people(3)[2])).present_sessions == 0


async def test_nobody_elses_and_no_other_regions_attendance_is_told(office: Office) -> None:
    """HL-DAT-02"""
    await held(office)
    for actor, person_id in (
        (APPROVER, PERSON),
        (themselves("p02"), PERSON),
        (themselves("nobody"), "nobody"),
        (CITY, "nobody"),
    ):
        with pytest.raises(NotFound, match="PERSON_NOT_FOUND"):
            await read(office, actor, person_id)


async def test_every_look_at_an_archive_is_audited(office: Office) -> None:
    """HL-DAT-02"""
    await held(office)
    await read(office, CITY)
    async with office.database.connect(write=False) as connection:
        looks = (await connection.execute(select(AUDIT_ENTRY).where(AUDIT_ENTRY.c.action == "archive.read"))).all()
    assert [(look.actor, look.subject, look.details) for look in looks] == [("approver-1", PERSON, {"class_id": CLASS})]


async def test_jiyuans_document_names_no_archive(office: Office) -> None:
    """HL-DAT-02 is Huludao's alone."""
    await held(office, region="419001", opening=OPENING)
    with pytest.raises(Refused, match="FEATURE_OFF"):
        await read(office, APPROVER)


async def test_the_address_answers_the_person_and_refuses_an_inspector(office: Office, callers: Callers) -> None:
    """HL-DAT-02"""
    await held(office)
    path = f"/supervision/v1/classes/{CLASS}/archive/{PERSON}"
    own = await (await callers.client(themselves(PERSON))).get(path)
    assert (own.status_code, own.json()["person_id"]) == (200, PERSON)
    assert (await (await callers.client(replace(INSPECTOR, region=HULUDAO))).get(path)).status_code == 403
