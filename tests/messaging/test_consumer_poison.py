"""Events that can never be applied are buried in order; too many in a row stop the consumer."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.contracts.enrollment import ClassClosed, TraineeWithdrawn
from shared.contracts.envelope import Envelope
from shared.contracts.supervision import FindingRaised
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.errors import MissingFact
from shared.messaging.bus import Bus, Record
from shared.messaging.consumer import TooManyDeadLetters
from shared.messaging.dead_letters import held_count, list_dead_letters, list_held
from shared.messaging.embedded import EmbeddedBus
from tests.messaging.conftest import eventually
from tests.messaging.consuming import finish, running, send
from tests.messaging.events import (
    ENROLLMENT,
    HANDLERS,
    LATER,
    SUPERVISION,
    consumer_of,
    effects,
    known,
    of_later_release,
    raised,
    record_of,
    upgrade,
    withdrawn,
)


async def test_poison_is_buried_after_a_few_tries_while_other_keys_and_the_batch_go_on(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    tries = 0

    async def fail(*_: Any) -> None:
        nonlocal tries
        tries += 1
        raise ZeroDivisionError

    await send(
        embedded_bus,
        [
            record_of(withdrawn("class 1", 1), 1),
            record_of(known("class 2"), 1),
            record_of(withdrawn("class 2", 2), 2),
            Record(ENROLLMENT, "class 3", b"junk"),
            record_of(withdrawn("class 4", 1), 1),
        ],
    )
    consumer = consumer_of(database, embedded_bus, handlers={**HANDLERS, ClassClosed: fail})
    with capture_logs() as logs:
        await finish(consumer)
    assert tries == 4, "once with the batch, three times alone"
    assert await effects(database) == {"class 1": ["withdrawn person 1"], "class 4": ["withdrawn person 1"]}
    assert [letter.key for letter in await list_dead_letters(database)] == ["class 2", "class 2", "class 3"]
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert [(entry["key"], entry["event"]) for entry in errors] == [
        ("class 2", "dead_letter"),
        ("class 3", "dead_letter"),
    ]
    assert (consumer.totals.buried, consumer.totals.behind) == (2, 1)


async def test_poison_among_held_events_is_buried_and_the_fact_that_released_it_is_applied(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    async def fail_once_known(uow: UnitOfWork, fact: FindingRaised, envelope: Envelope) -> None:
        await HANDLERS[FindingRaised](uow, fact, envelope)
        raise ZeroDivisionError

    consumer = consumer_of(database, embedded_bus, handlers={**HANDLERS, FindingRaised: fail_once_known})
    async with running(consumer):
        await send(embedded_bus, [record_of(raised("class 1", "a"), 1)])

        async def held() -> bool:
            return await held_count(database) == 1

        await eventually(held)
        await send(embedded_bus, [record_of(known("class 1"), 1), record_of(withdrawn("class 1", 2), 2)])
        await eventually(consumer.is_idle)
    assert await effects(database) == {"class 1": ["known"]}
    assert await held_count(database) == 0
    poison, behind = await list_dead_letters(database)
    assert (poison.topic, behind.topic) == (SUPERVISION, ENROLLMENT)


async def test_too_many_dead_letters_in_a_row_stop_the_consumer_before_more_is_buried(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    junk = [Record(ENROLLMENT, f"class {number}", b"junk") for number in range(30)]
    await send(embedded_bus, junk)
    consumer = consumer_of(database, embedded_bus, dead_letters_in_a_row_max=5)
    with pytest.raises(TooManyDeadLetters, match="5 events in a row"):
        await consumer.run(asyncio.Event())
    assert len(await list_dead_letters(database)) == 5
    assert await consumer.lag() == 25, "the rest waits"


async def test_dead_letters_that_are_not_in_a_row_do_not_stop_the_consumer(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    for number in range(12):
        await send(
            embedded_bus,
            [Record(ENROLLMENT, f"junk {number}", b"junk"), record_of(withdrawn(f"class {number}", 1), 1)],
        )
    await finish(consumer_of(database, embedded_bus, dead_letters_in_a_row_max=5))
    assert len(await list_dead_letters(database)) == 12


async def test_a_held_event_whose_fact_is_no_event_is_tried_again_after_a_while(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    from sqlalchemy import insert

    from tests.messaging.events import KNOWN

    await send(embedded_bus, [record_of(raised("class 1", "a"), 1)])
    consumer = consumer_of(database, embedded_bus, held_retry_seconds=0.05)
    async with running(consumer):

        async def held() -> bool:
            return await held_count(database) == 1

        await eventually(held)
        async with database.connect() as connection, connection.begin():
            await connection.execute(insert(KNOWN).values(class_id="class 1"))

        async def released() -> bool:
            return await held_count(database) == 0

        await eventually(released)
    assert await effects(database) == {"class 1": ["finding raised a"]}


@pytest.mark.parametrize("event_type", LATER)
async def test_after_an_upgrade_the_events_that_waited_for_it_are_applied_in_order(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch, event_type: str
) -> None:
    """On either log the old release reads past what it does not know, and commits; nothing comes from the log again."""
    class_id, group = f"class {uuid4()}", f"test-{uuid4()}"
    await send(bus, [record_of(withdrawn(class_id, 1), 1), of_later_release(event_type, class_id, 2, version=2)])
    await send(bus, [record_of(withdrawn(class_id, 3), 3), of_later_release(event_type, class_id, 4, version=4)])
    old = consumer_of(database, bus, group=group, topics=[ENROLLMENT])
    await finish(old)
    assert (await effects(database))[class_id] == ["withdrawn person 1"]
    assert not await list_dead_letters(database, key=class_id)

    handlers = upgrade(monkeypatch, event_type)
    upgraded = consumer_of(database, bus, group=group, topics=[ENROLLMENT], handlers=handlers)
    async with running(upgraded):

        async def applied() -> bool:
            return not await list_held(database, consumer=group, key=class_id)

        await eventually(applied)
    assert (await effects(database))[class_id] == [f"withdrawn person {number}" for number in (1, 2, 3, 4)]


async def test_held_events_that_all_turn_out_to_be_poison_stop_the_consumer_too(
    database: Database, embedded_bus: EmbeddedBus
) -> None:
    mended = False

    async def wait_then_fail(*_: Any) -> None:
        if not mended:
            raise MissingFact(code="RULEBOOK_UNKNOWN", message="规则尚未到达。", advice="等待规则。")
        raise ZeroDivisionError

    await send(embedded_bus, [record_of(withdrawn(f"class {number}", 1), 1) for number in range(12)])
    consumer = consumer_of(
        database,
        embedded_bus,
        handlers={TraineeWithdrawn: wait_then_fail},
        dead_letters_in_a_row_max=3,
        held_retry_seconds=0.05,
    )
    async with running(consumer) as task:

        async def all_held() -> bool:
            return await held_count(database) == 12

        await eventually(all_held)
        mended = True
        with pytest.raises(TooManyDeadLetters):
            await asyncio.wait_for(task, 20)
    assert (len(await list_dead_letters(database)), await held_count(database)) == (3, 9)
