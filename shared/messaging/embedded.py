"""The embedded bus: a durable log in one SQLite file, for a laptop or one small machine.

An append is on the disk (WAL, synchronous=FULL) before it is acknowledged, so kill -9 and a power cut lose nothing.
Every topic has one partition. A group has one active member; the others wait behind a file lock, which the system
frees the moment its holder dies. Members in the appending process are woken, those in another look once a second.

Plain sqlite3 in threads of its own, not aiosqlite: a transaction is one function call there, so a cancelled caller can
never leave it half done.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from shared import failpoints
from shared.clock import machine_now, monotonic
from shared.file_lock import FileLock
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

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, next_offset INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS record (
    topic TEXT NOT NULL REFERENCES topic (name), position INTEGER NOT NULL,
    key TEXT NOT NULL, value BLOB NOT NULL, appended_at TEXT NOT NULL,
    UNIQUE (topic, position)
) STRICT;
CREATE TABLE IF NOT EXISTS progress (
    consumer_group TEXT NOT NULL, topic TEXT NOT NULL, next_offset INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, topic)
) STRICT;
"""
_POLL_SECONDS: Final = 1.0
_TAKE_OVER_SECONDS: Final = 0.2
_TAIL_RECORDS: Final = 500
_BUSY_SECONDS: Final = 5.0
_GROUP_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")

P = ParamSpec("P")
T = TypeVar("T")


class _Log:
    """One connection in one thread; each method is one transaction."""

    def __init__(self, file: Path, *, synchronous: str) -> None:
        self._file = file
        self._synchronous = synchronous
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedded-log")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one of the methods in the thread; it ends as a whole even when the caller is cancelled."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))
        except sqlite3.Error as error:
            raise BusError(f"the log {self._file.name}: {error}") from error

    async def close(self) -> None:
        await self.run(self._close)
        self._thread.shutdown()

    def create(self, topics: Collection[str]) -> None:
        with self._writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO topic (name) VALUES (?)", [(name,) for name in topics])

    def append(self, records: Sequence[Record]) -> set[str]:
        """Append all in one transaction and give the topics that do not exist, whose records were left out."""
        missing: set[str] = set()
        now = machine_now().isoformat()
        with self._writing() as connection:
            for topic in dict.fromkeys(record.topic for record in records):
                row = connection.execute("SELECT next_offset FROM topic WHERE name = ?", (topic,)).fetchone()
                if row is None:
                    missing.add(topic)
                    continue
                mine = [record for record in records if record.topic == topic]
                connection.executemany(
                    "INSERT INTO record (topic, position, key, value, appended_at) VALUES (?, ?, ?, ?, ?)",
                    [(topic, at, record.key, record.value, now) for at, record in enumerate(mine, row[0])],
                )
                connection.execute("UPDATE topic SET next_offset = ? WHERE name = ?", (row[0] + len(mine), topic))
        return missing

    def read(self, positions: Mapping[str, int], limit: int) -> dict[Partition, list[Received]]:
        found: dict[Partition, list[Received]] = {}
        for topic, position in positions.items():
            if limit <= 0:
                break
            rows = self._open().execute(
                "SELECT position, key, value FROM record WHERE topic = ? AND position >= ? ORDER BY position LIMIT ?",
                (topic, position, limit),
            )
            partition = Partition(topic, 0)
            records = [Received(partition, at, key.encode(), value) for at, key, value in rows]
            if records:
                found[partition] = records
                limit -= len(records)
        return found

    def ends(self, topics: Collection[str]) -> dict[str, int]:
        rows = dict(self._open().execute("SELECT name, next_offset FROM topic").fetchall())
        missing = sorted(set(topics) - rows.keys())
        if missing:
            raise WrongTopics(f"the embedded log has no topic {', '.join(missing)}; ensure_topics makes them")
        return {topic: rows[topic] for topic in topics}

    def committed(self, group: str) -> dict[str, int]:
        query = "SELECT topic, next_offset FROM progress WHERE consumer_group = ?"
        return dict(self._open().execute(query, (group,)).fetchall())

    def commit(self, group: str, topic: str, next_offset: int) -> None:
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO progress VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset",
                (group, topic, next_offset),
            )

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._file, timeout=_BUSY_SECONDS, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            self._connection = connection
        return self._connection

    def _writing(self) -> "_Writing":
        return _Writing(self._open())

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Writing:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when anything failed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


class EmbeddedBus:
    """The bus in `directory` (for example PEIBU_HOME/events); any number of processes may open it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.appends = _Log(directory / "log.sqlite3", synchronous="FULL")
        # Committed offsets are best effort by contract, so they need not wait for the disk.
        self.reads = _Log(directory / "log.sqlite3", synchronous="NORMAL")
        self.appended: set[asyncio.Event] = set()
        self._subscriptions: set[EmbeddedSubscription] = set()

    async def ensure_topics(self, topics: Collection[str] = TOPICS) -> None:
        """Make the topics that do not exist yet."""
        await self.appends.run(self.appends.create, sorted(topics))

    def publisher(self) -> "EmbeddedPublisher":
        """Give a publisher."""
        return EmbeddedPublisher(self)

    async def subscribe(self, group: str, topics: Collection[str]) -> "EmbeddedSubscription":
        """Join a group; the member becomes active at its first fetch that finds the group's lock free."""
        if not _GROUP_NAME.fullmatch(group):
            raise ValueError(f"{group!r} is no group name: use letters, digits, dot, underscore and hyphen")
        await self.reads.run(self.reads.ends, topics)
        lock = FileLock(self.directory / "groups" / f"{group}.lock")
        subscription = EmbeddedSubscription(self, group, topics, lock)
        self._subscriptions.add(subscription)
        return subscription

    async def progress(self, group: str, topics: Collection[str]) -> Progress:
        """Give how far the group has come."""
        committed = await self.reads.run(self.reads.committed, group)
        ends = await self.reads.run(self.reads.ends, topics)
        finished = sum(committed.get(topic, 0) for topic in ends)
        return Progress(finished=finished, waiting=sum(ends.values()) - finished)

    async def tail(self, topics: Collection[str], *, from_start: bool = False) -> AsyncIterator[Received]:
        """Give records as they come, for ever, outside any group."""
        ends = await self.reads.run(self.reads.ends, topics)
        positions = {topic: 0 if from_start else end for topic, end in ends.items()}
        appended = asyncio.Event()
        self.appended.add(appended)
        try:
            while True:
                appended.clear()
                batches = await self.reads.run(self.reads.read, positions, _TAIL_RECORDS)
                for partition, records in batches.items():
                    for record in records:
                        yield record
                    positions[partition.topic] = records[-1].offset + 1
                if not batches:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(appended.wait(), _POLL_SECONDS)
        finally:
            self.appended.discard(appended)

    def wake(self) -> None:
        """Tell every reader of this process that something was appended."""
        for event in self.appended:
            event.set()

    def forget(self, subscription: "EmbeddedSubscription") -> None:
        """Forget a subscription that was closed."""
        self._subscriptions.discard(subscription)

    async def close(self) -> None:
        """Close the subscriptions, then the file."""
        for subscription in list(self._subscriptions):
            await subscription.close()
        await self.appends.close()
        await self.reads.close()


class EmbeddedPublisher:
    """Appends to the log; every `send` is one transaction and one fsync."""

    def __init__(self, bus: EmbeddedBus) -> None:
        self._bus = bus

    async def send(self, records: Sequence[Record]) -> list[SendFailed | None]:
        """Append all and give per record None, or why it was not appended."""
        results: list[SendFailed | None] = [None] * len(records)
        stopped: set[tuple[str, str]] = set()
        accepted: list[Record] = []
        for index, record in enumerate(records):
            if len(record.value) > RECORD_BYTES_MAX:
                stopped.add((record.topic, record.key))
                results[index] = RecordTooLarge(f"{len(record.value)} bytes; at most {RECORD_BYTES_MAX} are taken")
            elif (record.topic, record.key) in stopped:
                results[index] = SendFailed("an earlier record of the key was not sent")
            else:
                accepted.append(record)
        try:
            missing = await self._bus.appends.run(self._bus.appends.append, accepted)
        except BusError as error:
            failure = SendFailed(str(error))
            return [result or failure for result in results]
        failpoints.hit(failpoints.AFTER_SEND)
        self._bus.wake()
        for index, record in enumerate(records):
            if results[index] is None and record.topic in missing:
                results[index] = SendFailed(f"there is no topic {record.topic}")
        return results

    async def close(self) -> None:
        """Do nothing: the file belongs to the bus."""


class EmbeddedSubscription:
    """One member of a group: active while it holds the group's lock, waiting otherwise."""

    def __init__(self, bus: EmbeddedBus, group: str, topics: Collection[str], lock: FileLock) -> None:
        self._bus = bus
        self._group = group
        self._topics = sorted(topics)
        self._lock = lock
        self._positions: dict[str, int] = {}
        self._appended = asyncio.Event()
        bus.appended.add(self._appended)

    async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[Received]]:
        """Give the next records per topic; nothing while another member is active."""
        deadline = monotonic() + timeout_seconds
        while not await self._is_active():
            if monotonic() >= deadline:
                return {}
            await asyncio.sleep(min(_TAKE_OVER_SECONDS, max(0.0, deadline - monotonic())))
        while True:
            self._appended.clear()
            batches = await self._read(max_records)
            remaining = deadline - monotonic()
            if batches or remaining <= 0:
                return batches
            with suppress(TimeoutError):
                await asyncio.wait_for(self._appended.wait(), min(_POLL_SECONDS, remaining))

    async def seek(self, partition: Partition, offset: int) -> None:
        """Fetch from `offset` next."""
        await self._require(partition)
        self._positions[partition.topic] = offset

    async def commit(self, partition: Partition, next_offset: int) -> None:
        """Let a later member start at `next_offset`."""
        await self._require(partition)
        await self._bus.reads.run(self._bus.reads.commit, self._group, partition.topic, next_offset)

    async def end_offsets(self) -> dict[Partition, int]:
        """Give each topic's next offset while this member is active."""
        if not await self._lock.still_held():
            return {}
        ends = await self._bus.reads.run(self._bus.reads.ends, self._topics)
        return {Partition(topic, 0): end for topic, end in ends.items()}

    async def lag(self) -> int:
        """Give how many records this member has not fetched."""
        ends = await self.end_offsets()
        return sum(end - self._positions[partition.topic] for partition, end in ends.items())

    async def close(self) -> None:
        """Let the next member take over."""
        self._bus.appended.discard(self._appended)
        await self._lock.release()
        self._bus.forget(self)

    async def _is_active(self) -> bool:
        if await self._lock.still_held():
            return True
        if not await self._lock.try_take():
            return False
        try:
            committed = await self._bus.reads.run(self._bus.reads.committed, self._group)
        except BaseException:
            await self._lock.release()
            raise
        self._positions = {topic: committed.get(topic, 0) for topic in self._topics}
        return True

    async def _read(self, max_records: int) -> dict[Partition, list[Received]]:
        batches = await self._bus.reads.run(self._bus.reads.read, dict(self._positions), max_records)
        for partition, records in batches.items():
            # A topic that was read moves to the end of the line, so that a long one starves no other.
            del self._positions[partition.topic]
            self._positions[partition.topic] = records[-1].offset + 1
        return batches

    async def _require(self, partition: Partition) -> None:
        if not await self._lock.still_held() or partition.topic not in self._positions:
            raise NotAssigned(f"{partition.topic} is not this member's")
