"""The consumer stays when something passes by itself, buries what never will, and stops before it gets worse."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from shared import failpoints
from shared.contracts.clock import ClockMoved
from shared.contracts.contract import CLOCK_TOPIC
from shared.contracts.enrollment import ClassClosed, TraineeWithdrawn
from shared.contracts.envelope import Envelope
from shared.database.deployment import DEPLOYMENT, pin_deployment
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.messaging import inbox as inbox_module
from shared.messaging.bus import BusError, Partition, Record
from shared.messaging.consumer import Consumer, ConsumerStuck
from shared.messaging.dead_letters import held_count, list_dead_letters
from shared.messaging.delivery import read
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.inbox_state import InboxState
from shared.messaging.watchdog import Watchdog
from tests.messaging.conftest import eventually
from tests.messaging.consuming import finish, running, send
from tests.messaging.events import (
    ENROLLMENT,
    HANDLERS,
    closed,
    consumer_of,
    effects,
    inbox_of,
    known,
    note,
    raised,
    received,
    record_of,
    withdrawn,
)
from tests.messaging.faulty import FaultyBus, FaultySubscription


async def test_events_sent_twice_and_shuffled_across_keys_have_each_effect_once(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    lines = [
        [record_of(fact, version) for version, fact in enumerate(facts, 1)]
        for number in range(20)
        for facts in (
            [withdrawn(f"class {number}", 1), known(f"class {number}"), withdrawn(f"class {number}", 2)],
            [raised(f"class {number}", "a"), raised(f"class {number}", "b"), closed(f"class {number}", "a")],
        )
    ]
    everything: list[Record] = []
    while any(lines):
        line = chance.choice([line for line in lines if line])
        record = line.pop(0)
        everything += [record] * chance.choice([1, 2])
        if everything and chance.random() < 0.3:
            everything.append(chance.choice(everything))
    for begin in range(0, len(everything), 17):
        await send(embedded_bus, everything[begin : begin + 17])
    consumer = consumer_of(database, embedded_bus, max_records=13)
    await finish(consumer)
    for happened in (await effects(database)).values():
        assert sorted(happened) == [
            "finding closed a",
            "finding raised a",
            "finding raised b",
            "known",
            "withdrawn person 1",
            "withdrawn person 2",
        ]
    assert len(await effects(database)) == 20
    assert consumer.totals.duplicates == len(everything) - 120


async def killed_between_commit_and_offset(
    database: Database, bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> Consumer:
    """Die after the database's commit and before the offset's; give the next process's consumer when it is done."""

    class Died(BaseException):
        """Stands for SIGKILL."""

    def die(name: str) -> None:
        if name == failpoints.AFTER_INBOX_COMMIT:
            raise Died

    await send(bus, [record_of(withdrawn("class 1", number), number) for number in (1, 2, 3)])
    first = consumer_of(database, bus)
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "hit", die)
        first._commit = _no_commit  # type: ignore[method-assign]
        with pytest.raises(Died):
            await first.run(asyncio.Event())
    second = consumer_of(database, bus)
    await finish(second)
    return second


async def _no_commit() -> None:
    """A dead process commits nothing on its way out."""


async def test_dying_between_commit_and_offset_doubles_nothing(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = await killed_between_commit_and_offset(database, embedded_bus, monkeypatch)
    assert second.totals.duplicates == 3, "the window was hit"
    assert await effects(database) == {"class 1": [f"withdrawn person {number}" for number in (1, 2, 3)]}


async def test_control_without_the_inbox_the_same_death_shows(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InboxState, "knows", lambda *_: False)
    second = await killed_between_commit_and_offset(database, embedded_bus, monkeypatch)
    assert second.totals.duplicates == 0
    assert await list_dead_letters(database), "the gate takes the repeats for a publisher gone back in time"


class Flaky:
    """A handler whose database fails a few times."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left = times
        self.error = error

    async def __call__(self, uow: UnitOfWork, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
        """Write, then fail."""
        await note(uow, fact.class_id, f"withdrawn {fact.person_id}")
        if fact.person_id == "person 2" and self.left:
            self.left -= 1
            raise self.error


async def test_a_failing_database_changes_nothing_and_the_batch_is_read_again(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    await send(embedded_bus, [record_of(withdrawn("class 1", number), number) for number in range(1, 6)])
    flaky = Flaky(5, ConnectionResetError())
    consumer = consumer_of(database, embedded_bus, handlers={TraineeWithdrawn: flaky})
    await finish(consumer)
    assert consumer.transient_failures == 5
    assert await effects(database) == {"class 1": [f"withdrawn person {number}" for number in range(1, 6)]}
    assert await list_dead_letters(database) == []


async def test_a_connection_killed_inside_a_handler_passes(database: Database, embedded_bus: EmbeddedBus) -> None:
    left = 2

    async def lose_the_connection(uow: UnitOfWork, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
        nonlocal left
        await note(uow, fact.class_id, f"withdrawn {fact.person_id}")
        if left:
            left -= 1
            if database.is_sqlite:
                error = _sqlite_error(13, "database or disk is full")
                raise OperationalError("INSERT", {}, error)
            from sqlalchemy import text

            await uow.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    await send(embedded_bus, [record_of(withdrawn("class 1", 1), 1)])
    consumer = consumer_of(database, embedded_bus, handlers={TraineeWithdrawn: lose_the_connection})
    await finish(consumer)
    assert consumer.transient_failures >= 2
    assert await effects(database) == {"class 1": ["withdrawn person 1"]}
    assert await list_dead_letters(database) == []


def _sqlite_error(code: int, message: str) -> Exception:
    import sqlite3

    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


async def test_an_offset_that_cannot_be_committed_is_committed_later(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.commits_fail = True
    await send(embedded_bus, [record_of(withdrawn("class 1", 1), 1)])
    consumer = consumer_of(database, faulty)
    async with running(consumer):

        async def applied() -> bool:
            return bool(await effects(database))

        await eventually(applied)
        assert not await consumer.is_idle()
        faulty.commits_fail = False
        await eventually(consumer.is_idle)
    assert await effects(database) == {"class 1": ["withdrawn person 1"]}


async def test_a_coordinator_that_does_not_answer_costs_one_deadline_a_round_not_one_a_partition(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    class Silent(FaultySubscription):
        tries = 0

        async def commit(self, partition: Partition, next_offset: int) -> None:
            self.tries += 1
            raise BusError("no answer")

    consumer = consumer_of(database, embedded_bus)
    silent = Silent(FaultyBus(embedded_bus), None, "test", ())
    consumer._subscription = silent  # type: ignore[assignment]
    consumer._uncommitted = {Partition(ENROLLMENT, number): 1 for number in range(12)}
    await consumer._commit()
    assert silent.tries == 1
    assert [partition.number for partition in consumer._uncommitted] == [*range(1, 12), 0], "each has its turn"


async def test_a_client_that_moves_on_past_a_failed_batch_is_replaced_and_nothing_is_skipped(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.skips_after_failure = True
    await send(embedded_bus, [record_of(withdrawn("class 1", number), number) for number in range(1, 11)])
    flaky = Flaky(1, ConnectionResetError())
    consumer = consumer_of(database, faulty, handlers={TraineeWithdrawn: flaky}, max_records=5)
    await finish(consumer)
    assert consumer.subscriptions_replaced == 1
    assert await effects(database) == {"class 1": [f"withdrawn person {number}" for number in range(1, 11)]}


async def test_a_batch_that_takes_too_long_is_taken_apart(database: Database, embedded_bus: EmbeddedBus) -> None:
    async def slow(uow: UnitOfWork, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
        await asyncio.sleep(0.1)
        await note(uow, fact.class_id, f"withdrawn {fact.person_id}")

    await send(embedded_bus, [record_of(withdrawn("class 1", number), number) for number in range(1, 11)])
    await finish(consumer_of(database, embedded_bus, handlers={TraineeWithdrawn: slow}, batch_seconds=0.6))
    assert await effects(database) == {"class 1": [f"withdrawn person {number}" for number in range(1, 11)]}


async def test_a_deaf_subscription_is_replaced_and_in_the_end_the_process_is(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    faulty = FaultyBus(embedded_bus)
    consumer = consumer_of(database, faulty, watchdog=Watchdog(every_seconds=0.05))
    async with running(consumer):
        await asyncio.sleep(0.2)
        assert (consumer.watchdog.failures, faulty.subscriptions) == (0, 1), "silence is no failure while nothing waits"
    faulty.deaf = True
    await send(embedded_bus, [record_of(withdrawn("class 1", 1), 1)])
    deaf = consumer_of(database, faulty, watchdog=Watchdog(every_seconds=0.05))
    with pytest.raises(ConsumerStuck):
        await deaf.run(asyncio.Event())
    assert deaf.watchdog.failures == 5
    assert deaf.subscriptions_replaced == 3
    assert await effects(database) == {}


async def test_a_subscription_that_hears_again_is_forgiven(database: Database, embedded_bus: EmbeddedBus) -> None:
    faulty = FaultyBus(embedded_bus)
    faulty.deaf = True
    await send(embedded_bus, [record_of(withdrawn("class 1", 1), 1)])
    consumer = consumer_of(database, faulty, watchdog=Watchdog(every_seconds=0.05))
    async with running(consumer):

        async def replaced() -> bool:
            return consumer.subscriptions_replaced >= 1

        await eventually(replaced)
        faulty.deaf = False
        await eventually(consumer.is_idle)

        async def forgiven() -> bool:
            return consumer.watchdog.failures == 0

        await eventually(forgiven)
    assert await effects(database) == {"class 1": ["withdrawn person 1"]}


async def test_a_defect_outside_the_handlers_is_raised_and_buries_nothing(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(InboxState, "store", broken)
    await send(embedded_bus, [record_of(withdrawn("class 1", 1), 1)])
    with pytest.raises(ZeroDivisionError):
        await consumer_of(database, embedded_bus).run(asyncio.Event())
    assert await list_dead_letters(database) == []


async def test_in_a_sandbox_every_service_follows_the_clock_and_never_back(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    sandbox = Database(service="test", engine=database.engine, clock=database.clock, sandbox=True)
    await pin_deployment(sandbox)
    await embedded_bus.ensure_topics([CLOCK_TOPIC])
    await send(
        embedded_bus,
        [
            record_of(ClockMoved(clock_id="clock", offset_seconds=seconds), version)
            for version, seconds in enumerate((86_400, 172_800, 3_600), 1)
        ],
    )
    await finish(consumer_of(sandbox, embedded_bus))
    async with sandbox.connect(write=False) as connection:
        offset = (await connection.execute(select(DEPLOYMENT.c.offset_seconds))).scalar_one()
    assert offset == 172_800
    assert sandbox.timers_changed.is_set()
    assert CLOCK_TOPIC not in consumer_of(database, embedded_bus).topics, "a real deployment does not listen"


async def race_for_one_key(database: Database, *, patience_seconds: float) -> None:
    """One worker applies the class, slowly; another meets its finding meanwhile on another topic."""
    entered, met = asyncio.Event(), asyncio.Event()

    async def know_slowly(uow: UnitOfWork, fact: ClassClosed, envelope: Envelope) -> None:
        await HANDLERS[ClassClosed](uow, fact, envelope)
        entered.set()
        with suppress(TimeoutError):  # while the key is locked the other cannot get through, however long we wait
            await asyncio.wait_for(met.wait(), patience_seconds)

    async def meet_the_finding() -> None:
        await entered.wait()
        await inbox_of(database).apply([read(received(record_of(raised("class 1", "a"), 1)))])
        met.set()

    slow = inbox_of(database, {**HANDLERS, ClassClosed: know_slowly})
    await asyncio.gather(slow.apply([read(received(record_of(known("class 1"), 1)))]), meet_the_finding())
    assert await held_count(database) == 0
    assert await effects(database) == {"class 1": ["known", "finding raised a"]}


async def test_two_workers_at_one_key_hold_nothing_for_a_fact_that_is_just_being_applied(database: Database) -> None:
    await race_for_one_key(database, patience_seconds=0.3)


async def test_control_without_the_keys_lock_the_finding_would_wait_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_lock(*_: Any) -> None:
        return None

    monkeypatch.setattr(inbox_module, "lock_keys", no_lock)
    if database.is_sqlite:  # one writer at a time: that lock is not ours to remove
        await race_for_one_key(database, patience_seconds=0.3)
    else:
        with pytest.raises(AssertionError):
            await race_for_one_key(database, patience_seconds=20)
