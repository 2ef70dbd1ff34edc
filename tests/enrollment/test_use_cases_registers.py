"""Registers are written, mended, struck, read and reported within everybody's scope, on both databases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from peibu.demo.people import sample_credit_code
from services.enrollment.application.keep_register import Written, record_entry, revise_entry, strike_entry
from services.enrollment.application.report_register import ReportedRegister, list_entries, report_register
from services.enrollment.domain.person import Identity
from services.enrollment.domain.register import RegisterEntry
from services.enrollment.storage.institution_tables import REGISTER_ENTRY, REGISTER_REVISION
from shared.contracts.assessment import CertificateIssued, CertificateVoided
from shared.domain.actor import Actor
from shared.domain.errors import Conflict, DomainError, Forbidden, NotFound, Refused
from tests.enrollment.desk import APPLYING, APPROVER, OTHER_SCHOOL, SCHOOL, Desk, people, rows
from tests.enrollment.sample import REGION, moment
from tests.enrollment.test_domain_register import CHEMICAL, CONTEST
from tests.enrollment.test_storage import refuses
from tests.enrollment.test_use_cases_closing import receive

ELSEWHERE = replace(APPROVER, region="110000")
PASS = {"proof": "safety_training", "passed_on": "2021-06-02", "number": "AQ-2021-000987"}
STAFF = {"enterprise_code": CHEMICAL, "enterprise_name": "示例化工", "industry": "chemical"}
POST = {"enterprise_code": CHEMICAL, "post": "反应釜", "special_operation": False, "assigned_on": "2021-06-01"}
PAIRING = {"village_name": "示例村", "paired_on": "2021-03-01"}


def person(number: int = 0) -> Identity:
    one = people(number + 1)[number]
    return Identity(identity_number=one.identity_number, name=one.name)


async def written(
    desk: Desk, register: str, fields: dict[str, Any], *, by: Actor = APPROVER, **given: Any
) -> RegisterEntry:
    return await desk.act(record_entry, Written(register=register, fields=fields, **given), by=by)


async def reported(desk: Desk, register: str, *, by: Actor = APPROVER, **given: Any) -> ReportedRegister:
    asked = {"region": None, "as_of": date(2021, 6, 30), "since": None, "until": None, **given}
    async with desk.unit(by) as uow:
        return await report_register(uow, register=register, **asked)


async def entries(desk: Desk, register: str, *, by: Actor = APPROVER) -> list[RegisterEntry]:
    async with desk.unit(by) as uow:
        _, found, _ = await list_entries(uow, register=register, region=None, cursor=None)
        return found


async def refusal(desk: Desk, register: str, fields: dict[str, Any], **given: Any) -> str:
    with pytest.raises(DomainError) as refused:
        await written(desk, register, fields, **given)
    return refused.value.code


async def test_an_entry_comes_back_as_it_was_written_and_stands_once(desk: Desk) -> None:
    """JY-QUA-04, JY-ENR-18: an activity is counted once, whoever reports it."""
    entry = await written(desk, "contest", CONTEST)
    assert await entries(desk, "contest") == [entry]
    assert await refusal(desk, "contest", CONTEST, by=SCHOOL) == "ENTRY_EXISTS"
    assert (await reported(desk, "contest")).report.totals == {"entries": 1, "heads": 60}


async def test_an_entry_is_mended_and_struck_and_every_version_is_kept(desk: Desk) -> None:
    entry = await written(desk, "contest", CONTEST)
    this = {"register": "contest", "entry_id": entry.entry_id}
    mended = await desk.act(revise_entry, **this, fields={**CONTEST, "participants": 61}, by=APPROVER)
    assert (mended.version, mended.values["participants"]) == (2, 61)
    with pytest.raises(Refused) as fixed:
        await desk.act(revise_entry, **this, fields={**CONTEST, "title": "另一竞赛"}, by=APPROVER)
    assert fixed.value.code == "KEY_FIXED"
    struck = await desk.act(strike_entry, **this, by=APPROVER)
    assert (struck.struck_on, await entries(desk, "contest")) == (date(2021, 5, 12), [])
    with pytest.raises(NotFound):
        await desk.act(strike_entry, **this, by=APPROVER)
    await written(desk, "contest", CONTEST)
    async with desk.unit() as uow:
        kept = (await uow.connection.execute(select(REGISTER_REVISION).order_by(REGISTER_REVISION.c.version))).all()
        assert [(row.version, row.struck) for row in kept if row.entry_id == entry.entry_id] == [
            (1, False),
            (2, False),
            (3, True),
        ]
        await refuses(
            uow.connection,
            delete(REGISTER_REVISION),
            update(REGISTER_REVISION).values(struck=False),
            update(REGISTER_ENTRY).values(struck_on=None),
        )


async def test_what_was_recorded_stays_readable_and_mendable_after_the_rulebook_lapsed(desk: Desk) -> None:
    """JY-INT-04: nothing new is recorded without a rulebook in force."""
    entry = await written(desk, "contest", CONTEST)
    later = moment(date(2022, 1, 10), 9)
    with pytest.raises(Refused) as missing:
        await desk.act(record_entry, Written(register="contest", fields=CONTEST), by=APPROVER, at=later)
    assert missing.value.code == "RULEBOOK_MISSING"
    async with desk.unit(APPROVER, later) as uow:
        terms, found, _ = await list_entries(uow, register="contest", region=None, cursor=None)
    assert (terms.rule, found) == ("JY-QUA-04", [entry])
    await desk.act(strike_entry, register="contest", entry_id=entry.entry_id, by=APPROVER, at=later)


async def test_an_institution_writes_and_reads_its_own_alone(desk: Desk) -> None:
    mine = await written(desk, "village_pairing", {"village_code": "419001100201", **PAIRING}, by=SCHOOL)
    assert (mine.institution_id, mine.region) == ("school", REGION)
    assert await entries(desk, "village_pairing", by=SCHOOL) == [mine]
    assert await entries(desk, "village_pairing") == [mine]
    this = {"register": "village_pairing", "entry_id": mine.entry_id}
    for stranger in (OTHER_SCHOOL, ELSEWHERE):
        with pytest.raises(NotFound):
            await desk.act(strike_entry, **this, by=stranger)
    assert await refusal(desk, "village_pairing", dict(mine.values), by=SCHOOL, institution_id="x") == (
        "INSTITUTION_NOT_FOUND"
    )
    assert await refusal(desk, "village_pairing", dict(mine.values)) == "INSTITUTION_MISSING"
    assert await refusal(desk, "high_risk_staff", STAFF, by=SCHOOL, person=person()) == "FOREIGN_ENTERPRISE"
    assert await refusal(desk, "contest", CONTEST, by=ELSEWHERE, region=REGION) == "REGION_OUT_OF_SCOPE"


async def test_who_writes_into_a_register_stands_in_the_rulebook(desk: Desk) -> None:
    course = {"title": "焊接", "public_resource": False, "price_fen": 1, "published_on": "2021-05-01"}
    with pytest.raises(Forbidden) as role:
        await written(desk, "online_course", course, institution_id="school")
    assert role.value.code == "ROLE_MISSING"
    assert await refusal(desk, "horoscope", {}) == "REGISTER_NOT_FOUND"
    await written(desk, "online_course", course, by=SCHOOL)


async def test_a_person_is_named_exactly_where_the_register_names_people(desk: Desk) -> None:
    assert await refusal(desk, "safety_pass", PASS) == "PERSON_EXPECTED"
    assert await refusal(desk, "contest", CONTEST, person=person()) == "PERSON_UNEXPECTED"
    bad = Identity(identity_number="123", name="某人")
    assert (await refusal(desk, "safety_pass", PASS, person=bad)).startswith("ID_")
    entry = await written(desk, "safety_pass", PASS, person=person())
    async with desk.unit() as uow:
        await uow.persons.confirm({entry.person_id or "": person().name})
        await uow.commit()
    other = replace(person(), name="别名")
    assert await refusal(desk, "safety_pass", {**PASS, "passed_on": "2021-06-03"}, person=other) == "NAME_DIFFERS"


async def test_neither_names_nor_numbers_of_papers_stand_readable_in_a_register(desk: Desk) -> None:
    entry = await written(desk, "safety_pass", PASS, person=person())
    assert (await entries(desk, "safety_pass"))[0].values["number"] == PASS["number"]
    async with desk.database.connect(write=False) as connection:
        stored = [(await connection.execute(select(table))).all() for table in (REGISTER_ENTRY, REGISTER_REVISION)]
    assert entry.entry_id in repr(stored)
    for secret in (PASS["number"], person().name, person().identity_number):
        assert secret not in repr(stored)


async def test_whoever_worked_before_the_pass_is_listed_as_a_violation(desk: Desk) -> None:
    """JY-ENR-22: assigned 1 June, passed 2 June."""
    await written(desk, "post_assignment", POST, person=person(0))
    await written(desk, "safety_pass", PASS, person=person(0))
    await written(desk, "post_assignment", POST, person=person(1))
    await written(desk, "safety_pass", {**PASS, "passed_on": "2021-05-31"}, person=person(1))
    found = await reported(desk, "post_assignment")
    assert found.report.totals == {"assignments": 2, "violations": 1}
    (row,) = found.report.rows
    assert (row.name[0], row.name[1], row.findings[0].rule) == (person(0).name[0], "*", "JY-ENR-22")


async def test_coverage_counts_passes_that_others_recorded(desk: Desk) -> None:
    """JY-QUA-08: three of four have passed, one is open."""
    for number in range(4):
        await written(desk, "high_risk_staff", STAFF, person=person(number))
    for number in range(3):
        await written(desk, "safety_pass", PASS, person=person(number), by=SCHOOL)
    found = await reported(desk, "high_risk_staff")
    assert found.report.totals == {"staff": 4, "passed": 3, "open": 1, "share_per_mille": 750}
    assert (await reported(desk, "high_risk_staff", by=SCHOOL)).report.totals["staff"] == 0


async def test_a_school_paired_with_four_villages_is_reported_one_to_four(desk: Desk) -> None:
    """JY-ENR-24."""
    for number in range(4):
        await written(desk, "village_pairing", {"village_code": f"41900110020{number}", **PAIRING}, by=SCHOOL)
    found = await reported(desk, "village_pairing")
    assert found.report.totals == {"institutions": 1, "villages": 4}
    assert found.report.rows[0].name == "示例职业培训学校"


async def test_an_enterprise_profile_needs_the_number_of_the_finding_that_it_struggles(desk: Desk) -> None:
    """JY-ENR-28."""
    profile = {"enterprise_code": sample_credit_code(8), "enterprise_name": "示例厂", "all_staff_plan": True}
    assert await refusal(desk, "enterprise_profile", {**profile, "struggling": True}) == "STRUGGLING_NOT_SHOWN"
    await written(desk, "enterprise_profile", {**profile, "struggling": True, "struggling_evidence": "困企7号"})


async def test_a_list_longer_than_a_page_goes_on_where_it_ended(desk: Desk) -> None:
    for number in range(52):
        await written(desk, "contest", {**CONTEST, "title": f"竞赛{number}"})
    async with desk.unit(APPROVER) as uow:
        _, first, more = await list_entries(uow, register="contest", region=REGION, cursor=None)
        _, second, last = await list_entries(uow, register="contest", region=REGION, cursor=more)
    assert (len(first), len(second), last) == (50, 2, None)
    assert len({entry.entry_id for entry in (*first, *second)}) == 52


def certificate(class_id: str, person_id: str) -> CertificateIssued:
    return CertificateIssued(
        class_id=class_id,
        certificate_id=f"certificate of {person_id}",
        assessment_id="assessment",
        person_id=person_id,
        kind="completion",
        occupation="6-18-02-04",
        level=None,
        number="HG-1",
        issued_on=date(2021, 6, 4),
        attempt=1,
        body_id="body",
    )


async def test_every_certified_learner_of_an_entrepreneurship_class_has_a_follow_up_task(desk: Desk) -> None:
    """JY-ENR-19: one task of two steps per certified learner, worked off by the bureau, struck when void."""
    class_id = await desk.opened(desk.plan(training_type="entrepreneurship", level=None), rows(3))
    one, two, _ = [entry.person_id or "" for entry in await desk.roster(class_id)]
    for person_id in (one, two, one):
        await receive(desk, certificate(class_id, person_id), at=APPLYING)
    assert (await reported(desk, "follow_up")).report.totals == {
        "tasks": 2,
        "steps": 4,
        "open_steps": 4,
        "open_tasks": 2,
    }
    task = next(entry for entry in await entries(desk, "follow_up") if entry.person_id == one)
    done = {"class_id": class_id, "guaranteed_loan": "done", "follow_up_support": "open"}
    await desk.act(revise_entry, register="follow_up", entry_id=task.entry_id, fields=done, by=APPROVER)
    assert (await reported(desk, "follow_up")).report.totals["open_steps"] == 3
    with pytest.raises(Forbidden):
        await desk.act(revise_entry, register="follow_up", entry_id=task.entry_id, fields=done, by=SCHOOL)
    void = CertificateVoided(
        class_id=class_id, certificate_id="c", person_id=two, on=date(2021, 6, 5), reason="issued_in_error"
    )
    for _ in range(2):
        await receive(desk, void)
    assert [entry.person_id for entry in await entries(desk, "follow_up")] == [one]


async def test_certificates_of_other_classes_open_no_follow_up(desk: Desk) -> None:
    class_id = await desk.opened()
    person_id = (await desk.roster(class_id))[0].person_id or ""
    await receive(desk, certificate(class_id, person_id))
    assert await entries(desk, "follow_up") == []


async def test_two_who_write_one_entry_at_once_do_not_both_succeed(desk: Desk) -> None:
    entry = await written(desk, "contest", CONTEST)
    async with desk.unit(APPROVER) as uow:
        await uow.registers.save(entry, sealed=(), on=date(2021, 5, 12), by="one")
        with pytest.raises(Conflict):
            await uow.registers.save(entry, sealed=(), on=date(2021, 5, 12), by="two")
