"""What the inbox's tables say about the keys of one batch: loaded, changed in memory, stored, in one transaction."""

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import machine_now
from shared.database.upsert import insert_for
from shared.messaging.bus import BusError
from shared.messaging.delivery import Aggregate, Delivery, read_held
from shared.messaging.statements import among, look_up
from shared.messaging.tables import DEAD_LETTER, GATE, HELD_EVENT, INBOX

BEHIND: Final = "behind an earlier dead letter of its key"


class AppliedElsewhere(BusError):
    """Another process applied one of the events meanwhile; the batch is rolled back and read again."""


@dataclass(slots=True)
class Held:
    """An event that waits; `seq` is its row, or None while it has none."""

    delivery: Delivery
    reason: str
    seq: int | None = None
    released: bool = False


@dataclass(slots=True)
class InboxState:
    """The consumer's knowledge about these keys, as of this transaction."""

    consumer: str
    applied: set[str] = field(default_factory=set)
    """Ids, out of the batch's, that took effect."""
    parked: set[str] = field(default_factory=set)
    """Ids, out of the batch's, that are held or buried."""
    dead_keys: set[str] = field(default_factory=set)
    gates: dict[Aggregate, int] = field(default_factory=dict)
    waiting: dict[str, list[Held]] = field(default_factory=dict)
    newly_applied: list[Delivery] = field(default_factory=list)
    moved_gates: set[Aggregate] = field(default_factory=set)
    graves: dict[str, tuple[Delivery, str]] = field(default_factory=dict)
    released_rows: list[int] = field(default_factory=list)

    @classmethod
    async def load(
        cls, connection: AsyncConnection, consumer: str, deliveries: Collection[Delivery], keys: Collection[str]
    ) -> Self:
        """Load what the tables say about these deliveries and keys."""
        state = cls(consumer)
        ids = [delivery.event_id for delivery in deliveries]
        inbox, dead = INBOX.c, DEAD_LETTER.c
        seen = look_up(connection, [inbox.event_id], inbox.consumer == consumer, key=inbox.event_id, values=ids)
        state.applied.update((await connection.execute(seen)).scalars())
        buried = look_up(connection, [dead.event_id], dead.consumer == consumer, key=dead.event_id, values=ids)
        state.parked.update((await connection.execute(buried)).scalars())
        still_open = (dead.consumer == consumer, dead.redriven_at.is_(None))
        blocked = look_up(connection, [dead.key], *still_open, key=dead.key, values=keys)
        state.dead_keys.update((await connection.execute(blocked)).scalars())
        await state.load_waiting(connection, keys)
        await state.load_gates(connection, deliveries)
        return state

    async def load_waiting(self, connection: AsyncConnection, keys: Collection[str]) -> None:
        """Load what the keys have waiting."""
        query = look_up(
            connection,
            list(HELD_EVENT.columns),
            HELD_EVENT.c.consumer == self.consumer,
            key=HELD_EVENT.c.key,
            values=keys,
        )
        query = query.order_by(query.selected_columns.seq)
        for row in await connection.execute(query):
            self.parked.add(row.event_id)
            self.waiting.setdefault(row.key, []).append(Held(read_held(row), row.reason, row.seq))

    async def load_gates(self, connection: AsyncConnection, deliveries: Collection[Delivery]) -> None:
        """Load the applied version of every aggregate among the deliveries and the waiting events."""
        ids: dict[tuple[str, str], set[str]] = {}
        for delivery in [*deliveries, *(held.delivery for line in self.waiting.values() for held in line)]:
            if delivery.envelope is not None:
                source, kind, aggregate_id = delivery.aggregate
                ids.setdefault((source, kind), set()).add(aggregate_id)
        for (source, kind), some in ids.items():
            query = look_up(
                connection,
                [GATE.c.aggregate_id, GATE.c.version],
                GATE.c.consumer == self.consumer,
                GATE.c.source == source,
                GATE.c.aggregate_type == kind,
                key=GATE.c.aggregate_id,
                values=some,
            )
            for row in await connection.execute(query):
                self.gates[Aggregate(source, kind, row.aggregate_id)] = row.version

    def knows(self, event_id: str) -> bool:
        """Say whether the event was dealt with before."""
        return event_id in self.applied or event_id in self.parked

    def gate(self, aggregate: Aggregate) -> int:
        """Give the aggregate's version that was applied last; 0 before the first."""
        return self.gates.get(aggregate, 0)

    def apply(self, delivery: Delivery) -> None:
        """Note that the event took effect."""
        self.applied.add(delivery.event_id)
        self.parked.discard(delivery.event_id)
        self.newly_applied.append(delivery)
        self.gates[delivery.aggregate] = delivery.version
        self.moved_gates.add(delivery.aggregate)

    def hold(self, delivery: Delivery, reason: str) -> None:
        """Let the event wait for what comes later."""
        self.parked.add(delivery.event_id)
        self.waiting.setdefault(delivery.key, []).append(Held(delivery, reason))

    def held(self, key: str) -> Iterator[Held]:
        """Give the key's waiting events in the order of their arrival; some may be released meanwhile."""
        yield from (held for held in list(self.waiting.get(key, [])) if not held.released)

    def release(self, held: Held) -> None:
        """Take an event out of the waiting ones."""
        held.released = True
        if held.seq is not None:
            self.released_rows.append(held.seq)

    def bury(self, delivery: Delivery, reason: str) -> int:
        """Put the event, and behind it every waiting one of its key, where they stay until they are re-driven.

        Give how many went behind it.
        """
        self._entomb(delivery, reason)
        self.dead_keys.add(delivery.key)
        behind = list(self.held(delivery.key))
        for held in behind:
            self.release(held)
            self._entomb(held.delivery, BEHIND)
        return len(behind)

    def _entomb(self, delivery: Delivery, reason: str) -> None:
        self.parked.add(delivery.event_id)
        self.graves[delivery.event_id] = (delivery, reason)

    async def store(self, connection: AsyncConnection) -> None:
        """Write every change down; raise AppliedElsewhere when one of the events had been applied after all."""
        now = machine_now()
        if self.newly_applied:
            rows = [{**self._identity(one), "event_id": one.event_id, "received_at": now} for one in self.newly_applied]
            query = insert_for(connection, INBOX).on_conflict_do_nothing().returning(INBOX.c.event_id)
            if len((await connection.execute(query, rows)).all()) != len(rows):
                raise AppliedElsewhere(f"an event for {self.consumer} was applied by another process")
            await self._store_gates(connection)
        if self.released_rows:
            await connection.execute(delete(HELD_EVENT).where(among(connection, HELD_EVENT.c.seq, self.released_rows)))
        waiting = [
            {
                **self._identity(held.delivery),
                "event_id": held.delivery.event_id,
                "key": held.delivery.key,
                "payload": held.delivery.payload,
                "reason": held.reason,
                "held_at": now,
            }
            for line in self.waiting.values()
            for held in line
            if held.seq is None and not held.released
        ]
        if waiting:
            await connection.execute(insert_for(connection, HELD_EVENT), waiting)
        if self.graves:
            await self._store_graves(connection)

    def _identity(self, delivery: Delivery) -> dict[str, Any]:
        aggregate = delivery.aggregate
        return {
            "consumer": self.consumer,
            "source": aggregate.source,
            "aggregate_type": aggregate.type,
            "aggregate_id": aggregate.id,
            "version": delivery.version,
        }

    async def _store_gates(self, connection: AsyncConnection) -> None:
        insert = insert_for(connection, GATE)
        await connection.execute(
            insert.on_conflict_do_update(
                index_elements=list(GATE.primary_key.columns), set_={"version": insert.excluded.version}
            ),
            [
                {
                    "consumer": self.consumer,
                    "source": aggregate.source,
                    "aggregate_type": aggregate.type,
                    "aggregate_id": aggregate.id,
                    "version": self.gates[aggregate],
                }
                for aggregate in sorted(self.moved_gates)
            ],
        )

    async def _store_graves(self, connection: AsyncConnection) -> None:
        """Insert in order; one that was buried and re-driven before is opened again at its old place."""
        now = machine_now()
        insert = insert_for(connection, DEAD_LETTER)
        await connection.execute(
            insert.on_conflict_do_update(
                index_elements=["consumer", "event_id"],
                set_={
                    "reason": insert.excluded.reason,
                    "attempts": DEAD_LETTER.c.attempts + 1,
                    "buried_at": insert.excluded.buried_at,
                    "redriven_at": None,
                },
            ),
            [
                {
                    "consumer": self.consumer,
                    "event_id": delivery.event_id,
                    "topic": delivery.topic,
                    "key": delivery.key,
                    "payload": delivery.payload,
                    "reason": reason,
                    "buried_at": now,
                }
                for delivery, reason in self.graves.values()
            ],
        )


async def lock_keys(connection: AsyncConnection, consumer: str, keys: Collection[str]) -> None:
    """Let one transaction of the consumer at a time touch a key, until it ends.

    Two workers meet at one key when it comes on two topics, or while partitions change hands, or when an operator
    re-drives it: without the lock one could hold an event for a fact which the other is just applying, and nobody
    would try the event again. On SQLite the one writer at a time is lock enough.
    """
    if connection.dialect.name == "sqlite" or not keys:
        return
    # What follows is planned for its arguments each time (tenths of a millisecond): a plan kept from when the inbox was
    # young reads the whole of it for every batch.
    await connection.execute(
        text(
            "SELECT pg_advisory_xact_lock(:space, key)"
            " FROM set_config('plan_cache_mode', 'force_custom_plan', true), unnest(CAST(:keys AS int[])) AS key"
        ),
        {"space": _number(consumer), "keys": sorted({_number(key) for key in keys})},
    )


def _number(name: str) -> int:
    """Give a signed 32-bit number; two names with the same one wait for each other, no more."""
    return zlib.crc32(name.encode()) - 2**31
