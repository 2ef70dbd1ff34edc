"""What a class takes of the annual plan, and how far the plan has come (JY-REP-05)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.quota import (
    OUTSIDE,
    QUOTA_CODES,
    Quota,
    Use,
    UseState,
    judge_quota,
    plan_in_force,
    quota_of,
)
from services.enrollment.domain.training_class import TrainingClass
from shared.domain.jurisdiction import ancestors, is_within
from shared.policy.decision import Finding


async def quota_for(uow: UnitOfWork, class_id: str, plan: ClassPlan, institution: Institution) -> Quota | None:
    """Give what the plan in force on the opening date gives the class and others take of it; None without a plan."""
    table = plan_in_force(uow.targets, regions=ancestors(institution.region), day=plan.opening_date)
    if table is None:
        return None
    quota = quota_of(table, plan.training_type, institution)
    return replace(quota, used=await uow.quotas.used(quota.place, besides=class_id))


async def with_quota_now(
    uow: UnitOfWork, training_class: TrainingClass, institution: Institution
) -> tuple[TrainingClass, Quota | None]:
    """Give the class with what the plan says of it now: other classes may have been approved meanwhile."""
    quota = await quota_for(uow, training_class.class_id, training_class.plan, institution)
    others = [finding for finding in training_class.findings if finding.code not in QUOTA_CODES]
    findings: tuple[Finding, ...] = (*others, *judge_quota(training_class.plan.planned, quota))
    return replace(training_class, findings=findings), quota


async def take_place(uow: UnitOfWork, training_class: TrainingClass, quota: Quota | None) -> None:
    """Reserve the planned headcount of an approved class where the plan has a place for it, else count it outside."""
    if quota is not None:
        planned = training_class.plan.planned
        await uow.quotas.take(
            Use(class_id=training_class.class_id, place=quota.place, persons=planned, state="planned")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationView:
    """One allocation: its people, those planned by approved classes, those paid for, and what is left."""

    provider: str
    persons: int
    planned: int
    actual: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRowView:
    """One training type of the plan; what classes outside the plan take is counted apart."""

    type: str
    name: str
    persons: int
    planned: int
    actual: int
    outside_planned: int
    outside_actual: int
    allocations: tuple[AllocationView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsView:
    """One annual plan and how far it has come."""

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None
    total_persons: int
    outside_planned: int
    outside_actual: int
    rows: tuple[TargetRowView, ...]


async def view_targets(uow: UnitOfWork) -> list[TargetsView]:
    """Give the annual plans under which the actor's region stands, or that stand under it."""
    views = []
    for table in uow.targets:
        if not (is_within(table.region, uow.actor.region) or is_within(uow.actor.region, table.region)):
            continue
        totals = await uow.quotas.totals(table.region, table.document)
        rows = []
        for row in table.targets.rows:
            allocations = []
            for one in row.allocations:
                planned = totals.get((row.type, one.provider, "planned"), 0)
                actual = totals.get((row.type, one.provider, "actual"), 0)
                left = one.persons - planned - actual
                allocations.append(
                    AllocationView(
                        provider=one.provider, persons=one.persons, planned=planned, actual=actual, left=left
                    )
                )
            rows.append(
                TargetRowView(
                    type=row.type,
                    name=row.name,
                    persons=row.persons,
                    planned=sum(one.planned for one in allocations),
                    actual=sum(one.actual for one in allocations),
                    outside_planned=totals.get((row.type, OUTSIDE, "planned"), 0),
                    outside_actual=totals.get((row.type, OUTSIDE, "actual"), 0),
                    allocations=tuple(allocations),
                )
            )
        views.append(
            TargetsView(
                region=table.region,
                document=table.document,
                title=table.title,
                valid_from=table.valid_from,
                valid_to=table.valid_to,
                total_persons=table.targets.total_persons,
                outside_planned=_outside(totals, "planned"),
                outside_actual=_outside(totals, "actual"),
                rows=tuple(rows),
            )
        )
    return views


def _outside(totals: Mapping[tuple[str, str, UseState], int], state: UseState) -> int:
    return sum(persons for (_, provider, use), persons in totals.items() if (provider, use) == (OUTSIDE, state))
