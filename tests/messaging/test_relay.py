"""From the outbox to the bus: nothing forgotten, each key in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from shared import failpoints
from shared.clock import machine_now
from shared.contracts.contract import Contract
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.messaging import relay as relay_module
from shared.messaging.bus import Record
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.relay import Relay, outbox_age_seconds, outbox_depth
from shared.messaging.tables import OUTBOX
from tests.messaging.conftest import eventually
from tests.messaging.events import ENROLLMENT, value_of, withdrawn
from tests.messaging.faulty import FaultyBus


async def publish(database: Database, *facts: Contract) -> None:
    """Publish facts as a use-case does, in one transaction."""
    async with UnitOfWork(database, actor=SYSTEM) as uow:
        for fact in facts:
            await uow.publish(fact)
        await uow.commit()


async def on_topic(bus: EmbeddedBus) -> dict[str, list[str]]:
    """Give what stands on the topic, by key: the persons withdrawn, in order."""
    found: dict[str, list[str]] = {}
    end = (await bus.reads.run(bus.reads.ends, [ENROLLMENT]))[ENROLLMENT]
    batches = await bus.reads.run(bus.reads.read, {ENROLLMENT: 0}, end)
    for records in batches.values():
        for record in records:
            person = record.value.split(b'"person ')[1].split(b'"')[0].decode()
            found.setdefault((record.key or b"").decode(), []).append(person)
    return found


async def test_an_event_that_no_topic_takes_fails_its_use_case_instead_of_blocking_its_key(database: Database) -> None:
    with pytest.raises(ValueError, match=r"TraineeWithdrawn has 1000[0-9]{3} bytes"):
        await publish(database, withdrawn("class 1", 1), withdrawn("class 1", "x" * 1_000_000))
    assert await outbox_depth(database) == 0


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[None]:
    """Run a relay for the length of a block."""
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def everything_published(database: Database) -> bool:
    """Say whether the outbox is drained."""
    return await outbox_depth(database) == 0


async def test_what_is_published_stands_on_the_topic_in_order_and_is_marked(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    for number in range(30):
        await publish(database, withdrawn("class 1", number), withdrawn("class 2", number))
    assert await outbox_depth(database) == 60
    assert await outbox_age_seconds(database) > 0
    relay = Relay(database, embedded_bus, batch_records=7)
    await relay.drain(embedded_bus.publisher())
    assert await on_topic(embedded_bus) == {key: [str(one) for one in range(30)] for key in ("class 1", "class 2")}
    assert (relay.published, relay.failed) == (60, 0)
    assert (await outbox_depth(database), await outbox_age_seconds(database)) == (0, 0.0)


async def late_commit(database: Database, bus: EmbeddedBus) -> None:
    """Commit a transaction after a later one was relayed, and see its event on the topic all the same."""
    relay, publisher = Relay(database, bus), bus.publisher()
    if database.is_sqlite:  # one writer at a time: only a number can come late there, as after a restored backup
        row = {"topic": ENROLLMENT, "type": "test", "region": "000000", "created_at": machine_now()}
        for seq, person in ((2, "early"), (1, "late")):
            payload = value_of(withdrawn(f"class {seq}", person), 1)
            async with database.connect() as connection, connection.begin():
                await connection.execute(
                    insert(OUTBOX).values(seq=seq, event_id=person, key=f"class {seq}", payload=payload, **row)
                )
            await relay.drain(publisher)
    else:
        async with UnitOfWork(database, actor=SYSTEM) as slow:
            await slow.publish(withdrawn("class 1", "late"))
            await publish(database, withdrawn("class 2", "early"))
            await relay.drain(publisher)
            assert await on_topic(bus) == {"class 2": ["early"]}
            await slow.commit()
        await relay.drain(publisher)
    assert await on_topic(bus) == {"class 2": ["early"], "class 1": ["late"]}


async def test_a_transaction_that_commits_late_is_not_lost(database: Database, embedded_bus: EmbeddedBus) -> None:
    await late_commit(database, embedded_bus)


async def test_control_a_relay_that_remembers_its_position_loses_the_late_commit(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Relay._unpublished
    last = 0

    async def after_the_last(self: Relay, resting: list[str]) -> list[object]:
        nonlocal last
        rows = [row for row in await original(self, resting) if row.seq > last]
        last = max([last, *(row.seq for row in rows)])
        return rows

    monkeypatch.setattr(Relay, "_unpublished", after_the_last)
    with pytest.raises(AssertionError):
        await late_commit(database, embedded_bus)


async def test_a_failing_key_waits_in_order_while_the_others_flow(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    faulty = FaultyBus(embedded_bus)
    refused = 0

    def refuse_the_second_a_few_times(record: Record) -> bool:
        nonlocal refused
        if b'"person 2"' not in record.value or record.key != "class 1" or refused > 1:
            return False
        refused += 1
        return True

    faulty.refuses = refuse_the_second_a_few_times
    for number in range(1, 6):
        await publish(database, withdrawn("class 1", number), withdrawn("class 2", number))
    relay = Relay(database, faulty, batch_records=4, poll_seconds=60)
    async with running(relay):
        await eventually(lambda: everything_published(database))
    found = await on_topic(embedded_bus)
    assert found == {key: ["1", "2", "3", "4", "5"] for key in ("class 1", "class 2")}
    assert relay.failed > 0


async def test_a_key_that_fails_stops_at_its_first_failure_even_when_the_bus_takes_the_next(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.refuses = lambda record: b'"person 2"' in record.value
    faulty.keeps_order = False
    for number in (1, 2, 3):
        await publish(database, withdrawn("class 1", number))
    await Relay(database, faulty).drain(faulty.publisher())
    async with database.connect(write=False) as connection:
        marked = (await connection.execute(select(OUTBOX.c.seq).where(OUTBOX.c.published_at.is_not(None)))).all()
    assert len(marked) == 1, "the third was taken by the bus, but counts only after the second"


async def test_a_stuck_key_with_more_events_than_a_batch_starves_nobody(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.refuses = lambda record: record.key == "class 1"
    await publish(database, *(withdrawn("class 1", number) for number in range(50)))
    await publish(database, withdrawn("class 2", 1))
    async with running(Relay(database, faulty, batch_records=10)):
        await eventually(lambda: _equals(lambda: on_topic(embedded_bus), {"class 2": ["1"]}), seconds=5)
    assert await outbox_depth(database) == 50


async def test_a_bus_that_is_down_is_not_hammered_and_everything_flows_when_it_is_back(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.refuses = lambda _: True
    await publish(database, *(withdrawn(f"class {number}", 1) for number in range(50)))
    async with running(Relay(database, faulty, batch_records=5)):
        await asyncio.sleep(1)
        assert len(faulty.sent) <= 8, "pauses grow, whatever number of keys waits"
        faulty.refuses = lambda _: False
        await eventually(lambda: everything_published(database), seconds=5)


async def test_a_lost_answer_means_a_repeat_and_never_a_loss(database: Database, embedded_bus: EmbeddedBus) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.loses_answers = True
    await publish(database, withdrawn("class 1", 1), withdrawn("class 1", 2))
    relay, publisher = Relay(database, faulty), faulty.publisher()
    await relay.drain(publisher)
    assert await outbox_depth(database) == 2
    faulty.loses_answers = False
    async with running(relay):
        await eventually(lambda: everything_published(database))
    assert (await on_topic(embedded_bus))["class 1"] == ["1", "2", "1", "2"]


@pytest.mark.parametrize(
    ("point", "repeats"),
    [
        (failpoints.AFTER_READING_OUTBOX, False),
        (failpoints.AFTER_SEND, True),
        (failpoints.AFTER_ACKNOWLEDGEMENT, True),
    ],
)
async def test_dying_anywhere_in_a_round_loses_nothing(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch, point: str, repeats: bool
) -> None:
    class Died(BaseException):
        """Stands for SIGKILL: nothing may catch it."""

    def die(name: str) -> None:
        if name == point:
            raise Died

    await publish(database, withdrawn("class 1", 1), withdrawn("class 1", 2))
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "hit", die)
        with pytest.raises(Died):
            await Relay(database, embedded_bus).drain(embedded_bus.publisher())
    assert await outbox_depth(database) == 2
    await Relay(database, embedded_bus).drain(embedded_bus.publisher())
    assert (await on_topic(embedded_bus))["class 1"] == ["1", "2"] * (2 if repeats else 1)


async def test_control_marking_before_sending_would_lose_events(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Relay._unpublished

    async def mark_first(self: Relay, resting: list[str]) -> object:
        rows = await original(self, resting)
        await self._mark([row.seq for row in rows])
        return rows

    monkeypatch.setattr(Relay, "_unpublished", mark_first)
    with pytest.raises(AssertionError):
        await test_dying_anywhere_in_a_round_loses_nothing(
            database, embedded_bus, monkeypatch, failpoints.AFTER_READING_OUTBOX, repeats=False
        )


async def test_a_commit_wakes_the_relay_without_waiting_for_the_poll(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    async with running(Relay(database, embedded_bus, poll_seconds=60)):
        await asyncio.sleep(0.1)
        await publish(database, withdrawn("class 1", 1))
        await eventually(lambda: everything_published(database), seconds=5)


async def test_what_another_process_wrote_is_found_by_the_poll(database: Database, embedded_bus: EmbeddedBus) -> None:
    async with running(Relay(database, embedded_bus, poll_seconds=0.1)):
        await asyncio.sleep(0.05)
        other = Database(service="test", engine=database.engine, clock=database.clock)
        await publish(other, withdrawn("class 1", 1))
        await eventually(lambda: everything_published(database), seconds=5)


async def test_published_rows_are_pruned_after_their_time_and_unpublished_ones_never(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_PRUNE_ROWS", 2)
    faulty = FaultyBus(embedded_bus)
    faulty.refuses = lambda record: record.key == "class 2"
    for number in range(5):
        await publish(database, withdrawn("class 1", number))
    await Relay(database, faulty).drain(faulty.publisher())
    async with database.connect() as connection, connection.begin():
        await connection.execute(update(OUTBOX).values(published_at=machine_now() - timedelta(days=31)))
    await publish(database, withdrawn("class 1", 5), withdrawn("class 2", 1))

    async def rows() -> int:
        async with database.connect(write=False) as connection:
            return (await connection.execute(select(func.count()).select_from(OUTBOX))).scalar_one()

    async with running(Relay(database, faulty, poll_seconds=60)):
        await eventually(lambda: _equals(rows, 2), seconds=5)
    assert await outbox_depth(database) == 1


async def _equals(ask: Callable[[], Awaitable[object]], wanted: object) -> bool:
    return await ask() == wanted


async def test_a_relay_waits_for_a_database_that_is_away(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, fails = Relay._unpublished, [ConnectionRefusedError(), TimeoutError()]

    async def sometimes(self: Relay, resting: list[str]) -> object:
        if fails:
            raise fails.pop()
        return await original(self, resting)

    monkeypatch.setattr(Relay, "_unpublished", sometimes)
    await publish(database, withdrawn("class 1", 1))
    async with running(Relay(database, embedded_bus, poll_seconds=60)):
        await eventually(lambda: everything_published(database), seconds=5)


async def test_a_defect_of_the_relay_is_raised(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_self: Relay, _resting: list[str]) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(Relay, "_unpublished", broken)
    with pytest.raises(ZeroDivisionError):
        await Relay(database, embedded_bus).run(asyncio.Event())
