"""What every bus promises, so that the relay and the consumer know neither Kafka nor the embedded log.

Records of one key stay in the order in which they were sent. Nothing acknowledged is ever lost. A record may come
again, and a repeat may come late: removing repeats is the inbox's work. Every call ends within a deadline of its own.

    BusError
    |-- SendFailed          a record was not acknowledged; it may or may not be on its topic
    |   `-- RecordTooLarge  it never will be: it exceeds RECORD_BYTES_MAX
    |-- NotAssigned         the partition belongs to another member of the group by now
    `-- WrongTopics         a topic is missing, has other partitions than its contract, or deletes events
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from shared.contracts.catalogue import CONTRACTS

TOPICS: Final = frozenset(contract.EVENT.topic for contract in CONTRACTS.values())
"""Every topic of this release."""

RECORD_BYTES_MAX: Final = 1_000_000
"""Kafka's default limit, and therefore the embedded log's too."""


class BusError(Exception):
    """The bus could not do what was asked; trying again later may succeed unless the subclass says otherwise."""


class SendFailed(BusError):
    """The record was not acknowledged in time; it may stand on its topic all the same."""


class RecordTooLarge(SendFailed):
    """The record exceeds what a topic takes; sending it again is useless."""


class NotAssigned(BusError):
    """The partition was taken from this member; whoever has it now reads on from the last committed offset."""


class WrongTopics(BusError):
    """A topic is missing, its number of partitions would put keys out of order, or its broker deletes events."""


class Partition(NamedTuple):
    """One ordered part of a topic."""

    topic: str
    number: int


class Progress(NamedTuple):
    """How far a group has come; `finished` only grows."""

    finished: int
    """Offsets committed, added up over all partitions."""
    waiting: int
    """Records not committed yet: the group's lag."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be sent: records with the same key keep their order."""

    topic: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What was fetched; the key is bytes because anybody's record may stand on a topic."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes


class Publisher(Protocol):
    """Sends records; one `send` at a time."""

    async def send(self, records: Sequence[Record]) -> list[SendFailed | None]:
        """Send all, await all, and give per record None when it is durable or why it is not known to be.

        After the first failure of a key its later records of the same call are not sent. Never raises for a failing
        broker.
        """
        ...

    async def close(self) -> None:
        """Give back what was opened, within a deadline."""
        ...


class Subscription(Protocol):
    """One member of a consumer group; partitions are shared out among the members and taken over from dead ones."""

    async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[Received]]:
        """Give the next records per partition, in order, waiting at most `timeout_seconds` for the first."""
        ...

    async def seek(self, partition: Partition, offset: int) -> None:
        """Fetch from `offset` next; raise NotAssigned when the partition is another member's."""
        ...

    async def commit(self, partition: Partition, next_offset: int) -> None:
        """Let a later member start at `next_offset`; raise NotAssigned when the partition is another member's."""
        ...

    async def end_offsets(self) -> dict[Partition, int]:
        """Give for each partition of this member the offset that the next record will get."""
        ...

    async def lag(self) -> int:
        """Give how many records of this member's partitions it has not fetched; raise when the bus does not answer."""
        ...

    async def close(self) -> None:
        """Leave the group, within a deadline."""
        ...


class Bus(Protocol):
    """One event bus: the embedded log or Kafka."""

    async def ensure_topics(self, topics: Collection[str] = TOPICS) -> None:
        """Return when every topic stands with its partitions and keeps its events; raise WrongTopics if one cannot."""
        ...

    def publisher(self) -> Publisher:
        """Give a publisher of its own; it connects at its first send."""
        ...

    async def subscribe(self, group: str, topics: Collection[str]) -> Subscription:
        """Join a group, which begins at each topic's first record unless it has committed offsets."""
        ...

    async def progress(self, group: str, topics: Collection[str]) -> Progress:
        """Give how far the group, all its members together, has come."""
        ...

    def tail(self, topics: Collection[str], *, from_start: bool = False) -> AsyncIterator[Received]:
        """Give records as they come, for ever, outside any group."""
        ...

    async def close(self) -> None:
        """Close every publisher and subscription that is still open, within a deadline."""
        ...
