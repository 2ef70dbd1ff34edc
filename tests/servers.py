"""Real servers and fresh databases for every suite.

A missing PostgreSQL, Java or Maven is an error that says what to install, never a skip.
"""

import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

from deploy.kafka import KafkaBroker
from deploy.postgres import PostgresServer

Prepare = Callable[[str], Awaitable[object]]
"""Fills an empty database, given its URL, and leaves no connection open."""


@contextlib.contextmanager
def temporary_postgres(directory: Path) -> Iterator[PostgresServer]:
    """Run a PostgreSQL for tests (no fsync) in a directory of its own and leave nothing behind."""
    server = PostgresServer(directory, fsync=False)
    try:
        server.start()
        yield server
    finally:
        server.destroy()


@contextlib.contextmanager
def temporary_kafka(directory: Path) -> Iterator[KafkaBroker]:
    """Run a Kafka for tests (no fsync) in a directory of its own."""
    with KafkaBroker(directory, fsync=False) as broker:
        yield broker


class DatabaseServer(Protocol):
    """What makes and removes databases of one kind; `made_templates` are those already filled in this session."""

    made_templates: set[str]

    def url(self, name: str) -> str:
        """Give the SQLAlchemy URL of a database."""

    def create(self, name: str) -> None:
        """Make an empty database."""

    def clone(self, template: str, name: str) -> None:
        """Make a copy of a database that nobody is connected to."""

    def drop(self, name: str) -> None:
        """Remove a database."""


class SqliteFolder:
    """SQLite databases: one file each."""

    def __init__(self, folder: Path) -> None:
        self.made_templates: set[str] = set()
        self._folder = folder

    def url(self, name: str) -> str:
        """Give the SQLAlchemy URL of a database."""
        return f"sqlite+aiosqlite:///{self._file(name)}"

    def create(self, name: str) -> None:
        """Make an empty database."""
        self._file(name).touch(exist_ok=False)

    def clone(self, template: str, name: str) -> None:
        """Make a copy of a database, what still stands in its write-ahead log included."""
        with (
            contextlib.closing(sqlite3.connect(self._file(template))) as source,
            contextlib.closing(sqlite3.connect(self._file(name))) as target,
        ):
            source.backup(target)

    def drop(self, name: str) -> None:
        """Remove a database with the files SQLite keeps beside it."""
        for file in self._folder.glob(f"{name}.sqlite*"):
            file.unlink()

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite"


class PostgresDatabases:
    """PostgreSQL databases on one server."""

    def __init__(self, server: PostgresServer) -> None:
        self.made_templates: set[str] = set()
        self.url = server.dsn
        self.create = server.create_database
        self.clone = server.clone
        self.drop = server.drop_database


class FreshDatabases:
    """The databases of one test, all of one kind; they are removed when the test ends."""

    _numbers = count(1)

    def __init__(self, kind: str, server: DatabaseServer) -> None:
        self.kind = kind
        """`sqlite` or `postgresql`."""
        self._server = server
        self._names: list[str] = []

    def empty(self) -> str:
        """Make an empty database and give its URL."""
        name = self._next_name()
        self._server.create(name)
        return self._server.url(name)

    async def cloned(self, template: str, prepare: Prepare) -> str:
        """Make a copy of `template` and give its URL; `prepare` fills the template once for the whole session."""
        original = f"template_{template}"
        if original not in self._server.made_templates:
            self._server.create(original)
            try:
                await prepare(self._server.url(original))
            except BaseException:
                self._server.drop(original)
                raise
            self._server.made_templates.add(original)
        name = self._next_name()
        self._server.clone(original, name)
        return self._server.url(name)

    def drop_all(self) -> None:
        """Remove the databases made so far."""
        while self._names:
            self._server.drop(self._names.pop())

    def _next_name(self) -> str:
        self._names.append(f"test_{next(self._numbers)}")
        return self._names[-1]
