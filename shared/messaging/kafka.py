"""The bus on Apache Kafka; the only file that knows aiokafka, which has no type information.

The producer asks for `acks=all` and is not idempotent: on a real broker that was stopped with SIGTERM and started
again, aiokafka's idempotent producer stayed in OutOfOrderSequenceNumber for ever (4 of 4 runs), while this one went on.
Idempotence would spare repeats, which the inbox takes away anyway; order it need not give, because a partition has one
batch in flight and after a failure nothing of its later records is sent. A producer that failed is replaced all the
same: then nothing old lies in its buffers.

Every call ends within a deadline. What is stopped is stopped in the background, because `stop()` may hang on a frozen
broker.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    CommitFailedError,
    CorruptRecordException,
    IllegalStateError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.partitioner import DefaultPartitioner

from shared import failpoints
from shared.contracts.contract import PARTITIONS
from shared.messaging.bus import (
    RECORD_BYTES_MAX,
    TOPICS,
    BusError,
    NotAssigned,
    Partition,
    Progress,
    Received,
    Record,
    RecordTooLarge,
    SendFailed,
    WrongTopics,
)
from shared.messaging.closing import Closing
from shared.messaging.kafka_settings import KafkaSettings
from shared.messaging.seldom import Seldom

_BATCH_BYTES: Final = 256 * 1024
"""Well below the broker's limit of 1 MB, so that only a single record can exceed it."""

_FETCH_WAIT_MILLISECONDS: Final = 500
_GRACE_SECONDS: Final = 5.0
_TAIL_SECONDS: Final = 1.0
_HEADERS: Final = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
"""What the Kafka binding of CloudEvents asks for in structured mode."""

_FOR_EVER: Final = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
"""What a topic must say of itself; otherwise its broker deletes events, taken by everybody or not."""

_REFUSED: Final = (MessageSizeTooLargeError, RecordListTooLargeError, CorruptRecordException)
"""The broker's answers about a record itself; every other failure is the broker's own."""

_partitioner: Final = DefaultPartitioner()
for _name in ("aiokafka", "aiokafka.consumer.group_coordinator", "aiokafka.producer.sender"):
    logging.getLogger(_name).addFilter(Seldom())

T = TypeVar("T")


@lru_cache(maxsize=65_536)
def partition_of(key: str) -> int:
    """Give a key's partition: murmur2, as the Java client's default partitioner."""
    number: int = _partitioner(key.encode(), range(PARTITIONS), [])
    return number


def _network(client: Any) -> Callable[[], Awaitable[None]]:
    """Give what closes a client's connections; the library shows that of producers alone."""
    disconnect: Callable[[], Awaitable[None]] = client._client.close  # noqa: SLF001
    return disconnect


@contextmanager
def _as_bus_error(what: str) -> Iterator[None]:
    """Turn what aiokafka raises into the bus's own errors."""
    try:
        yield
    except (IllegalStateError, CommitFailedError) as error:
        raise NotAssigned(f"{what}: {type(error).__name__}") from error
    except (KafkaError, TimeoutError, OSError) as error:
        raise BusError(f"{what}: {type(error).__name__}") from error


class KafkaBus:
    """The bus on the brokers named in the settings."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self.closing = Closing(settings.stop_seconds)
        self._open: set[KafkaPublisher | KafkaSubscription] = set()
        self._observer: _Observer | None = None
        self._observing = asyncio.Lock()

    async def ensure_topics(self, topics: Collection[str] = TOPICS) -> None:
        """Create the topics that are missing; see that all have their partitions and keep their events for ever."""
        with _as_bus_error("checking the topics"):
            async with asyncio.timeout(self.settings.join_seconds), _admin(self) as admin:
                missing = sorted(set(topics) - (await _partition_counts(admin, topics)).keys())
                if missing and not self.settings.create_topics:
                    raise WrongTopics(f"topics are missing and this process may not make them: {', '.join(missing)}")
                if missing:
                    await self._create(admin, missing)
                counts = await _partition_counts(admin, topics)
                while counts.keys() != set(topics):  # made, but not known everywhere yet
                    await asyncio.sleep(0.05)
                    counts = await _partition_counts(admin, topics)
                forgetful = await _forgetful(admin, topics)
        wrong = {topic: count for topic, count in counts.items() if count != PARTITIONS}
        if wrong:
            raise WrongTopics(f"every topic has {PARTITIONS} partitions for life, but these have: {wrong}")
        if forgetful:
            raise WrongTopics(f"every topic keeps its events for ever, but these say: {forgetful}")

    async def _create(self, admin: Any, names: Collection[str]) -> None:
        wanted = []
        for name in names:
            topic = NewTopic(name, PARTITIONS, 1, topic_configs=_FOR_EVER)
            topic.replication_factor = self.settings.replication_factor  # its constructor refuses -1
            wanted.append(topic)
        answer = await admin.create_topics(wanted, timeout_ms=int(self.settings.request_seconds * 1000))
        for name, code, *_ in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise WrongTopics(f"the broker refused topic {name}: {for_code(code).__name__}")

    def publisher(self) -> "KafkaPublisher":
        """Give a publisher with a producer of its own."""
        publisher = KafkaPublisher(self)
        self._open.add(publisher)
        return publisher

    async def subscribe(self, group: str, topics: Collection[str]) -> "KafkaSubscription":
        """Join a group; return when partitions were assigned."""
        settings = self.settings
        consumer = AIOKafkaConsumer(
            *topics,
            **settings.client(),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_WAIT_MILLISECONDS,
            session_timeout_ms=int(settings.session_seconds * 1000),
            heartbeat_interval_ms=int(settings.session_seconds * 1000 / 4),
            # A join waits for the other members as long as a session lasts; the request must not end before.
            request_timeout_ms=int((settings.session_seconds + settings.request_seconds) * 1000),
        )
        subscription = KafkaSubscription(self, consumer)
        try:
            with _as_bus_error(f"joining group {group}"):
                async with asyncio.timeout(settings.join_seconds):
                    await consumer.start()
        except BaseException:
            self.closing.stop("consumer", consumer.stop(), _network(consumer))
            raise
        self._open.add(subscription)
        return subscription

    async def progress(self, group: str, topics: Collection[str]) -> Progress:
        """Give how far the group has come."""
        with _as_bus_error(f"asking for the progress of group {group}"):
            async with asyncio.timeout(self.settings.request_seconds), self._observing:
                if self._observer is None:
                    self._observer = _Observer(self)
                try:
                    return await self._observer.progress(group, topics)
                except BaseException:
                    observer, self._observer = self._observer, None
                    self.closing.stop("observer", observer.stop(), observer.disconnect)
                    raise

    async def tail(self, topics: Collection[str], *, from_start: bool = False) -> AsyncIterator[Received]:
        """Give records as they come, for ever, outside any group."""
        consumer = AIOKafkaConsumer(**self.settings.client(), enable_auto_commit=False, auto_offset_reset="earliest")
        try:
            with _as_bus_error("opening the tail"):
                async with asyncio.timeout(self.settings.join_seconds):
                    await consumer.start()
                    places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
                    consumer.assign(places)
                    await (consumer.seek_to_beginning(*places) if from_start else consumer.seek_to_end(*places))
            while True:
                with _as_bus_error("reading the tail"):
                    async with asyncio.timeout(_TAIL_SECONDS + _GRACE_SECONDS):
                        batches = await consumer.getmany(timeout_ms=int(_TAIL_SECONDS * 1000))
                for records in batches.values():
                    for record in records:
                        yield _received(record)
        finally:
            await self.closing.wait(self.closing.stop("tail", consumer.stop(), _network(consumer)))

    def forget(self, client: "KafkaPublisher | KafkaSubscription") -> None:
        """Forget a publisher or subscription that was closed."""
        self._open.discard(client)

    async def close(self) -> None:
        """Close what is open; what hangs is abandoned at the deadline."""
        await asyncio.gather(*(client.close() for client in list(self._open)))
        if self._observer is not None:
            self.closing.stop("observer", self._observer.stop(), self._observer.disconnect)
            self._observer = None
        await self.closing.end()


class KafkaPublisher:
    """Sends with a producer of its own, which is replaced whenever the broker left it without an answer."""

    def __init__(self, bus: KafkaBus) -> None:
        self._bus = bus
        self._producer: Any = None
        self._sending = asyncio.Lock()

    async def send(self, records: Sequence[Record]) -> list[SendFailed | None]:
        """Send all, each partition's in batches one after another, and give per record None or why it failed."""
        unanswered = SendFailed("no acknowledgement within the deadline")
        results: list[SendFailed | None] = [unanswered] * len(records)
        lanes: dict[Partition, deque[tuple[int, Record]]] = {}
        for index, record in enumerate(records):
            lanes.setdefault(Partition(record.topic, partition_of(record.key)), deque()).append((index, record))
        async with self._sending:
            try:
                async with asyncio.timeout(self._bus.settings.send_seconds):
                    producer = await self._running()
                    lanes_sent = [_Lane(producer, at, lane, results).send() for at, lane in lanes.items()]
                    healthy = all(await asyncio.gather(*lanes_sent))
            except (KafkaError, TimeoutError, OSError) as error:
                healthy = False
                failure = SendFailed(f"the broker: {type(error).__name__}")
                results = [failure if result is unanswered else result for result in results]
            if not healthy:
                self._retire()
        return results

    async def close(self) -> None:
        """Stop the producer, within the deadline."""
        self._bus.forget(self)
        stopping = self._retire()
        if stopping is not None:
            await self._bus.closing.wait(stopping)

    async def _running(self) -> Any:
        if self._producer is None:
            settings = self._bus.settings
            self._producer = AIOKafkaProducer(
                **settings.client(),
                acks="all",
                enable_idempotence=False,
                max_batch_size=_BATCH_BYTES,
                linger_ms=0,
                # How long the library tries by itself; after that a batch fails and the relay sends it again.
                request_timeout_ms=int(settings.request_seconds * 1000),
            )
            await self._producer.start()
        return self._producer

    def _retire(self) -> asyncio.Task[None] | None:
        """Give the producer up with whatever lies in its buffers: the relay sends that again."""
        producer, self._producer = self._producer, None
        if producer is None:
            return None
        return self._bus.closing.stop("producer", producer.stop(), producer.client.close)


class _Lane:
    """One partition's records on their way: one batch in flight; after a failure none of the later ones."""

    def __init__(
        self,
        producer: Any,
        partition: Partition,
        waiting: deque[tuple[int, Record]],
        results: list[SendFailed | None],
    ) -> None:
        self._producer = producer
        self._partition = partition
        self._waiting = waiting
        self._results = results
        self._refused_keys: set[str] = set()
        self._one_by_one = 0

    async def send(self) -> bool:
        """Send everything; give False when the broker did not answer as it should."""
        while batch := self._fill():
            builder, taken = batch
            try:
                await self._deliver(builder)
            except _REFUSED as error:
                if len(taken) > 1:  # one of them is at fault: find out which, the others need not suffer
                    self._waiting.extendleft(reversed(taken))
                    self._one_by_one = len(taken)
                else:
                    self._refuse(*taken[0], type(error).__name__)
            except KafkaError as error:
                failure = SendFailed(f"the broker: {type(error).__name__}")
                for index, _ in [*taken, *self._waiting]:
                    self._results[index] = failure
                return False
            else:
                for index, _ in taken:
                    self._results[index] = None
        return True

    def _fill(self) -> tuple[Any, list[tuple[int, Record]]] | None:
        """Take as many records as a batch holds; nothing when none is left."""
        builder = self._producer.create_batch()
        taken: list[tuple[int, Record]] = []
        while self._waiting and not (taken and self._one_by_one):
            index, record = self._waiting[0]
            if record.key in self._refused_keys:
                self._results[index] = SendFailed("an earlier record of the key was refused")
            elif len(record.value) > RECORD_BYTES_MAX:
                self._refuse(index, record, f"{len(record.value)} bytes; at most {RECORD_BYTES_MAX} are taken")
            elif not builder.append(timestamp=None, key=record.key.encode(), value=record.value, headers=_HEADERS):
                break
            else:
                taken.append((index, record))
            self._waiting.popleft()
        self._one_by_one = max(0, self._one_by_one - 1)
        return (builder, taken) if taken else None

    def _refuse(self, index: int, record: Record, why: str) -> None:
        self._results[index] = RecordTooLarge(why)
        self._refused_keys.add(record.key)

    async def _deliver(self, builder: Any) -> None:
        topic, number = self._partition
        acknowledgement = await self._producer.send_batch(builder, topic, partition=number)
        acknowledgement.add_done_callback(_look)
        for _ in range(5):  # lets the library's task write the batch to its socket, so that the fail point is after it
            await asyncio.sleep(0)
        failpoints.hit(failpoints.AFTER_SEND)
        await acknowledgement


def _look(answer: "asyncio.Future[Any]") -> None:
    """Look at a failure even when the deadline passed before it, or asyncio complains that nobody did."""
    if not answer.cancelled():
        answer.exception()


class KafkaSubscription:
    """One member of a consumer group; offsets are committed by hand alone."""

    def __init__(self, bus: KafkaBus, consumer: Any) -> None:
        self._bus = bus
        self._consumer = consumer
        self._committing: asyncio.Task[None] | None = None

    async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[Received]]:
        """Give the next records per partition, in order."""
        with _as_bus_error("fetching"):
            async with asyncio.timeout(timeout_seconds + _GRACE_SECONDS):
                batches = await self._consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=max_records)
        return {
            Partition(place.topic, place.partition): [_received(record) for record in records]
            for place, records in batches.items()
            if records
        }

    async def seek(self, partition: Partition, offset: int) -> None:
        """Fetch from `offset` next, forgetting what was fetched ahead."""
        with _as_bus_error("seeking"):
            self._consumer.seek(TopicPartition(*partition), offset)

    async def commit(self, partition: Partition, next_offset: int) -> None:
        """Let a later member start at `next_offset`."""
        with _as_bus_error("committing an offset"):
            await self._commit_ended()
            self._committing = asyncio.create_task(self._consumer.commit({TopicPartition(*partition): next_offset}))
            self._committing.add_done_callback(_look)
            await self._commit_ended()
            self._committing.result()

    async def end_offsets(self) -> dict[Partition, int]:
        """Give for each assigned partition the next record's offset; a member without any asks for the topics."""
        assigned = list(self._consumer.assignment())
        with _as_bus_error("asking for the end offsets"):
            if not assigned:
                await self._within_deadline(self._consumer.topics())
                return {}
            ends = await self._within_deadline(self._consumer.end_offsets(assigned))
        return {Partition(place.topic, place.partition): end for place, end in ends.items()}

    async def lag(self) -> int:
        """Give how many records of the assigned partitions were not fetched."""
        ends = await self.end_offsets()
        with _as_bus_error("asking for positions"):
            positions = [
                await self._within_deadline(self._consumer.position(TopicPartition(*partition))) for partition in ends
            ]
        return sum(max(0, end - position) for end, position in zip(ends.values(), positions, strict=True))

    async def close(self) -> None:
        """Leave the group, within the deadline."""
        self._bus.forget(self)
        await self._bus.closing.wait(self._bus.closing.stop("consumer", self._stop(), _network(self._consumer)))

    async def _commit_ended(self) -> None:
        """Wait for the commit under way, within the deadline, without cancelling it.

        The library would go on with a part of it, whose failure nobody hears, and two commits at once could end in the
        wrong order.
        """
        if self._committing is not None:
            _, unfinished = await asyncio.wait((self._committing,), timeout=self._bus.settings.request_seconds)
            if unfinished:
                raise TimeoutError

    async def _stop(self) -> None:
        await self._consumer.stop()
        if self._committing is not None:
            self._committing.cancel()

    async def _within_deadline(self, answer: Awaitable[T]) -> T:
        async with asyncio.timeout(self._bus.settings.request_seconds):
            return await answer


class _Observer:
    """Asks for a group's progress without being its member."""

    def __init__(self, bus: KafkaBus) -> None:
        self._consumer = AIOKafkaConsumer(**bus.settings.client(), enable_auto_commit=False)
        self._admin = AIOKafkaAdminClient(**bus.settings.client())
        self._started = False

    async def progress(self, group: str, topics: Collection[str]) -> Progress:
        if not self._started:
            await self._consumer.start()
            await self._admin.start()
            self._started = True
        places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        committed = await self._committed(group, places)
        ends = await self._consumer.end_offsets(places)  # asked later: what seems finished then is finished
        finished = sum(max(0, offset.offset) for offset in committed.values())
        return Progress(finished=finished, waiting=sum(ends.values()) - finished)

    async def _committed(self, group: str, places: list[Any]) -> dict[Any, Any]:
        """Ask until a coordinator knows: a young or restarting cluster has none for a moment."""
        while True:
            try:
                offsets: dict[Any, Any] = await self._admin.list_consumer_group_offsets(group, partitions=places)
                return offsets
            except KafkaError as error:
                if not error.retriable:
                    raise
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def disconnect(self) -> None:
        await _network(self._consumer)()
        await _network(self._admin)()


class _admin:  # noqa: N801 - used like a function
    """An admin client for the length of a block."""

    def __init__(self, bus: KafkaBus) -> None:
        self._bus = bus
        self._client = AIOKafkaAdminClient(
            **bus.settings.client(), request_timeout_ms=int(bus.settings.request_seconds * 1000)
        )

    async def __aenter__(self) -> Any:
        try:
            await self._client.start()
        except BaseException:
            self._bus.closing.stop("admin", self._client.close(), _network(self._client))
            raise
        return self._client

    async def __aexit__(self, *_: object) -> None:
        self._bus.closing.stop("admin", self._client.close(), _network(self._client))


async def _partition_counts(admin: Any, topics: Collection[str]) -> dict[str, int]:
    """Give the number of partitions of each topic that exists and whose partitions all have a leader."""
    described = await admin.describe_topics(sorted(topics))
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if topic["error_code"] == 0 and all(one["leader"] >= 0 for one in topic["partitions"])
    }


async def _forgetful(admin: Any, topics: Collection[str]) -> dict[str, dict[str, str]]:
    """Give what the topics that would delete events say of themselves."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic, dict.fromkeys(_FOR_EVER)) for topic in sorted(topics)]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for code, _message, _type, topic, entries in answer.resources:
            if code:
                raise for_code(code)(topic)
            said = {name: value for name, value, *_ in entries}
            if wrong := {name: value for name, value in said.items() if value != _FOR_EVER[name]}:
                found[topic] = wrong
    return found


def _received(record: Any) -> Received:
    return Received(Partition(record.topic, record.partition), record.offset, record.key, record.value or b"")
