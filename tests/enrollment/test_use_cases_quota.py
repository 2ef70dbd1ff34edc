"""The annual plan: planned at approval, actual when paid, exceeded by recorded decisions alone; on both databases."""

from dataclasses import replace
from datetime import date

import pytest

from services.enrollment.application.quotas import AllocationView, view_targets
from services.enrollment.application.record_claim import record_claim
from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.domain.quota import judge_quota, plan_in_force, quota_of
from shared.contracts.payment import ApprovedLine, ClaimApproved
from shared.domain.errors import Conflict
from shared.policy.decision import Severity
from shared.policy.loader import load_targets
from shared.policy.targets import Allocation, TargetTable
from tests.enrollment.desk import FIRST, SCHOOL, STEPS, Desk, rows
from tests.enrollment.sample import codes, institution

TYPE = "employee_intermediate"


def annex() -> TargetTable:
    (table,) = load_targets()
    return table


def small(persons: int) -> TargetTable:
    """Give the annex with that many places of the sample's type for the pool of private schools."""
    table = annex()
    pool = Allocation(provider="民办培训机构", persons=persons, pool_kinds=("private_school",))
    given = [replace(row, allocations=(pool,)) if row.type == TYPE else row for row in table.targets.rows]
    return replace(table, targets=replace(table.targets, rows=tuple(given)))


async def allocation(desk: Desk) -> AllocationView:
    async with desk.unit(FIRST) as uow:
        (plan,) = await view_targets(uow)
    (row,) = (row for row in plan.rows if row.type == TYPE)
    return row.allocations[0]


def test_a_school_named_in_annex_1_has_its_own_places_and_not_one_more() -> None:
    """JY-REP-05, JY-ENR-26: of 250 places 240 are reserved; a class of eleven exceeds, one of ten does not."""
    school = institution("technician_school", name="济源技师学院")
    quota = quota_of(annex(), "apprenticeship_intermediate", school)
    assert (quota.persons, quota.place and quota.place.provider) == (250, "济源技师学院")
    nearly = replace(quota, used=240)
    assert judge_quota(10, nearly) == []
    (finding,) = judge_quota(11, nearly)
    assert (finding.code, finding.severity, finding.value) == ("QUOTA_EXCEEDED", Severity.ASK, "251/250")
    assert (finding.rule, finding.clause) == ("JY-REP-05", "附件1 任务分配栏")


@pytest.mark.parametrize(
    ("kind", "training_type", "persons"),
    [
        ("private_school", "senior_technician", None),
        ("private_school", "key_groups", 7200),
        ("technician_school", "key_groups", 2300),
        ("vocational_college", "key_groups", 2300),
        ("industry_designated", "special_operation", 2000),
        ("enterprise_centre", "employee_completion", 600),
        ("enterprise", "work_for_training", 12_000),
        ("private_school", "work_for_training", None),
    ],
)
def test_pools_are_shared_by_kind_and_pairs_without_a_place_are_warned_of(
    kind: str, training_type: str, persons: int | None
) -> None:
    """JY-ENR-17: a senior technician class of a private school has no quota; JY-ENR-27: work-for-training."""
    quota = quota_of(annex(), training_type, institution(kind))
    assert quota.persons == persons
    findings = judge_quota(30, quota)
    assert codes(findings) == ([] if persons else ["NO_QUOTA"])
    assert all(finding.severity is Severity.WARN for finding in findings)


def test_the_plan_of_the_nearest_region_valid_on_the_day_counts() -> None:
    provincial = replace(annex(), region="410000", valid_to=None)
    tables = [provincial, annex()]
    regions = ("419001", "410000", "000000")
    assert plan_in_force(tables, regions=regions, day=date(2021, 5, 17)) == annex()
    assert plan_in_force(tables, regions=regions, day=date(2022, 1, 1)) == provincial
    assert plan_in_force(tables, regions=regions, day=date(2020, 12, 31)) is None


async def test_places_are_planned_at_approval_become_actual_when_paid_and_free_when_withdrawn(desk: Desk) -> None:
    """JY-REP-05: reserve the planned headcount at approval, replace it by the actual one at settlement."""
    desk.targets = (small(10),)
    first = await desk.applied()
    assert (await allocation(desk)).planned == 0
    for step, actor in STEPS:
        await desk.review(first, step, actor)
    second = await desk.approved(desk.plan(date(2021, 9, 6)), rows(3, skip=10))
    seen = await allocation(desk)
    assert (seen.persons, seen.planned, seen.actual, seen.left) == (10, 6, 0, 4)
    await desk.act(withdraw_class, class_id=second, by=SCHOOL)
    person = (await desk.roster(first))[0].person_id
    await desk.act(record_claim, claim(first, person))
    seen = await allocation(desk)
    assert (seen.planned, seen.actual, seen.left) == (0, 1, 9)
    await desk.act(record_claim, replace(claim(first, person), entry=2))
    assert (await allocation(desk)).actual == 1


async def test_who_is_trained_outside_the_plan_is_counted_apart(desk: Desk) -> None:
    """JY-REP-05: a class without quota is approved, and the plan shows its people."""
    desk.targets = (replace(small(10), targets=replace(small(10).targets, rows=())),)
    class_id = await desk.approved()
    assert codes((await desk.found(class_id)).findings) == ["NO_QUOTA"]
    async with desk.unit(FIRST) as uow:
        (plan,) = await view_targets(uow)
    assert (plan.outside_planned, plan.outside_actual) == (3, 0)
    person = (await desk.roster(class_id))[0].person_id
    await desk.act(record_claim, claim(class_id, person))
    async with desk.unit(FIRST) as uow:
        (plan,) = await view_targets(uow)
    assert (plan.outside_planned, plan.outside_actual) == (0, 1)


def claim(class_id: str, person_id: str) -> ClaimApproved:
    line = ApprovedLine(person_id=person_id, programme="training", amount_fen=100_000, rules=("JY-CLM-10",))
    return ClaimApproved(
        class_id=class_id,
        claim_id="claim",
        entry=1,
        region="419001",
        rulebook_id="jiyuan/2021-01-01@000000000000",
        institution_id="school",
        first_reviewer="a",
        second_reviewer="b",
        approver="c",
        approved_on=date(2021, 8, 1),
        amount_fen=90_000,
        sources=(),
        lines=(line, replace(line, person_id=None, amount_fen=-10_000)),
    )


async def test_a_class_beyond_the_plan_is_approved_by_a_recorded_decision_alone(desk: Desk) -> None:
    """JY-REP-05: warn and record the override, never refuse; others may have taken the places meanwhile."""
    desk.targets = (small(5),)
    waiting = await desk.applied()
    assert (await desk.found(waiting)).findings == ()
    await desk.approved(desk.plan(date(2021, 9, 6)), rows(3, skip=10))
    with pytest.raises(Conflict) as missing:
        await desk.review(waiting, "first_review", FIRST)
    assert missing.value.code == "DECISIONS_MISSING"
    (made,) = await desk.decide(waiting, "QUOTA_EXCEEDED", reason="市场需求增加")
    assert made.rule == "JY-REP-05"
    for step, actor in STEPS:
        await desk.review(waiting, step, actor)
    assert codes((await desk.found(waiting)).findings) == ["QUOTA_EXCEEDED"]
    assert (await allocation(desk)).left == -1


async def test_a_class_that_moves_into_another_plan_leaves_the_old_one(desk: Desk) -> None:
    spring = replace(small(10), valid_to=date(2021, 6, 30))
    autumn = replace(small(20), document="秋季计划", valid_from=date(2021, 7, 1))
    desk.targets = (spring, autumn)
    class_id = await desk.reserved()
    later = date(2021, 9, 6)
    dates = {"opening_date": later, "closing_date": date(2021, 9, 17)}
    await desk.changed(class_id, **dates, sessions=desk.sessions(later))
    async with desk.unit(FIRST) as uow:
        plans = await view_targets(uow)
    assert [sum(row.planned for row in plan.rows) for plan in plans] == [0, 3]
    async with desk.unit(replace(FIRST, region="110000")) as uow:
        assert await view_targets(uow) == []
