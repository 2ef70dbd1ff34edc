"""A real broker is stopped, killed and frozen while the relay drains and the consumer applies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from deploy.kafka import KafkaBroker
from deploy.process import is_stopped
from peibu.processes import worker_checks
from shared.clock import LegalClock, monotonic, new_id
from shared.contracts.contract import PARTITIONS
from shared.database.engine import Database, open_database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.messaging.bus import Bus, Partition, Record
from shared.messaging.kafka import KafkaBus, partition_of
from shared.messaging.relay import outbox_depth
from shared.messaging.watchdog import Watchdog
from shared.web.application import bare_application
from shared.web.health import CHECK_DEADLINE_SECONDS
from shared.worker import Flow, Worker
from tests.messaging.conftest import at_rest, eventually, fill, kafka_settings
from tests.messaging.events import ASSESSMENT, consumer_of, effects, voided

pytestmark = pytest.mark.kill
RECOVERY_SECONDS = 15.0


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """Give one database: the fault is the broker's, not the database's."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.sqlite'}"
    await fill(url)
    database = open_database("test", url, clock=LegalClock())
    yield database
    await database.close()


@pytest.fixture
async def breakable_bus(breakable_kafka: KafkaBroker) -> AsyncIterator[KafkaBus]:
    """Give a bus on the broker to be broken."""
    bus = KafkaBus(kafka_settings(breakable_kafka))
    await bus.ensure_topics([ASSESSMENT])
    yield bus
    await bus.close()


async def stop_and_start(broker: KafkaBroker) -> None:
    """SIGTERM, a second of nothing, start."""
    await asyncio.to_thread(broker.stop)
    await asyncio.sleep(1)
    await asyncio.to_thread(broker.start)


async def kill_and_start(broker: KafkaBroker) -> None:
    """SIGKILL, a second of nothing, start."""
    await asyncio.to_thread(broker.kill)
    await asyncio.sleep(1)
    await asyncio.to_thread(broker.start)


async def freeze(broker: KafkaBroker) -> None:
    """Return when the broker has really stopped answering."""
    broker.freeze()

    async def stopped() -> bool:
        return broker.pid is not None and is_stopped(broker.pid)

    await eventually(stopped)


async def freeze_and_thaw(broker: KafkaBroker) -> None:
    """Five seconds in which the broker holds its connections and answers nothing."""
    await freeze(broker)
    await asyncio.sleep(5)
    broker.thaw()


@asynccontextmanager
async def publishing(database: Database, classes: Collection[str]) -> AsyncIterator[Callable[[], int]]:
    """Publish one event per class again and again; give how many rounds there were."""
    rounds = 0
    stop = asyncio.Event()

    async def publish() -> None:
        nonlocal rounds
        for number in count(1):
            async with UnitOfWork(database, actor=SYSTEM) as uow:
                for one in classes:
                    await uow.publish(voided(one, number))
                await uow.commit()
            rounds = number
            await asyncio.sleep(0.05)
            if stop.is_set():
                return

    task = asyncio.create_task(publish())
    yield lambda: rounds
    stop.set()
    await task


async def first_times_on_topic(bus: Bus, classes: Collection[str], rounds: int) -> dict[str, list[int]]:
    """Give each class's events in the order in which they first stand on the topic."""
    wanted = {one.encode() for one in classes}
    lines: dict[str, list[int]] = {one: [] for one in classes}
    async with asyncio.timeout(20):
        async for record in bus.tail([ASSESSMENT], from_start=True):
            if record.key not in wanted:
                continue
            assert record.key is not None
            line = lines[record.key.decode()]
            number = int(record.value.split(b'"certificate_id":"')[1].split(b'"')[0])
            if number not in line:
                line.append(number)
            if all(len(line) == rounds for line in lines.values()):
                return lines
    raise AssertionError("unreachable")


@pytest.mark.parametrize("fault", [stop_and_start, kill_and_start, freeze_and_thaw])
async def test_through_a_brokers_fault_nothing_is_lost_doubled_or_out_of_order(
    sqlite: Database,
    breakable_kafka: KafkaBroker,
    breakable_bus: KafkaBus,
    fault: Callable[[KafkaBroker], Awaitable[None]],
) -> None:
    bus = breakable_bus
    classes = [f"class {new_id()}" for _ in range(8)]
    flow = Flow(database=sqlite, group=f"group.{new_id()}", topics=[ASSESSMENT])
    consumer = consumer_of(sqlite, bus, group=flow.group, topics=[ASSESSMENT], watchdog=Watchdog(every_seconds=5))
    worker = Worker(sqlite, bus, consumers=[consumer], stop_seconds=5)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))
    try:

        async def flows() -> bool:
            return set(classes) <= (await effects(sqlite)).keys()

        async with publishing(sqlite, classes) as rounds_so_far:
            await eventually(flows)
            await fault(breakable_kafka)
            rounds = rounds_so_far() + 5  # and a few after it
            await eventually(lambda: _at_least(rounds_so_far, rounds))
        rounds = rounds_so_far()
        since = monotonic()
        await eventually(lambda: at_rest(bus, flow), seconds=RECOVERY_SECONDS)
        print(f"drained {monotonic() - since:.1f} s after the fault; {rounds} rounds")  # noqa: T201
    finally:
        stop.set()
        await asyncio.wait_for(working, 20)
    assert await outbox_depth(sqlite) == 0
    happened = await effects(sqlite)
    expected = [f"voided {number}" for number in range(1, rounds + 1)]
    assert {one: happened[one] for one in classes} == dict.fromkeys(classes, expected)
    assert await first_times_on_topic(bus, classes, rounds) == {one: list(range(1, rounds + 1)) for one in classes}
    assert (consumer.totals.buried, worker.halted) == (0, {})


async def _at_least(number: Callable[[], int], wanted: int) -> bool:
    return number() >= wanted


async def test_without_a_broker_a_send_fails_within_its_deadline_and_works_again_with_it(
    breakable_kafka: KafkaBroker, breakable_bus: KafkaBus
) -> None:
    bus = breakable_bus
    publisher = bus.publisher()
    record = Record(ASSESSMENT, f"class {new_id()}", b"{}")
    assert await publisher.send([record]) == [None]
    await freeze(breakable_kafka)
    async with asyncio.timeout(bus.settings.send_seconds + 2):
        [failure] = await publisher.send([record])
    assert failure is not None
    breakable_kafka.thaw()

    async def works() -> bool:
        return await publisher.send([record]) == [None]

    await eventually(works, seconds=RECOVERY_SECONDS)


async def test_a_worker_says_that_its_broker_is_away_and_when_it_is_back(
    sqlite: Database, breakable_kafka: KafkaBroker, breakable_bus: KafkaBus
) -> None:
    """Degraded, never unavailable: its supervisor must not kill it for a broker's fault."""
    consumer = consumer_of(sqlite, breakable_bus, group=f"group.{new_id()}", topics=[ASSESSMENT])
    checks = worker_checks(Worker(sqlite, breakable_bus, consumers=[consumer]))
    application = bare_application("sample", title="sample", description="", routers=[], checks=checks)
    async with AsyncClient(transport=ASGITransport(app=application), base_url="http://test") as client:

        async def ready() -> bool:
            return bool((await client.get("/sample/health/ready")).json()["status"] == "ready")

        await eventually(ready)
        await freeze(breakable_kafka)
        since = monotonic()
        answer = await client.get("/sample/health/ready")
        assert monotonic() - since < CHECK_DEADLINE_SECONDS + 1
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        failed = {name for name, outcome in answer.json()["checks"].items() if outcome["status"] == "failed"}
        assert failed == {"broker"}
        breakable_kafka.thaw()
        await eventually(ready, seconds=RECOVERY_SECONDS)


async def test_closing_does_not_hang_on_a_frozen_broker(breakable_kafka: KafkaBroker) -> None:
    bus = KafkaBus(kafka_settings(breakable_kafka))
    await bus.ensure_topics([ASSESSMENT])
    await bus.publisher().send([Record(ASSESSMENT, f"class {new_id()}", b"{}")])
    await bus.subscribe(f"group.{new_id()}", [ASSESSMENT])
    await freeze(breakable_kafka)
    async with asyncio.timeout(bus.settings.stop_seconds * 2 + 4):
        await bus.close()


async def test_a_key_goes_to_the_partition_that_other_clients_would_choose(kafka_bus: KafkaBus) -> None:
    from confluent_kafka import Producer

    keys = [f"class {number}" for number in range(50)]
    topic = f"test.{new_id()}"
    await kafka_bus.ensure_topics([topic])
    placed: dict[str, int] = {}
    # librdkafka's murmur2 partitioner is the Java client's.
    producer = Producer({"bootstrap.servers": kafka_bus.settings.bootstrap, "partitioner": "murmur2"})
    for key in keys:
        producer.produce(
            topic,
            b"{}",
            key.encode(),
            on_delivery=lambda _, message: placed.update({message.key().decode(): message.partition()}),
        )
    assert await asyncio.to_thread(producer.flush, 10) == 0
    assert placed == {key: partition_of(key) for key in keys}
    assert len(set(placed.values())) == PARTITIONS
    subscription = await kafka_bus.subscribe(f"group.{new_id()}", [topic])
    found: dict[str, Partition] = {}
    async with asyncio.timeout(20):
        while len(found) < len(keys):
            for partition, records in (await subscription.fetch(max_records=100, timeout_seconds=1)).items():
                found.update({(record.key or b"").decode(): partition for record in records})
    assert {key: partition.number for key, partition in found.items()} == placed
