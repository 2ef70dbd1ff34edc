"""Which row of the region's table pays what no benefit states itself (JY-PAY-05)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal

from shared.domain.jurisdiction import RegionTable
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit
from shared.policy.terms.payment import Rates
from shared.policy.terms.term import Term

RATE_MISSING: Final = "RATE_MISSING"
RateUnit = Literal["each", "day", "month", "year"]
UNIT_NAMES: Final[dict[RateUnit, str]] = {"each": "每人（每证）", "day": "每日", "month": "每月", "year": "每年"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One row: what a programme pays per head in a region from a day on; a key that is None fits everything.

    `unit` says what a living standard is stated for; every other rate is for each head, certificate or month.
    `number` is the order in which rows were entered; rows are never changed, a later row for the same key and day
    replaces an earlier one for judgements still to be made.
    """

    number: int
    region: str
    programme: str
    occupation: str | None
    level: str | None
    certificate_kind: str | None
    valid_from: date
    amount_fen: int
    source: str
    unit: RateUnit = "each"

    @property
    def keys(self) -> tuple[str | None, str | None, str | None]:
        """Give what the row names, in the order of its weight."""
        return self.occupation, self.level, self.certificate_kind

    def displaces(self, standing: "Rate", ancestors: Sequence[str]) -> bool:
        """Say whether the row, entered now, would pay where `standing` pays; `ancestors` are of the row's region.

        A row that is valid from a later day than `standing` displaces it from that day on.
        """
        if standing.programme != self.programme or standing.region not in ancestors:
            return False
        if any(None not in pair and pair[0] != pair[1] for pair in zip(self.keys, standing.keys, strict=True)):
            return False
        if standing.region != self.region:
            return True
        if _named(self) != _named(standing):
            return _named(self) > _named(standing)
        return self.valid_from >= standing.valid_from


def _named(row: Rate) -> tuple[int, tuple[bool, ...]]:
    named = tuple(key is not None for key in row.keys)
    return sum(named), named


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a rate is looked for: what holds `on` a day, of something that is over on `over_on`."""

    programme: str
    occupation: str
    level: str | None
    certificate_kind: str | None
    on: date
    over_on: date | None = None


RatesUntil = tuple[tuple[date, int], ...]
"""On which days something was decided, oldest first, and which row was the last that stood then."""


@dataclass(frozen=True, kw_only=True)  # without slots: its rows are weighed once for everybody
class RateTable:
    """The rows that count for one region under one rulebook.

    `decided_until` tells the last row that stood when what is judged was decided (empty: not decided yet): a later row
    counts only where none stood then, so that no entry of today changes what was approved (JY-PAY-05, JY-CLM-10). What
    was not over then, as a later month of work, was not decided either.
    """

    term: Rates
    rows: tuple[Rate, ...]
    ancestors: tuple[str, ...]
    decided_until: RatesUntil = ()

    def rate(self, wanted: Wanted) -> Rate | None:
        """Give the most specific row valid on the day, or None when there is none; none is never zero.

        The nearest region goes first, then the row that names more of occupation, level and certificate kind (in this
        order where two name as many), then the latest day of validity, then the latest entry.
        """
        until = next((last for day, last in self.decided_until if (wanted.over_on or wanted.on) <= day), None)
        later = None
        for row in self._weighed:
            if self._fits(row, wanted):
                if until is None or row.number <= until:
                    return row
                later = later or row
        return later

    def missing(self, wanted: Wanted, benefit: Benefit) -> Finding:
        """Say that the rate is missing."""
        return self._basis(benefit).finding(
            code=RATE_MISSING,
            severity=Severity.STOP,
            message=(
                f"补贴标准缺失：{wanted.on.isoformat()} 没有适用于项目 {wanted.programme}、工种 {wanted.occupation}、"
                f"等级 {wanted.level or '无'}、证书类别 {wanted.certificate_kind or '无'} 的标准，不能按零计算。"
            ),
            advice="请由政策管理员或财务人员按有效文件录入该标准及其来源后重新提交。",
            field="rate",
        )

    def trace(self, rate: Rate, wanted: Wanted, benefit: Benefit) -> Trace:
        """Record which row paid what."""
        return self._basis(benefit).trace(
            result=rate.amount_fen,
            unit="fen",
            inputs={
                "region": rate.region,
                "programme": wanted.programme,
                "occupation": wanted.occupation,
                "level": wanted.level,
                "certificate_kind": wanted.certificate_kind,
                "opening_date": wanted.on.isoformat(),
                "valid_from": rate.valid_from.isoformat(),
                "source": rate.source,
            },
        )

    def _basis(self, benefit: Benefit) -> Term:
        return benefit if self.term.by_benefit else self.term

    @cached_property
    def _weighed(self) -> tuple[Rate, ...]:
        """The rows of the region and its superiors, the weightiest first."""
        here = (row for row in self.rows if row.region in self.ancestors)
        return tuple(sorted(here, key=self._weight, reverse=True))

    def _fits(self, row: Rate, wanted: Wanted) -> bool:
        return (
            row.programme == wanted.programme
            and row.occupation in (None, wanted.occupation)
            and row.level in (None, wanted.level)
            and row.certificate_kind in (None, wanted.certificate_kind)
            and row.valid_from <= wanted.on
        )

    def _weight(self, row: Rate) -> tuple[int, int, tuple[bool, ...], date, int]:
        return -self.ancestors.index(row.region), *_named(row), row.valid_from, row.number


def units_of(rulebook: Rulebook, programme: str) -> frozenset[RateUnit]:
    """Give the units in which a rate of the programme may be stated, as its document pays it.

    A standard for a month is never paid for a day, nor one for a day as if it were for a head.
    """
    units: set[RateUnit] = set()
    for benefit in _paid_under(rulebook, programme):
        match benefit.basis:
            case "day":
                by_length: dict[RateUnit, int | None] = {"month": benefit.days_of_month, "year": benefit.days_of_year}
                units |= {"day", *(unit for unit, days in by_length.items() if days)}
            case "month":
                units |= {"each", "month"}
            case _:
                units.add("each")
    return frozenset(units or {"each"})


def _paid_under(rulebook: Rulebook, programme: str) -> Iterator[Benefit]:
    for benefit in rulebook.payment.benefits:
        own = benefit.programme is None and (not benefit.classes or programme in benefit.classes)
        if own or programme == benefit.programme:
            yield benefit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which classes a row may price: those of `programmes` (None: of any), opened on `opened_from` or later."""

    programmes: frozenset[str] | None
    opened_from: date


def reach_of(rate: Rate, rulebook: Rulebook | None) -> Reach:
    """Give which classes a row may price: not only those of its own word, and by the month also those opened before."""
    benefits = [each for each in _paid_under(rulebook, rate.programme) if each.programme] if rulebook else []
    named = frozenset({rate.programme}.union(*(benefit.classes for benefit in benefits)))
    return Reach(
        programmes=named if all(benefit.classes for benefit in benefits) else None,
        opened_from=date.min if any(benefit.basis == "month" for benefit in benefits) else rate.valid_from,
    )


def rate_table(
    rulebook: Rulebook, region: str, rows: Iterable[Rate], regions: RegionTable, *, decided_until: RatesUntil = ()
) -> RateTable | None:
    """Give the entered rates of a region; None when the rulebook names no table; see `RateTable`."""
    term = rulebook.payment.rates
    if term is None:
        return None
    return RateTable(term=term, rows=tuple(rows), ancestors=regions.ancestors(region), decided_until=decided_until)
