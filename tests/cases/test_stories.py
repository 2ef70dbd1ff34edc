"""The worked examples, through the public APIs on both kinds of system, to the fen, with payees and refusals."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from peibu.demo.play import cast_of
from shared.clock import SHANGHAI
from shared.policy.case_file import Case, read_case
from shared.policy.loader import load_catalogue, load_rulebooks
from tests.cases.casting import Casting
from tests.cases.common_clock import CommonClock
from tests.cases.paperwork import hebei, huludao, linshu, quanjiao
from tests.cases.story import CaseStory
from tests.journey.stages import STAGES, Embedded, RealFleet, Stage

CASES: Final = Path(__file__).parents[2] / "cases"
LEGAL_START: Final = datetime(2019, 12, 2, 8, tzinfo=SHANGHAI)
"""Before anything of the earliest case is registered."""
PAPERWORK: Final[Mapping[str, ModuleType]] = {
    "130100": hebei,
    "211400": huludao,
    "341124": quanjiao,
    "371329": linshu,
}
"""By region: what only its document demands before a class may open."""
PLAYED: Final = ("E1", "E2", "E3", "E6")


def cases() -> list[Case]:
    """Read the case files."""
    catalogue = load_catalogue()
    files = sorted(CASES.rglob("*.toml"))
    return [read_case(file.read_bytes(), name=file.name, catalogue=catalogue) for file in files]


@pytest.fixture(scope="module", params=STAGES)
def early_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give each kind of system, its legal time before the first case."""
    home, make = tmp_path_factory.mktemp(request.param), Embedded if request.param == "embedded" else RealFleet
    with make(home, legal_start=LEGAL_START) as running:
        yield running


def test_the_worked_examples_come_out_to_the_fen(early_stage: Stage, pytestconfig: pytest.Config) -> None:
    """All play in one system at one legal time. JY-CLM-10, JY-SUP-04, -05, -06, JY-ASM-05."""

    async def all_at_once() -> dict[str, list[str]]:
        shelf, played = load_rulebooks(), [case for case in cases() if case.case in PLAYED]
        clock = CommonClock(len(played))
        async with cast_of(early_stage.base_url, early_stage.home) as sample:
            casting = Casting(early_stage.home, sample)
            stories = [
                CaseStory(
                    case,
                    shelf.in_force(case.region, case.opened),
                    casting,
                    seed=100 + number,
                    clock=clock,
                    paperwork=PAPERWORK.get(case.region),
                )
                for number, case in enumerate(played)
            ]
            outcomes = await asyncio.gather(*(story.play() for story in stories))
        return {case.case: outcome for case, outcome in zip(played, outcomes, strict=True)}

    assert asyncio.run(all_at_once()) == {name: [] for name in PLAYED}
