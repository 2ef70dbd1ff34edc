"""Play stories on a stage, and know what an undisturbed system's ledger says afterwards."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from peibu.demo.party import Json
from peibu.demo.play import cast_of, next_opening
from peibu.demo.scene import Cast, Script
from peibu.demo.story import Story
from shared.clock import monotonic
from tests.faults.observation import Observation
from tests.faults.oracle import lost, unrest
from tests.journey.progress import say
from tests.journey.stages import Embedded, Stage

STEPS, CLAIM_STEP = 16, 10
"""How many steps the story has, and the number of the one in which the claim is made."""

REST_SECONDS = 10.0
"""After its last act a system is at rest within this time, whatever was done to it before."""


async def play(
    stage: Stage, seeds: Sequence[int], *, before_step: Callable[[int], None] = lambda _: None
) -> list[Script]:
    """Play one story after another, other people in each; `before_step` is told the number of each step, from 0."""
    async with cast_of(stage.base_url, stage.home) as cast:
        return [await tell(cast, seed, before_step=before_step) for seed in seeds]


async def tell(cast: Cast, seed: int, *, before_step: Callable[[int], None] = lambda _: None) -> Script:
    """Play one story."""
    script = Script(seed=seed, opening=await next_opening(cast))
    steps = Story(cast, script).steps()
    assert (len(steps), steps[CLAIM_STEP][0]) == (STEPS, "补贴申领")
    for number, (title, act) in enumerate(steps):
        before_step(number)
        say(f"story {seed}, {number + 1}/{len(steps)} {title}: {await act()}")
    return script


async def claim_of(stage: Stage, script: Script) -> Json:
    """Give the claim as the auditor sees it."""
    async with cast_of(stage.base_url, stage.home) as cast:
        return await cast.auditor.get(f"/payment/v1/claims/{script.claim_id}")


async def at_rest(stage: Stage) -> Observation:
    """Give what is observed once nothing is on its way any more; what still is after 10 s, the oracle will say."""
    deadline = monotonic() + REST_SECONDS
    while True:
        seen = await stage.observe()
        if not [*unrest(seen), *lost(seen)] or monotonic() > deadline:
            return seen
        await asyncio.sleep(0.1)


def canonical_ledger(stage: Stage) -> str:
    """Give the ledger by natural keys only."""
    return stage.run("ledger", "export", "--canonical")


@cache
def undisturbed_ledger(*seeds: int) -> str:
    """Give the canonical ledger of an embedded system in which these stories were played and nothing else happened."""
    with tempfile.TemporaryDirectory(prefix="peibu-undisturbed-") as folder, Embedded(Path(folder)) as stage:
        asyncio.run(play(stage, seeds))
        return canonical_ledger(stage)
