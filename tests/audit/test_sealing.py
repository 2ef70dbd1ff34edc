import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import Table, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from shared.audit import sealing
from shared.audit.chain import ENTRY_FIELDS
from shared.audit.export import export
from shared.audit.sealing import Sealer, read_head
from shared.audit.tables import AUDIT_ENTRY, AUDIT_PENDING, AUDIT_SEAL
from shared.audit.verify import Verifier, verify
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM


async def record(database: Database, *subjects: str) -> None:
    async with UnitOfWork(database, actor=SYSTEM) as uow:
        for subject in subjects:
            await uow.audit(action="test.recorded", subject=subject, details={"数": 1, "ok": True, "none": None})
        await uow.commit()


async def exported(database: Database) -> list[bytes]:
    async with database.connect(write=False) as connection:
        return [line async for line in export(connection, service=database.service)]


async def subjects_by_position(database: Database) -> list[str]:
    query = select(AUDIT_ENTRY.c.subject).join(AUDIT_SEAL).order_by(AUDIT_SEAL.c.position)
    async with database.connect(write=False) as connection:
        return list((await connection.execute(query)).scalars())


async def test_entries_are_sealed_in_batches_and_the_export_verifies(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH_ENTRIES", 3)
    await record(database, *"abcdefgh")
    assert await Sealer(database).seal_pending() == 8
    await record(database, "i")
    report = verify(await exported(database))
    assert report.intact
    assert report.unsealed == 1
    async with database.connect(write=False) as connection:
        assert report.head == await read_head(connection, database.service)
    assert await subjects_by_position(database) == list("abcdefgh")


async def test_an_entry_that_commits_late_with_a_lower_seq_is_sealed_too(database: Database) -> None:
    """SQLite has one writer, so the late commit is planted there by an explicit lower seq."""
    if database.is_sqlite:
        await record(database, "first")
        async with database.connect() as connection, connection.begin():
            entry = (await connection.execute(select(AUDIT_ENTRY))).one()._asdict()
            await connection.execute(AUDIT_ENTRY.insert().values(entry | {"seq": 100, "subject": "hundredth"}))
        assert await Sealer(database).seal_pending() == 2
        async with database.connect() as connection, connection.begin():
            await connection.execute(AUDIT_ENTRY.insert().values(entry | {"seq": 50, "subject": "late"}))
    else:
        async with UnitOfWork(database, actor=SYSTEM) as slow:
            await slow.audit(action="test.recorded", subject="late")
            await record(database, "first", "hundredth")
            assert await Sealer(database).seal_pending() == 2
            await slow.commit()
    assert await Sealer(database).seal_pending() == 1
    assert await subjects_by_position(database) == ["first", "hundredth", "late"]
    assert verify(await exported(database)).intact


async def test_two_sealers_at_once_seal_every_entry_once(database: Database) -> None:
    await record(database, *map(str, range(40)))
    await asyncio.gather(*(Sealer(database).seal_pending() for _ in range(2)), return_exceptions=True)
    await Sealer(database).seal_pending()
    assert sorted(await subjects_by_position(database)) == sorted(map(str, range(40)))
    assert verify(await exported(database)).intact


async def test_the_running_sealer_seals_until_it_is_stopped(database: Database) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Sealer(database, interval_seconds=0.01).run(stop))
    await record(database, "a")
    async with asyncio.timeout(5):
        while await subjects_by_position(database) != ["a"]:  # noqa: ASYNC110 - the database is what is asked
            await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(5):
        await running


@pytest.mark.parametrize("table", [AUDIT_ENTRY, AUDIT_SEAL], ids=lambda table: table.name)
async def test_the_database_refuses_to_change_or_delete_what_the_audit_log_holds(
    database: Database, table: Table
) -> None:
    """HB-SUP-01, HL-SUP-02: what was done stands; whoever edits it is refused."""
    await record(database, "a")
    await Sealer(database).seal_pending()
    before = await exported(database)
    column = "actor" if table is AUDIT_ENTRY else "hash"
    for statement in (update(table).values({column: "forged"}), delete(table)):
        with pytest.raises(DBAPIError, match="the audit log only grows"):
            async with database.connect() as connection, connection.begin():
                await connection.execute(statement)
    if not database.is_sqlite:
        with pytest.raises(DBAPIError, match="the audit log only grows"):
            async with database.connect() as connection, connection.begin():
                await connection.execute(text(f"TRUNCATE {table.name} CASCADE"))
    assert await exported(database) == before


async def test_an_entry_forged_past_the_triggers_is_found_by_the_export(database: Database) -> None:
    await record(database, "a", "b", "c")
    await Sealer(database).seal_pending()
    async with database.connect() as connection, connection.begin():
        if database.is_sqlite:
            await connection.execute(text("DROP TRIGGER audit_entry_refuses_update"))
        else:
            await connection.execute(text("DROP TRIGGER audit_entry_refuses_change ON audit_entry"))
        await connection.execute(update(AUDIT_ENTRY).where(AUDIT_ENTRY.c.subject == "b").values(actor="forged"))
    problem = verify(await exported(database)).problem
    assert problem is not None
    assert (problem.line, problem.field) == (3, "entry")


async def test_an_entry_exported_on_one_database_hashes_as_on_the_other(database: Database) -> None:
    """Instants and JSON come back from both databases as they went in, to the microsecond."""
    async with UnitOfWork(database, actor=replace(SYSTEM, organisation="某机构")) as uow:
        await uow.audit(action="x", subject="y", details={"b": 1, "a": "㐂", "c": 12345678901234567})
        now = uow.now
        await uow.commit()
    line = (await exported(database))[1].decode()
    assert '"details":{"a":"\\u3402","b":1,"c":12345678901234567}' in line
    assert f'"legal_at":"{now.isoformat(timespec="microseconds")}"' in line


async def test_a_log_can_be_verified_while_it_streams(database: Database) -> None:
    await record(database, "a")
    await Sealer(database).seal_pending()
    verifier = Verifier()
    async with database.connect(write=False) as connection:
        lines: AsyncIterator[bytes] = export(connection, service=database.service)
        async for line in lines:
            verifier.take(line)
    assert verifier.report().intact


def test_the_hash_covers_every_column_of_an_entry() -> None:
    """A column added later needs a new format, or a place outside the hash by decision."""
    assert {column.name for column in AUDIT_ENTRY.columns} == set(ENTRY_FIELDS)


async def test_nothing_waits_for_sealing_once_all_is_sealed(database: Database) -> None:
    await record(database, "a")
    await Sealer(database).seal_pending()
    async with database.connect(write=False) as connection:
        assert (await connection.execute(select(AUDIT_PENDING))).all() == []
