"""One worker leads; the next takes over when it dies, and a leader that lost its lock knows."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.clock import LegalClock
from shared.database.engine import Database, open_database
from shared.database.leader import Leader, Term


def leader_of(database: Database) -> Leader:
    """Give a leader that looks often."""
    return Leader(database, retry_seconds=0.05, check_seconds=0.1)


@asynccontextmanager
async def waiting(database: Database) -> AsyncIterator["asyncio.Future[Term]"]:
    """Let a second worker wait for the leadership; the future is its term."""
    stop = asyncio.Event()
    begun: asyncio.Future[Term] = asyncio.get_running_loop().create_future()

    async def lead() -> None:
        async with leader_of(database).lead(stop) as term:
            if term is not None:
                begun.set_result(term)
                await stop.wait()

    task = asyncio.create_task(lead())
    try:
        yield begun
    finally:
        stop.set()
        await task
        if not begun.done():
            begun.cancel()


async def test_the_second_waits_and_takes_over_when_the_first_lays_down(database: Database) -> None:
    async with leader_of(database).lead(asyncio.Event()) as term:
        assert term is not None
        async with waiting(database) as second:
            await asyncio.sleep(0.3)
            assert not second.done()
            assert term.holds
    async with waiting(database) as second:
        await asyncio.wait_for(second, 5)


async def test_another_services_leader_is_not_waited_for(database: Database) -> None:
    other = Database(service="other", engine=database.engine, clock=database.clock)
    if database.is_sqlite:
        return  # a file holds one service's database
    async with leader_of(database).lead(asyncio.Event()), leader_of(other).lead(asyncio.Event()) as term:
        assert term is not None


async def test_who_waits_is_free_to_go(database: Database) -> None:
    stop = asyncio.Event()
    async with leader_of(database).lead(asyncio.Event()):
        asyncio.get_running_loop().call_later(0.2, stop.set)
        async with asyncio.timeout(5), leader_of(database).lead(stop) as term:
            assert term is None


@pytest.mark.kill
async def test_a_killed_leader_is_followed_by_the_next(database: Database, database_url: str) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.messaging.leading", database_url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(30):
            while await child.stdout.readline() != b"leading\n":  # its log comes on the same stream
                pass
        async with waiting(database) as second:
            await asyncio.sleep(0.2)
            assert not second.done()
            child.kill()
            await asyncio.wait_for(second, 5)
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def test_a_leader_whose_lock_is_gone_knows_it_at_once(database: Database) -> None:
    async with leader_of(database).lead(asyncio.Event()) as term:
        assert term is not None
        if database.is_sqlite:
            await asyncio.to_thread(Path(f"{database.engine.url.database}.leader").unlink)
        else:
            async with database.connect(write=False) as connection:
                await connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE application_name = 'peibu leader' AND datname = current_database()"
                    )
                )
        await asyncio.wait_for(term.lost.wait(), 5)
        async with waiting(database) as second:
            await asyncio.wait_for(second, 5)


async def test_nobody_leads_while_the_database_is_away() -> None:
    database = open_database("test", "postgresql+asyncpg://nobody@/nowhere?host=/nonexistent", clock=LegalClock())
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, stop.set)
    async with asyncio.timeout(5), leader_of(database).lead(stop) as term:
        assert term is None
    await database.close()


async def test_a_database_in_memory_needs_no_lock() -> None:
    database = open_database("test", "sqlite+aiosqlite:///:memory:", clock=LegalClock())
    async with leader_of(database).lead(asyncio.Event()) as term:
        assert term is not None
    await database.close()
