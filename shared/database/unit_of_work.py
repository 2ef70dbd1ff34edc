"""One transaction: aggregate rows, outbox, inbox, timers and audit stand or fall together."""

from collections.abc import Mapping
from datetime import date, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from shared import failpoints
from shared.audit.tables import AUDIT_ENTRY
from shared.clock import legal_day, machine_now
from shared.contracts.contract import Contract
from shared.database.deployment import read_offset
from shared.database.engine import Database
from shared.database.upsert import upsert
from shared.domain.actor import Actor
from shared.messaging.outbox import add_to_outbox
from shared.policy.decision import TraceValue
from shared.timers.tables import TIMER


class UnitOfWork:
    """What a use-case works in; services add their repositories in a subclass.

    `now` is the legal instant (UTC) of the act, `today` its legal day, `actor` who acts. Nothing lasts until
    `commit`; leaving without it rolls everything back. Use-cases never commit: the HTTP dependency, the consumer and
    the timer runner do.
    """

    connection: AsyncConnection
    now: datetime

    def __init__(self, database: Database, *, actor: Actor, now: datetime | None = None, write: bool = True) -> None:
        self.database = database
        self.actor = actor
        self._given_now = now
        self._write = write
        self._published = False
        self._scheduled = False

    async def __aenter__(self) -> Self:
        self._connecting = self.database.connect(write=self._write)
        self.connection = await self._connecting.__aenter__()
        try:
            await self._begin()
        except BaseException as error:
            # Python calls no __aexit__ here; on SQLite the writers' lock would stay taken for ever.
            await self._connecting.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def _begin(self) -> None:
        self._transaction: AsyncTransaction = await self.connection.begin()
        if self.database.sandbox:
            self.database.clock.set_offset(await read_offset(self.connection))
        self.now = self._given_now or self.database.clock.legal_now()
        self.open_repositories()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._transaction.is_active:
                await self._transaction.rollback()
        finally:
            await self._connecting.__aexit__(kind, error, trace)

    def open_repositories(self) -> None:
        """Build the service's repositories on the open connection; overridden by each service."""

    @property
    def today(self) -> date:
        """Give the legal day (Asia/Shanghai) of the act."""
        return legal_day(self.now)

    async def commit(self) -> None:
        """Make everything last, then wake the relay and the timer runner of this process."""
        if not self._write:
            raise RuntimeError("a unit of work opened with write=False commits nothing")
        failpoints.hit(failpoints.BEFORE_COMMIT)
        await self._transaction.commit()
        failpoints.hit(failpoints.AFTER_COMMIT)
        if self._published:
            self.database.outbox_written.set()
        if self._scheduled:
            self.database.timers_changed.set()

    async def publish(self, fact: Contract) -> int:
        """Bump the aggregate's version, put the event into the outbox and give the version."""
        self._published = True
        return await add_to_outbox(self.connection, fact, occurred_at=self.now, region_of=self.region_of)

    async def region_of(self, fact: Contract) -> str | None:
        """Give the region of what an event is about, asked when its aggregate's is unknown; services override it."""
        return None

    async def schedule(self, *, due: datetime, kind: str, key: str) -> None:
        """Let the service's leader fire the use-case `kind` for `key` at the legal instant `due`; again moves it."""
        self._scheduled = True
        values = {"kind": kind, "key": key, "due": due, "attempts": 0, "retry_at": None, "last_error": None}
        await self.connection.execute(upsert(self.connection, TIMER, values))

    async def unschedule(self, *, kind: str, key: str) -> None:
        """Forget a timer, if it still stands."""
        await self.connection.execute(delete(TIMER).where(TIMER.c.kind == kind, TIMER.c.key == key))

    async def audit(self, *, action: str, subject: str, details: Mapping[str, TraceValue] | None = None) -> None:
        """Record who did what to what; `details` are codes and counts, never personal data."""
        await self.connection.execute(
            insert(AUDIT_ENTRY).values(
                recorded_at=machine_now(),
                legal_at=self.now,
                actor=self.actor.subject,
                organisation=self.actor.organisation,
                action=action,
                subject=subject,
                details=dict(details or {}),
            )
        )
