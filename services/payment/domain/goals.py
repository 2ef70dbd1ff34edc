"""Goals of a year against what was done (JY-REP-01 to JY-REP-04): met only at the goal, never rounded up to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from services.payment.domain.class_record import ClassRecord, Counts, total
from services.payment.domain.shares import Share
from shared.policy.targets import Allocation, TargetRow, Targets
from shared.policy.terms.reporting import Apprentices, HighSkilled, PersonTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One goal: what was done of it, in the goal's own unit."""

    code: str
    name: str
    rule: str
    clause: str
    document: str
    unit: str
    target: int
    done: int

    @property
    def gap(self) -> int:
        """Give what is still missing."""
        return max(self.target - self.done, 0)

    @property
    def met(self) -> bool:
        """Say whether nothing is missing."""
        return self.done >= self.target

    @property
    def share(self) -> Share:
        """Give what was done as a share of the goal."""
        return Share(part=self.done, whole=self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationProgress:
    """What one provider, or the providers of a pool, did of their people."""

    provider: str
    persons: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProgress:
    """One row of the annual plan; `unallotted` was done by providers that the row does not name (NO_QUOTA)."""

    type: str
    name: str
    persons: int
    counts: Counts
    allocations: tuple[AllocationProgress, ...]
    unallotted: Counts


def of_year(records: Iterable[ClassRecord], year: int) -> tuple[ClassRecord, ...]:
    """Give the classes of a training year: those that opened in it, whenever they ended."""
    return tuple(record for record in records if record.opened.opening_date.year == year)


def person_times(records: Sequence[ClassRecord], term: PersonTimes) -> Goal:
    """Give the person-times of a year's classes (JY-REP-01)."""
    return Goal(
        code="person_times",
        name="补贴性职业技能培训人次",
        rule=term.rule,
        clause=term.clause,
        document=term.document,
        unit="person_times",
        target=term.person_times_min,
        done=total(record.counts_so_far() for record in records).measure(term.counted),
    )


def high_skilled(records: Iterable[ClassRecord], year: int, term: HighSkilled) -> Goal:
    """Give how many distinct people first hold such a certificate in the year, of everything ever recorded (JY-REP-02).

    `records` are all years': whoever had one before is not new.
    """
    first: dict[str, int] = {}
    for record in records:
        for issued in record.certificates:
            if not record.cancelled and issued.level in term.levels and issued.kind in term.certificate_kinds:
                first[issued.person_id] = min(issued.issued_on.year, first.get(issued.person_id, issued.issued_on.year))
    return Goal(
        code="high_skilled",
        name="新增高技能人才",
        rule=term.rule,
        clause=term.clause,
        document=term.document,
        unit="persons",
        target=term.persons_min,
        done=sum(each == year for each in first.values()),
    )


def apprentices(records: Sequence[ClassRecord], term: Apprentices, plan: Targets | None) -> tuple[Goal, ...]:
    """Give new-type apprentices against the goal and the plan's quota, and with modern ones against the clause's floor.

    The document says 600, 600 or more, and 700 in its annex: all three are told (JY-REP-03).
    """
    modern = {person for record in records if record.is_marked(term.modern) for person in _registered(record)}
    new_type = {
        person
        for record in records
        if record.opened.training_type in term.types and not record.is_marked(term.modern)
        for person in _registered(record)
    }
    quota = sum(row.persons for row in plan.rows if row.type in term.types) if plan else None
    told = [
        ("new_type_apprentices", "企业新型学徒制（目标）", term.persons_min, new_type),
        ("all_apprentices", "企业新型学徒制和现代学徒制（条款下限）", term.clause_persons_min, new_type | modern),
        *([("apprentice_quota", "企业新型学徒制（附件1任务）", quota, new_type)] if quota else []),
    ]
    return tuple(
        Goal(
            code=code,
            name=name,
            rule=term.rule,
            clause=term.clause,
            document=term.document,
            unit="persons",
            target=target,
            done=len(people),
        )
        for code, name, target, people in told
    )


def _registered(record: ClassRecord) -> set[str]:
    return set() if record.cancelled else {trainee.person_id for trainee in record.opened.trainees} - record.withdrawn


def plan_progress(records: Sequence[ClassRecord], plan: Targets) -> tuple[RowProgress, ...]:
    """Give what a year's classes did of every row of the annual plan and of its allocations (JY-REP-04)."""
    return tuple(_row(row, [each for each in records if each.opened.training_type == row.type]) for row in plan.rows)


def _row(row: TargetRow, records: Sequence[ClassRecord]) -> RowProgress:
    of: dict[str | None, list[ClassRecord]] = {}
    for record in records:
        allocation = _allocation_of(record, row.allocations)
        of.setdefault(allocation.provider if allocation else None, []).append(record)
    return RowProgress(
        type=row.type,
        name=row.name,
        persons=row.persons,
        counts=_counted(records),
        allocations=tuple(
            AllocationProgress(
                provider=allocation.provider,
                persons=allocation.persons,
                counts=_counted(of.get(allocation.provider, ())),
            )
            for allocation in row.allocations
        ),
        unallotted=_counted(of.get(None, ())),
    )


def _allocation_of(record: ClassRecord, allocations: Sequence[Allocation]) -> Allocation | None:
    """Give the allocation a class draws on: its provider's own, else the pool of its kind."""
    institution = record.opened.institution
    own = (each for each in allocations if not each.pool_kinds and each.provider == institution.name)
    pool = (each for each in allocations if institution.kind in each.pool_kinds)
    return next(chain(own, pool), None)


def _counted(records: Iterable[ClassRecord]) -> Counts:
    return total(record.counts_so_far() for record in records)
