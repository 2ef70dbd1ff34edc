"""A bus that delivers as badly as a bus may: everything at least twice, in any order that keys and topics allow.

Records of one key keep their order on their topic; across keys and topics they come in an order chosen by a seed, some
much later than others. Every record comes once more, at once or long after its successors, as it may after a rebalance.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from random import Random

from shared.messaging.bus import Bus, Partition, Progress, Publisher, Received, Subscription


class DisorderedBus:
    """Wraps another bus; `lanes` are all that was ever delivered, `through` is set while nothing is to come."""

    def __init__(self, inner: Bus, *, seed: int) -> None:
        self.lanes: list[Lane] = []
        self.through = asyncio.Event()
        self._inner = inner
        self._random = Random(seed)

    async def ensure_topics(self, topics: Collection[str] | None = None) -> None:
        """Make the topics."""
        await (self._inner.ensure_topics() if topics is None else self._inner.ensure_topics(topics))

    def publisher(self) -> Publisher:
        """Give a publisher: sending is as ever."""
        return self._inner.publisher()

    async def subscribe(self, group: str, topics: Collection[str]) -> "DisorderedSubscription":
        """Join a group."""
        return DisorderedSubscription(self, await self._inner.subscribe(group, topics), self._random)

    async def progress(self, group: str, topics: Collection[str]) -> Progress:
        """Give how far the group has come."""
        return await self._inner.progress(group, topics)

    def tail(self, topics: Collection[str], *, from_start: bool = False) -> AsyncIterator[Received]:
        """Give records as they come."""
        return self._inner.tail(topics, from_start=from_start)

    async def close(self) -> None:
        """Close everything."""
        await self._inner.close()


@dataclass(slots=True)
class Lane:
    """One partition's records on their way to one group; `given` counts deliveries, by the place on the topic.

    Its consumer sees offsets of ours: it may seek to any it was given and commit the next without skipping a record
    that it was not given.
    """

    complete_below: int
    """Every record below was delivered."""
    waiting: dict[bytes | None, deque[Received]] = field(default_factory=dict)
    repeats: list[Received] = field(default_factory=list)
    ahead: set[int] = field(default_factory=set)
    given: Counter[int] = field(default_factory=Counter)
    overtaking: int = 0
    """How many records came before an earlier one of their topic."""

    def take(self, records: list[Received]) -> None:
        """Let fetched records wait behind their keys."""
        for record in records:
            self.waiting.setdefault(record.key, deque()).append(record)

    def next_of_any_key(self, random: Random) -> Received:
        """Give the first waiting record of a key chosen at random; it will come again."""
        key = random.choice(list(self.waiting))
        record = self.waiting[key].popleft()
        if not self.waiting[key]:
            del self.waiting[key]
        self.repeats.append(record)
        return self._numbered(record)

    def repeat(self, random: Random) -> Received:
        """Give one of the records that are to come again."""
        return self._numbered(self.repeats.pop(random.randrange(len(self.repeats))))

    def _numbered(self, record: Received) -> Received:
        before = self.complete_below
        self.given[record.offset] += 1
        if record.offset >= before:
            self.overtaking += record.offset > before
            self.ahead.add(record.offset)
        while self.complete_below in self.ahead:
            self.ahead.remove(self.complete_below)
            self.complete_below += 1
        return replace(record, offset=min(before, self.complete_below - 1))


class DisorderedSubscription:
    """One member of a group, badly served."""

    def __init__(self, bus: DisorderedBus, inner: Subscription, random: Random) -> None:
        self._bus = bus
        self._inner = inner
        self._random = random
        self._lanes: dict[Partition, Lane] = {}

    async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[Received]]:
        """Give some of what is there, of some partitions, in a random order."""
        busy = any(lane.waiting or lane.repeats for lane in self._lanes.values())
        fetched = await self._inner.fetch(max_records=max_records, timeout_seconds=0.0 if busy else timeout_seconds)
        for partition, records in fetched.items():
            self._lane(partition, records[0].offset).take(records)
        partitions = [partition for partition, lane in self._lanes.items() if lane.waiting or lane.repeats]
        self._random.shuffle(partitions)
        some = partitions[: self._random.randint(1, len(partitions))] if partitions else []
        given = {partition: self._some_of(partition, max_records) for partition in some}
        if any(lane.waiting or lane.repeats for lane in self._bus.lanes):
            self._bus.through.clear()
        else:
            self._bus.through.set()
        return given

    def _lane(self, partition: Partition, first: int) -> Lane:
        if partition not in self._lanes:
            self._lanes[partition] = Lane(first)
            self._bus.lanes.append(self._lanes[partition])
        return self._lanes[partition]

    def _some_of(self, partition: Partition, max_records: int) -> list[Received]:
        lane = self._lanes[partition]
        given: list[Received] = []
        for _ in range(self._random.randint(1, max_records)):
            if not lane.waiting and not lane.repeats:
                break
            again = lane.repeats and (not lane.waiting or self._random.random() < 0.4)
            given.append(lane.repeat(self._random) if again else lane.next_of_any_key(self._random))
        if lane.repeats and given[-1].offset + 1 < lane.complete_below:
            given.append(lane.repeat(self._random))  # so that the batch's commit covers what it completed
        return given

    async def seek(self, partition: Partition, offset: int) -> None:
        """Fetch from `offset` next."""
        dropped = self._lanes.pop(partition, None)
        if dropped is not None:
            dropped.waiting.clear()
            dropped.repeats.clear()
        await self._inner.seek(partition, offset)

    async def commit(self, partition: Partition, next_offset: int) -> None:
        """Let a later member start at `next_offset`."""
        await self._inner.commit(partition, next_offset)

    async def end_offsets(self) -> dict[Partition, int]:
        """Give each partition's end."""
        return await self._inner.end_offsets()

    async def lag(self) -> int:
        """Give how many records were not fetched."""
        return await self._inner.lag()

    async def close(self) -> None:
        """Leave the group."""
        await self._inner.close()
