"""The embedded system killed at every named place while a class goes from application to settled payment.

Whoever sends a request sends it again under its key; a supervisor starts the process again. In the end the ledger is,
to the byte, that of a system in which nothing happened, and the oracle finds nothing.
"""

import asyncio
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

import pytest

from deploy.errors import ProcessFailed
from shared import failpoints
from shared.database.migrate import check
from tests.faults.launcher import Orders
from tests.faults.observation import SERVICES, Observation, database_url
from tests.faults.oracle import judge, parked
from tests.faults.supervisor import Supervisor, Ward
from tests.journey.playing import CLAIM_STEP, STEPS, at_rest, canonical_ledger, play, undisturbed_ledger
from tests.journey.progress import say
from tests.journey.stages import Embedded

pytestmark = pytest.mark.kill

STORY_SEED: Final = 1
PLAN_SEED: Final = 20210508
RESTART_SECONDS_MAX: Final = 5.0
EVERYWHERE: Final = tuple(
    point for point in failpoints.ALL if point not in (failpoints.INSIDE_MIGRATION, failpoints.INSIDE_CLAIM)
)
"""Places that are passed in nearly every step."""

REVISIONS: Final = 15
"""At least so many revisions a new system applies to its four databases."""

Plan = Mapping[int, Sequence[tuple[str, int]]]
"""By step, where to die how soon."""


def mixed_plan() -> Plan:
    """Give each place twice before the claim, at once and at a later passing, in an order chosen by a seed."""
    random = Random(PLAN_SEED)
    orders = [(point, count) for point in EVERYWHERE for count in (1, random.randint(2, 6))]
    random.shuffle(orders)
    plan: dict[int, list[tuple[str, int]]] = {step: [] for step in range(STEPS)}
    for number, order in enumerate(orders):
        plan[number * CLAIM_STEP // len(orders)].append(order)
    plan[CLAIM_STEP].append((failpoints.INSIDE_CLAIM, 1))
    return plan


def in_every_step(point: str) -> Plan:
    """Give one place in every step."""
    return {step: [(point, 1)] for step in range(STEPS)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play one mixed story, or with --kill-all another one for each place."""
    if "plan" in metafunc.fixturenames:
        plans = {"mixed": mixed_plan()}
        if metafunc.config.getoption("--kill-all"):
            plans |= {point: in_every_step(point) for point in (*EVERYWHERE, failpoints.INSIDE_CLAIM)}
        metafunc.parametrize("plan", plans.values(), ids=plans.keys())
    if "revision" in metafunc.fixturenames:
        everywhere = metafunc.config.getoption("--kill-all")
        metafunc.parametrize("revision", range(1, REVISIONS + 1) if everywhere else (7,))


def test_killed_anywhere_and_started_again_it_ends_with_the_same_ledger(tmp_path: Path, plan: Plan) -> None:
    say(f"plan (seed {PLAN_SEED}): {plan}")
    orders = Orders(tmp_path / "orders")
    system = Embedded(tmp_path / "home", launcher=orders.launcher)
    supervisor = Supervisor(orders, {"run": Ward(system.process, system.start)})

    def give_orders(step: int) -> None:
        for point, count in plan[step]:
            supervisor.order("run", point, count)

    async def live() -> Observation:
        await supervisor.survive(play(system, [STORY_SEED], before_step=give_orders))
        return await at_rest(system)

    with system:
        seen = asyncio.run(live())
        ledger = canonical_ledger(system)
    assert ledger == undisturbed_ledger(STORY_SEED)
    assert judge(seen) == {}
    assert parked(seen) == []
    assert max(supervisor.restart_seconds) <= RESTART_SECONDS_MAX
    # Every window was hit, and those after which an event comes again did bring some of them again.
    assert supervisor.withdraw() == []
    hit = Counter(point for _, point in supervisor.deaths)
    say(f"died {hit.total()} times: {dict(hit)}; {seen.redelivered} records came again")
    assert hit.keys() == {point for orders_of_step in plan.values() for point, _ in orders_of_step}
    assert seen.redelivered or not hit[failpoints.AFTER_SEND] + hit[failpoints.AFTER_ACKNOWLEDGEMENT]


def test_killed_inside_a_migration_it_finishes_it_at_its_next_start(tmp_path: Path, revision: int) -> None:
    orders = Orders(tmp_path / "orders")
    system = Embedded(tmp_path / "home")
    orders.give("migrate", failpoints.INSIDE_MIGRATION, revision)
    dying = subprocess.run([*orders.launcher, "migrate"], check=False, env=system.environment, capture_output=True)
    assert dying.returncode == -signal.SIGKILL
    assert orders.collect("migrate") == failpoints.INSIDE_MIGRATION
    with system:  # which migrates first, and is ready only then
        differences = [asyncio.run(check(service, database_url(system.home, service))) for service in SERVICES]
    assert differences == [[]] * len(SERVICES)


def test_killed_while_it_enters_its_sample_parties_it_enters_each_once(tmp_path: Path) -> None:
    orders = Orders(tmp_path / "orders")
    system = Embedded(tmp_path / "home", launcher=orders.launcher)
    for count, point in ((4, failpoints.BEFORE_COMMIT), (6, failpoints.AFTER_COMMIT)):
        orders.give("run", point, count)
        with pytest.raises(ProcessFailed, match="died while starting"):
            system.start()
        assert orders.collect("run") == point
    with system:
        seen = asyncio.run(at_rest(system))
    assert judge(seen) == {}
    once = {"enrollment": ("institution", "occupation", "venue"), "supervision": ("device",)}
    assert [len(seen.rows(service, table)) for service, tables in once.items() for table in tables] == [1] * 4
    assert len(seen.rows("assessment", "body")) == 2
    assert (len(seen.rows("enrollment", "teacher")), len(seen.rows("payment", "budget"))) == (3, 2)
