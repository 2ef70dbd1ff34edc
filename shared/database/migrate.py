"""Bring a service's database to what its release expects; the only module that imports Alembic.

Shared tables are one Alembic branch, each service's own are another beside it, and both stand in the service's
database. An upgrade is one transaction under a lock: however many start, one runs and the others find it done; killed
anywhere, nothing of it stands and it can be run again.

    python -m shared.database.migrate revision SERVICE -m "what changes"   # writes the next revision from the model
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, cast
from weakref import WeakKeyDictionary

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, Inspector, MetaData, Table, TypeDecorator, event, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import failpoints
from shared.clock import LegalClock
from shared.database.engine import open_database
from shared.database.schema import SHARED_SCHEMA, Schema, lacks_nothing, schema_of

_LOCK: Final = int.from_bytes(b"migrate", "big")
_WAIT_MS: Final = 600_000
_in_turn: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class MigrationFailed(Exception):
    """A database was left as it was: a migration broke a constraint, or model and migrations disagree."""


async def migrate(service: str, url: str, *, schema: Schema | None = None) -> list[str]:
    """Upgrade the service's database to its heads and give the revisions applied, in order; none when it was there.

    Waits up to ten minutes for another migration of the same database, then finds its work done. On PostgreSQL a table
    that stays locked for five seconds fails the upgrade, so that it never queues the service's traffic behind it.
    """
    wanted = schema or schema_of(service)
    applied: list[str] = []

    def on_version_apply(*, step: Any, **_: Any) -> None:
        applied.append(step.up_revision_id)
        failpoints.hit(failpoints.INSIDE_MIGRATION)

    async with _migrating(service, url) as connection:
        if not await lacks_nothing(connection, wanted):
            await connection.run_sync(_upgrade, wanted, on_version_apply)
            await _refuse_broken_references(connection)
        await connection.commit()
    return applied


async def pending(service: str, url: str, *, schema: Schema | None = None) -> bool:
    """Say whether the service's database lacks a revision that this release has."""
    async with _reading(service, url) as connection:
        return not await lacks_nothing(connection, schema or schema_of(service))


async def check(service: str, url: str, *, schema: Schema | None = None) -> list[str]:
    """Give every difference between a migrated database and the model, one sentence each; none when they agree.

    Beyond Alembic's comparison it compares the names of check constraints and the conditions of partial indexes.
    """
    wanted = schema or schema_of(service)
    if await pending(service, url, schema=wanted):
        return [f"the database of {service} lacks revisions; migrate it before comparing"]
    async with _reading(service, url) as connection:
        return await connection.run_sync(_differences, wanted)


async def new_revision(service: str, message: str, *, schema: Schema | None = None, empty: bool = False) -> Path:
    """Write the branch's next revision by comparing the model with a scratch database, and give its path.

    `empty` writes one without operations, for triggers and data; otherwise a model that has not changed raises
    MigrationFailed.
    """
    wanted = schema or schema_of(service)
    wanted.versions.mkdir(parents=True, exist_ok=True)
    (wanted.versions / "__init__.py").touch()
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite+aiosqlite:///{scratch}/scratch.sqlite"
        await migrate(service, url, schema=wanted)
        async with _migrating(service, url) as connection:
            return await connection.run_sync(_write_revision, wanted, message, empty)


@asynccontextmanager
async def _migrating(service: str, url: str) -> AsyncIterator[AsyncConnection]:
    """Begin the one transaction of a migration, with every other migration of this database waiting."""
    loop = asyncio.get_running_loop()
    async with _in_turn.setdefault(loop, asyncio.Lock()):  # Alembic's context belongs to the whole process
        database = open_database(service, url, clock=LegalClock())
        if database.is_sqlite:
            event.listen(database.engine.sync_engine, "connect", _be_patient)
        try:
            async with database.connect() as connection, connection.begin():
                if not database.is_sqlite:
                    await connection.execute(text(f"SET LOCAL lock_timeout = {_WAIT_MS}"))
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                    await connection.execute(text("SET LOCAL lock_timeout = 5000"))
                yield connection
        finally:
            await database.close()


@asynccontextmanager
async def _reading(service: str, url: str) -> AsyncIterator[AsyncConnection]:
    database = open_database(service, url, clock=LegalClock())
    try:
        async with database.connect(write=False) as connection:
            yield connection
    finally:
        await database.close()


def _be_patient(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
    # Rebuilding a table drops the old one, which would delete what refers to it; checked whole before the commit.
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


async def _refuse_broken_references(connection: AsyncConnection) -> None:
    if connection.dialect.name != "sqlite":
        return  # PostgreSQL checked every foreign key as it went
    if broken := (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all():
        raise MigrationFailed(f"rows of {sorted({row[0] for row in broken})} refer to rows that are gone")


def _config(schema: Schema, options: dict[str, Any]) -> Config:
    def plain(value: object) -> str:
        return str(value).replace("%", "%%")  # the parser of settings would interpolate it

    config = Config()
    folders = [part.versions for part in schema.together() if part.versions.is_dir()]
    config.set_main_option("script_location", plain(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", plain("\n".join(map(str, folders))))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_section_option("post_write_hooks", "hooks", "ruff")
    config.set_section_option("post_write_hooks", "ruff.type", "module")
    config.set_section_option("post_write_hooks", "ruff.module", "ruff")
    config.set_section_option("post_write_hooks", "ruff.options", "format REVISION_SCRIPT_FILENAME")
    config.attributes["options"] = options
    return config


def _upgrade(connection: Connection, schema: Schema, on_version_apply: Callable[..., None]) -> None:
    options = {"connection": connection, "transactional_ddl": True, "on_version_apply": on_version_apply}
    for part in schema.together():  # the shared tables first: a service's migration may rely on them
        if part.numbers():
            command.upgrade(_config(schema, options), f"{part.label}@head")


def _write_revision(connection: Connection, schema: Schema, message: str, empty: bool) -> Path:
    _refuse_checks_on_columns(schema.metadata)

    def is_own(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or schema == SHARED_SCHEMA or name not in SHARED_SCHEMA.metadata.tables

    def refuse_unchanged(_context: object, _revision: object, directives: list[Any]) -> None:
        if not empty and directives[0].upgrade_ops.is_empty():
            raise MigrationFailed(f"Alembic sees no change in the model of {schema.label}; for checks, use --empty")

    options = {
        "connection": connection,
        "target_metadata": schema.metadata,
        "include_name": is_own,
        "process_revision_directives": refuse_unchanged,
        "render_as_batch": True,
        "render_item": _render_plain_type,
        "transactional_ddl": True,
    }
    numbers = schema.numbers()
    script = command.revision(
        _config(schema, options),
        message=message,
        autogenerate=not empty,
        head=f"{schema.label}@head" if numbers else "base",
        branch_label=None if numbers else schema.label,
        version_path=schema.versions,
        rev_id=f"{schema.label}_{max(numbers, default=0) + 1:04d}",
    )
    if script is None or isinstance(script, list):
        raise MigrationFailed("Alembic wrote no single revision")
    return Path(script.path)


def _render_plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Spell our column types as the plain types under them: a migration must not change when our code does."""
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def _differences(connection: Connection, schema: Schema) -> list[str]:
    metadatas = [part.metadata for part in schema.together()]
    context = MigrationContext.configure(connection, opts={"target_metadata": metadatas, "compare_type": True})
    found = [str(difference) for difference in compare_metadata(context, cast(MetaData, metadatas))]
    inspector = inspect(connection)
    standing = set(inspector.get_table_names())
    for table in (table for metadata in metadatas for table in metadata.sorted_tables if table.name in standing):
        found += [f"{table.name}: {what} stands on one side only" for what in sorted(_overlooked(inspector, table))]
    return found


def _overlooked(inspector: Inspector, table: Table) -> set[str]:
    """Give the checks and conditions of indexes, which Alembic does not compare, that model or database lacks."""
    option = f"{inspector.dialect.name}_where"
    standing = {f"check {check['name']}" for check in inspector.get_check_constraints(table.name)}
    standing |= {
        f"the condition of index {index['name']}"
        for index in inspector.get_indexes(table.name)
        if index.get("dialect_options", {}).get(option) is not None
    }
    modelled = {f"check {check.name}" for check in _checks(table)}
    modelled |= {
        f"the condition of index {index.name}"
        for index in table.indexes
        if index.dialect_kwargs.get(option) is not None
    }
    return standing ^ modelled


def _checks(table: Table) -> list[CheckConstraint]:
    everywhere = [table.constraints, *(column.constraints for column in table.columns)]
    return [check for constraints in everywhere for check in constraints if isinstance(check, CheckConstraint)]


def _refuse_checks_on_columns(metadata: MetaData) -> None:
    # Alembic leaves them out of what it writes, without a word.
    if wrong := [str(column) for table in metadata.sorted_tables for column in table.columns if column.constraints]:
        raise MigrationFailed(f"write the checks of {wrong} beside the columns, as constraints of their tables")


def main() -> None:
    """Write a service's next revision from its model."""
    parser = argparse.ArgumentParser(prog="python -m shared.database.migrate", description=main.__doc__)
    revision = parser.add_subparsers(required=True).add_parser("revision", help="write the next revision")
    revision.add_argument("service", help="a service's name, or shared")
    revision.add_argument("-m", "--message", required=True, help="what changes; it becomes the file's name")
    revision.add_argument("--empty", action="store_true", help="without operations, for triggers and data")
    given = parser.parse_args()
    path = asyncio.run(new_revision(given.service, given.message, empty=given.empty))
    sys.stdout.write(f"{path}\nRead it before you keep it: Alembic sees neither checks nor renamed columns.\n")


if __name__ == "__main__":
    main()
