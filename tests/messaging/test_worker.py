"""Consumers in every worker, single duties in the one that leads; crashes are counted and stops are orderly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.clock import new_id
from shared.database import leader as leader_module
from shared.database.engine import Database
from shared.database.leader import Leader
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.messaging.bus import Bus, Record
from shared.messaging.consumer import ConsumerStuck
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.relay import outbox_depth
from shared.messaging.watchdog import Watchdog
from shared.worker import Flow, Worker, drained
from tests.messaging.conftest import at_rest, eventually
from tests.messaging.events import ENROLLMENT, SUPERVISION, consumer_of, effects, known, withdrawn
from tests.messaging.faulty import FaultyBus

TOPICS = (ENROLLMENT, SUPERVISION)


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[asyncio.Event]:
    """Run a worker for the length of a block; give its stop event."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


def worker_of(database: Database, bus: Any, **arguments: Any) -> Worker:
    """Give a worker that looks often for the leadership."""
    return Worker(
        database, bus, leader=Leader(database, retry_seconds=0.05, check_seconds=0.1), stop_seconds=2, **arguments
    )


async def publish(database: Database, *facts: Any) -> None:
    """Publish facts as a use-case does."""
    async with UnitOfWork(database, actor=SYSTEM) as uow:
        for fact in facts:
            await uow.publish(fact)
        await uow.commit()


async def test_what_one_use_case_publishes_takes_effect_through_outbox_bus_and_inbox(
    database: Database, bus: Bus
) -> None:
    """Its own events come back to it here; two services would do the same with two databases."""
    class_id = f"class {new_id()}"
    flow = Flow(database=database, group=f"group.{new_id()}", topics=TOPICS)
    consumer = consumer_of(database, bus, group=flow.group)
    async with running(worker_of(database, bus, consumers=[consumer])):
        await publish(database, withdrawn(class_id, 1), known(class_id), withdrawn(class_id, 2))
        await eventually(lambda: at_rest(bus, flow))
    assert (await effects(database))[class_id] == ["withdrawn person 1", "known", "withdrawn person 2"]
    assert await outbox_depth(database) == 0


async def test_nothing_is_drained_while_an_event_is_on_its_way(database: Database, embedded_bus: EmbeddedBus) -> None:
    flow = Flow(database=database, group="test", topics=TOPICS)
    assert await drained(embedded_bus, [flow])
    await publish(database, withdrawn("class 1", 1))
    assert not await drained(embedded_bus, [flow]), "it stands in the outbox"
    worker = worker_of(database, embedded_bus)
    async with running(worker):
        await eventually(lambda: _depth_is_zero(database))
    assert not await drained(embedded_bus, [flow]), "it stands on the topic"
    async with running(worker_of(database, embedded_bus, consumers=[consumer_of(database, embedded_bus)])):
        await eventually(lambda: drained(embedded_bus, [flow]))


async def _depth_is_zero(database: Database) -> bool:
    return await outbox_depth(database) == 0


async def test_a_duty_runs_in_one_worker_only_and_in_the_next_when_that_stops(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    at_work: list[str] = []

    def duty(name: str) -> Any:
        async def work(stop: asyncio.Event) -> None:
            at_work.append(name)
            await stop.wait()
            at_work.remove(name)

        return work

    async def first_works() -> bool:
        return at_work == ["first"]

    async def second_works() -> bool:
        return at_work == ["second"]

    async with running(worker_of(database, embedded_bus, duties=[duty("first")])) as stop:
        await eventually(first_works)
        async with running(worker_of(database, embedded_bus, duties=[duty("second")])):
            await asyncio.sleep(0.2)
            assert at_work == ["first"]
            stop.set()
            await eventually(second_works)
    assert at_work == []


async def test_control_without_the_lock_two_workers_do_the_same_duty(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leader, "_new_lock", lambda _: leader_module._NoLock())
    with pytest.raises(AssertionError):
        await test_a_duty_runs_in_one_worker_only_and_in_the_next_when_that_stops(database, embedded_bus)


async def test_a_leader_that_loses_its_lock_drops_its_duties_and_leads_again_later(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    begun, dropped = 0, 0

    async def duty(stop: asyncio.Event) -> None:
        nonlocal begun, dropped
        begun += 1
        try:
            await asyncio.sleep(60)  # in the middle of something, deaf to `stop`
        except asyncio.CancelledError:
            dropped += 1
            raise

    leader = Leader(database, retry_seconds=0.05, check_seconds=0.05)
    worker = Worker(database, embedded_bus, duties=[duty], leader=leader, stop_seconds=0.5)
    async with running(worker):

        async def led_once() -> bool:
            return begun == 1

        async def led_twice() -> bool:
            return begun == 2

        await eventually(led_once)
        await _break_the_lock(database)
        await eventually(led_twice)
        assert dropped == 1
    assert dropped == 2, "the deadline ended what did not listen"


async def _break_the_lock(database: Database) -> None:
    from pathlib import Path

    from sqlalchemy import text

    if database.is_sqlite:
        await asyncio.to_thread(Path(f"{database.engine.url.database}.leader").unlink)
        return
    async with database.connect(write=False) as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'peibu leader' AND datname = current_database()"
            )
        )


async def test_a_crashing_duty_is_started_again_counted_and_hurts_nobody(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    tries = 0

    async def shaky(stop: asyncio.Event) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ZeroDivisionError
        await stop.wait()

    worker = worker_of(database, embedded_bus, consumers=[consumer_of(database, embedded_bus)], duties=[shaky])
    async with running(worker):
        await publish(database, withdrawn("class 1", 1))

        async def all_well() -> bool:
            return tries == 3 and bool(await effects(database))

        await eventually(all_well)
    assert worker.restarts == {"duty shaky": 2}


async def test_a_consumer_that_buried_too_much_halts_while_the_rest_of_the_worker_goes_on(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    await embedded_bus.publisher().send([Record(ENROLLMENT, f"class {number}", b"junk") for number in range(9)])
    consumer = consumer_of(database, embedded_bus, dead_letters_in_a_row_max=3)
    worker = worker_of(database, embedded_bus, consumers=[consumer])
    async with running(worker):

        async def halted() -> bool:
            return bool(worker.halted)

        await eventually(halted)
        await publish(database, withdrawn("class 1", 1))
        await eventually(lambda: _depth_is_zero(database))
    assert list(worker.halted) == ["consumer test"]
    assert worker.restarts == {}


async def test_a_stuck_consumer_ends_the_worker_in_order(database: Database, embedded_bus: EmbeddedBus) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.deaf = True
    await embedded_bus.publisher().send([Record(ENROLLMENT, "class 1", b"junk")])
    stopped = False

    async def duty(stop: asyncio.Event) -> None:
        nonlocal stopped
        await stop.wait()
        stopped = True

    consumer = consumer_of(database, faulty, watchdog=Watchdog(every_seconds=0.05))
    worker = worker_of(database, faulty, consumers=[consumer], duties=[duty])
    async with asyncio.timeout(10):
        with pytest.raises(ConsumerStuck):
            await worker.run(asyncio.Event())
    assert stopped


async def test_stopping_finishes_the_batch_in_hand(database: Database, embedded_bus: EmbeddedBus) -> None:
    from shared.contracts.enrollment import TraineeWithdrawn
    from tests.messaging.events import note, record_of

    entered = asyncio.Event()

    async def slow(uow: Any, fact: Any, _envelope: Any) -> None:
        entered.set()
        await asyncio.sleep(0.3)
        await note(uow, fact.class_id, "done")

    await embedded_bus.publisher().send([record_of(withdrawn("class 1", number), number) for number in (1, 2)])
    consumer = consumer_of(database, embedded_bus, handlers={TraineeWithdrawn: slow})
    async with running(worker_of(database, embedded_bus, consumers=[consumer])):
        await entered.wait()
    assert await effects(database) == {"class 1": ["done", "done"]}
    assert (await embedded_bus.progress("test", TOPICS)).waiting == 0


async def test_work_begins_when_the_topics_stand_and_duties_need_not_wait_for_them(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, worked = asyncio.Event(), asyncio.Event()
    original = EmbeddedBus.ensure_topics

    async def not_yet(bus: EmbeddedBus, *arguments: Any) -> None:
        if not allowed.is_set():
            raise ConnectionRefusedError
        await original(bus, *arguments)

    async def duty(stop: asyncio.Event) -> None:
        worked.set()
        await stop.wait()

    monkeypatch.setattr(EmbeddedBus, "ensure_topics", not_yet)
    await publish(database, withdrawn("class 1", 1))
    async with running(worker_of(database, embedded_bus, duties=[duty])):
        await asyncio.wait_for(worked.wait(), 5)
        assert await outbox_depth(database) == 1
        allowed.set()
        await eventually(lambda: _depth_is_zero(database))
