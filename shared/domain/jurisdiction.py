"""Regions and who lies under whom, by a table and never by a code's prefix.

A directly administered city (419001) or a new area (133100) shares no useful prefix with its superior, so the parent is
data: `regions.csv`, where Dingzhou, Xinji and Xiong'an report beside Hebei's cities (HB-QUA-02). `valid_from` is the
first day for which this table vouches for a row, not the region's founding.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from shared.domain.errors import Refused

NATION = "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One region: six-digit code (GB/T 2260), name, superior's code (None for the nation) and validity."""

    code: str
    name: str
    parent: str | None
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class RegionTable:
    """The regions by code; every parent is in the table and the nation is everybody's last ancestor."""

    regions: Mapping[str, Region]

    def region(self, code: str) -> Region:
        """Give the region, or raise Refused REGION_UNKNOWN."""
        found = self.regions.get(code)
        if found is None:
            raise Refused(
                code="REGION_UNKNOWN",
                message="行政区划代码不在区划表中。",
                advice="请核对六位代码；确属新设区划的，由系统管理员补充区划表。",
                field="region",
                value=code,
            )
        return found

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Give the codes from the region itself up to the nation, nearest first; unknown codes are Refused."""
        chain = [self.region(code).code]
        while (parent := self.region(chain[-1]).parent) is not None:
            chain.append(parent)
        return tuple(chain)

    def is_within(self, code: str, ancestor: str) -> bool:
        """Say whether the region is the ancestor or lies under it; unknown codes are Refused."""
        return self.region(ancestor).code in self.ancestors(code)

    def descendants(self, code: str) -> frozenset[str]:
        """Give the codes of the region and of everything under it; an unknown code is Refused."""
        within = self.region(code).code
        return frozenset(one for one in self.regions if within in self.ancestors(one))


def parse_regions(text: str) -> RegionTable:
    """Read a region table from CSV text with the header `code,name,parent,valid_from,valid_to`.

    Raise ValueError naming the code when it stands twice, is not six digits, or has a parent that is not there or
    leads back to itself.
    """
    regions: dict[str, Region] = {}
    for row in csv.DictReader(text.splitlines()):
        code = row["code"]
        if code in regions or len(code) != 6 or not code.isdecimal():
            raise ValueError(f"region code {code} must be six digits and stand once")
        regions[code] = Region(
            code=code,
            name=row["name"],
            parent=row["parent"] or None,
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
    for code in regions:
        _check_chain(regions, code)
    return RegionTable(regions)


def _check_chain(regions: Mapping[str, Region], code: str) -> None:
    seen = {code}
    current = regions[code]
    while current.parent is not None:
        if current.parent not in regions or current.parent in seen:
            raise ValueError(f"region {current.code} has a parent that is missing or below it: {current.parent}")
        seen.add(current.parent)
        current = regions[current.parent]
    if current.code != NATION:
        raise ValueError(f"region {code} does not lead to the nation {NATION}")


@cache
def regions() -> RegionTable:
    """Give the region table of this installation, read once."""
    return parse_regions(Path(__file__).with_name("regions.csv").read_text(encoding="utf-8"))


def ancestors(code: str) -> tuple[str, ...]:
    """Give the codes from the region itself up to the nation, nearest first; unknown codes are Refused."""
    return regions().ancestors(code)


@cache
def descendants(code: str) -> frozenset[str]:
    """Give the codes of the region and of everything under it; an unknown code is Refused."""
    return regions().descendants(code)


def is_within(code: str, ancestor: str) -> bool:
    """Say whether the region is the ancestor or lies under it; unknown codes are Refused."""
    return regions().is_within(code, ancestor)
