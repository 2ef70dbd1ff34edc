"""What stands in the databases and on the topics, read without a line of the services' code and without HTTP.

SQLite files and the embedded log's file are read as files, PostgreSQL by plain SQL, Kafka by another client library
than the services use.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

SERVICES: Final = ("enrollment", "supervision", "assessment", "payment")
_BROKER_SECONDS: Final = 10.0

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One record where it stands; `event` is its JSON."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    event: Row

    @property
    def id(self) -> str:
        """Give the event's id."""
        return str(self.event["id"])

    @property
    def kind(self) -> str:
        """Give the event's name, for example `ClassOpened`."""
        return str(self.event["type"]).split(".")[-2]

    @property
    def aggregate(self) -> tuple[str, str, str]:
        """Give source, type and id of the aggregate whose version the event carries."""
        return str(self.event["source"]), str(self.event["aggregatetype"]), str(self.event["subject"])

    @property
    def version(self) -> int:
        """Give the aggregate's version."""
        return int(self.event["aggregateversion"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Every row of every table, by service and table, and every record of every topic in its order."""

    tables: Mapping[str, Mapping[str, Sequence[Row]]]
    places: Sequence[Place]

    def rows(self, service: str, table: str) -> Sequence[Row]:
        """Give a table's rows; an absent table is an error, for nothing would be compared."""
        return self.tables[service][table]

    def each(self, table: str) -> Iterator[tuple[str, Row]]:
        """Give the rows of a table that every service has, each with its service."""
        for service, tables in self.tables.items():
            for row in tables[table]:
                yield service, row

    def firsts(self) -> list[Place]:
        """Give every event where it stands first on its partition."""
        firsts: dict[str, Place] = {}
        for place in self.places:
            firsts.setdefault(place.id, place)
        return list(firsts.values())

    def facts(self, kind: str) -> list[Row]:
        """Give what the events of a kind (`ClassOpened`) say, each once."""
        return [place.event["data"] for place in self.firsts() if place.kind == kind]

    @property
    def redelivered(self) -> int:
        """Give how many records are repeats of an event that stands on its topic already."""
        return len(self.places) - len({place.id for place in self.places})


async def observe(databases: Mapping[str, str], log: Path | str) -> Observation:
    """Read the databases (SQLAlchemy URL by service) and the log: its SQLite file, or the brokers' address."""
    tables = {service: await _read_database(url) for service, url in databases.items()}
    places = await asyncio.to_thread(_read_file if isinstance(log, Path) else _read_broker, log)  # type: ignore[arg-type]
    return Observation(tables=tables, places=places)


async def observe_home(home: Path) -> Observation:
    """Read what an embedded system keeps under its home."""
    return await observe(
        {service: database_url(home, service) for service in SERVICES}, home / "events" / "log.sqlite3"
    )


def database_url(home: Path, service: str) -> str:
    """Give the SQLAlchemy URL of a service's SQLite database under a home."""
    return f"sqlite+aiosqlite:///{home / service}.sqlite"


def parsed(value: Any) -> Any:
    """Give what a JSON column holds; some drivers give it as text."""
    return json.loads(value) if isinstance(value, str) else value


async def _read_database(url: str) -> dict[str, list[Row]]:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await _read_tables(connection)
    finally:
        await engine.dispose()


async def _read_tables(connection: AsyncConnection) -> dict[str, list[Row]]:
    names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return {
        name: [dict(row) for row in (await connection.execute(text(f'SELECT * FROM "{name}"'))).mappings()]  # noqa: S608 - names from the catalogue
        for name in names
    }


def _read_file(file: Path) -> list[Place]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT topic, position, key, value FROM record ORDER BY topic, position")
        return [
            Place(topic=topic, partition=0, offset=offset, key=key, value=value, event=json.loads(value))
            for topic, offset, key, value in rows
        ]


def _read_broker(bootstrap: str) -> list[Place]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"oracle-{uuid4()}", "enable.auto.commit": False})
    try:
        topics = consumer.list_topics(timeout=_BROKER_SECONDS).topics
        ends: dict[tuple[str, int], int] = {}
        for name, topic in topics.items():
            for number in topic.partitions if name.startswith("peibu.") else ():
                _, end = consumer.get_watermark_offsets(TopicPartition(name, number), timeout=_BROKER_SECONDS)
                if end:
                    ends[name, number] = end
        consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in ends])
        places = list(_consume(consumer, ends))
    finally:
        consumer.close()
    return sorted(places, key=lambda place: (place.topic, place.partition, place.offset))


def _consume(consumer: Consumer, ends: dict[tuple[str, int], int]) -> Iterator[Place]:
    """Give the records up to these ends; the last offsets are all records, for nothing here is transactional."""
    waiting = dict(ends)
    while waiting:
        message = consumer.poll(_BROKER_SECONDS)
        if message is None or message.error() is not None:
            raise TimeoutError(f"the broker gave no further record; waiting for {waiting}")
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None
        value = message.value() or b""
        yield Place(
            topic=topic,
            partition=partition,
            offset=offset,
            key=(message.key() or b"").decode(),
            value=value,
            event=json.loads(value),
        )
        if offset + 1 >= waiting.get((topic, partition), 0):
            waiting.pop((topic, partition), None)
