"""The embedded bus with faults on order."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any

from shared.messaging.bus import BusError, Partition, Progress, Received, Record, SendFailed
from shared.messaging.embedded import EmbeddedBus


class FaultyBus:
    """Passes everything on to an embedded bus, but first asks what should go wrong."""

    def __init__(self, bus: EmbeddedBus) -> None:
        self.bus = bus
        self.refuses: Callable[[Record], bool] = lambda _: False
        self.loses_answers = False
        self.keeps_order = True
        self.sent: list[list[Record]] = []
        self.commits_fail = False
        self.deaf = False
        self.subscriptions = 0
        self.skips_after_failure = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bus, name)

    async def progress(self, group: str, topics: Collection[str]) -> Progress:
        """Give how far a group has come."""
        return await self.bus.progress(group, topics)

    def publisher(self) -> "FaultyPublisher":
        """Give a publisher that refuses some records or loses every answer."""
        return FaultyPublisher(self)

    async def subscribe(self, group: str, topics: Collection[str]) -> "FaultySubscription":
        """Give a subscription that may be deaf."""
        self.subscriptions += 1
        return FaultySubscription(self, await self.bus.subscribe(group, topics), group, topics)


class FaultyPublisher:
    """Sends what is not refused."""

    def __init__(self, bus: FaultyBus) -> None:
        self._bus = bus
        self._publisher = bus.bus.publisher()

    async def send(self, records: Sequence[Record]) -> list[SendFailed | None]:
        """Send what is not refused; nothing later of a refused key either, unless the bus is told to forget that."""
        self._bus.sent.append(list(records))
        stopped: set[str] = set()
        results: list[SendFailed | None] = []
        for record in records:
            refused = self._bus.refuses(record)
            failed = refused or (record.key in stopped and self._bus.keeps_order)
            stopped.update([record.key] if failed else [])
            results.append(SendFailed("refused") if failed else None)
        passed = [record for record, result in zip(records, results, strict=True) if result is None]
        await self._publisher.send(passed)
        return [SendFailed("the answer was lost")] * len(records) if self._bus.loses_answers else results

    async def close(self) -> None:
        """Close."""
        await self._publisher.close()


class FaultySubscription:
    """Fetches unless it is deaf."""

    def __init__(self, bus: FaultyBus, subscription: Any, group: str, topics: Collection[str]) -> None:
        self._bus = bus
        self._subscription = subscription
        self._group = group
        self._topics = topics

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subscription, name)

    async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[Received]]:
        """Fetch, or hear nothing and say nothing, as a stuck client does."""
        if self._bus.deaf:
            await asyncio.sleep(0.01)
            return {}
        found: dict[Partition, list[Received]] = await self._subscription.fetch(
            max_records=max_records, timeout_seconds=timeout_seconds
        )
        return found

    async def lag(self) -> int:
        """Give what waits; a deaf member's broker still knows."""
        if self._bus.deaf:
            return (await self._bus.progress(self._group, self._topics)).waiting
        waiting: int = await self._subscription.lag()
        return waiting

    async def seek(self, partition: Partition, offset: int) -> None:
        """Seek, or forget to."""
        if not self._bus.skips_after_failure:
            await self._subscription.seek(partition, offset)

    async def commit(self, partition: Partition, next_offset: int) -> None:
        """Commit unless commits fail."""
        if self._bus.commits_fail:
            raise BusError("no commit today")
        await self._subscription.commit(partition, next_offset)
