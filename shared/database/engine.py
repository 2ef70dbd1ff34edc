"""One database of one service, on SQLite or PostgreSQL, with the same guarantees.

SQLite lost updates until every writing transaction began with BEGIN IMMEDIATE; here that is set by event, and one
writer at a time waits behind a lock of the process instead of spinning on SQLITE_BUSY.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.clock import LegalClock

_READ_ONLY: Final = "peibu_read_only"

KEEPALIVE_SETTINGS: Final = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
"""A session behind a broken network is dead to the server after 5 + 3 x 2 s, and its locks are free."""

_SESSION_SETTINGS: Final = {
    "lock_timeout": "5000",
    "timezone": "UTC",
    # Whoever waited for a lock must see what its holder committed, whatever the server's own default is.
    "default_transaction_isolation": "read committed",
    **KEEPALIVE_SETTINGS,
}


@dataclass(eq=False)
class Database:
    """An open database: engine, the service it belongs to, its legal clock and what wakes its relay and timers."""

    service: str
    engine: AsyncEngine
    clock: LegalClock
    sandbox: bool = False
    outbox_written: asyncio.Event = field(default_factory=asyncio.Event)
    timers_changed: asyncio.Event = field(default_factory=asyncio.Event)
    changes_written: asyncio.Event = field(default_factory=asyncio.Event)
    _writer: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_sqlite(self) -> bool:
        """Say whether this is the embedded default."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def connect(self, *, write: bool = True) -> AsyncIterator[AsyncConnection]:
        """Open a connection whose transaction begins as a writer's or a reader's; nothing is committed here."""
        if self.is_sqlite and write:
            async with self._writer, self.engine.connect() as connection:
                yield connection
            return
        async with self.engine.connect() as connection:
            if not write:
                await connection.execution_options(**{_READ_ONLY: True})
            yield connection

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()


def open_database(service: str, url: str, *, clock: LegalClock, sandbox: bool = False) -> Database:
    """Open a service's database by SQLAlchemy URL (`sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`)."""
    parsed = make_url(url)
    # hide_parameters: what a statement carries may be personal, and an error's text is printed in many places.
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_async_engine(parsed, connect_args={"timeout": 5}, hide_parameters=True)
        _prepare_sqlite(engine)
    else:
        engine = create_async_engine(
            parsed,
            pool_size=10,
            max_overflow=10,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args={"server_settings": _SESSION_SETTINGS, "timeout": 5},
            hide_parameters=True,
        )
    return Database(service=service, engine=engine, clock=clock, sandbox=sandbox)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
