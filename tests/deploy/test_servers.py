"""The databases the suites get: fresh, of both kinds, copied from a template that is filled once."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.servers import FreshDatabases


async def execute(url: str, statement: str) -> list[str]:
    """Run one statement in a transaction of its own and give the first column."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            result = await connection.execute(text(statement))
            return [str(value) for value in result.scalars()] if result.returns_rows else []
    finally:
        await engine.dispose()


async def test_an_empty_database_is_of_the_kind_it_says_and_holds_nothing(databases: FreshDatabases) -> None:
    url = databases.empty()
    assert url.startswith(databases.kind)
    await execute(url, "CREATE TABLE person (id text)")
    assert await execute(url, "SELECT id FROM person") == []


async def test_a_copy_holds_the_template_and_shares_nothing_with_another_copy(databases: FreshDatabases) -> None:
    prepared: list[str] = []

    async def prepare(url: str) -> None:
        prepared.append(url)
        await execute(url, "CREATE TABLE rule (id text PRIMARY KEY)")
        await execute(url, "INSERT INTO rule VALUES ('JY-ENR-01')")

    first = await databases.cloned("two_copies", prepare)
    second = await databases.cloned("two_copies", prepare)
    await execute(first, "INSERT INTO rule VALUES ('JY-ENR-02')")
    assert await execute(second, "SELECT id FROM rule") == ["JY-ENR-01"]
    assert len(prepared) == 1


async def test_a_template_that_could_not_be_filled_is_filled_again(databases: FreshDatabases) -> None:
    async def fail(url: str) -> None:
        await execute(url, "CREATE TABLE half_made (id text)")
        raise RuntimeError("half-made")

    async def prepare(url: str) -> None:
        await execute(url, "CREATE TABLE rule (id text)")

    with pytest.raises(RuntimeError, match="half-made"):
        await databases.cloned("second_try", fail)
    assert await execute(await databases.cloned("second_try", prepare), "SELECT id FROM rule") == []
