"""Waiting that ends early: for the next attempt, for a signal, for the order to stop."""

import asyncio
import random
from collections.abc import Awaitable
from typing import Final, TypeVar

FIRST_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 2.0
"""Short enough that everything flows again within seconds of whatever was down coming back."""

T = TypeVar("T")


class Backoff:
    """Counts failures in a row and gives the pause before the next attempt: doubling, bounded, with jitter."""

    def __init__(self, *, first_seconds: float = FIRST_SECONDS, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._first = first_seconds
        self._longest = longest_seconds
        self.failures = 0

    def failed(self) -> float:
        """Count a failure and give the seconds to wait, between half and the whole of the present step."""
        self.failures += 1
        step = min(self._longest, self._first * 2.0 ** min(self.failures - 1, 16))
        return step * random.uniform(0.5, 1.0)  # noqa: S311 - spreads attempts, hides nothing

    def succeeded(self) -> None:
        """Begin again with the shortest pause."""
        self.failures = 0


async def wait_for_any(*events: asyncio.Event, timeout_seconds: float) -> None:
    """Return when one of the events is set, or after `timeout_seconds`."""
    if timeout_seconds <= 0 or any(event.is_set() for event in events):
        return
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def until_stopped(stop: asyncio.Event, work: Awaitable[T]) -> T | None:
    """Give what the work gives, or None, after cancelling it, when `stop` is set first."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
