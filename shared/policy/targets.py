"""The annual plan (JY-REP-04, JY-REP-05): who is to train how many people in which training type. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.policy.coherence import CatalogueRule, Objection, table_objections
from shared.policy.mistakes import PolicyFilesInvalid
from shared.policy.rulebook_file import expectation, mistakes_of, read_toml, validated
from shared.policy.terms.term import Term


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


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None = None
    targets: Targets
    quota: Term | None = None


def read_targets(content: bytes, *, name: str, catalogue: Mapping[str, CatalogueRule]) -> TargetTable:
    """Read one target table, or raise PolicyFilesInvalid with every mistake.

    Refuse a table whose allocations do not add to their row, or whose rows or allocations do not add to the printed
    total (JY-REP-04).
    """
    table, lines = read_toml(content, name)
    objections = list(table_objections(table, table.get("document"), catalogue))
    file = None
    try:
        file = validated(_File, table)
    except ValidationError as error:
        objections += [expectation(details, _File) for details in error.errors()]
    else:
        objections += _sum_objections(file.targets)
    if objections or file is None:
        raise PolicyFilesInvalid(mistakes_of(objections, name, lines))
    return TargetTable(
        region=file.region,
        document=file.document,
        title=file.title,
        valid_from=file.valid_from,
        valid_to=file.valid_to,
        targets=file.targets,
        quota=file.quota,
    )


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
