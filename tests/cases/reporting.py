"""Reports as an officer opens them, as JSON and as a workbook, which must tell the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from peibu.demo.party import Json, Party, StoryBroken
from shared.spreadsheet import Cell
from tests.web.test_spreadsheet import read

REPORTS: Final = "/payment/v1/reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One report, as JSON and sheet by sheet."""

    told: Json
    sheets: Mapping[str, Sequence[Sequence[Cell]]]

    def row(self, sheet: str, first: str) -> Sequence[Cell]:
        """Give the row of a sheet that begins with a text; raise StoryBroken when there is none."""
        found = next((row for row in self.sheets[sheet] if row and row[0] == first), None)
        if found is None:
            raise StoryBroken(f"no row {first} in {sheet}: {self.sheets[sheet]}")
        return found


async def open_report(by: Party, path: str, **query: str) -> Opened:
    """Open a report both ways."""
    told = await by.get(f"{REPORTS}/{path}", **query)
    answer = await by._send("GET", f"{REPORTS}/{path}", params={**query, "format": "xlsx"})
    return Opened(told=told, sheets=dict(read(answer.raise_for_status().content)))


def heads(told: Json) -> dict[str, tuple[int, int]]:
    """Give person-times and persons of a year by measure."""
    return {each["code"]: (each["person_times"], each["persons"]) for each in told["heads"]}


def parts(indicators: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Give part and whole of indicators by code."""
    return {each["code"]: (each["share"]["part"], each["share"]["whole"]) for each in indicators}


async def paid_by_month(by: Party, region: str) -> tuple[int, set[str]]:
    """Add up the money of a region's monthly reports; give it, and the days of the month on which they are due."""
    listed = await by.get(f"{REPORTS}/monthly", region=region)
    total_fen, due = 0, set()
    for month in listed["items"]:
        told = await by.get(f"{REPORTS}/monthly/{month['month']}", region=region)
        total_fen += told["counted"]["totals"]["month"]["paid_fen"]
        due.add(str(month["due"])[-2:])
    return total_fen, due


async def paid_by_institution(by: Party, region: str) -> dict[str, tuple[int, int, int]]:
    """Give what a region's institutions were paid in all years, with person-times and persons; both ways alike."""
    opened = await open_report(by, "fund-use", region=region, **{"from": "2019-01-01", "to": "2021-12-31"})
    (table,) = [one for one in opened.told["tables"] if one["by"] == "institution"]
    rows = {row["head"]: (row["amount_fen"], row["person_times"], row["persons"]) for row in table["rows"]}
    for name, (amount_fen, times, persons) in rows.items():
        shown = next(row for sheet in opened.sheets.values() for row in sheet if row and row[0] == name)
        if [*shown[1:4]] != [amount_fen / 100, times, persons]:
            raise StoryBroken(f"the workbook shows {shown} of {name}, not {amount_fen, times, persons}")
    return rows
