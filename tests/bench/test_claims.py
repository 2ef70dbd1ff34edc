"""P10's path: what is decided is right, the same bytes on both databases, and the same after a kill."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import text

from bench.claims import NAME, Claims, begin, decide_and_store, judged, make_tables, run, stored_text
from bench.flat import amounts, flattened
from bench.measuring import WrongAnswer
from bench.province_year import province_year
from deploy.postgres import PostgresServer
from services.payment.domain.deciding import assess
from services.payment.storage.replays import StoredReplays
from shared.clock import LegalClock
from shared.database.engine import Database, open_database
from tests.bench.dying import CLASSES_OF_A_STEP
from tests.servers import FreshDatabases, PostgresDatabases, SqliteFolder

PERSONS = 350
"""Seven classes: each of the five documents at least once."""


async def _opened(stack: AsyncExitStack, url: str) -> Database:
    database = open_database("payment", url, clock=LegalClock())
    stack.push_async_callback(database.close)
    return database


@pytest.fixture
async def both(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[tuple[Database, Database]]:
    """Give an empty database of each kind."""
    folders = {"postgresql": PostgresDatabases(postgres_server), "sqlite": SqliteFolder(tmp_path)}
    async with AsyncExitStack() as stack:
        opened = []
        for kind, server in folders.items():
            fresh = FreshDatabases(kind, server)
            stack.callback(fresh.drop_all)
            opened.append(await _opened(stack, fresh.empty()))
        yield opened[0], opened[1]


@pytest.fixture
async def opened(databases: FreshDatabases) -> AsyncIterator[Database]:
    """Give an empty database, once of each kind."""
    async with AsyncExitStack() as stack:
        yield await _opened(stack, databases.empty())


def test_the_rule_engine_comes_to_the_sums_of_the_bare_arithmetic_line_by_line() -> None:
    year = [*province_year(4 * PERSONS)]
    for claimed, (one, people) in zip(year, flattened(year), strict=True):
        lines = [
            (one.claim_id, number, answer.line.amount_fen)
            for answer in judged(claimed).answers
            for number, _, _ in answer.people
        ]
        assert sorted(lines) == sorted(amounts(one, people))


def test_the_same_seed_gives_the_same_year_and_a_rule_is_behind_every_fen() -> None:
    year, again = ([*province_year(PERSONS)] for _ in range(2))
    assert year == again
    assert len({claimed.case.rulebook.id for claimed in year}) == 5
    for claimed in year:
        for line in (answer.line for answer in judged(claimed).answers):
            assert all(trace.rule and trace.clause for trace in line.traces)
            assert bool(line.traces) == (line.amount_fen != 0)


async def test_what_is_stored_tells_of_every_line_all_that_judging_it_told(opened: Database) -> None:
    year = [*province_year(PERSONS)]
    await make_tables(opened)
    await begin(opened)
    await decide_and_store(year, opened)
    async with opened.connect(write=False) as connection:
        stored = [line async for line in StoredReplays(connection).lines(NAME)]
    told = []
    for claimed in year:
        case = claimed.case
        given = {"rates": claimed.rates, "decisions": claimed.decisions, "entitled": claimed.entitled}
        for line in assess(case.facts, case.opened, rulebook=case.rulebook, **given).lines:  # type: ignore[arg-type]
            reasons = {
                "findings": [asdict(finding) for finding in line.findings],
                "traces": [asdict(trace) for trace in line.traces],
            }
            key = (case.facts.class_id, line.line_no, line.person_id, line.programme, 0, line.amount_fen)
            told.append((key, reasons))
    assert len(stored) > PERSONS
    assert [
        (tuple(line.values())[:6], {"findings": line["findings"], "traces": line["traces"]}) for line in stored
    ] == told


async def test_all_cells_of_a_round_come_to_the_same(both: tuple[Database, Database]) -> None:
    async with Claims([*province_year(PERSONS)], *both) as claims:
        for _ in range(2):
            await claims.reset()
            for cell in claims.cells.values():
                assert await cell() == PERSONS
            await claims.check()


@pytest.mark.parametrize("statement", ["UPDATE bench_statement SET after_fen = 1", "DELETE FROM bench_loop"])
async def test_a_fast_wrong_answer_fails(both: tuple[Database, Database], statement: str) -> None:
    claims = await _done(both)
    await _execute(both[0], statement)
    with pytest.raises(WrongAnswer, match="differ"):
        await claims.check()


async def test_another_byte_in_one_database_fails(both: tuple[Database, Database]) -> None:
    claims = await _done(both)
    await _execute(both[1], "UPDATE replay_claim SET traces = replace(traces, 'JY-CLM-10', 'JY-CLM-11')")
    with pytest.raises(WrongAnswer, match="other bytes"):
        await claims.check()


@pytest.mark.kill
@pytest.mark.parametrize("step", [1, 3])
async def test_a_year_that_is_killed_inside_of_a_step_goes_on_and_comes_to_the_same_bytes(
    databases: FreshDatabases, opened: Database, step: int
) -> None:
    undisturbed, killed = opened, databases.empty()
    await make_tables(undisturbed)
    await begin(undisturbed)
    await decide_and_store([*province_year(PERSONS)], undisturbed)
    command = [sys.executable, "-m", "tests.bench.dying", killed, str(PERSONS), str(step)]
    died = subprocess.run(command, check=False)  # noqa: ASYNC221 - nothing else runs here
    assert died.returncode == -signal.SIGKILL
    async with AsyncExitStack() as stack:
        database = await _opened(stack, killed)
        assert len({line.split("'claim_id', ")[1][:13] for line in await _lines(database)}) == CLASSES_OF_A_STEP * (
            step - 1
        )
        await run(killed, PERSONS, classes_of_a_step=CLASSES_OF_A_STEP)
        assert await stored_text(database) == await stored_text(undisturbed)
        await run(killed, PERSONS, classes_of_a_step=CLASSES_OF_A_STEP)
        assert await stored_text(database) == await stored_text(undisturbed)


async def _lines(database: Database) -> list[str]:
    return (await stored_text(database)).splitlines()


async def _done(both: tuple[Database, Database]) -> Claims:
    async with Claims([*province_year(PERSONS)], *both) as claims:
        await claims.reset()
        for cell in claims.cells.values():
            await cell()
        await claims.check()
        return claims


async def _execute(database: Database, statement: str) -> None:
    async with database.connect() as connection, connection.begin():
        await connection.execute(text(statement))
