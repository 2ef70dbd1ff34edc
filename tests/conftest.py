"""Fixtures of every suite: real servers, started once when the first test asks, and fresh databases of both kinds."""

from collections.abc import Iterator

import pytest

from deploy.kafka import KafkaBroker
from deploy.postgres import PostgresServer
from tests.journey.stages import STAGES, Embedded, RealFleet, Stage
from tests.servers import (
    DatabaseServer,
    FreshDatabases,
    PostgresDatabases,
    SqliteFolder,
    temporary_kafka,
    temporary_postgres,
)

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the long runs."""
    parser.addoption("--kill-all", action="store_true", help="kill every process at every step of the journey")
    parser.addoption("--fuzz-requests", type=int, default=20_000, help="how many generated requests the services get")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a real server, so that `-m` can choose by it; earlier than `-m` itself."""
    for item in items:
        for fixture, mark in (("postgres_server", "postgres"), ("kafka_broker", "kafka")):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Give the session's PostgreSQL (one for each test worker)."""
    with temporary_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Give the session's Kafka: make topics of your own; to stop, kill or freeze it ask for `breakable_kafka`."""
    with temporary_kafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def breakable_kafka(kafka_broker: KafkaBroker) -> Iterator[KafkaBroker]:
    """Give the session's Kafka to a test that breaks it; afterwards it is running again whatever happened."""
    yield kafka_broker
    kafka_broker.thaw()
    kafka_broker.start()


@pytest.fixture(scope="session")
def _database_servers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DatabaseServer]:
    return {"sqlite": SqliteFolder(tmp_path_factory.mktemp("sqlite"))}


@pytest.fixture(params=KINDS)
def databases(request: pytest.FixtureRequest, _database_servers: dict[str, DatabaseServer]) -> Iterator[FreshDatabases]:
    """Give what makes fresh databases, once with SQLite and once with PostgreSQL."""
    if request.param not in _database_servers:
        _database_servers[request.param] = PostgresDatabases(request.getfixturevalue("postgres_server"))
    fresh = FreshDatabases(request.param, _database_servers[request.param])
    yield fresh
    fresh.drop_all()


@pytest.fixture
def empty_database_url(databases: FreshDatabases) -> str:
    """Give the SQLAlchemy URL of an empty database, once of each kind."""
    return databases.empty()


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give each kind of system, running; a module's own, because legal time only goes on and its ledger is compared."""
    home = tmp_path_factory.mktemp(request.param)
    with Embedded(home) if request.param == "embedded" else RealFleet(home) as running:
        yield running
