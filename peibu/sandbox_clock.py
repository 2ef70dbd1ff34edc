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
_PAUSE_SECONDS: Final = 0.02

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
            at_rest = await self._settle()
            while (due := _earliest(at_rest, until=to)) is not None:
                at_rest = await self._step(due)
                steps += 1
            if machine_now() + await self._recovered() < to:
                at_rest = await self._step(to)
                steps += 1
            failing = [name for status in at_rest.values() for name in status["failing"]]
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

    async def _step(self, instant: datetime) -> Mapping[str, Status]:
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
        return await self._settle()

    async def _settle(self) -> Mapping[str, Status]:
        """Wait until the system is at rest, and give every service's status as it is then."""
        deadline = monotonic() + _STEP_SECONDS_MAX
        while isinstance(found := await self._look(), str):
            if monotonic() > deadline:
                raise ClockStuck(found)
            await asyncio.sleep(_PAUSE_SECONDS)
        return found

    async def _look(self) -> Mapping[str, Status] | str:
        """Give every service's status, or say what is not at rest, as soon as one thing is not.

        The groups are asked before and after the services: when none moved and nothing waits, no fact can have
        slipped from an outbox to a topic, or through a handler to the next outbox, while we looked.
        """
        statuses = await self._statuses()
        if busy := await self._busy(statuses):
            return busy
        before: dict[str, int] = {}
        for service in self._services:
            finished = await self._finished(service, statuses)
            if finished is None:
                return f"the consumer of {service}"
            before[service] = finished
        statuses = await self._statuses()
        if busy := await self._busy(statuses):
            return busy
        for service in self._services:
            if await self._finished(service, statuses) != before[service]:
                return f"the consumer of {service}"
        return statuses

    async def _statuses(self) -> dict[str, Status]:
        return {service: await self._read_status(service) for service in self._services}

    async def _busy(self, statuses: Mapping[str, Status]) -> str | None:
        """Say what a service has yet to do, None where its status names nothing."""
        offset = await self._recovered()
        for service, status in statuses.items():
            due = _instant(status["next_due"])
            if self._version and status["offset_seconds"] < int(offset.total_seconds()):
                return f"{service} to learn the new time"
            if due is not None and due <= machine_now() + offset:
                return f"a timer of {service}"
            if status["unpublished"]:
                return f"the outbox of {service}"
        return None

    async def _finished(self, service: str, statuses: Mapping[str, Status]) -> int | None:
        """Give how many records the service's group has finished, None while any waits."""
        progress = await self._bus.progress(service, statuses[service]["consumes"])
        return None if progress.waiting else progress.finished


def _earliest(statuses: Mapping[str, Status], *, until: datetime) -> datetime | None:
    """Give when the next timer of any service is due, None where none is until then."""
    dues = [_instant(status["next_due"]) for status in statuses.values()]
    due = min((due for due in dues if due is not None), default=None)
    return due if due is not None and due <= until else None


def _instant(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
