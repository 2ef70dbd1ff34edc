import asyncio
import sys
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, String, Table, inspect, text

from shared.clock import LegalClock
from shared.database.engine import open_database
from shared.database.metadata import new_metadata
from shared.database.migrate import MigrationFailed, check, migrate, new_revision, pending
from shared.database.schema import SHARED_SCHEMA, Schema, is_migrated
from tests.servers import FreshDatabases

HEAD = [f"shared_{number:04d}" for number in SHARED_SCHEMA.numbers()]


async def run_here(code: str, url: str) -> tuple[int, str]:
    """Run a piece of Python as a process of its own; give its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", code, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def tables_in(url: str) -> set[str]:
    database = open_database("shared", url, clock=LegalClock())
    async with database.connect(write=False) as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await database.close()
    return set(names)


async def test_migrating_brings_every_shared_table_and_a_second_time_changes_nothing(empty_database_url: str) -> None:
    assert await pending("shared", empty_database_url)
    assert await migrate("shared", empty_database_url) == HEAD
    assert await migrate("shared", empty_database_url) == []
    assert not await pending("shared", empty_database_url)
    assert await check("shared", empty_database_url) == []
    assert await tables_in(empty_database_url) == {"alembic_version", *SHARED_SCHEMA.metadata.tables}


async def test_of_four_migrations_started_at_once_one_runs_and_the_others_find_it_done(empty_database_url: str) -> None:
    code = (
        "import asyncio, sys; from shared.database.migrate import migrate; "
        "print(len(asyncio.run(migrate('shared', sys.argv[1]))))"
    )
    results = await asyncio.gather(*(run_here(code, empty_database_url) for _ in range(4)))
    assert sorted(results) == [(0, "0\n"), (0, "0\n"), (0, "0\n"), (0, f"{len(HEAD)}\n")]
    assert await check("shared", empty_database_url) == []


async def test_migrations_of_several_databases_asked_for_at_once_in_one_process_run_in_turn(
    databases: FreshDatabases,
) -> None:
    urls = [databases.empty() for _ in range(3)]
    assert await asyncio.gather(*(migrate("shared", url) for url in urls)) == [HEAD] * 3
    assert [await check("shared", url) for url in urls] == [[]] * 3


@pytest.mark.kill
@pytest.mark.parametrize("revision", range(1, len(HEAD) + 1))
async def test_a_migration_killed_inside_leaves_nothing_and_can_be_run_again(
    empty_database_url: str, revision: int
) -> None:
    code = f"""
import asyncio, os, sys
from shared import failpoints
from shared.database.migrate import migrate
seen = []
def die(name):
    seen.append(name)
    if seen.count(failpoints.INSIDE_MIGRATION) == {revision}:
        os._exit(9)
failpoints.hit = die
asyncio.run(migrate('shared', sys.argv[1]))
"""
    assert await run_here(code, empty_database_url) == (9, "")
    assert await tables_in(empty_database_url) == set()
    assert await migrate("shared", empty_database_url) == HEAD
    assert await check("shared", empty_database_url) == []


async def test_a_database_of_a_newer_release_serves_an_older_one(database_url: str) -> None:
    database = open_database("shared", database_url, clock=LegalClock())
    assert await is_migrated(database)
    async with database.connect() as connection, connection.begin():
        await connection.execute(text("UPDATE alembic_version SET version_num = 'shared_9999'"))
    assert await is_migrated(database)
    assert await migrate("shared", database_url) == []
    await database.close()


async def test_comparing_finds_a_planted_column_check_and_condition(database_url: str) -> None:
    database = open_database("shared", database_url, clock=LegalClock())
    async with database.connect() as connection, connection.begin():
        await connection.execute(text("ALTER TABLE timer ADD COLUMN planted INTEGER"))
        await connection.execute(text("DROP INDEX ix_outbox_unpublished"))
        await connection.execute(text("CREATE INDEX ix_outbox_unpublished ON outbox (seq)"))
        await connection.execute(text("DROP TABLE deployment"))
        await connection.execute(
            text(
                "CREATE TABLE deployment (id INTEGER PRIMARY KEY, "
                "sandbox BOOLEAN NOT NULL, offset_seconds BIGINT NOT NULL)"
            )
        )
    await database.close()
    found = await check("shared", database_url)
    assert any("planted" in difference for difference in found)
    assert "deployment: check ck_deployment_single stands on one side only" in found
    assert "outbox: the condition of index ix_outbox_unpublished stands on one side only" in found


async def test_comparing_an_unmigrated_database_says_so(empty_database_url: str) -> None:
    assert await check("shared", empty_database_url) == [
        "the database of shared lacks revisions; migrate it before comparing"
    ]


def model(*columns: Column[object]) -> MetaData:
    metadata = new_metadata()
    Table("planted", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


async def test_a_services_revisions_follow_its_model_and_leave_the_shared_tables_alone(
    empty_database_url: str, tmp_path: Path
) -> None:
    versions = tmp_path / "migrations"
    metadata = model(Column("name", String(10), nullable=False))
    table = metadata.tables["planted"]
    table.append_constraint(CheckConstraint("id > 0", name="positive"))
    Index("ix_planted_name", table.c.name, postgresql_where=text("id > 5"), sqlite_where=text("id > 5"))
    first = Schema(label="planted", versions=versions, metadata=metadata)
    assert (await new_revision("planted", "first", schema=first)).name == "planted_0001_first.py"
    assert (await migrate("planted", empty_database_url, schema=first)) == [*HEAD, "planted_0001"]
    assert await check("planted", empty_database_url, schema=first) == []
    with pytest.raises(MigrationFailed, match="sees no change"):
        await new_revision("planted", "nothing", schema=first)

    wider = model(Column("name", String(10), nullable=True), Column("age", Integer))
    second = Schema(label="planted", versions=versions, metadata=wider)
    assert (await new_revision("planted", "second", schema=second)).name == "planted_0002_second.py"
    assert await pending("planted", empty_database_url, schema=second)
    assert (await migrate("planted", empty_database_url, schema=second)) == ["planted_0002"]
    assert await check("planted", empty_database_url, schema=second) == [
        "planted: check ck_planted_positive stands on one side only"
    ]


async def test_a_check_on_a_column_is_refused_because_alembic_would_leave_it_out(tmp_path: Path) -> None:
    metadata = model(Column("age", Integer, CheckConstraint("age > 0", name="adult")))
    with pytest.raises(MigrationFailed, match=r"planted\.age"):
        await new_revision("planted", "x", schema=Schema(label="planted", versions=tmp_path, metadata=metadata))


async def test_a_migration_that_breaks_a_reference_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/x.sqlite"
    (tmp_path / "planted_0001_orphan.py").write_text(
        "from alembic import op\n"
        "revision, down_revision, branch_labels, depends_on = 'planted_0001', None, ('planted',), 'shared_0001'\n"
        "def upgrade():\n"
        "    op.execute(\"INSERT INTO audit_seal VALUES (1, 77, 'a', 'b')\")\n"
    )
    with pytest.raises(MigrationFailed, match="audit_seal"):
        await migrate("planted", url, schema=Schema(label="planted", versions=tmp_path, metadata=new_metadata()))
    assert await tables_in(url) == set()
