"""One worker per service leads, and alone does what must be single: relay, timers, sealing.

On PostgreSQL the leader holds an advisory lock in a session of its own, which the server frees when the session ends;
on SQLite a file lock beside the database, which the system frees when the process ends. Either way the next worker
takes over by itself. A leader that cannot see its lock any more lays its duties down at once.

The session must reach the server directly or through a pooler in session mode: in transaction mode a session lock
belongs to nobody.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.database.engine import KEEPALIVE_SETTINGS, Database
from shared.file_lock import FileLock

RETRY_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 2.0
"""How long the lock's session may take to answer; with CHECK_SECONDS it bounds how long a cut-off leader goes on."""

_SESSION_SETTINGS: Final = {
    "application_name": "peibu leader",
    **KEEPALIVE_SETTINGS,  # a cut-off leader is dead to the server later than it notices itself
}

_log = structlog.get_logger(__name__)


class Term:
    """The time during which this worker leads; `lost` is set when it ends against its will."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    @property
    def holds(self) -> bool:
        """Say whether this worker still leads, as far as it knows."""
        return not self.lost.is_set()


class _Lock(Protocol):
    async def try_take(self) -> bool:
        """Take the lock if nobody holds it; raise when that cannot be known."""

    async def still_held(self) -> bool:
        """Say whether the lock taken is still held."""

    async def release(self) -> None:
        """Give the lock back, as well as can be."""


class Leader:
    """Waits for the leadership of one database's service, holds it and notices its loss."""

    def __init__(
        self, database: Database, *, retry_seconds: float = RETRY_SECONDS, check_seconds: float = CHECK_SECONDS
    ) -> None:
        self._database = database
        self._retry_seconds = retry_seconds
        self._check_seconds = check_seconds

    @asynccontextmanager
    async def lead(self, stop: asyncio.Event) -> AsyncIterator[Term | None]:
        """Wait until this worker leads and give its term, or None when `stop` came first."""
        lock = self._new_lock()
        term = Term()
        checking: asyncio.Task[None] | None = None
        try:
            if not await self._take(lock, stop):
                yield None
                return
            _log.info("leadership_taken", service=self._database.service)
            checking = asyncio.create_task(self._check(lock, term))
            yield term
        finally:
            if checking is not None:
                checking.cancel()
                with suppress(asyncio.CancelledError):
                    await checking
            await lock.release()

    def _new_lock(self) -> _Lock:
        if not self._database.is_sqlite:
            return _AdvisoryLock(self._database)
        file = self._database.engine.url.database
        return FileLock(Path(f"{file}.leader")) if file and file != ":memory:" else _NoLock()

    async def _take(self, lock: _Lock, stop: asyncio.Event) -> bool:
        while not stop.is_set():
            try:
                if await lock.try_take():
                    return True
            except Exception as error:  # the database is away: nobody leads, and everybody waits for it
                _log.warning("leadership_unknown", service=self._database.service, cause=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._retry_seconds)
        return False

    async def _check(self, lock: _Lock, term: Term) -> None:
        while True:
            await asyncio.sleep(self._check_seconds)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    held = await lock.still_held()
            except Exception as error:  # no answer is as bad as a wrong one
                _log.warning("leadership_unknown", service=self._database.service, cause=type(error).__name__)
                held = False
            if not held:
                _log.error("leadership_lost", service=self._database.service)
                term.lost.set()
                return


class _AdvisoryLock:
    """A PostgreSQL advisory lock, held by a connection outside every pool."""

    def __init__(self, database: Database) -> None:
        digest = hashlib.sha256(f"peibu leader {database.service}".encode()).digest()
        self._number = int.from_bytes(digest[:8], signed=True)
        self._engine: AsyncEngine = create_async_engine(
            database.engine.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # no transaction stays open while the lock is held
            connect_args={"server_settings": _SESSION_SETTINGS, "timeout": ANSWER_SECONDS},
        )
        self._connection: AsyncConnection | None = None

    async def try_take(self) -> bool:
        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                if self._connection is None:
                    self._connection = await self._engine.connect()
                answer = await self._connection.execute(
                    text("SELECT pg_try_advisory_lock(:number)"), {"number": self._number}
                )
                return bool(answer.scalar_one())
        except BaseException:
            await self.release()
            raise

    async def still_held(self) -> bool:
        """Ask the session anything: its lock lives exactly as long as it does."""
        if self._connection is None:
            return False
        answer: int = (await self._connection.execute(text("SELECT 1"))).scalar_one()
        return answer == 1

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(Exception):  # a session that does not answer is closed without its consent
            async with asyncio.timeout(ANSWER_SECONDS):
                await connection.invalidate()
                await connection.close()


class _NoLock:
    """For a database in memory, which no other worker can open."""

    async def try_take(self) -> bool:
        return True

    async def still_held(self) -> bool:
        return True

    async def release(self) -> None:
        return None
