"""What payment adds to a person's archive: subsidies of one class, to the bureau and the person alone."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from services.payment.application.allot_budget import allot_budget
from services.payment.application.read_archive import read_archive
from services.payment.domain.archive import Subsidy
from services.payment.domain.budget import BudgetKey
from services.payment.domain.state import Act
from shared.audit.tables import AUDIT_ENTRY
from shared.domain.actor import Actor, Role
from shared.domain.errors import NotFound, Refused
from tests.payment.office import APPROVER, EMPLOYMENT, FINANCE, FIRST, SECOND, Office, moment, person
from tests.payment.sample import people
from tests.payment.test_use_cases_elsewhere import HULUDAO, claimed, enterprise, opened, passed, there, trained

CLAIMED_ON = date(2020, 7, 1)


def themselves(person_id: str) -> Actor:
    return person(person_id, Role.TRAINEE, organisation="public", region="130000")


async def read(office: Office, actor: Actor, person_id: str = "p1") -> tuple[Subsidy, ...]:
    return await office.act(actor, read_archive, class_id="class-1", person_id=person_id)


@pytest.fixture
async def claim_id(office: Office) -> str:
    """Let an enterprise of Huludao claim for two employees who passed and one who did not."""
    office.now = moment(CLAIMED_ON)
    async with office.unit(there(FINANCE), now=moment(date(2020, 1, 6))) as uow:
        key = BudgetKey(region=HULUDAO, funding_source=EMPLOYMENT, year=2020)
        await allot_budget(uow, key=key, amount_fen=100_000_000, document="测试指标文件")
        await uow.commit()
    issued = [passed(each, "class-1", level="5") for each in people(1, 2)]
    await trained(office, enterprise(opened("class-1", people(1, 3))), issued)
    return (await claimed(office, "class-1", "enterprise")).claim_id


async def approve(office: Office, claim_id: str) -> None:
    await office.review(claim_id, Act.FIRST_REVIEW, there(FIRST))
    await office.review(claim_id, Act.SECOND_REVIEW, there(SECOND))
    await office.review(claim_id, Act.APPROVE, there(APPROVER))


async def test_hl_dat_02_a_subsidy_stands_in_the_archive_once_it_is_approved_and_says_what_was_paid(
    office: Office, claim_id: str
) -> None:
    assert await read(office, there(APPROVER)) == ()
    await approve(office, claim_id)
    due = Subsidy(
        claim_id=claim_id,
        claimant="enterprise",
        programme="upskilling",
        certificate_kind="level",
        approved_on=CLAIMED_ON,
        amount_fen=150_000,
        settled_fen=0,
    )
    assert await read(office, there(APPROVER)) == (due,)
    (order,) = await office.order(claim_id, {EMPLOYMENT: 3000}, there(FINANCE))
    file = await office.send(actor=there(FINANCE))
    await office.answer(file, order.order_id, "settled", actor=there(FINANCE))
    assert await read(office, themselves("p1")) == (replace(due, settled_fen=150_000),)
    assert await read(office, there(APPROVER), "p3") == ()


async def test_nobody_elses_and_no_other_regions_subsidies_are_told(office: Office, claim_id: str) -> None:
    """HL-DAT-02"""
    await approve(office, claim_id)
    for actor, person_id in ((APPROVER, "p1"), (themselves("p2"), "p1"), (there(APPROVER), "nobody")):
        with pytest.raises(NotFound, match="PERSON_NOT_FOUND"):
            await read(office, actor, person_id)


async def test_every_look_is_audited(office: Office, claim_id: str) -> None:
    """HL-DAT-02"""
    await read(office, there(APPROVER))
    async with office.unit() as uow:
        query = select(AUDIT_ENTRY).where(AUDIT_ENTRY.c.action == "archive_read")
        looks = (await uow.connection.execute(query)).all()
    assert claim_id
    assert [(look.actor, look.subject, look.details) for look in looks] == [
        (APPROVER.subject, "p1", {"class_id": "class-1"})
    ]


async def test_jiyuans_document_names_no_archive(office: Office) -> None:
    """HL-DAT-02 is Huludao's alone."""
    await office.provide()
    await office.open_class()
    with pytest.raises(Refused, match="FEATURE_OFF"):
        await read(office, APPROVER)
