from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from shared.clock import LegalClock, machine_now
from shared.database.deployment import WrongDeployment, pin_deployment, read_offset, store_offset
from shared.database.engine import Database, open_database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM

Start = Callable[..., Awaitable[Database]]


@pytest.fixture
async def start(database_url: str) -> AsyncIterator[Start]:
    """Start processes on one database, as sandbox or for real."""
    opened: list[Database] = []

    async def start_one(*, sandbox: bool, days: int = 0) -> Database:
        opened.append(open_database("shared", database_url, clock=LegalClock(), sandbox=sandbox))
        await pin_deployment(opened[-1], initial_offset=timedelta(days=days))
        return opened[-1]

    yield start_one
    for database in opened:
        await database.close()


@pytest.mark.parametrize("first", [True, False])
async def test_a_database_stays_what_it_was_first_used_for(start: Start, first: bool) -> None:
    await start(sandbox=first)
    await start(sandbox=first)
    with pytest.raises(WrongDeployment, match="a sandbox" if first else "real use"):
        await start(sandbox=not first)


async def test_a_sandbox_begins_at_its_offset_and_keeps_it_over_restarts(start: Start) -> None:
    assert (await start(sandbox=True, days=-365)).clock.offset == timedelta(days=-365)
    assert (await start(sandbox=True, days=7)).clock.offset == timedelta(days=-365)


async def test_a_sandbox_clock_moves_only_forward_and_every_process_follows(start: Start) -> None:
    moving, other = await start(sandbox=True), await start(sandbox=True)
    for days, expected in ((3, 3), (2, 3), (5, 5)):
        async with moving.connect() as connection, connection.begin():
            await store_offset(connection, timedelta(days=days))
        async with UnitOfWork(other, actor=SYSTEM) as uow:
            assert abs(uow.now - machine_now() - timedelta(days=expected)) < timedelta(minutes=1)


async def test_real_legal_time_never_moves(start: Start) -> None:
    database = await start(sandbox=False, days=3)
    assert database.clock.offset == timedelta(0)
    async with database.connect() as connection, connection.begin():
        await store_offset(connection, timedelta(days=1))
        assert await read_offset(connection) == timedelta(0)
