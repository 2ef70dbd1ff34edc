"""What assessment adds to a person's archive: certificates of one class, to the bureau and the person alone."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from services.assessment.application.read_archive import read_archive
from services.assessment.application.void_certificate import void_certificate
from services.assessment.domain.certificate import Certificate
from services.assessment.storage.unit_of_work import AssessmentUnitOfWork
from shared.audit.tables import AUDIT_ENTRY
from shared.domain.actor import SYSTEM, Actor, Role
from shared.domain.errors import NotFound, Refused
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Shelf
from tests.assessment.office import APPROVER, PASS, Office, somebody
from tests.assessment.sample import CLASS, TODAY, VAULT, at, jiyuan, level_number, shelf

HULUDAO = shelf().in_force("211400", date(2020, 7, 1))


def with_archive() -> Shelf:
    """Give the shelf as if Jiyuan's document named Huludao's archive, too: its exams are the ones at hand."""
    kept = replace(jiyuan().enrollment, person_archive=HULUDAO.enrollment.person_archive)
    return Shelf([replace(jiyuan(), enrollment=kept)], [], regions())


async def read(
    office: Office, actor: Actor, person_id: str = "p01", *, books: Shelf | None = None
) -> tuple[Certificate, ...]:
    unit = AssessmentUnitOfWork(office.database, shelf=books or with_archive(), vault=VAULT, actor=actor, now=at(TODAY))
    async with unit as uow:
        found = await read_archive(uow, class_id=CLASS, person_id=person_id)
        await uow.commit()
    return found


async def certified(office: Office) -> None:
    """Let two of four people pass and be certified."""
    await office.prepare()
    exam = await office.schedule()
    await office.finalise(exam, {"p01": PASS, "p02": PASS})
    await office.issue(exam, {"p01": level_number(1), "p02": level_number(2)})


async def test_hl_dat_02_a_persons_certificates_stand_in_the_archive_voided_or_not(office: Office) -> None:
    await certified(office)
    assert [one.number for one in await read(office, APPROVER)] == [level_number(1)]
    themselves = somebody("p01", "public", Role.TRAINEE, region="130000")
    (own,) = await read(office, themselves)
    await office.act(
        lambda uow: void_certificate(uow, certificate_id=own.certificate_id, reason="重复发放"), actor=APPROVER
    )
    assert [one.voiding is None for one in await read(office, themselves)] == [False]
    assert await read(office, APPROVER, "p03") == ()


async def test_nobody_elses_and_no_other_regions_certificates_are_told(office: Office) -> None:
    """HL-DAT-02"""
    await certified(office)
    for actor in (
        somebody("p02", "public", Role.TRAINEE),
        somebody("approver-2", "bureau", Role.APPROVER, region="211400"),
    ):
        with pytest.raises(NotFound, match="PERSON_NOT_FOUND"):
            await read(office, actor)
    with pytest.raises(NotFound, match="PERSON_NOT_FOUND"):
        await read(office, APPROVER, "nobody")


async def test_every_look_is_audited_and_where_no_document_names_archives_there_is_none(office: Office) -> None:
    """HL-DAT-02"""
    await certified(office)
    with pytest.raises(Refused, match="FEATURE_OFF"):
        await read(office, APPROVER, books=shelf())
    await read(office, APPROVER)
    async with office.unit(SYSTEM) as uow:
        query = select(AUDIT_ENTRY).where(AUDIT_ENTRY.c.action == "archive.read")
        looks = (await uow.connection.execute(query)).all()
    assert [(look.actor, look.subject, look.details) for look in looks] == [
        (APPROVER.subject, "p01", {"class_id": CLASS})
    ]
