"""The worked examples of Jiyuan (E1, E2, E3, E6), through the public APIs on both kinds of system, to the fen."""

import asyncio
from pathlib import Path

from peibu.credentials import read_credentials
from peibu.demo.party import Party
from peibu.demo.play import cast_of
from peibu.seed import REGION
from shared.policy.case_file import Case, read_case
from shared.policy.loader import load_catalogue
from tests.cases.story import CaseStory, CommonClock
from tests.journey.stages import Stage

CASES = Path(__file__).parents[2] / "cases" / "jiyuan"
EXAMPLES = ("E1", "E2", "E3", "E6")


def case_of(name: str) -> Case:
    """Read a case file."""
    return read_case((CASES / f"{name}.toml").read_bytes(), name=f"{name}.toml", catalogue=load_catalogue())


def test_every_case_file_of_jiyuan_is_played_here() -> None:
    assert {path.stem for path in CASES.glob("*.toml")} == set(EXAMPLES)


def test_the_worked_examples_come_out_to_the_fen(stage: Stage) -> None:
    """All four are classes of the same days. JY-CLM-10, JY-SUP-04, -05, -06, JY-ASM-05."""

    async def all_at_once() -> dict[str, list[str]]:
        clock = CommonClock(len(EXAMPLES))
        async with cast_of(stage.base_url, stage.home) as cast:

            def admit(client: str, body_id: str) -> Party:
                options = ("--role", "assessor", "--org", body_id, "--region", REGION, "--home", str(stage.home))
                stage.run("clients", "add", client, *options)
                return cast.public.signed_in(read_credentials(stage.home)[client])

            stories = [CaseStory(cast, case_of(name), seed=100 + n, clock=clock) for n, name in enumerate(EXAMPLES)]
            for story in stories:
                await story.prepare(admit)
            outcomes = await asyncio.gather(*(story.play() for story in stories))
        return dict(zip(EXAMPLES, outcomes, strict=True))

    assert asyncio.run(all_at_once()) == {name: [] for name in EXAMPLES}
