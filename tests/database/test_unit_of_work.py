import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Dialect, event, func, insert, select, text, update
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg as PostgresqlDialect
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite as SqliteDialect
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.audit.tables import AUDIT_ENTRY, AUDIT_PENDING
from shared.clock import LegalClock, machine_now
from shared.contracts.clock import ClockMoved
from shared.database.engine import Database, open_database
from shared.database.metadata import Instant
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.messaging.tables import AGGREGATE_VERSION, OUTBOX
from shared.timers.tables import TIMER
from tests.servers import FreshDatabases

SIX = datetime(2021, 9, 13, 6, 0, tzinfo=UTC)
TABLES = (OUTBOX, AGGREGATE_VERSION, TIMER, AUDIT_ENTRY, AUDIT_PENDING)


def unit(database: Database, *, write: bool = True) -> UnitOfWork:
    return UnitOfWork(database, actor=SYSTEM, now=SIX, write=write)


async def act(uow: UnitOfWork) -> None:
    """Leave something in every table that a use-case can reach."""
    await uow.publish(ClockMoved(clock_id="sandbox", offset_seconds=1))
    await uow.schedule(due=SIX, kind="open", key="class-1")
    await uow.audit(action="class.open", subject="class-1")


async def counts(database: Database) -> list[int]:
    async with database.connect(write=False) as connection:
        return [(await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in TABLES]


async def test_what_is_committed_lasts_and_wakes_relay_and_timers(database: Database) -> None:
    async with unit(database) as uow:
        await act(uow)
        assert not database.outbox_written.is_set()
        assert not database.timers_changed.is_set()
        await uow.commit()
    assert await counts(database) == [1, 1, 1, 1, 1]
    assert database.outbox_written.is_set()
    assert database.timers_changed.is_set()


async def test_leaving_without_a_commit_leaves_nothing(database: Database) -> None:
    async with unit(database) as uow:
        await act(uow)
    assert await counts(database) == [0, 0, 0, 0, 0]
    assert not database.outbox_written.is_set()


async def test_an_error_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with unit(database) as uow:
            await act(uow)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_a_statement_refused_by_the_database_leaves_nothing_of_those_before_it(database: Database) -> None:
    async def repeat_a_timer() -> None:
        async with unit(database) as uow:
            await act(uow)
            await uow.connection.execute(insert(TIMER).values(kind="open", key="class-1", due=SIX))

    with pytest.raises(DBAPIError):
        await repeat_a_timer()
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_what_a_database_refuses_is_not_repeated_in_the_error(database: Database) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with unit(database) as uow:
            await uow.connection.execute(insert(TIMER).values(kind=None, key="13900000000", due=SIX))
    assert "13900000000" not in str(refused.value).split("DETAIL")[0]


async def test_a_cancelled_use_case_leaves_nothing_and_frees_the_writer(database: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with unit(database) as uow:
            await act(uow)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await counts(database) == [0, 0, 0, 0, 0]
    async with asyncio.timeout(2), unit(database) as uow:
        await act(uow)
        await uow.commit()
    assert await counts(database) == [1, 1, 1, 1, 1]


async def test_a_transaction_that_cannot_begin_frees_the_writer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: UnitOfWork) -> None:
        raise LookupError

    monkeypatch.setattr(UnitOfWork, "open_repositories", fail)
    kept = [unit(database) for _ in range(30)]  # more than the pool has connections, and held as a traceback would
    for uow in kept:
        with pytest.raises(LookupError):
            async with asyncio.timeout(2), uow:
                pass
    monkeypatch.undo()
    async with asyncio.timeout(2), unit(database) as uow:
        await act(uow)
        await uow.commit()
    assert await counts(database) == [1, 1, 1, 1, 1]


async def test_what_a_reader_writes_never_lasts(database: Database) -> None:
    async def write() -> None:
        async with unit(database, write=False) as uow:
            await act(uow)
            await uow.commit()

    with pytest.raises(RuntimeError, match="commits nothing"):
        await write()
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with unit(database) as uow:
        await act(uow)
        async with asyncio.timeout(2):
            assert await counts(database) == [0, 0, 0, 0, 0]


async def test_twenty_publishers_on_one_aggregate_give_versions_without_a_gap_in_the_order_of_the_outbox(
    database: Database,
) -> None:
    async def publish(number: int) -> int:
        async with unit(database) as uow:
            version = await uow.publish(ClockMoved(clock_id="sandbox", offset_seconds=number))
            await asyncio.sleep(0)
            await uow.commit()
            return version

    versions = await asyncio.gather(*(publish(number) for number in range(20)))
    assert sorted(versions) == list(range(1, 21))
    async with database.connect(write=False) as connection:
        payloads = (await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.seq))).scalars()
        assert [json.loads(payload)["aggregateversion"] for payload in payloads] == list(range(1, 21))


async def test_a_version_that_was_rolled_back_is_given_again(database: Database) -> None:
    async with unit(database) as uow:
        assert await uow.publish(ClockMoved(clock_id="sandbox", offset_seconds=1)) == 1
    async with unit(database) as uow:
        assert await uow.publish(ClockMoved(clock_id="sandbox", offset_seconds=1)) == 1
        assert await uow.publish(ClockMoved(clock_id="other", offset_seconds=1)) == 1
        assert await uow.publish(ClockMoved(clock_id="sandbox", offset_seconds=2)) == 2


async def increment(database: Database, times: int, *, lock: bool) -> int:
    """Read, think, write: the pattern that loses updates; give how often the database refused."""
    refused = 0
    row = select(TIMER.c.attempts).where(TIMER.c.kind == "open")
    for _ in range(times):
        try:
            async with unit(database) as uow:
                attempts = (await uow.connection.execute(row.with_for_update() if lock else row)).scalar_one()
                await asyncio.sleep(0)
                await uow.connection.execute(update(TIMER).values(attempts=attempts + 1))
                await uow.commit()
        except OperationalError:
            refused += 1
    return refused


async def counted(*opened: Database, lock: bool = True) -> tuple[int, int]:
    """Let ten tasks on each open database count to ten; give the count reached and how often one was refused."""
    async with unit(opened[0]) as uow:
        await uow.schedule(due=SIX, kind="open", key="counter")
        await uow.commit()
    refused = await asyncio.gather(*(increment(one, 10, lock=lock) for one in opened for _ in range(10)))
    async with opened[0].connect(write=False) as connection:
        return (await connection.execute(select(TIMER.c.attempts))).scalar_one(), sum(refused)


async def test_a_commit_waits_for_the_disk_and_references_are_checked(
    databases: FreshDatabases, database: Database
) -> None:
    if databases.kind == "sqlite":
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5_000}
    else:
        wanted = {"synchronous_commit": "on", "lock_timeout": "5s", "transaction_isolation": "read committed"}
    ask = "PRAGMA" if databases.kind == "sqlite" else "SHOW"
    async with database.connect() as connection:
        found = {name: (await connection.exec_driver_sql(f"{ask} {name}")).scalar_one() for name in wanted}
    assert found == wanted


async def test_whatever_a_servers_default_a_statement_sees_what_was_committed_before_it(
    databases: FreshDatabases, database_url: str, database: Database
) -> None:
    """Whoever waited for a lock must see what its holder committed, or decides on what was true before."""
    if databases.kind == "sqlite":
        return  # who writes there has waited for the lock before the transaction began
    async with database.connect() as connection, connection.begin():
        name = (await connection.execute(text("SELECT current_database()"))).scalar_one()
        await connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'"))
    other = open_database("shared", database_url, clock=LegalClock())
    try:
        async with other.connect() as waiting, waiting.begin():
            rows = select(func.count()).select_from(TIMER)
            assert (await waiting.execute(rows)).scalar_one() == 0
            async with unit(database) as uow:
                await act(uow)
                await uow.commit()
            assert (await waiting.execute(rows)).scalar_one() == 1
    finally:
        await other.close()


async def test_a_session_behind_a_broken_network_does_not_keep_its_locks_for_hours(
    databases: FreshDatabases, database: Database
) -> None:
    """Through a socket the server ignores the values; that they were asked for shows all the same."""
    if databases.kind == "postgresql":
        query = "SELECT name FROM pg_settings WHERE name LIKE 'tcp_keepalives_%' AND source = 'client' ORDER BY name"
        async with database.connect(write=False) as connection:
            asked = list((await connection.execute(text(query))).scalars())
        assert asked == ["tcp_keepalives_count", "tcp_keepalives_idle", "tcp_keepalives_interval"]


@asynccontextmanager
async def two_processes(open_one: Callable[[], Database]) -> AsyncIterator[list[Database]]:
    """Open a database twice, each with a writers' lock of its own, as two processes would."""
    opened = [open_one(), open_one()]
    yield opened
    for one in opened:
        await one.close()


async def test_no_update_is_lost_among_twenty_writers_of_two_processes(database_url: str) -> None:
    async with two_processes(lambda: open_database("shared", database_url, clock=LegalClock())) as opened:
        assert await counted(*opened) == (200, 0)


def opened_without_care(url: str, begin: str | None) -> Database:
    """Open a database as SQLAlchemy does by default, or with a BEGIN of our own."""
    engine = create_async_engine(url)
    if begin is not None:

        @event.listens_for(engine.sync_engine, "connect")
        def on_connect(connection: Any, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine.sync_engine, "begin")
        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return Database(service="shared", engine=engine, clock=LegalClock())


async def test_by_default_updates_are_lost(database_url: str) -> None:
    """The control arm: without BEGIN IMMEDIATE (SQLite) or a row lock (PostgreSQL) nobody even notices."""
    async with two_processes(lambda: opened_without_care(database_url, None)) as opened:
        count, refused = await counted(*opened, lock=False)
    assert count + refused < 200


async def test_a_plain_begin_makes_sqlite_refuse_updates(databases: FreshDatabases, database_url: str) -> None:
    """The other control arm: in WAL a reader that turns writer behind another's back is refused at once."""
    if databases.kind == "sqlite":
        async with two_processes(lambda: opened_without_care(database_url, "BEGIN")) as opened:
            count, refused = await counted(*opened)
        assert refused > 0
        assert count + refused == 200


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.timezones(), allow_imaginary=False))  # noqa: DTZ001
def test_an_instant_comes_back_as_it_went_in(moment: datetime) -> None:
    dialects: list[Dialect] = [SqliteDialect(), PostgresqlDialect()]  # type: ignore[no-untyped-call]
    for dialect in dialects:
        stored = Instant().process_bind_param(moment, dialect)
        back = Instant().process_result_value(stored, dialect)
        assert back is not None
        assert back == moment.astimezone(UTC)
        assert back.utcoffset() == timedelta(0)


async def test_the_database_keeps_an_instant_of_any_zone_to_the_microsecond(database: Database) -> None:
    moment = datetime(2021, 9, 13, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=8)))
    async with unit(database) as uow:
        await uow.schedule(due=moment, kind="open", key="class-1")
        assert (await uow.connection.execute(select(TIMER.c.due))).scalar_one() == moment
        earlier = select(TIMER.c.key).where(TIMER.c.due < moment + timedelta(microseconds=1))
        assert (await uow.connection.execute(earlier)).scalar_one() == "class-1"


async def test_a_naive_datetime_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with unit(database) as uow:
            await uow.schedule(due=SIX.replace(tzinfo=None), kind="open", key="class-1")
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_the_moment_of_an_act_is_the_legal_one_and_its_day_is_shanghais(database: Database) -> None:
    late = datetime(2021, 9, 13, 16, 30, tzinfo=UTC)
    async with UnitOfWork(database, actor=SYSTEM, now=late) as uow:
        assert uow.today.isoformat() == "2021-09-14"
        await uow.audit(action="x", subject="y")
        row = (await uow.connection.execute(select(AUDIT_ENTRY))).one()
        assert row.legal_at == late
        assert abs(row.recorded_at - machine_now()) < timedelta(minutes=1)
    async with UnitOfWork(database, actor=SYSTEM) as uow:
        assert abs(uow.now - machine_now()) < timedelta(minutes=1)
