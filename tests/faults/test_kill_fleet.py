"""A real fleet in which every process is killed at every window that it has, while classes go on to their money.

Only the victim is started again. With --kill-all every process dies in every step, in one story after another, each
time at its next window, or at the end of the step when it came past none.
"""

import asyncio
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Final

import pytest

from shared import failpoints
from shared.database.migrate import check, pending
from tests.faults.launcher import Orders
from tests.faults.observation import SERVICES, Observation
from tests.faults.oracle import judge, parked
from tests.faults.supervisor import IDLE, Supervisor, Ward
from tests.journey.playing import CLAIM_STEP, STEPS, at_rest, canonical_ledger, play, undisturbed_ledger
from tests.journey.progress import say
from tests.journey.stages import RealFleet

pytestmark = [pytest.mark.kill, pytest.mark.postgres, pytest.mark.kafka]

PLAN_SEED: Final = 20210508
RESTART_SECONDS_MAX: Final = 5.0
SERVING: Final = (failpoints.BEFORE_COMMIT, failpoints.AFTER_COMMIT)
WORKING: Final = (
    failpoints.BEFORE_COMMIT,
    failpoints.AFTER_INBOX_COMMIT,
    failpoints.AFTER_READING_OUTBOX,
    failpoints.AFTER_SEND,
    failpoints.AFTER_ACKNOWLEDGEMENT,
)
WINDOWS: Final[Mapping[str, Sequence[str]]] = {
    **{f"serve-{service}": SERVING for service in SERVICES},
    **{f"work-{service}": WORKING for service in SERVICES},
    "serve-payment": (*SERVING, failpoints.INSIDE_CLAIM),
    "gateway": (failpoints.AFTER_SEND,),
}
WORKERS_DIE: Final = {
    "enrollment": (1, 2, 3, 4, 5),
    "supervision": (2, 4, 6, 6, 7),
    "assessment": (5, 6, 6, 8, 9),
    "payment": (3, 6, 8, 9, CLAIM_STEP),
}
"""From which step on each worker dies at its windows: while it still has events to publish."""

FIRST_REQUESTS: Final = {"enrollment": 0, "supervision": 6, "assessment": 6, "payment": CLAIM_STEP}
"""The step in which each service gets its first requests."""

GATEWAY_DIES: Final = 5
"""The step in which the gateway moves the clock, and so sends an event, for the first time."""

Plan = Mapping[int, Sequence[tuple[str, str, int]]]
"""By step of all stories together: which process dies where, how soon."""


def every_window_once() -> Plan:
    """Give every window of every process once, in one story; the passing is chosen by a seed."""
    random = Random(PLAN_SEED)
    plan: dict[int, list[tuple[str, str, int]]] = {step: [] for step in range(STEPS)}
    plan[CLAIM_STEP].append(("serve-payment", failpoints.INSIDE_CLAIM, 1))
    plan[GATEWAY_DIES].append(("gateway", failpoints.AFTER_SEND, 1))
    for service, steps in WORKERS_DIE.items():
        for step, point in zip(steps, WORKING, strict=True):
            plan[step].append((f"work-{service}", point, 1))
    for service, step in FIRST_REQUESTS.items():
        plan[step] += [(f"serve-{service}", point, random.randint(1, 2)) for point in SERVING]
    return plan


def everybody_in_every_step() -> Plan:
    """Give every process one death in every step, over as many stories as the longest list of windows."""
    return {
        story * STEPS + step: [(name, points[(story + step) % len(points)], 1) for name, points in WINDOWS.items()]
        for story in range(len(WORKING))
        for step in range(STEPS)
    }


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Orders:
    """Where the fleet's processes find their orders."""
    return Orders(tmp_path_factory.mktemp("orders"))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, orders: Orders) -> Iterator[RealFleet]:
    """The one fleet."""
    with RealFleet(tmp_path_factory.mktemp("fleet") / "home", launcher=orders.launcher) as running:
        yield running


def test_a_migration_killed_inside_leaves_nothing_and_is_finished_the_next_time(
    fleet: RealFleet, orders: Orders
) -> None:
    fleet.postgres.create_database("once_more")
    url = fleet.postgres.dsn("once_more")
    environment = {**fleet.environment, "PEIBU_PAYMENT_DATABASE": url}
    command = [*orders.launcher, "migrate", "payment"]
    orders.give("migrate", failpoints.INSIDE_MIGRATION, 3)
    dying = subprocess.run(command, check=False, env=environment, capture_output=True)
    assert dying.returncode == -signal.SIGKILL
    assert orders.collect("migrate") == failpoints.INSIDE_MIGRATION
    assert asyncio.run(pending("payment", url))
    subprocess.run(command, check=True, env=environment, capture_output=True)
    assert asyncio.run(check("payment", url)) == []


def test_whoever_is_killed_wherever_the_ledger_ends_the_same(
    fleet: RealFleet, orders: Orders, pytestconfig: pytest.Config
) -> None:
    everywhere: bool = pytestconfig.getoption("--kill-all")
    plan = everybody_in_every_step() if everywhere else every_window_once()
    seeds = range(1, len(plan) // STEPS + 1)
    wards = {name: Ward(fleet.process(name), partial(fleet.restart, name)) for name in WINDOWS}
    supervisor = Supervisor(orders, wards)
    steps = iter(plan.values())

    def give_orders(_step: int) -> None:
        if everywhere:
            supervisor.kill_idle()
        for name, point, count in next(steps):
            supervisor.order(name, point, count)

    async def told() -> None:
        await play(fleet, seeds, before_step=give_orders)
        if everywhere:
            supervisor.kill_idle()

    async def live() -> tuple[list[tuple[str, str]], Observation]:
        await supervisor.survive(told())
        return supervisor.withdraw(), await at_rest(fleet)  # nobody restarts what would die from here on

    left, seen = asyncio.run(live())
    assert canonical_ledger(fleet) == undisturbed_ledger(*seeds)
    assert judge(seen) == {}
    assert parked(seen) == []
    assert max(supervisor.restart_seconds) <= RESTART_SECONDS_MAX
    # Every window was hit, and those after which an event comes again did bring some of them again.
    windows = [(name, point) for name, point in supervisor.deaths if point != IDLE]
    say(f"died {len(supervisor.deaths)} times, {len(windows)} in a window; {seen.redelivered} records came again")
    assert left == []
    assert {(name, point) for name, points in WINDOWS.items() for point in points} == set(windows)
    if everywhere:
        assert Counter(name for name, _ in supervisor.deaths) == dict.fromkeys(WINDOWS, len(plan))
    assert seen.redelivered
