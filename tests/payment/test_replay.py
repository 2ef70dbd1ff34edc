"""Approved claims judged again under a draft: kept step by step, and the same rows whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from services.payment.application.replay_claims import begin_replay, judge_again
from services.payment.storage.tables import REPLAY_LINE
from shared.database.bulk import insert_rows
from shared.database.engine import Database
from shared.domain.errors import Refused
from shared.policy.loader import PACKAGED
from tests.payment.office import Office
from tests.payment.replaying import draft, kept, step
from tests.payment.sample import people
from tests.servers import FreshDatabases

RULEBOOK = "jiyuan/2021-01-01.toml"
CLASSES = 3
"""Of ten people each, cut to seven heads: 10,500 of 15,000 yuan; under a limit of 60 % nothing would be cut."""


@pytest.fixture
async def office_of_claims(database: Database) -> Office:
    """Give an office with several approved claims."""
    office = Office(database)
    await office.provide()
    for number in range(CLASSES):
        class_id, roster = f"class-{number}", people(10 * number + 1, 10 * number + 10)
        now = office.now
        await office.open_class(class_id, roster=roster)
        await office.finish_class(class_id, roster=roster, spot=(7, 7))
        await office.approve((await office.submit(class_id)).claim_id)
        office.now = now
    return office


def rules_of(line: Mapping[str, object]) -> set[str]:
    """Give the rules by which a line came to what it came to."""
    traces = line["traces"]
    assert isinstance(traces, list)
    return {trace["rule"] for trace in traces}


async def test_a_replay_keeps_every_line_with_its_reasons_and_changes_no_claim(office_of_claims: Office) -> None:
    office = office_of_claims
    before = await office.rows("SELECT * FROM claim_line ORDER BY claim_id, line_no")
    assert await step(office.database, "draft", draft(60), claims_max=100) == CLASSES
    assert await step(office.database, "draft", draft(60), claims_max=100) == 0
    lines = await kept(office.database, "draft")
    assert len(lines) == CLASSES * 11
    assert {(line["before_fen"], line["after_fen"]) for line in lines if line["line_no"] == 11} == {(-450_000, 0)}
    for line in lines:
        if line["person_id"] is not None:
            assert (line["before_fen"], line["after_fen"]) == (150_000, 150_000)
            assert {"JY-ENR-01", "JY-PAY-05", "JY-CLM-10"} <= rules_of(line)
    assert await office.rows("SELECT * FROM claim_line ORDER BY claim_id, line_no") == before


async def test_a_kept_replay_says_what_one_that_only_reads_says(office_of_claims: Office) -> None:
    office = office_of_claims
    while await step(office.database, "draft", draft(100)):
        pass
    lines = await kept(office.database, "draft")
    async with office.unit() as uow:
        for claim_id in await uow.claims.ids_of(["419001"]):
            read = await judge_again(uow, claim_id, draft(100))
            assert read is not None
            mine = {line["line_no"]: line["after_fen"] for line in lines if line["claim_id"] == claim_id}
            assert {no: fen for no, fen in mine.items() if fen} == read.after


@pytest.mark.kill
@pytest.mark.parametrize("passes", [1, 3])
async def test_a_replay_that_is_killed_goes_on_and_comes_to_the_same_rows(
    office_of_claims: Office, passes: int
) -> None:
    database = office_of_claims.database
    while await step(database, "undisturbed", draft(60)):
        pass
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.payment.replaying", url, "killed", "60"]
    killed = subprocess.run([*command, str(passes)], check=False)  # noqa: ASYNC221 - nothing else runs here
    assert killed.returncode == -signal.SIGKILL
    done = await office_of_claims.rows("SELECT COUNT(*) AS claims FROM replay_claim WHERE name = 'killed'")
    assert done[0].claims == passes - 1
    subprocess.run(command, check=True)  # noqa: ASYNC221 - nothing else runs here
    assert await kept(database, "killed") == await kept(database, "undisturbed")


async def test_parts_done_in_any_order_come_to_the_rows_of_the_whole(office_of_claims: Office) -> None:
    database = office_of_claims.database
    while await step(database, "whole", draft(60)):
        pass
    async with office_of_claims.unit() as uow:
        assert await begin_replay(uow, "dealt", draft(60), parts=2) == 2
        await uow.commit()
    looked_at = dict.fromkeys((1, 0), 0)
    for part in looked_at:
        while looked := await step(database, "dealt", draft(60), part=part):
            looked_at[part] += looked
    assert sorted(looked_at.values()) == [1, 2]
    assert await kept(database, "dealt") == await kept(database, "whole")
    async with office_of_claims.unit() as uow:  # as it was dealt out once it stays
        assert await begin_replay(uow, "dealt", draft(60), parts=3) == 2
        assert await begin_replay(uow, "whole", draft(60), parts=3) == 1


async def test_the_command_keeps_every_line_with_as_many_processes_as_the_database_takes(
    office_of_claims: Office, databases: FreshDatabases, tmp_path: Path
) -> None:
    file = tmp_path / RULEBOOK
    file.parent.mkdir()
    changed = (
        (PACKAGED / RULEBOOK).read_text(encoding="utf-8").replace("minimum_percent = 90", "minimum_percent = 60", 1)
    )
    file.write_text(changed, encoding="utf-8")
    url = office_of_claims.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "peibu", "policy", "replay", "--under", file, "--home", tmp_path, "--keep", "year"]
    secrets = [sys.executable, "-m", "peibu", "init", "--home", tmp_path]
    subprocess.run(secrets, check=True, capture_output=True)  # noqa: ASYNC221 - nothing else runs here
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
        [*command, "--out", tmp_path / "rows"],
        env={**os.environ, "PEIBU_PAYMENT_DATABASE": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [json.loads(line) for line in (tmp_path / "rows").read_text(encoding="utf-8").splitlines()] == [
        dict(line) for line in await kept(office_of_claims.database, "year")
    ]
    parts = await office_of_claims.rows("SELECT steps FROM replay_part WHERE name = 'year'")
    assert len(parts) == (1 if databases.kind == "sqlite" else min(os.cpu_count() or 1, CLASSES))
    assert all(part.steps >= 2 for part in parts)


async def test_there_are_no_more_parts_than_claims(office_of_claims: Office) -> None:
    async with office_of_claims.unit() as uow:
        assert await begin_replay(uow, "many", draft(60), parts=CLASSES + 1) == 1
        assert await begin_replay(uow, "each", draft(60), parts=CLASSES) == CLASSES


async def test_a_name_stands_for_one_draft(office_of_claims: Office) -> None:
    await step(office_of_claims.database, "draft", draft(60))
    with pytest.raises(Refused) as refused:
        await step(office_of_claims.database, "draft", draft(70))
    assert refused.value.code == "REPLAY_OF_ANOTHER"


async def test_rows_in_bulk_stand_or_fall_with_their_transaction(databases: FreshDatabases, database: Database) -> None:
    rows = [("name", "claim", 1, None, "training", 0, 1, True, None)]
    async with database.connect() as connection:
        async with connection.begin() as transaction:
            await connection.execute(text("SELECT 1"))
            await insert_rows(connection, REPLAY_LINE, rows)
            await transaction.rollback()
        counted = await connection.execute(text("SELECT COUNT(*) FROM replay_line"))
        assert counted.scalar_one() == 0
    if databases.kind == "postgresql":  # where the driver begins a transaction with its first statement
        async with database.connect() as connection:
            with pytest.raises(RuntimeError, match="outside of the transaction"):
                await insert_rows(connection, REPLAY_LINE, rows)
