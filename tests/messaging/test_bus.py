"""What every bus promises, tried on the embedded log and on a real Kafka."""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from itertools import count

import pytest

from shared.contracts.contract import PARTITIONS
from shared.messaging.bus import (
    RECORD_BYTES_MAX,
    Bus,
    NotAssigned,
    Partition,
    Publisher,
    Received,
    Record,
    RecordTooLarge,
    Subscription,
    WrongTopics,
)
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.kafka import KafkaBus

KEYS = [f"class {number}" for number in range(7)]


async def send(bus: Bus, records: Collection[Record]) -> None:
    """Send, and see everything acknowledged."""
    publisher = bus.publisher()
    assert set(await publisher.send(list(records))) == {None}
    await publisher.close()


def numbered(topic: str, many: int) -> list[Record]:
    """Give records whose values count up within each key."""
    counters = {key: count() for key in KEYS}
    return [
        Record(topic, key, f"{next(counters[key])}".encode()) for _, key in zip(range(many), KEYS * many, strict=False)
    ]


async def receive(subscription: Subscription, many: int, *, commit: bool = True, seconds: float = 20) -> list[Received]:
    """Fetch until so many records are there."""
    found: list[Received] = []
    async with asyncio.timeout(seconds):
        while len(found) < many:
            batches = await subscription.fetch(max_records=100, timeout_seconds=1)
            for partition, records in batches.items():
                found += records
                if commit:
                    await subscription.commit(partition, records[-1].offset + 1)
    return found


def by_key(records: Collection[Received]) -> dict[bytes, list[int]]:
    """Give each key's values in the order of arrival."""
    lines: dict[bytes, list[int]] = {}
    for record in records:
        assert record.key is not None
        lines.setdefault(record.key, []).append(int(record.value))
    return lines


async def test_every_record_arrives_and_each_key_keeps_its_order(bus: Bus, topic: str) -> None:
    records = numbered(topic, 700)
    publisher = bus.publisher()
    for begin in range(0, 700, 70):
        assert await publisher.send(records[begin : begin + 70]) == [None] * 70
    subscription = await bus.subscribe("readers", [topic])
    assert by_key(await receive(subscription, 700)) == {key.encode(): list(range(100)) for key in KEYS}


async def test_a_group_that_comes_later_reads_from_the_first_record(bus: Bus, topic: str) -> None:
    await send(bus, numbered(topic, 21))
    for group in ("early", "late"):
        subscription = await bus.subscribe(group, [topic])
        assert len(await receive(subscription, 21)) == 21
        await subscription.close()


async def test_what_was_not_committed_comes_again_and_what_was_committed_does_not(bus: Bus, topic: str) -> None:
    await send(bus, [Record(topic, "one", str(number).encode()) for number in range(10)])
    first = await bus.subscribe("readers", [topic])
    records = await receive(first, 10, commit=False)
    await first.commit(records[0].partition, records[4].offset + 1)
    await first.close()
    second = await bus.subscribe("readers", [topic])
    assert [int(record.value) for record in await receive(second, 5)] == [5, 6, 7, 8, 9]


async def test_a_member_that_seeks_back_gets_the_same_records_again(bus: Bus, topic: str) -> None:
    await send(bus, [Record(topic, "one", str(number).encode()) for number in range(300)])
    subscription = await bus.subscribe("readers", [topic])
    records = await receive(subscription, 100, commit=False)  # the client has fetched ahead of these
    await subscription.seek(records[0].partition, records[10].offset)
    again = await receive(subscription, 290, commit=False)
    assert [int(record.value) for record in again] == list(range(10, 300))


async def test_a_partition_of_somebody_else_can_neither_be_sought_nor_committed(bus: Bus, topic: str) -> None:
    subscription = await bus.subscribe("readers", [topic])
    with pytest.raises(NotAssigned):
        await subscription.seek(Partition("test.other", 0), 0)
    with pytest.raises(NotAssigned):
        await subscription.commit(Partition("test.other", 0), 1)


async def test_two_members_share_the_work_and_the_one_left_takes_over_the_rest(bus: Bus, topic: str) -> None:
    first, second = await bus.subscribe("readers", [topic]), await bus.subscribe("readers", [topic])
    await send(bus, numbered(topic, 70))
    found: list[Received] = []
    async with asyncio.timeout(20):
        while len({(record.key, record.value) for record in found}) < 70:
            for member in (first, second):
                batches = await member.fetch(max_records=10, timeout_seconds=0.2)
                for partition, records in batches.items():
                    found += records
                    with_whom = member.commit(partition, records[-1].offset + 1)
                    try:
                        await with_whom
                    except NotAssigned:
                        continue
    await first.close()
    await send(bus, [Record(topic, key, b"100") for key in KEYS])
    assert {record.key for record in await receive(second, 7)} == {key.encode() for key in KEYS}


async def test_a_record_too_large_stops_its_own_key_and_no_other(bus: Bus, topic: str) -> None:
    too_large = b"0" * (RECORD_BYTES_MAX + 1)
    records = [
        Record(topic, "one", b"0"),
        Record(topic, "one", too_large),
        Record(topic, "one", b"2"),
        Record(topic, "two", b"0"),
    ]
    results = await bus.publisher().send(records)
    assert isinstance(results[1], RecordTooLarge)
    assert [result is None for result in results] == [True, False, False, True]
    subscription = await bus.subscribe("readers", [topic])
    assert by_key(await receive(subscription, 2)) == {b"one": [0], b"two": [0]}


async def test_a_topic_that_does_not_exist_fails_its_own_records_within_the_deadline(bus: Bus, topic: str) -> None:
    async with asyncio.timeout(10):
        results = await bus.publisher().send([Record("test.nowhere", "one", b"0"), Record(topic, "one", b"0")])
    assert [result is None for result in results] == [False, True]


async def test_a_group_knows_how_far_it_has_come(bus: Bus, topic: str) -> None:
    assert await bus.progress("readers", [topic]) == (0, 0)
    await send(bus, numbered(topic, 14))
    assert await bus.progress("readers", [topic]) == (0, 14)
    subscription = await bus.subscribe("readers", [topic])
    fetched = await receive(subscription, 14, commit=False)
    assert await subscription.lag() == 0
    last = {record.partition: record.offset for record in fetched}
    for partition, offset in last.items():
        await subscription.commit(partition, offset + 1)
    assert await bus.progress("readers", [topic]) == (14, 0)
    await send(bus, numbered(topic, 7))
    assert sum((await subscription.end_offsets()).values()) == 21


async def test_the_tail_shows_what_comes_and_on_request_what_came(bus: Bus, topic: str) -> None:
    await send(bus, numbered(topic, 7))
    publisher: Publisher = bus.publisher()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:

        async def keep_sending() -> None:
            while True:
                await publisher.send([Record(topic, "new", b"7")])
                await asyncio.sleep(0.05)

        sending = tasks.create_task(keep_sending())
        from_start = bus.tail([topic], from_start=True)
        assert {int((await anext(from_start)).value) for _ in range(7)} <= {0, 7}
        only_new = bus.tail([topic])
        assert (await anext(only_new)).value == b"7"
        sending.cancel()
        for tail in (from_start, only_new):
            await tail.aclose()  # type: ignore[attr-defined]


@asynccontextmanager
async def process(role: str, bus: Bus, topic: str, group: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a member in a process of its own, which is killed at the end at the latest."""
    address = str(bus.directory) if isinstance(bus, EmbeddedBus) else bus.settings.bootstrap  # type: ignore[attr-defined]
    kind = "embedded" if isinstance(bus, EmbeddedBus) else "kafka"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.messaging.member",
        role,
        kind,
        address,
        topic,
        group,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


@pytest.mark.kill
async def test_the_records_of_a_member_that_was_killed_go_to_the_next(bus: Bus, topic: str) -> None:
    await send(bus, numbered(topic, 70))
    async with process("join", bus, topic, "readers") as child:
        assert child.stdout is not None
        async with asyncio.timeout(30):
            while int(await child.stdout.readline()) < 70:
                pass
        if isinstance(bus, EmbeddedBus):
            waiting = await bus.subscribe("readers", [topic])
            assert await waiting.fetch(max_records=10, timeout_seconds=0.3) == {}
            await waiting.close()
        child.kill()
        subscription = await bus.subscribe("readers", [topic])
        assert by_key(await receive(subscription, 70)) == {key.encode(): list(range(10)) for key in KEYS}


@pytest.mark.kill
async def test_no_acknowledged_record_is_lost_when_the_sender_is_killed(bus: Bus, topic: str) -> None:
    async with process("append", bus, topic) as child:
        assert child.stdout is not None
        acknowledged = 0
        async with asyncio.timeout(30):
            while acknowledged < 50:
                acknowledged = int(await child.stdout.readline())
        child.kill()
        rest = (await child.stdout.read()).split()
        acknowledged = int(rest[-1]) if rest and rest[-1].isdigit() else acknowledged
    subscription = await bus.subscribe("readers", [topic])
    found = [int(record.value) for record in await receive(subscription, acknowledged + 1)]
    assert found == list(range(len(found)))


async def test_an_embedded_member_whose_lock_file_is_gone_is_no_member_any_more(
    embedded_bus: EmbeddedBus,
) -> None:
    topic = "test.lock"
    await embedded_bus.ensure_topics([topic])
    await send(embedded_bus, [Record(topic, "one", b"0")])
    first, second = [await embedded_bus.subscribe("readers", [topic]) for _ in range(2)]
    [record] = await receive(first, 1, commit=False)
    (embedded_bus.directory / "groups" / "readers.lock").unlink()
    assert len(await receive(second, 1, commit=False)) == 1
    with pytest.raises(NotAssigned):
        await first.commit(record.partition, 1)
    assert await first.fetch(max_records=1, timeout_seconds=0) == {}


async def test_kafka_refuses_to_work_with_other_partitions_or_without_topics(
    kafka_bus: KafkaBus, request: pytest.FixtureRequest
) -> None:
    from dataclasses import replace

    broker = request.getfixturevalue("kafka_broker")
    broker.create_topics(["test.three"], 3)
    with pytest.raises(WrongTopics, match="12 partitions"):
        await kafka_bus.ensure_topics(["test.three"])
    checking = KafkaBus(replace(kafka_bus.settings, create_topics=False))
    with pytest.raises(WrongTopics, match="may not make them"):
        await checking.ensure_topics(["test.absent"])
    await checking.close()


async def test_kafka_refuses_topics_whose_broker_deletes_events(kafka_bus: KafkaBus) -> None:
    """Made by somebody else with the usual week: whoever is away longer would lose what others believe delivered."""
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(**kafka_bus.settings.client())
    await admin.start()
    try:
        for number, configuration in enumerate(({"retention.ms": "604800000"}, {"cleanup.policy": "compact"})):
            name = f"test.forgetful.{number}"
            await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=configuration)])
            with pytest.raises(WrongTopics, match=f"{name}.*{next(iter(configuration))}"):
                await kafka_bus.ensure_topics([name])
    finally:
        await admin.close()
