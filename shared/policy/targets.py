"""Tables of targets: a plan by training type (JY-REP-04, JY-REP-05), or an allotment by region (HL-REP-03). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.domain.jurisdiction import descendants
from shared.policy.coherence import CatalogueRule, Objection, table_objections
from shared.policy.mistakes import PolicyFilesInvalid
from shared.policy.rulebook_file import expectation, mistakes_of, read_toml, validated
from shared.policy.terms.term import Term
from shared.policy.toml_text import told_at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """People allotted to one named provider, or to a pool shared by providers of the named kinds."""

    provider: str
    persons: int
    pool_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """One row of the plan: a training type of the rulebook, its people and how they are allotted."""

    type: str
    name: str
    persons: int
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets(Term):
    """The plan table: a plan, not an entitlement; exceeding it warns and is recorded."""

    total_persons: int
    rows: tuple[TargetRow, ...]

    def row(self, type_code: str) -> TargetRow | None:
        """Give the row of the training type, or None when the plan has none (NO_QUOTA)."""
        return next((row for row in self.rows if row.type == type_code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTable:
    """The plan of one region and document, valid from its first day to its last, both included.

    `quota` is the rule by which a class is measured against its provider's allocation (JY-REP-05).
    """

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None
    targets: Targets
    quota: Term | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllotmentRow:
    """One row of an allotment: the classes of the region itself (and of `below`) or of an organiser in it.

    A row without a number is one whose number is not known yet: unknown, never zero (HB-REP-04).
    """

    name: str
    region: str
    organiser: str | None = None
    below: bool = True
    person_times: int | None = None

    @property
    def regions(self) -> frozenset[str]:
        """Give the regions whose classes count for the row."""
        return descendants(self.region) if self.below else frozenset({self.region})


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment(Term):
    """How a number of person-times is allotted; `basis` says by what it was derived (HL-REP-04), and is only shown."""

    goal: str
    total_person_times: int | None = None
    rows: tuple[AllotmentRow, ...] = ()
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AllotmentTable:
    """The allotment of one region and document over its years, first and last day included."""

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date
    allotment: Allotment

    def concerns(self, year: int) -> bool:
        """Say whether the year is one of the allotment's."""
        return self.valid_from.year <= year <= self.valid_to.year


class _AllotmentFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date
    allotment: Allotment


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None = None
    targets: Targets
    quota: Term | None = None


@told_at_once
def read_targets(content: bytes, *, name: str, catalogue: Mapping[str, CatalogueRule]) -> TargetTable | AllotmentTable:
    """Read one table of targets, or raise PolicyFilesInvalid with every mistake.

    Refuse a table whose allocations do not add to their row, or whose rows or allocations do not add to the printed
    total (JY-REP-04, HL-REP-03, HB-REP-04).
    """
    table, lines = read_toml(content, name)
    objections = list(table_objections(table, table.get("document"), catalogue))
    shape: type[_AllotmentFile | _File] = _AllotmentFile if "allotment" in table else _File
    file: _AllotmentFile | _File | None = None
    try:
        file = validated(shape, table)
    except ValidationError as error:
        objections += [expectation(details, shape) for details in error.errors()]
    if isinstance(file, _AllotmentFile):
        objections += _allotment_objections(file.allotment)
    elif file is not None:
        objections += _sum_objections(file.targets)
    if objections or file is None:
        raise PolicyFilesInvalid(mistakes_of(objections, name, lines))
    made = AllotmentTable if isinstance(file, _AllotmentFile) else TargetTable
    return made(**{field.name: getattr(file, field.name) for field in fields(made)})


def _allotment_objections(allotment: Allotment) -> Iterator[Objection]:
    """Object to rows that do not add up; a table of which some rows are still empty adds up to nothing yet."""
    numbers = [row.person_times for row in allotment.rows]
    known = [number for number in numbers if number is not None]
    partial = len(known) < len(numbers) and sum(known) <= (allotment.total_person_times or 0)
    if known and not partial and sum(known) != allotment.total_person_times:
        message = f"各行合计 {sum(known)} 不等于印制的合计 {allotment.total_person_times}"
        advice = "请对照文件附表核对各行数字"
        yield Objection(key=("allotment", "total_person_times"), message=message, advice=advice)


def _sum_objections(targets: Targets) -> Iterator[Objection]:
    advice = "请对照文件附表核对各行数字"
    for place, row in enumerate(targets.rows):
        allotted = sum(allocation.persons for allocation in row.allocations)
        if allotted != row.persons:
            message = f"“{row.name}”各单位任务之和 {allotted} 不等于培训人数 {row.persons}"
            yield Objection(key=("targets", "rows", place, "allocations"), message=message, advice=advice)
    allotted = sum(allocation.persons for row in targets.rows for allocation in row.allocations)
    for column, total in (("培训人数", sum(row.persons for row in targets.rows)), ("任务分配", allotted)):
        if total != targets.total_persons:
            message = f"{column}合计 {total} 不等于印制的合计 {targets.total_persons}"
            yield Objection(key=("targets", "total_persons"), message=message, advice=advice)
