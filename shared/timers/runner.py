"""Fire what falls due: each timer is one use-case in one transaction, whose moment is the timer's due instant."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import machine_now
from shared.database.deployment import read_offset
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.messaging.backoff import wait_for_any
from shared.messaging.failures import describe
from shared.timers.queries import Timer, next_to_fire
from shared.timers.tables import TIMER

_log = structlog.get_logger(__name__)

Work = TypeVar("Work", bound=UnitOfWork)
Handler = Callable[[Work, str], Awaitable[None]]

POLL_SECONDS: Final = 0.25
EMBEDDED_POLL_SECONDS: Final = 1.0
"""Embedded, every timer is scheduled in this process, which wakes the runner; polling is a second net."""
FIRST_RETRY_SECONDS: Final = 1
LAST_RETRY_SECONDS: Final = 300


class NoHandler(Exception):
    """A timer's kind has no handler in this release."""


class TimerStandsStill(Exception):
    """A handler scheduled its own timer again without moving it forward; it would fire for ever."""


class TimerRunner(Generic[Work]):
    """Fires one service's timers in order of (due, kind, key).

    `handlers` maps a timer's kind to the use-case that takes its key; `open_unit` gives the service's unit of work for
    a moment. Firing deletes the row in the use-case's own transaction, so two runners cannot both fire it. A timer that
    fails is tried again after 1 s, 2 s, 4 s ... 300 s of machine time; others go on, except later ones of its key.
    """

    def __init__(
        self, database: Database, handlers: Mapping[str, Handler[Work]], open_unit: Callable[[datetime], Work]
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._open_unit = open_unit

    async def run(self, stop: asyncio.Event) -> None:
        """Fire until `stop` is set, finishing the timer in hand; a database that does not answer is tried again."""
        changed = self._database.timers_changed
        pause = EMBEDDED_POLL_SECONDS if self._database.is_sqlite else POLL_SECONDS
        while not stop.is_set():
            changed.clear()
            try:
                await self.fire_due(stop=stop)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("timers_unreadable", service=self._database.service, error=describe(error))
            await wait_for_any(stop, changed, timeout_seconds=pause)

    async def fire_due(self, until: datetime | None = None, *, stop: asyncio.Event | None = None) -> int:
        """Fire everything due by the legal instant `until` (default: now), what that schedules included.

        Gives how many fired. One that fails is recorded, not raised; one that waits for its next attempt is left.
        """
        fired = 0
        while stop is None or not stop.is_set():
            timer = await self._next(until)
            if timer is None:
                break
            fired += await self._fire(timer)
        return fired

    async def _next(self, until: datetime | None) -> Timer | None:
        async with self._database.connect(write=False) as connection:
            until = until or await self._legal_now(connection)
            return await next_to_fire(connection, until=until, machine_now=machine_now())

    async def _legal_now(self, connection: AsyncConnection) -> datetime:
        if self._database.sandbox:  # another process may have moved the clock
            self._database.clock.set_offset(await read_offset(connection))
        return self._database.clock.legal_now()

    async def _fire(self, timer: Timer) -> bool:
        try:
            async with self._open_unit(timer.due) as uow:
                if not await self._claim(uow.connection, timer):
                    return False  # another runner fired it, or somebody moved it
                await self._handle(uow, timer)
                await uow.commit()
        except Exception as error:  # whatever a handler raises, the other keys' timers must go on
            await self._record_failure(timer, error)
            return False
        return True

    async def _claim(self, connection: AsyncConnection, timer: Timer) -> bool:
        this = (TIMER.c.kind == timer.kind, TIMER.c.key == timer.key, TIMER.c.due == timer.due)
        return (await connection.execute(delete(TIMER).where(*this).returning(TIMER.c.kind))).first() is not None

    async def _handle(self, uow: Work, timer: Timer) -> None:
        handler = self._handlers.get(timer.kind)
        if handler is None:
            raise NoHandler(timer.kind)
        await handler(uow, timer.key)
        again = select(TIMER.c.due).where(TIMER.c.kind == timer.kind, TIMER.c.key == timer.key)
        due = (await uow.connection.execute(again)).scalar_one_or_none()
        if due is not None and due <= timer.due:
            raise TimerStandsStill(timer.kind)

    async def _record_failure(self, timer: Timer, error: Exception) -> None:
        reason = describe(error)
        attempts = timer.attempts + 1
        seconds = min(FIRST_RETRY_SECONDS * 2 ** min(attempts - 1, 20), LAST_RETRY_SECONDS)
        _log.warning(
            "timer_failed",
            service=self._database.service,
            kind=timer.kind,
            key=timer.key,
            attempts=attempts,
            error=reason,
            retry_seconds=seconds,
        )
        this = (TIMER.c.kind == timer.kind, TIMER.c.key == timer.key, TIMER.c.due == timer.due)
        state = {"attempts": attempts, "retry_at": machine_now() + timedelta(seconds=seconds), "last_error": reason}
        async with self._database.connect() as connection, connection.begin():
            await connection.execute(update(TIMER).where(*this).values(state))
