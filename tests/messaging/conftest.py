"""Databases with the messaging tables and the little world's, and both kinds of bus."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.kafka import KafkaBroker
from shared.clock import LegalClock, monotonic
from shared.database.engine import Database, open_database
from shared.database.metadata import SHARED
from shared.messaging import tables as _tables  # noqa: F401 - registers the tables
from shared.messaging.bus import Bus, BusError
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.kafka import KafkaBus
from shared.messaging.kafka_settings import KafkaSettings
from shared.worker import Flow, drained
from tests.messaging.events import ENROLLMENT, METADATA, SUPERVISION
from tests.servers import FreshDatabases

BROKER_SECONDS = 30.0


def kafka_settings(broker: KafkaBroker) -> KafkaSettings:
    """Give settings whose deadlines suit tests."""
    return KafkaSettings(
        bootstrap=broker.bootstrap, send_seconds=5, request_seconds=2, session_seconds=2, stop_seconds=3
    )


async def fill(url: str) -> None:
    """Create the tables."""
    database = open_database("test", url, clock=LegalClock())
    async with database.connect() as connection, connection.begin():
        await connection.run_sync(SHARED.create_all)
        await connection.run_sync(METADATA.create_all)
    await database.close()


@pytest.fixture
async def database_url(databases: FreshDatabases) -> str:
    """Give a database with every table, once of each kind."""
    return await databases.cloned("messaging", fill)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give it opened."""
    opened = open_database("test", database_url, clock=LegalClock())
    yield opened
    await opened.close()


@pytest.fixture
async def embedded_bus(tmp_path: Path) -> AsyncIterator[EmbeddedBus]:
    """Give an embedded log with the little world's topics."""
    bus = EmbeddedBus(tmp_path / "events")
    await bus.ensure_topics([ENROLLMENT, SUPERVISION])
    yield bus
    await bus.close()


@pytest.fixture
async def kafka_bus(kafka_broker: KafkaBroker) -> AsyncIterator[KafkaBus]:
    """Give a real Kafka with the little world's topics."""
    bus = KafkaBus(kafka_settings(kafka_broker))
    async with asyncio.timeout(BROKER_SECONDS):
        while True:  # as a worker does: another test may just have thawed the broker
            try:
                await bus.ensure_topics([ENROLLMENT, SUPERVISION])
                break
            except BusError:
                await asyncio.sleep(0.1)
    yield bus
    await bus.close()


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def bus(request: pytest.FixtureRequest) -> Bus:
    """Give each kind of bus: what holds for one holds for the other."""
    found: Bus = request.getfixturevalue(f"{request.param}_bus")
    return found


@pytest.fixture
async def topic(bus: Bus) -> str:
    """Give a topic that no other test uses."""
    name = f"test.{uuid4().hex}"
    await bus.ensure_topics([name])
    return name


async def at_rest(bus: Bus, flow: Flow) -> bool:
    """Say whether no event is on its way; a broker that is young, busy or away gives no answer, which is no yes."""
    try:
        return await drained(bus, [flow])
    except BusError:
        return False


async def eventually(condition: Callable[[], Awaitable[bool]], *, seconds: float = 40.0) -> None:
    """Return when the condition holds; fail when it does not in time."""
    deadline = monotonic() + seconds
    while not await condition():
        assert monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)
