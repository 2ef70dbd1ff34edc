"""Move a sandbox's legal time, so that a whole year can be played in minutes and still happens in order.

A move steps to the earliest timer of all services, waits until outboxes and consumers are drained, and repeats; only
then it is acknowledged. The offset is an event on `peibu.clock`, so every process learns it as it learns any fact.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from shared.clock import SHANGHAI, machine_now, monotonic, new_id
from shared.contracts.clock import ClockMoved
from shared.contracts.contract import CLOCK_TOPIC
from shared.contracts.envelope import decode, encode
from shared.messaging.bus import Bus, Received, Record

DEFAULT_LEGAL_START: Final = datetime(2021, 5, 10, 8, tzinfo=SHANGHAI)
"""Where a sandbox's legal time begins: a Monday in the Jiyuan rulebook's year, two days after it was issued."""

_CLOCK_ID: Final = "sandbox"
_STEP_SECONDS_MAX: Final = 60.0
_PAUSE_SECONDS: Final = 0.01

Status = Mapping[str, Any]
ReadStatus = Callable[[str], Awaitable[Status]]
"""`await read(service)` gives the service's `GET /SERVICE/v1/sandbox`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where the clock stands after a move, how many steps it took, and timers that keep failing (left behind)."""

    legal_now: datetime
    steps: int
    failing: tuple[str, ...]


class ClockStuck(Exception):
    """A move did not come to its end within the deadline; the text names what it still waits for."""


class SandboxClock:
    """Moves the legal time of every service of one sandbox; one move at a time, only forward."""

    def __init__(self, bus: Bus, services: tuple[str, ...], read_status: ReadStatus) -> None:
        self._bus = bus
        self._services = services
        self._read_status = read_status
        self._offset: timedelta | None = None
        self._version = 0
        self._lock = asyncio.Lock()

    async def now(self) -> datetime:
        """Give the legal instant."""
        async with self._lock:
            return machine_now() + await self._recovered()

    async def move(self, to: datetime) -> Moved:
        """Let legal time be at least `to`; an instant that has passed moves nothing, so a repeated move is harmless."""
        async with self._lock:
            steps = 0
            await self._settle()
            while (due := await self._earliest(until=to)) is not None:
                await self._step(due)
                steps += 1
            if machine_now() + await self._recovered() < to:
                await self._step(to)
                steps += 1
            failing = [name for service in self._services for name in (await self._read_status(service))["failing"]]
            return Moved(legal_now=machine_now() + await self._recovered(), steps=steps, failing=tuple(failing))

    async def _recovered(self) -> timedelta:
        """Give the offset, after a restart as the topic and the services' databases left it."""
        if self._offset is not None:
            return self._offset
        remaining = (await self._bus.progress("clock-recovery", [CLOCK_TOPIC])).waiting
        if remaining:
            records = cast("AsyncGenerator[Received, None]", self._bus.tail([CLOCK_TOPIC], from_start=True))
            async with aclosing(records):
                async for record in records:
                    self._version = max(self._version, decode(record.value).aggregateversion)
                    remaining -= 1
                    if not remaining:
                        break
        known = [int((await self._read_status(service))["offset_seconds"]) for service in self._services]
        self._offset = timedelta(seconds=max(known))
        return self._offset

    async def _earliest(self, *, until: datetime) -> datetime | None:
        dues = [_instant((await self._read_status(service))["next_due"]) for service in self._services]
        due = min((due for due in dues if due is not None), default=None)
        return due if due is not None and due <= until else None

    async def _step(self, instant: datetime) -> None:
        """Publish the new offset (rounded up to whole seconds) and wait until the system is at rest under it."""
        ahead = -(-(instant - machine_now()) // timedelta(seconds=1))
        self._offset = max(await self._recovered(), timedelta(seconds=ahead))
        self._version += 1
        moved = ClockMoved(clock_id=_CLOCK_ID, offset_seconds=int(self._offset.total_seconds()))
        value = encode(moved, event_id=new_id(), version=self._version, occurred_at=machine_now() + self._offset)
        publisher = self._bus.publisher()
        try:
            (failed,) = await publisher.send([Record(CLOCK_TOPIC, _CLOCK_ID, value)])
        finally:
            await publisher.close()
        if failed is not None:
            # Whether the topic has it nobody knows, and a version that it lacks would hold every later move for ever.
            self._offset, self._version = None, 0
            raise ClockStuck(f"the bus to take the new time ({failed})")
        await self._settle()

    async def _settle(self) -> None:
        deadline = monotonic() + _STEP_SECONDS_MAX
        while (busy := await self._busy()) is not None:
            if monotonic() > deadline:
                raise ClockStuck(busy)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _busy(self) -> str | None:
        """Say what is not at rest, or None.

        The groups are asked before and after the services: when none moved and nothing waits, no fact can have
        slipped from an outbox to a topic, or through a handler to the next outbox, while we looked.
        """
        offset = await self._recovered()
        statuses = {service: await self._read_status(service) for service in self._services}
        before = {service: await self._finished(service, statuses) for service in self._services}
        for service in self._services:
            status = await self._read_status(service)
            due = _instant(status["next_due"])
            if self._version and status["offset_seconds"] < int(offset.total_seconds()):
                return f"{service} to learn the new time"
            if due is not None and due <= machine_now() + offset:
                return f"a timer of {service}"
            if status["unpublished"]:
                return f"the outbox of {service}"
        for service in self._services:
            if before[service] is None or await self._finished(service, statuses) != before[service]:
                return f"the consumer of {service}"
        return None

    async def _finished(self, service: str, statuses: Mapping[str, Status]) -> int | None:
        """Give how many records the service's group has finished, None while any waits."""
        progress = await self._bus.progress(service, statuses[service]["consumes"])
        return None if progress.waiting else progress.finished


def _instant(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
