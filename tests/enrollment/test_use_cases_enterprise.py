"""An enterprise applies for work-for-training, judged by what the register says of it then; on both databases."""

from dataclasses import replace
from typing import Any

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.application.draft_class import draft_class
from services.enrollment.application.keep_register import Written, record_entry, revise_entry
from services.enrollment.application.quotas import view_targets
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.submit_class import submit_class
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.register import RegisterEntry
from shared.contracts.enrollment import ClassApplied, ClassApproved
from shared.domain.errors import Conflict, Refused
from shared.policy.loader import load_targets
from tests.enrollment.desk import APPLYING, APPROVER, EARLY, FIRST, SCHOOL, STEPS, Desk, rows
from tests.enrollment.sample import codes, institution

CODE = sample_credit_code(5)
FACTORY = replace(SCHOOL, subject="factory-clerk", organisation="factory")
PROFILE = {
    "enterprise_code": CODE,
    "enterprise_name": "示例机械厂",
    "all_staff_plan": True,
    "struggling": False,
    "size": "small",
    "size_evidence": "济工信证〔2021〕3号",
}


@pytest.fixture
async def factory(desk: Desk) -> Desk:
    """Give the desk with a registered enterprise, which stands in no directory."""
    desk.targets = load_targets()
    listed = institution("enterprise", institution_id="factory", name="示例机械厂", credit_code=CODE)
    await desk.act(register_institution, listed, doubtful_code=False, by=APPROVER, at=EARLY)
    return desk


async def profile(desk: Desk, **given: object) -> RegisterEntry:
    written = Written(register="enterprise_profile", fields={**PROFILE, **given})
    return await desk.act(record_entry, written, by=FACTORY)


def workplace(desk: Desk, **given: Any) -> ClassPlan:
    plan = desk.plan(kind="work_for_training", training_type="work_for_training", level=None)
    return replace(plan, sessions=(), attributes={"months": "6"}, **given)


async def places(desk: Desk) -> tuple[int, int]:
    async with desk.unit(FIRST) as uow:
        (plan,) = await view_targets(uow)
    (row,) = (row for row in plan.rows if row.type == "work_for_training")
    return row.planned, row.allocations[0].left


async def test_an_application_of_a_small_enterprise_takes_its_places_of_the_twelve_thousand(factory: Desk) -> None:
    """JY-ENR-27: admitted by its size in the register and a person's word that the rules of classes do not bind it."""
    await profile(factory)
    class_id = await factory.applied(workplace(factory), by=FACTORY)
    assert codes((await factory.found(class_id)).findings) == ["CLASS_RULES_EXEMPT"]
    with pytest.raises(Conflict) as missing:
        await factory.review(class_id, "first_review", FIRST)
    assert missing.value.code == "DECISIONS_MISSING"
    (made,) = await factory.decide(class_id, "CLASS_RULES_EXEMPT")
    assert (made.rule, made.clause) == ("JY-ENR-27", "附件1 以工代训")
    for step, actor in STEPS:
        await factory.review(class_id, step, actor)
    assert await places(factory) == (3, 11_997)
    (applied,) = await factory.facts(ClassApplied)
    (approved,) = await factory.facts(ClassApproved)
    assert (applied.kind, applied.programme) == ("work_for_training", "work_for_training")
    assert approved.reservation.certificate_kinds == ()


async def test_without_size_in_the_register_nothing_is_drawn_up_and_nothing_is_submitted(factory: Desk) -> None:
    """JY-ENR-27: judged again when it is submitted, by what the register says then."""
    with pytest.raises(Refused) as unknown:
        await factory.act(draft_class, workplace(factory), by=FACTORY)
    assert (unknown.value.code, unknown.value.rule) == ("SIZE_NOT_SHOWN", "JY-ENR-27")
    entry = await profile(factory)
    class_id = await factory.draft(workplace(factory), by=FACTORY)
    await factory.send(class_id, rows(3), by=FACTORY)
    fields = {**PROFILE, "size_evidence": None}
    await factory.act(revise_entry, register=entry.register, entry_id=entry.entry_id, fields=fields, by=FACTORY)
    with pytest.raises(Refused) as unproven:
        await factory.act(submit_class, class_id=class_id, by=FACTORY)
    assert unproven.value.code == "SIZE_NOT_SHOWN"


async def test_a_large_enterprise_waits_for_a_person(factory: Desk) -> None:
    """JY-ENR-27: large, so NOT_MSME to a human; decided against, it is not approved."""
    await profile(factory, size="large")
    class_id = await factory.applied(workplace(factory), by=FACTORY, at=APPLYING)
    assert codes((await factory.found(class_id)).findings) == ["CLASS_RULES_EXEMPT", "NOT_MSME"]
    await factory.decide(class_id, "CLASS_RULES_EXEMPT")
    await factory.decide(class_id, "NOT_MSME", outcome="refuse")
    with pytest.raises(Conflict) as against:
        await factory.review(class_id, "first_review", FIRST)
    assert (against.value.code, against.value.rule) == ("DECIDED_AGAINST", "JY-ENR-27")


async def test_an_order_class_is_judged_by_the_profile_of_the_enterprise_that_orders_it(factory: Desk) -> None:
    """JY-ENR-28: read from the register of the class's region, whoever runs the class."""
    plan = replace(factory.plan(), attributes={"class_mode": "order", "employer_credit_code": CODE})
    before = await factory.draft(plan)
    assert codes((await factory.found(before)).findings) == ["NO_QUOTA", "ENTERPRISE_PROFILE_MISSING"]
    await profile(factory)
    after = await factory.draft(replace(plan, sessions=factory.sessions()))
    assert codes((await factory.found(after)).findings) == ["NO_QUOTA"]
