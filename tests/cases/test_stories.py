"""The worked examples, through the public APIs on both kinds of system, to the fen, with payees and refusals."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from peibu.demo.play import cast_of
from shared.clock import SHANGHAI
from shared.policy.case_file import Case, read_case
from shared.policy.loader import load_catalogue, load_rulebooks
from tests.cases.beside.aside import Aside
from tests.cases.beside.hebei import Promise
from tests.cases.beside.linshu import Lists
from tests.cases.beside.quanjiao import Credit
from tests.cases.casting import Casting
from tests.cases.common_clock import CommonClock
from tests.cases.paperwork import hebei, huludao, linshu, quanjiao
from tests.cases.refusing import Refused
from tests.cases.reporting import paid_by_institution, paid_by_month
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
ASIDES: Final[Sequence[type[Aside]]] = (Promise, Credit, Lists)
"""Stories that no worked example tells."""
JIYUAN: Final = "419001"
OF_FUND_USE: Final = ("211400", "371329")
"""The regions whose documents want the use of the money disclosed (HL-REP-06, LS-FND-01)."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The stories as they were played, and what differs from the file of each case."""

    stories: Sequence[CaseStory]
    asides: Mapping[str, list[str]]
    differences: Mapping[str, list[str]]
    reported: Mapping[str, int]
    """What the reports of a region say was paid, in fen."""
    due: set[str]
    """The days of the month on which Jiyuan's reports are due."""

    def moved(self, region: str) -> int:
        """Give what the bank moved in the stories of a region, less what came back, in fen."""
        return sum(story.moved_fen for story in self.stories if story.case.region == region)

    def refusals(self, region: str) -> set[Refused]:
        """Give what the document of a region refused."""
        return set().union(*(story.refusing.refused for story in self.stories if story.case.region == region))

    def left_off(self, region: str) -> set[str]:
        """Give what the document of a region does not provide for: it is asked once, wherever it is in force."""
        documents = {story.refusing.document for story in self.stories if story.case.region == region}
        return set().union(*(story.refusing.off for story in self.stories if story.refusing.document in documents))


@pytest.fixture(scope="module")
def played(early_stage: Stage) -> Played:
    """All play in one system at one legal time, once."""

    async def all_at_once() -> Played:
        shelf, told = load_rulebooks(), cases()
        clock = CommonClock(len(told) + len(ASIDES))
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
                for number, case in enumerate(told)
            ]
            asides = [aside.beginning(shelf, casting, seed=n, clock=clock) for n, aside in enumerate(ASIDES, start=200)]
            played = [*stories, *asides]
            found = await asyncio.gather(*(story.play() for story in played))
            auditors = {region: (await casting.staff(region))["auditor"] for region in (JIYUAN, *OF_FUND_USE)}
            by_month, due = await paid_by_month(auditors[JIYUAN], JIYUAN)
            disclosed = {
                region: sum(row[0] for row in (await paid_by_institution(auditors[region], region)).values())
                for region in OF_FUND_USE
            }
        differences = {story.case.case: each for story, each in zip(played, found, strict=True)}
        return Played(
            stories=played,
            asides={aside.case.case: differences.pop(aside.case.case) for aside in asides},
            differences=differences,
            reported={JIYUAN: by_month, **disclosed},
            due=due,
        )

    return asyncio.run(all_at_once())


def test_the_worked_examples_come_out_to_the_fen(played: Played) -> None:
    """JY-CLM-10, JY-SUP-04, -05, -06, JY-ASM-05; HB-CLM-03..-13; QJ-CLM-01..-10; HL-CLM-03; LS-CLM-03, -05."""
    assert played.differences == {case.case: [] for case in cases()}


def test_what_no_example_tells_comes_out_as_the_documents_say(played: Played) -> None:
    """HB-INS-01, -03, HB-ENR-10, -13 to -15, HB-PAY-03; QJ-INS-01 to -03; LS-INS-05, LS-ENR-12, LS-PAY-01."""
    assert played.asides == {aside.case_of().case: [] for aside in ASIDES}


def test_reports_tell_what_the_bank_moved(played: Played) -> None:
    """JY-REP-06: monthly, due on the 6th; HL-REP-06, LS-FND-01: the use of the money, by institution, to the fen."""
    assert played.reported == {region: played.moved(region) for region in (JIYUAN, *OF_FUND_USE)}
    assert played.due == {"06"}


@pytest.mark.parametrize("region", PAPERWORK)
def test_each_document_refuses_by_rules_of_its_own(played: Played, region: str) -> None:
    """Rule, clause and document number stood in every answer: a refusal is kept only if they did."""
    assert len(played.refusals(region)) >= 3


@pytest.mark.parametrize("region", PAPERWORK)
def test_what_a_document_does_not_name_is_off(played: Played, region: str) -> None:
    """HB-QUA-04, HL-QUA-04, QJ-PAY-03, LS-PAY-03: each answered by its rule; classes of one or three people opened."""
    assert played.left_off(region) == {switch.feature for switch in PAPERWORK[region].OFF}
    assert "class_size" in played.left_off(region)
