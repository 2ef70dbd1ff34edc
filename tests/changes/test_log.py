"""The change log: numbered in order of publication, without gaps, for ever, and read by a cursor that loses nothing."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from shared.changes.log import number_changes
from shared.changes.tables import CHANGE
from shared.clock import LegalClock, machine_now
from shared.database.engine import Database, open_database
from shared.database.metadata import SHARED
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM, Role
from shared.messaging.tables import AGGREGATE_VERSION, OUTBOX
from tests.changes.conftest import House, Placed
from tests.messaging.events import ENROLLMENT, withdrawn
from tests.messaging.faulty import FaultyBus


async def numbers(database: Database) -> list[tuple[int, str]]:
    async with database.connect(write=False) as connection:
        rows = await connection.execute(select(CHANGE.c.number, CHANGE.c.event_id).order_by(CHANGE.c.number))
        return [(row.number, row.event_id) for row in rows]


async def outbox(database: Database, count: int) -> list[int]:
    """Write unpublished rows as the outbox holds them and give their places."""
    row = {"topic": ENROLLMENT, "type": "t", "region": "419001", "key": "k", "payload": b"{}"}
    async with database.connect() as connection, connection.begin():
        seqs = []
        for number in range(count):
            values = {**row, "event_id": f"event {number}", "created_at": machine_now()}
            seqs.append((await connection.execute(insert(OUTBOX).values(values).returning(OUTBOX.c.seq))).scalar_one())
    return seqs


async def mark(database: Database, seqs: list[int]) -> None:
    async with database.connect() as connection, connection.begin():
        await number_changes(connection, seqs, published_at=machine_now())


async def test_what_the_relay_publishes_is_numbered_in_order_and_a_resend_changes_nothing(house: House) -> None:
    for number in range(5):
        await house.publish(withdrawn("class 1", number), withdrawn("class 2", number))
    found = await numbers(house.database)
    assert [number for number, _ in found] == list(range(1, 11))
    async with house.database.connect(write=False) as connection:
        seqs = list((await connection.execute(select(OUTBOX.c.seq).order_by(OUTBOX.c.seq))).scalars())
        events = list((await connection.execute(select(OUTBOX.c.event_id).order_by(OUTBOX.c.seq))).scalars())
    assert [event for _, event in found] == events
    await mark(house.database, seqs)
    assert await numbers(house.database) == found


async def test_an_answer_lost_by_the_bus_numbers_nothing_twice(house: House) -> None:
    async with Placed(house.database, actor=SYSTEM) as uow:
        await uow.publish(withdrawn("class 1", 1))
        await uow.commit()
    good, faulty = house.bus, FaultyBus(house.bus)
    faulty.loses_answers = True
    house.bus = faulty  # type: ignore[assignment]
    await house.relay()
    assert await numbers(house.database) == []
    house.bus = good
    await house.relay()
    assert [number for number, _ in await numbers(house.database)] == [1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(12)), sizes=st.lists(st.integers(1, 5), min_size=12, max_size=12))
def test_numbers_have_no_gap_whatever_order_rows_are_published_in(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], sizes: list[int]
) -> None:
    """A key that failed is published later than its place in the outbox says."""

    async def play() -> None:
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('log') / 'log.sqlite'}"
        database = open_database("test", url, clock=LegalClock())
        async with database.engine.begin() as connection:
            await connection.run_sync(SHARED.create_all)
        seqs = await outbox(database, 12)
        left = [seqs[place] for place in order]
        published: list[list[int]] = []
        for size in sizes:
            batch, left = left[:size], left[size:]
            await mark(database, batch)
            published.append(sorted(batch))
        found = await numbers(database)
        await database.close()
        expected = [f"event {seqs.index(seq)}" for batch in published for seq in batch]
        assert [number for number, _ in found] == list(range(1, 13))
        assert [event for _, event in found] == expected

    asyncio.run(play())


async def test_two_relays_that_meet_number_everything_once(database: Database) -> None:
    seqs = await outbox(database, 40)
    batches = [seqs[place : place + 8] for place in range(0, 40, 4)]
    await asyncio.gather(*(mark(database, batch) for batch in batches))
    found = await numbers(database)
    assert [number for number, _ in found] == list(range(1, 41))
    assert len({event for _, event in found}) == 40


async def test_the_database_refuses_to_change_or_forget_what_the_log_holds(house: House) -> None:
    await house.publish(withdrawn("class 1", 1))
    for statement in (update(CHANGE).values(region="000000"), delete(CHANGE)):
        with pytest.raises(DBAPIError, match="change log"):
            async with house.database.connect() as connection, connection.begin():
                await connection.execute(statement)


async def test_an_aggregates_region_is_looked_up_once_and_kept(house: House) -> None:
    Placed.lookups = 0
    for number in range(3):
        await house.publish(withdrawn("class 1", number))
    assert Placed.lookups == 1
    async with house.database.connect(write=False) as connection:
        regions = (await connection.execute(select(CHANGE.c.region))).scalars().all()
        known = (await connection.execute(select(AGGREGATE_VERSION.c.region))).scalars().all()
    assert (regions, known) == (["419001"] * 3, ["419001"])


async def test_what_belongs_nowhere_is_seen_by_the_nation_alone(house: House) -> None:
    async with UnitOfWork(house.database, actor=SYSTEM) as uow:
        await uow.publish(withdrawn("elsewhere", 1))
        await uow.commit()
    await house.relay()
    nation, henan = await house.client(), await house.client(region="410000")
    assert len((await nation.get("/changes")).json()["items"]) == 1
    assert (await henan.get("/changes")).json() == {"items": [], "next_after": 1, "has_more": False}


async def test_a_reader_gets_the_events_exactly_as_published_and_only_of_its_region(house: House) -> None:
    for number in range(4):
        await house.publish(*(withdrawn(f"class {place}", number) for place in (1, 2, 3)))
    async with house.database.connect(write=False) as connection:
        payloads = (await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.seq))).scalars().all()

    async def read(region: str, limit: int) -> list[dict[str, object]]:
        client, found, after = await house.client(region=region), [], 0
        while True:
            page = await client.get("/changes", params={"after": after, "limit": limit})
            again = await client.get("/changes", params={"after": after, "limit": limit})
            assert page.content == again.content, "safe to repeat"
            found += page.json()["items"]
            after = page.json()["next_after"]
            if not page.json()["has_more"]:
                assert after == 12
                return found

    everything = await read("000000", 5)
    assert [one["number"] for one in everything] == list(range(1, 13))
    assert [one["event"] for one in everything] == [json.loads(bytes(payload)) for payload in payloads]
    raw = (await (await house.client()).get("/changes", params={"limit": 12})).content
    assert all(bytes(payload) in raw for payload in payloads)
    seen = {
        region: {one["event"]["subject"] for one in await read(region, 2)} for region in ("410000", "419001", "130000")
    }  # type: ignore[index]
    assert seen == {"410000": {"class 1", "class 3"}, "419001": {"class 1"}, "130000": {"class 2"}}


async def test_a_cursor_that_was_never_given_is_a_clear_problem(house: House) -> None:
    await house.publish(withdrawn("class 1", 1))
    client = await house.client()
    beyond = await client.get("/changes", params={"after": 2})
    assert (beyond.status_code, beyond.json()["code"]) == (422, "CURSOR_UNKNOWN")
    assert beyond.json()["advice"]
    for wrong in ({"after": -1}, {"after": 2**63}, {"after": "x"}, {"limit": 0}, {"limit": 1001}):
        answer = await client.get("/changes", params=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "INPUT_INVALID"), wrong


async def test_only_provinces_and_auditors_read_the_log(house: House) -> None:
    for role in Role:
        status = (await (await house.client(role)).get("/changes")).status_code
        assert status == (200 if role in (Role.PROVINCE, Role.AUDITOR) else 403), role
