"""Whoever restarts what dies: gives processes their orders to die, and starts them again when they have."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from deploy.errors import LaunchError
from deploy.process import Process
from shared.clock import monotonic
from tests.faults.launcher import Orders
from tests.journey.progress import say

IDLE: Final = "idle"
"""The place at which a process died that passed none of its windows in time."""

_WATCH_SECONDS: Final = 0.02
T = TypeVar("T")


class DiedByItself(AssertionError):
    """A process ended without an order; its last words are in the text."""


@dataclass(frozen=True, slots=True)
class Ward:
    """One process under supervision; `start` blocks until it is ready."""

    process: Process
    start: Callable[[], None]


class Supervisor:
    """Carries out a plan of deaths; a process gets its next order when the one before has been carried out.

    `deaths` are the windows that were hit, as (process, point) in order, `IDLE` for a process that passed none;
    `restart_seconds` how long each process took from its start until it was ready, without the time in which the
    machine had others to serve, for those that were not ordered to die while they started.
    """

    def __init__(self, orders: Orders, wards: Mapping[str, Ward]) -> None:
        self.deaths: list[tuple[str, str]] = []
        self.restart_seconds: list[float] = []
        self._orders = orders
        self._wards = wards
        self._waiting: dict[str, deque[tuple[str, int]]] = defaultdict(deque)
        self._given: set[str] = set()
        self._killed_idle: set[str] = set()
        self._over = False

    def order(self, process: str, point: str, count: int = 1) -> None:
        """Let the process die at a place, after the deaths already ordered of it; not twice for the same order."""
        if (point, count) not in self._waiting[process]:
            self._waiting[process].append((point, count))
            self._give_next(process)

    def withdraw(self) -> list[tuple[str, str]]:
        """Take back every order that was not carried out and give them as (process, point)."""
        left = [(name, point) for name in self._wards for point, _ in self._waiting[name]]
        for name in self._wards:
            self._orders.withdraw(name)
        self._waiting.clear()
        self._given.clear()
        return left

    def kill_idle(self) -> None:
        """Kill whoever was ordered to die and did not come past the place; its orders are taken back."""
        for name in sorted(self._given):
            if self._orders.withdraw(name):  # else it has just died, and is mourned for that
                self._waiting[name].clear()
                self._given.remove(name)
                self._killed_idle.add(name)
                self._wards[name].process.kill()

    async def survive(self, story: Coroutine[Any, Any, T]) -> T:
        """Restart what dies by order while the story goes on; raise DiedByItself, and end it, for any other death.

        When the story is over every process runs.
        """
        telling = asyncio.create_task(story)
        watching = [asyncio.create_task(self._watch(name)) for name in self._wards]
        await asyncio.wait([telling, *watching], return_when=asyncio.FIRST_COMPLETED)
        self._over = True
        if not telling.done():
            telling.cancel()
        await asyncio.gather(*watching)
        return await telling

    async def _watch(self, name: str) -> None:
        while not self._over:
            await self._mourn(name)
            await asyncio.sleep(_WATCH_SECONDS)
        await self._mourn(name)

    async def _mourn(self, name: str) -> None:
        """Start the process again if it is dead, as often as it is ordered to die while it starts."""
        ward = self._wards[name]
        while not ward.process.alive:
            point = self._orders.collect(name)
            if point is not None:
                self._waiting[name].popleft()
                self._given.remove(name)
                self._give_next(name)
            elif name in self._killed_idle:
                point = IDLE
                self._killed_idle.remove(name)
            else:
                raise DiedByItself(str(ward.process.failed("died without an order")))
            self.deaths.append((name, point))
            begun = monotonic()
            try:
                await asyncio.to_thread(ward.start)
            except LaunchError:
                if ward.process.alive:
                    raise
                continue
            seconds = monotonic() - begun
            self.restart_seconds.append(seconds - _queued_seconds(ward.process.pid))
            say(f"{name} died at {point}, ready after {seconds:.1f} s")

    def _give_next(self, process: str) -> None:
        if self._waiting[process] and process not in self._given:
            self._given.add(process)
            self._orders.give(process, *self._waiting[process][0])


def _queued_seconds(pid: int | None) -> float:
    """Give how long a process's main thread was ready to run and waited for a processor; 0 where nobody counts it."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except FileNotFoundError:
        return 0.0
