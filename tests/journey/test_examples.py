"""The example programs of the documentation do what their pages say, against a running system."""

import asyncio
import csv
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from peibu.demo.opening import roster_row
from peibu.demo.people import broken_identity_number, sample_people
from peibu.demo.play import cast_of, next_opening
from tests.journey.stages import Embedded

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SENT = ("name", "identity_number", "phone", "group", "evidence", "employer_name", "employer_region")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Embedded]:
    """A system as `make run` starts it."""
    with Embedded(tmp_path / "home") as running:
        yield running


def sheet(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Save rows as a spreadsheet program would."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_vendor_who_follows_the_page_gets_a_first_class_applied_for(system: Embedded, tmp_path: Path) -> None:
    async def opening() -> str:
        async with cast_of(system.base_url, system.home) as cast:
            return (await next_opening(cast)).isoformat()

    teacher, *people = islice(sample_people(7), 21)
    roster = [{name: roster_row(0, person)[name] for name in SENT} for person in people]
    roster[3]["identity_number"] = broken_identity_number(people[3])
    filed = {"name": teacher.name, "identity_number": teacher.identity_number}
    teachers = [{**filed, "specialty": "焊接", "qualification": "高级技师"}]
    day = asyncio.run(opening())

    def run(opening_date: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, EXAMPLES / "first_class.py", system.base_url, system.home / "credentials.toml"),
                *("institution", sheet(tmp_path / "teachers.csv", teachers), sheet(tmp_path / "roster.csv", roster)),
                opening_date,
            ],
            check=False,
            capture_output=True,
            text=True,
        )

    done = run(day)
    refused, counts, state = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert refused.startswith("4 refused ID_CHECKSUM")
    assert counts == "19 accepted, 1 refused"
    assert state.endswith(" applied")
    again = run((date.fromisoformat(day) + timedelta(days=7)).isoformat())
    assert "20 refused" in again.stdout, "teachers and room are known; who was trained this year is not trained twice"
