"""The oracle has been seen to fail: every letter, on databases and topics in which something was planted."""

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.catalogue import CONTRACTS
from shared.contracts.contract import topic_of
from shared.contracts.payment import ApprovedLine, ClaimApproved, SourceAmount
from tests.faults.balance import MONEY, REVISED
from tests.faults.observation import SERVICES, Observation, database_url, observe
from tests.faults.oracle import FOLLOWS, UNIQUE_EVENTS, UNIQUE_ROWS, judge, parked
from tests.faults.till import world

REPEATABLE = {
    *("ClassChanged", "SignInsReceived", "ClaimReturned", "InstitutionListed", "InstitutionSuspended"),
    *("InstitutionReinstated", "ClawbackSettled", "ClockMoved", "AdvanceCleared", "AdvanceRecoveryOrdered"),
    *("RosterEntryChanged", "InspectionEntryChanged", "ResultEntryChanged", "OccupationDated"),
}
"""Events that may say the same of the same thing again."""

APPROVED = ClaimApproved(
    class_id="class of order-1",
    claim_id="claim",
    entry=1,
    region="419001",
    rulebook_id="test",
    institution_id="institution",
    first_reviewer="a",
    second_reviewer="b",
    approver="c",
    approved_on=date(2021, 7, 1),
    amount_fen=150_000,
    sources=(SourceAmount(funding_source="skills_action_fund", amount_fen=150_000),),
    lines=(ApprovedLine(person_id="person-1", programme="training", amount_fen=150_000, rules=("JY-CLM-10",)),),
)


def payment_rows(evidence: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Give what a paid claim of one line leaves in payment's tables, as far as the oracle reads them."""
    line = {"claim_id": "claim", "line_no": 1, "evidence": f'["{evidence}"]', "traces": '[{"rule": "JY-CLM-10"}]'}
    budget = {"region": "419001", "funding_source": "skills_action_fund", "year": 2021}
    slot = {"person_id": "person-1", "scope": "jiyuan/any/2021", "slot_no": 1, "class_id": "class of order-1"}
    order = {"order_id": "order-1", "claim_id": "claim", "amount_fen": 150_000}
    return {
        "claim": [{"claim_id": "claim", "state": "paid"}],
        "claim_person": [{"class_id": "class of order-1", "person_id": "person-1"}],
        "claim_line": [line],
        "claim_entry_line": [{**line, "entry": 1, "amount_fen": 150_000}],
        "payment_order": [{**order, "state": "settled"}],
        "order_entry": [{**order, "line_no": 1, "entry_no": 1}],
        "order_attempt": [
            {"order_id": "order-1", "attempt": 1, "bank_file_id": "file-1", "outcome": "returned"},
            {"order_id": "order-1", "attempt": 2, "bank_file_id": "file-2", "outcome": "settled"},
        ],
        "bank_file": [
            {"bank_file_id": file, "orders_count": 1, "amount_fen": 150_000} for file in ("file-1", "file-2")
        ],
        "class_file": [{"class_id": "class of order-1", "released": None}],
        "class_fact": [
            {"class_id": "class of order-1", "event": "ClassOpened", "item": "", "event_id": evidence, "revision": 1}
        ],
        "entitlement_slot": [{**slot, "slots_max": 1}],
        "entitlement_entry": [{**slot, "seq": 1, "act": "reserved"}, {**slot, "seq": 2, "act": "used"}],
        "budget": [{**budget, "reserved_fen": 150_000, "allotted_fen": 500_000}],
        "budget_commitment": [{**budget, "amount_fen": 150_000}],
        "budget_allotment": [{**budget, "amount_fen": 200_000}, {**budget, "amount_fen": 300_000}],
    }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which one claim of one line was approved and paid, and everything is at rest."""
    folder = tmp_path_factory.mktemp("world")
    asyncio.run(live(folder))
    return folder


async def live(folder: Path) -> None:
    async with world(folder) as opened:
        async with opened.unit() as uow:
            await uow.publish(APPROVED)
            await uow.commit()
        await opened.pay("order-1", 150_000, key="one")
        await opened.relay()
        await opened.consume()
        evidence = (await opened.observe()).places[0].id
    with closing(sqlite3.connect(folder / "payment.sqlite")) as connection:
        for table, rows in payment_rows(evidence).items():
            connection.execute(f"CREATE TABLE {table} ({', '.join(rows[0])})")
            marks = ", ".join("?" * len(rows[0]))
            insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - names written above
            connection.executemany(insert, [tuple(row.values()) for row in rows])
        connection.commit()


@pytest.fixture
def sound(original: Path, tmp_path: Path) -> Path:
    """A copy of that world, to plant something in."""
    return shutil.copytree(original, tmp_path / "world")


async def look(folder: Path) -> Observation:
    """Observe a world by its files."""
    urls = {service: database_url(folder, service) for service in ("payment", "enrollment")}
    return await observe(urls, folder / "events" / "log.sqlite3")


def plant(folder: Path, database: str, statement: str) -> None:
    """Change a database or the log behind everybody's back."""
    file = folder / "events" / "log.sqlite3" if database == "log" else folder / f"{database}.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute(statement).rowcount
        connection.commit()


def test_the_oracle_looks_at_tables_columns_topics_and_events_that_there_are() -> None:
    tables = {service: import_module(f"services.{service}.storage.tables").METADATA.tables for service in SERVICES}
    assert tables["payment"].keys() >= MONEY
    for (service, table), key in UNIQUE_ROWS.items():
        assert set(key) <= set(tables[service][table].columns.keys())
    followed = {service: {topic_of(other) for other in others} for service, others in FOLLOWS.items()}
    assert followed == {
        service: set(import_module(f"services.{service}.messaging.incoming").TOPICS) for service in SERVICES
    }
    kinds = {contract.__name__: {field.name for field in fields(contract)} for contract in CONTRACTS.values()}
    for kind, key in {**UNIQUE_EVENTS, **{kind: (item,) for kind, item in REVISED.items() if item}}.items():
        assert set(key) <= kinds[kind]
    assert kinds.keys() - UNIQUE_EVENTS.keys() == REPEATABLE


async def test_a_balance_that_lacks_one_of_its_tables_is_no_balance(sound: Path) -> None:
    with closing(sqlite3.connect(sound / "payment.sqlite")) as connection:
        connection.execute("ALTER TABLE claim RENAME TO claims")
    with pytest.raises(KeyError, match="claim"):
        judge(await look(sound))


async def test_a_sound_world_is_judged_sound(sound: Path) -> None:
    seen = await look(sound)
    assert judge(seen) == {}
    assert parked(seen) == []
    assert len(seen.places) == 2


HELD = (
    "INSERT INTO {table} (consumer, event_id, {more} key, payload, reason, {at}) "
    "SELECT consumer, 'planted', {values} 'class', x'00', '{reason}', received_at FROM inbox LIMIT 1"
)
DEAD = HELD.format(table="dead_letter", more="topic,", values="'peibu.payment.v1',", at="buried_at", reason="{reason}")
WAITING = HELD.format(
    table="held_event",
    more="source, aggregate_type, aggregate_id, version,",
    values="source, aggregate_type, aggregate_id, 9,",
    at="held_at",
    reason="{reason}",
)
PLANTED = {
    "an event that its topic never got": ("L", "log", "DELETE FROM record WHERE position = 1", "is not on"),
    "an event that differs on its topic": (
        "L",
        "log",
        "UPDATE record SET value = CAST(replace(CAST(value AS TEXT), '150000', '150001') AS BLOB) WHERE position = 1",
        "differs on its topic",
    ),
    "an event that a consumer never took": ("L", "enrollment", "DELETE FROM inbox", "was never taken"),
    "a request committed without its answer": (
        "L",
        "payment",
        "UPDATE idempotency_key SET status = NULL",
        "without its answer",
    ),
    "an event that was never committed": ("D", "payment", "DELETE FROM outbox WHERE seq = 1", "was never committed"),
    "an event with two contents": (
        "D",
        "log",
        "INSERT INTO record SELECT topic, 10, key, CAST(replace(CAST(value AS TEXT), '150000', '150001') AS BLOB), "
        "appended_at FROM record WHERE position = 1",
        "has two contents",
    ),
    "a version under two ids": (
        "D",
        "log",
        'INSERT INTO record SELECT topic, 10, key, CAST(replace(CAST(value AS TEXT), \'"id":"\', \'"id":"x\') AS BLOB),'
        " appended_at FROM record WHERE position = 1",
        "stands under two ids",
    ),
    "a slot of one number given twice": (
        "D",
        "payment",
        "INSERT INTO entitlement_slot SELECT * FROM entitlement_slot",
        "entitlement_slot person-1/jiyuan/any/2021/1 stands 2 times",
    ),
    "a version that was skipped": (
        "O",
        "payment",
        "UPDATE aggregate_version SET version = version + 1",
        "versions were made",
    ),
    "versions in the wrong order": (
        "O",
        "log",
        "UPDATE record SET position = 5 WHERE position = 0",
        "version 2 stands at place 1",
    ),
    "an order that is not the sum of its entries": (
        "B",
        "payment",
        "UPDATE order_entry SET amount_fen = 149999",
        "has entries of 149999 fen",
    ),
    "a settlement that no event reports": (
        "B",
        "payment",
        "UPDATE payment_order SET state = 'sent'",
        "its event says 150000 fen settled",
    ),
    "an order sent again after it was settled": (
        "B",
        "payment",
        "UPDATE order_attempt SET outcome = 'settled' WHERE attempt = 1",
        "was sent again after it had been settled",
    ),
    "more ordered than decided": (
        "B",
        "payment",
        "UPDATE claim_entry_line SET amount_fen = 149999",
        "150000 fen ordered of 149999 fen decided",
    ),
    "a bank file that is not its orders": (
        "B",
        "payment",
        "UPDATE bank_file SET orders_count = 2 WHERE bank_file_id = 'file-2'",
        "bank file file-2",
    ),
    "a slot beyond the cap": (
        "B",
        "payment",
        "INSERT INTO entitlement_slot SELECT person_id, scope, 2, class_id, slots_max FROM entitlement_slot",
        "holds more than 1 slots",
    ),
    "a slot that the ledger released": (
        "B",
        "payment",
        "UPDATE entitlement_entry SET act = 'released' WHERE seq = 2",
        "not those of the entitlement ledger",
    ),
    "a slot in a released class": (
        "B",
        "payment",
        "UPDATE class_file SET released = 'cancelled'",
        "in the released class",
    ),
    "a budget that is not what classes hold": (
        "B",
        "payment",
        "UPDATE budget SET reserved_fen = reserved_fen + 1",
        "classes hold 150000 fen",
    ),
    "a line that no event proves": (
        "B",
        "payment",
        "UPDATE claim_entry_line SET evidence = '[\"nothing\"]'",
        "names evidence that is on no topic",
    ),
    "a revision that was overtaken": (
        "B",
        "payment",
        "INSERT INTO class_fact VALUES ('class of order-1', 'TrainingCompleted', '', "
        "(SELECT event_id FROM class_fact), 1)",
        "payment knows revision 1 of TrainingCompleted/class of order-1/, revision None was published",
    ),
    "a line without a rule": ("B", "payment", "UPDATE claim_line SET traces = '[]'", "has neither trace nor finding"),
    "an event that is not relayed": ("R", "payment", "UPDATE outbox SET published_at = NULL", "is not published"),
    "an event that waits": ("R", "enrollment", WAITING.format(reason="version 9"), "is held: version 9"),
    "a dead letter without a reason": ("E", "enrollment", DEAD.format(reason=" "), "has no reason"),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_what_is_planted_is_found_under_its_letter(sound: Path, name: str) -> None:
    letter, database, statement, sentence = PLANTED[name]
    plant(sound, database, statement)
    found = judge(await look(sound))
    assert any(sentence in one for one in found.get(letter, [])), found


async def test_a_failing_timer_is_unrest_and_without_a_reason_unexplained(sound: Path) -> None:
    timer = "INSERT INTO timer (kind, key, due, attempts) VALUES ('notice_end', 'claim', '2021-07-01 00:00:00', 1)"
    plant(sound, "payment", timer)
    assert judge(await look(sound)).keys() == {"R", "E"}


async def test_a_dead_letter_with_a_reason_is_explained_and_listed_as_parked(sound: Path) -> None:
    plant(sound, "enrollment", DEAD.format(reason="unknown rulebook"))
    seen = await look(sound)
    assert judge(seen) == {}
    assert parked(seen) == ["enrollment: planted: unknown rulebook"]


async def test_a_record_that_comes_again_unchanged_is_counted_and_no_doubled_effect(sound: Path) -> None:
    plant(sound, "log", "INSERT INTO record SELECT topic, 10, key, value, appended_at FROM record WHERE position = 0")
    seen = await look(sound)
    assert seen.redelivered == 1
    assert judge(seen) == {}
