"""Enrollment's database of both kinds, and a desk at which parties act in it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from shared.clock import LegalClock
from shared.database.engine import Database, open_database
from shared.database.migrate import migrate
from tests.enrollment.clients import Clients, wired
from tests.enrollment.desk import Desk
from tests.servers import FreshDatabases


@pytest.fixture
async def database(databases: FreshDatabases) -> AsyncIterator[Database]:
    """Open a migrated database of enrollment, once of each kind."""
    url = await databases.cloned("enrollment", partial(migrate, "enrollment"))
    opened = open_database("enrollment", url, clock=LegalClock())
    yield opened
    await opened.close()


@pytest.fixture
async def desk(database: Database) -> Desk:
    """Give a desk where a listed school with three teachers and a workshop stands already."""
    desk = Desk(database)
    await desk.furnish()
    return desk


@pytest.fixture
async def clients(databases: FreshDatabases, tmp_path: Path) -> AsyncIterator[Clients]:
    """Give clients of a wired enrollment in which a listed school stands."""
    url = await databases.cloned("enrollment", partial(migrate, "enrollment"))
    async with wired(tmp_path, url) as wiring:
        clients = Clients(wiring)
        await clients.furnish()
        yield clients
