"""The annual plan's places by training type and provider (JY-REP-05): planned at approval, actual at settlement.

The plan is no entitlement: a class beyond it is asked about, one without a place in it is warned of, none is refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from services.enrollment.domain.institution import Institution
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.targets import TargetTable
from shared.policy.terms.term import Term

NO_QUOTA = "NO_QUOTA"
QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
QUOTA_CODES = frozenset({NO_QUOTA, QUOTA_EXCEEDED})

UseState = Literal["planned", "actual", "released"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the annual plan classes of one provider (or of a pool of providers) and type are counted."""

    region: str
    document: str
    training_type: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one class takes of a place: its planned headcount, or once it is settled the people paid for."""

    class_id: str
    place: Place
    persons: int
    state: UseState


OUTSIDE: Final = ""
"""The provider of the place in which classes outside the plan are counted (JY-REP-05)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What the plan gives a class's provider for its type: nothing, in a `place` outside, where `persons` is None."""

    basis: Term
    place: Place
    persons: int | None = None
    used: int = 0


def plan_in_force(tables: Iterable[TargetTable], *, regions: Sequence[str], day: date) -> TargetTable | None:
    """Give the plan of the nearest of the regions that has one on the day, or None."""
    holding = [one for one in tables if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)]
    return next((table for region in regions for table in holding if table.region == region), None)


def quota_of(table: TargetTable, training_type: str, institution: Institution) -> Quota:
    """Give what the plan gives the institution for the type: by its own name, else in the pool of its kind."""
    basis = table.quota or CONSISTENCY
    row = table.targets.row(training_type)
    allocations = row.allocations if row else ()
    named = [one for one in allocations if not one.pool_kinds and one.provider == institution.name]
    pooled = [one for one in allocations if institution.kind in one.pool_kinds]
    outside = Place(region=table.region, document=table.document, training_type=training_type, provider=OUTSIDE)
    for allocation in (*named, *pooled):
        return Quota(basis=basis, place=replace(outside, provider=allocation.provider), persons=allocation.persons)
    return Quota(basis=basis, place=outside)


def judge_quota(planned: int, quota: Quota | None) -> list[Finding]:
    """Warn of a class that the plan gives no place, and ask about one that goes beyond its place (JY-REP-05)."""
    if quota is None:
        return []
    if quota.persons is None:
        return [
            quota.basis.finding(
                code=NO_QUOTA,
                severity=Severity.WARN,
                message="年度计划没有给本机构安排该培训类型的任务。",
                advice="请核对培训类型；审批人员同意开班的，按计划外班级统计。",
                field="training_type",
            )
        ]
    if quota.used + planned <= quota.persons:
        return []
    return [
        quota.basis.finding(
            code=QUOTA_EXCEEDED,
            severity=Severity.ASK,
            message=f"年度计划任务 {quota.persons} 人，已安排 {quota.used} 人，加上本班 {planned} 人共 "
            f"{quota.used + planned} 人，超出计划。",
            advice="请当前审核环节的办理人员决定是否超计划开班，并记录理由。",
            field="planned",
            value=f"{quota.used + planned}/{quota.persons}",
        )
    ]
