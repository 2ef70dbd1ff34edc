"""Databases of both kinds holding the shared tables, for the tests of storage."""

from collections.abc import AsyncIterator

import pytest

from shared.clock import LegalClock
from shared.database.engine import Database, open_database
from shared.database.migrate import migrate
from tests.servers import FreshDatabases


async def _migrate_shared(url: str) -> None:
    await migrate("shared", url)


@pytest.fixture
async def database_url(databases: FreshDatabases) -> str:
    """Give the URL of a database holding the shared tables."""
    return await databases.cloned("shared", _migrate_shared)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open a database holding the shared tables."""
    opened = open_database("shared", database_url, clock=LegalClock())
    yield opened
    await opened.close()
