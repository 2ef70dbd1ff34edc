"""Goals against what was done (JY-REP-01 to -04, HL-REP-01 to -03, HB-REP-01 to -04, QJ-REP-01, LS-REP-01).

Met only at the goal, never rounded up to it; a goal whose number nobody gave yet is unknown, never zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from services.payment.domain.class_record import ClassRecord, Counts, total
from services.payment.domain.shares import Share
from shared.policy.targets import Allocation, AllotmentTable, TargetRow, Targets
from shared.policy.terms.reporting import Apprentices, CertificateGoal, PersonTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One goal: what was done of it, in the goal's own unit."""

    code: str
    name: str
    rule: str
    clause: str
    document: str
    unit: str
    target: int | None
    done: int

    @property
    def gap(self) -> int | None:
        """Give what is still missing; None while the goal's number is unknown."""
        return None if self.target is None else max(self.target - self.done, 0)

    @property
    def met(self) -> bool | None:
        """Say whether nothing is missing; None while the goal's number is unknown."""
        return None if self.target is None else self.done >= self.target

    @property
    def share(self) -> Share:
        """Give what was done as a share of the goal."""
        return Share(part=self.done, whole=self.target or 0)


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


def in_years(records: Iterable[ClassRecord], term: PersonTimes, year: int) -> tuple[ClassRecord, ...]:
    """Give the classes that count for a goal when a year is told: of the year, or of the goal's years until then."""
    first, last = term.first_year or year, min(term.last_year or year, year)
    return tuple(record for record in records if first <= record.opened.opening_date.year <= last)


def person_times(records: Sequence[ClassRecord], term: PersonTimes, *, target: int | None) -> Goal:
    """Give the person-times of these classes against the number that is asked of them (JY-REP-01)."""
    return Goal(
        code=term.code,
        name=term.name,
        rule=term.rule,
        clause=term.clause,
        document=term.document,
        unit="person_times",
        target=target,
        done=total(record.counts_so_far() for record in records).measure(term.counted),
    )


def target_of(term: PersonTimes, tables: Iterable[AllotmentTable], *, region: str, own: bool, year: int) -> int | None:
    """Give the number that is asked of a region, None while nobody gave it: unknown, never zero (HB-REP-04).

    Of the document's `own` region it is the document's, or else the total that its superior allotted (LS-REP-01); of
    another one what the allotment gives its row.
    """
    if own and term.person_times_min is not None:
        return term.person_times_min
    for table in tables:
        allotment = table.allotment
        if allotment.goal == term.code and table.concerns(year):
            if own and table.region == region:
                return allotment.total_person_times
            rows = (row for row in allotment.rows if row.region == region and row.organiser is None)
            if not own and (row := next(rows, None)) is not None:
                return row.person_times
    return None


def certificates(
    records: Iterable[ClassRecord], year: int, term: CertificateGoal, *, own: bool = True, elsewhere: int = 0
) -> Goal:
    """Give the year's certificates that count (HB-REP-02, HB-REP-03), or their new holders (JY-REP-02).

    `records` are all years': whoever had one before is not new. `elsewhere` are certificates to which no class here
    led. The number is the document's `own` region's; a part of it has none.
    """
    found = [
        issued
        for record in records
        for issued in record.certificates
        if not record.cancelled
        and issued.kind in term.certificate_kinds
        and (not term.levels or issued.level in term.levels)
    ]
    first: dict[str, int] = {}
    for issued in found:
        first[issued.person_id] = min(issued.issued_on.year, first.get(issued.person_id, issued.issued_on.year))
    new_holders = sum(each == year for each in first.values())
    issued_now = len({issued.certificate_id for issued in found if issued.issued_on.year == year})
    return Goal(
        code=term.code,
        name=term.name,
        rule=term.rule,
        clause=term.clause,
        document=term.document,
        unit="persons" if term.counted == "new_holders" else "certificates",
        target=term.number_min if own else None,
        done=(new_holders if term.counted == "new_holders" else issued_now) + elsewhere,
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
