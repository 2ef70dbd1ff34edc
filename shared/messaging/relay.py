"""Carry what stands in the outbox to the bus: nothing forgotten, each key in order.

One relay per database (see `shared.database.leader`). It asks for what is unpublished, never for what comes after the
last position: a transaction that commits late has a low number and would be lost. Whatever is sent and not marked,
because the process died or the answer did, is sent again; the consumers' inbox takes the repeat away.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import Row, delete, func, select

from shared import failpoints
from shared.changes.log import number_changes
from shared.clock import machine_now, monotonic
from shared.database.engine import Database
from shared.messaging.backoff import Backoff, wait_for_any
from shared.messaging.bus import Bus, Publisher, Record, RecordTooLarge, SendFailed
from shared.messaging.failures import describe, is_transient
from shared.messaging.statements import among
from shared.messaging.tables import OUTBOX

BATCH_RECORDS: Final = 1_000
POLL_SECONDS: Final = 0.25
POLL_SECONDS_EMBEDDED: Final = 1.0
KEEP_PUBLISHED: Final = timedelta(days=30)
_PRUNE_EVERY_SECONDS: Final = 3_600.0
_PRUNE_ROWS: Final = 1_000
_DATABASE_SECONDS: Final = 30.0
_REST_SECONDS: Final = 1.0
_REST_SECONDS_REFUSED: Final = 60.0
"""How long a key is left alone after a failure while others flow, and when the bus refused the record for good."""

_RESTING_MAX: Final = 1_000
"""When more keys than this fail it is the bus that fails, and trying further keys is useless."""

_log = structlog.get_logger(__name__)


class Relay:
    """Drains one database's outbox; `published` and `failed` count records since the start."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        batch_records: int = BATCH_RECORDS,
        poll_seconds: float | None = None,
        keep_published: timedelta = KEEP_PUBLISHED,
    ) -> None:
        self.database = database
        self.published = 0
        self.failed = 0
        self._bus = bus
        self._batch_records = batch_records
        self._poll_seconds = poll_seconds or (POLL_SECONDS_EMBEDDED if database.is_sqlite else POLL_SECONDS)
        self._keep_published = keep_published
        self._resting = _RestingKeys()
        self._fruitless = Backoff()
        self._prune_at = monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set; a failing database or bus is waited for, anything else is raised."""
        publisher = self._bus.publisher()
        try:
            while not stop.is_set():
                self.database.outbox_written.clear()
                try:
                    pause_seconds = await self.drain(publisher, stop)
                    await self._prune_when_due()
                except Exception as error:
                    if not is_transient(error):
                        raise
                    _log.warning("relay_waits", service=self.database.service, reason=describe(error))
                    pause_seconds = self._fruitless.failed()
                await wait_for_any(stop, timeout_seconds=pause_seconds)
                if not pause_seconds:
                    idle_seconds = min(self._poll_seconds, self._resting.seconds_to_next())
                    await wait_for_any(stop, self.database.outbox_written, timeout_seconds=idle_seconds)
        finally:
            await publisher.close()

    async def drain(self, publisher: Publisher, stop: asyncio.Event | None = None) -> float:
        """Send and mark until nothing is left but keys that rest after a failure.

        Give how many seconds to leave the bus alone: more than 0 when it took nothing of what it was given.
        """
        while stop is None or not stop.is_set():
            resting = self._resting.keys()
            if len(resting) >= _RESTING_MAX:
                return self._fruitless.failed()
            rows = await self._unpublished(resting)
            if not rows:
                break
            failpoints.hit(failpoints.AFTER_READING_OUTBOX)
            results = await publisher.send([Record(row.topic, row.key, row.payload) for row in rows])
            failpoints.hit(failpoints.AFTER_ACKNOWLEDGEMENT)
            if not await self._settle(rows, results):
                return self._fruitless.failed()
        return 0.0

    async def _unpublished(self, resting: Collection[str]) -> Sequence[Row[int, str, str, bytes]]:
        async with asyncio.timeout(_DATABASE_SECONDS), self.database.connect(write=False) as connection:
            query = select(OUTBOX.c.seq, OUTBOX.c.topic, OUTBOX.c.key, OUTBOX.c.payload)
            query = query.where(OUTBOX.c.published_at.is_(None)).order_by(OUTBOX.c.seq).limit(self._batch_records)
            if resting:
                query = query.where(~among(connection, OUTBOX.c.key, resting))
            return (await connection.execute(query)).all()

    async def _settle(self, rows: Sequence[Row[int, str, str, bytes]], results: Sequence[SendFailed | None]) -> bool:
        """Mark what was acknowledged; a key stops at its first failure even if the bus took a later record.

        Give False when the bus took nothing and it is not the records' fault.
        """
        failures: dict[str, SendFailed] = {}
        acknowledged: list[int] = []
        for row, failure in zip(rows, results, strict=True):
            if failure is not None:
                failures.setdefault(row.key, failure)
            elif row.key not in failures:
                acknowledged.append(row.seq)
        if acknowledged:
            await self._mark(acknowledged)
            if self._fruitless.failures:  # the bus is back: whoever rested because of it need not wait any longer
                self._fruitless.succeeded()
                self._resting.wake()
        self._resting.add(failures)
        self.published += len(acknowledged)
        self.failed += len(rows) - len(acknowledged)
        if failures:
            key, first = next(iter(failures.items()))
            service = self.database.service
            _log.warning("not_acknowledged", service=service, keys=len(failures), first_key=key, reason=str(first))
        return bool(acknowledged) or all(isinstance(failure, RecordTooLarge) for failure in failures.values())

    async def _mark(self, acknowledged: Collection[int]) -> None:
        async with asyncio.timeout(_DATABASE_SECONDS), self.database.connect() as connection, connection.begin():
            await number_changes(connection, acknowledged, published_at=machine_now())
        self.database.changes_written.set()

    async def _prune_when_due(self) -> None:
        if monotonic() < self._prune_at:
            return
        while await self._prune() == _PRUNE_ROWS:
            pass
        self._prune_at = monotonic() + _PRUNE_EVERY_SECONDS

    async def _prune(self) -> int:
        """Delete the oldest rows published before the time to keep, a bounded number at once, and give how many."""
        before = machine_now() - self._keep_published
        async with asyncio.timeout(_DATABASE_SECONDS), self.database.connect(write=False) as connection:
            query = select(OUTBOX.c.seq, OUTBOX.c.published_at).order_by(OUTBOX.c.seq).limit(_PRUNE_ROWS)
            rows = (await connection.execute(query)).all()
        old = [row.seq for row in rows if row.published_at is not None and row.published_at < before]
        if old:
            async with asyncio.timeout(_DATABASE_SECONDS), self.database.connect() as connection, connection.begin():
                await connection.execute(delete(OUTBOX).where(among(connection, OUTBOX.c.seq, old)))
        return len(old)


class _RestingKeys:
    """Keys that failed and are left alone for a moment, while others flow."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def keys(self) -> list[str]:
        now = monotonic()
        self._until = {key: until for key, until in self._until.items() if until > now}
        return sorted(self._until)

    def seconds_to_next(self) -> float:
        return max(0.0, min(self._until.values(), default=float("inf")) - monotonic())

    def add(self, failures: Mapping[str, SendFailed]) -> None:
        for key, failure in failures.items():
            refused = isinstance(failure, RecordTooLarge)
            self._until[key] = monotonic() + (_REST_SECONDS_REFUSED if refused else _REST_SECONDS)

    def wake(self) -> None:
        self._until.clear()


async def outbox_age_seconds(database: Database) -> float:
    """Give the age of the oldest event that is not on the bus yet; 0 when there is none."""
    oldest = select(OUTBOX.c.created_at).where(OUTBOX.c.published_at.is_(None)).order_by(OUTBOX.c.seq).limit(1)
    async with database.connect(write=False) as connection:
        created_at = (await connection.execute(oldest)).scalar_one_or_none()
    return 0.0 if created_at is None else max(0.0, (machine_now() - created_at).total_seconds())


async def outbox_depth(database: Database) -> int:
    """Give the number of events that are not on the bus yet."""
    query = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.published_at.is_(None))
    async with database.connect(write=False) as connection:
        depth: int = (await connection.execute(query)).scalar_one()
    return depth
