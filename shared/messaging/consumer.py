"""Fetch events, apply each once, commit the offset afterwards; stay when something passes by itself.

State first, offset second: the database transaction is what counts, the offset only says where to begin again, and
what comes twice meets its inbox row. One transaction per fetched partition batch; if an event in it is poison, one
per event, so that the poison alone is buried. A failing database or bus changes nothing: the batch is read again.

    ConsumerHalted
    |-- TooManyDeadLetters   the fault is ours, not the events': stop before everything is buried
    `-- ConsumerStuck        the bus does not answer: let the supervisor start a fresh process
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import select

from shared import failpoints
from shared.clock import monotonic
from shared.contracts.clock import ClockMoved
from shared.contracts.contract import CLOCK_TOPIC, Contract
from shared.contracts.envelope import Envelope
from shared.database.deployment import store_offset
from shared.database.engine import Database
from shared.messaging.backoff import Backoff, until_stopped, wait_for_any
from shared.messaging.bus import Bus, NotAssigned, Partition, Received, Subscription
from shared.messaging.delivery import Delivery, read
from shared.messaging.failures import describe, is_transient
from shared.messaging.inbox import Handler, Inbox, OpenUnit, Outcome, Poisoned, TakeApart
from shared.messaging.tables import HELD_EVENT
from shared.messaging.watchdog import Watchdog

MAX_RECORDS: Final = 200
TRIES_MAX: Final = 3
DEAD_LETTERS_IN_A_ROW_MAX: Final = 20
HELD_RETRY_SECONDS: Final = 30.0
BATCH_SECONDS: Final = 60.0
_FETCH_SECONDS: Final = 1.0
_HELD_KEYS: Final = 100

_log = structlog.get_logger(__name__)


class ConsumerHalted(Exception):
    """A consumer stopped on purpose; starting it again at once would do harm or not help."""


class TooManyDeadLetters(ConsumerHalted):
    """So many events in a row were buried that the fault must be ours: repair it, re-drive, start again."""


class ConsumerStuck(ConsumerHalted):
    """The bus has not answered for several checks, new subscriptions included; the process should be replaced."""


async def follow_clock(uow: Any, fact: Any, envelope: Envelope) -> None:
    """Let the sandbox's legal time of this service follow the clock event."""
    await store_offset(uow.connection, timedelta(seconds=fact.offset_seconds))


class Consumer:
    """One member of a group: applies what it fetches from `topics` to one database.

    `unit_of_work(actor=…)` makes the service's unit of work (`partial(PaymentUnitOfWork, database)`). In a sandbox the
    clock's topic is followed too. `totals` counts events since the start.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        group: str,
        topics: Collection[str],
        handlers: Mapping[type[Contract], Handler],
        unit_of_work: OpenUnit,
        *,
        max_records: int = MAX_RECORDS,
        tries_max: int = TRIES_MAX,
        dead_letters_in_a_row_max: int = DEAD_LETTERS_IN_A_ROW_MAX,
        held_retry_seconds: float = HELD_RETRY_SECONDS,
        batch_seconds: float = BATCH_SECONDS,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.database = database
        self.group = group
        self.topics = frozenset(topics) | ({CLOCK_TOPIC} if database.sandbox else frozenset())
        followed: dict[type[Contract], Handler] = {ClockMoved: follow_clock} if database.sandbox else {}
        self.inbox = Inbox(database=database, consumer=group, handlers={**handlers, **followed}, open_unit=unit_of_work)
        self.watchdog = watchdog or Watchdog()
        self.totals = Outcome()
        self.transient_failures = 0
        self.subscriptions_replaced = 0
        self._bus = bus
        self._max_records = max_records
        self._tries_max = tries_max
        self._in_a_row_max = dead_letters_in_a_row_max
        self._held_retry_seconds = held_retry_seconds
        self._batch_seconds = batch_seconds
        self._subscription: Subscription | None = None
        self._uncommitted: dict[Partition, int] = {}
        self._expected: dict[Partition, int] = {}
        self._backoff = Backoff()
        self._busy = False
        self._retry_held_at = monotonic()
        self._last_held_key = ""

    async def lag(self) -> int:
        """Give how many records the whole group has not finished; raise when the bus does not answer."""
        return (await self._bus.progress(self.group, self.topics)).waiting

    async def is_idle(self) -> bool:
        """Say whether this member does nothing and its group has finished every record."""
        return not self._busy and await self.lag() == 0

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set, finishing the batch in hand; raise ConsumerHalted or what is a defect."""
        self.totals.in_a_row = 0
        try:
            while not stop.is_set():
                await self._turn(stop)
        finally:
            self._busy = False
            await self._leave()

    async def _turn(self, stop: asyncio.Event) -> None:
        batches = await self._fetch(stop)
        self._busy = bool(batches)
        for partition, records in batches.items():
            if stop.is_set():
                return
            await self._take(partition, records, stop)
        await self._commit()
        if monotonic() >= self._retry_held_at:
            await self._retry_held(stop)
        self._busy = False
        if self.watchdog.due:
            await self._watch()

    async def _fetch(self, stop: asyncio.Event) -> dict[Partition, list[Received]]:
        try:
            if self._subscription is None:
                self._subscription = await until_stopped(stop, self._bus.subscribe(self.group, self.topics))
            if self._subscription is None:
                return {}
            fetching = self._subscription.fetch(max_records=self._max_records, timeout_seconds=_FETCH_SECONDS)
            batches = await until_stopped(stop, fetching) or {}
        except Exception as error:
            await self._bear(error, stop)
            return {}
        self.watchdog.fetched(sum(map(len, batches.values())))
        return batches

    async def _take(self, partition: Partition, records: Sequence[Received], stop: asyncio.Event) -> None:
        """Apply one partition's batch, then commit its offset; what is not applied is fetched again."""
        if records[0].offset > self._expected.pop(partition, records[0].offset):
            # The client moved on past a batch that failed: only a fresh one surely begins at the committed offset.
            await self._replace("the client skipped records")
            return
        deliveries = [read(record) for record in records]
        failure: Exception | None = None
        done = 0
        try:
            if await self._apply_together(deliveries):
                done = len(deliveries)
            while done < len(deliveries) and not stop.is_set() and not self._too_many:
                await self._apply_alone([deliveries[done]], (), stop)
                done += 1
        except Exception as error:
            failure = error
        if done:
            self._uncommitted[partition] = records[done - 1].offset + 1
            failpoints.hit(failpoints.AFTER_INBOX_COMMIT)
            await self._commit()
            self._wake_timers(partition)
        if failure is not None or done < len(records):
            await self._return_to(partition, records[done].offset)
        if failure is not None:
            await self._bear(failure, stop)
        self._halt_if_too_many()

    async def _apply_together(self, deliveries: Sequence[Delivery]) -> bool:
        """Apply a batch in one transaction; give False when it must be taken apart, having changed nothing."""
        try:
            async with asyncio.timeout(self._batch_seconds):
                outcome = await self.inbox.apply(
                    deliveries, in_a_row=self.totals.in_a_row, in_a_row_max=self._in_a_row_max
                )
        except (Poisoned, TakeApart, TimeoutError):
            return False
        self._account(outcome)
        return True

    async def _apply_alone(
        self, deliveries: Sequence[Delivery], retry_keys: Collection[str], stop: asyncio.Event
    ) -> None:
        """Apply in a transaction of its own; what is poison after a few tries is buried instead."""
        condemned: dict[str, str] = {}
        tries: Counter[str] = Counter()
        backoff = Backoff()
        while True:
            try:
                async with asyncio.timeout(self._batch_seconds):
                    outcome = await self.inbox.apply(
                        deliveries, retry_keys=retry_keys, condemned=condemned, in_a_row=self.totals.in_a_row
                    )
            except Poisoned as error:
                poison = error
            else:
                self._account(outcome)
                return
            event_id = poison.delivery.event_id
            tries[event_id] += 1
            if tries[event_id] >= self._tries_max:
                condemned[event_id] = poison.reason
            else:
                await wait_for_any(stop, timeout_seconds=backoff.failed())

    def _account(self, outcome: Outcome) -> None:
        self._backoff.succeeded()
        self.totals.add(outcome)
        for burial in outcome.burials:
            _log.error(
                "dead_letter",
                consumer_name=self.group,
                topic=burial.topic,
                key=burial.key,
                event_id=burial.event_id,
                reason=burial.reason,
            )
        if outcome.gaps:
            _log.warning("versions_missing", consumer_name=self.group, held=outcome.gaps)

    @property
    def _too_many(self) -> bool:
        return self.totals.in_a_row >= self._in_a_row_max

    def _halt_if_too_many(self) -> None:
        if self._too_many:
            raise TooManyDeadLetters(f"{self.totals.in_a_row} events in a row were buried by consumer {self.group}")

    async def _bear(self, error: Exception, stop: asyncio.Event) -> None:
        """Wait a moment when the failure passes by itself; raise it when it is a defect."""
        if not is_transient(error):
            raise error
        self.transient_failures += 1
        _log.warning("consumer_waits", consumer_name=self.group, reason=describe(error))
        await wait_for_any(stop, timeout_seconds=self._backoff.failed())

    async def _return_to(self, partition: Partition, offset: int) -> None:
        self._expected[partition] = offset
        if self._subscription is not None:
            with suppress(NotAssigned):
                await self._subscription.seek(partition, offset)

    async def _commit(self) -> None:
        """Commit offsets as well as can be; after a failure all wait for the next round, this one behind the others.

        One coordinator answers for all: while it is silent, each further attempt would cost a deadline.
        """
        for partition, next_offset in list(self._uncommitted.items()):
            if self._subscription is None:
                return
            try:
                await self._subscription.commit(partition, next_offset)
            except NotAssigned:
                pass  # its new member begins at the last committed offset and meets the inbox
            except Exception as error:  # the effects stand; the offset only says where to begin again
                _log.warning("offset_not_committed", consumer_name=self.group, reason=describe(error))
                self._uncommitted[partition] = self._uncommitted.pop(partition)
                return
            del self._uncommitted[partition]

    def _wake_timers(self, partition: Partition) -> None:
        if partition.topic == CLOCK_TOPIC:
            self.database.timers_changed.set()

    async def _retry_held(self, stop: asyncio.Event) -> None:
        """Try held events without waiting for a fact of their key: what they miss may be no event at all (a rulebook),
        or have another key."""
        self._retry_held_at = monotonic() + self._held_retry_seconds
        query = (
            select(HELD_EVENT.c.key)
            .distinct()
            .where(HELD_EVENT.c.consumer == self.group, HELD_EVENT.c.key > self._last_held_key)
            .order_by(HELD_EVENT.c.key)
            .limit(_HELD_KEYS)
        )
        try:
            async with self.database.connect(write=False) as connection:
                keys = list((await connection.execute(query)).scalars())
            for key in keys:
                if stop.is_set():
                    return
                await self._apply_alone([], [key], stop)
                self._halt_if_too_many()
        except Exception as error:
            await self._bear(error, stop)
        else:
            self._last_held_key = keys[-1] if len(keys) == _HELD_KEYS else ""

    async def _watch(self) -> None:
        await self.watchdog.check(self._subscription)
        if self.watchdog.gives_up:
            raise ConsumerStuck(f"the bus has not answered consumer {self.group} for {self.watchdog.failures} checks")
        if self.watchdog.wants_replacement:
            await self._replace("it does not answer")

    async def _replace(self, reason: str) -> None:
        _log.warning("subscription_replaced", consumer_name=self.group, reason=reason)
        self.subscriptions_replaced += 1
        await self._leave()

    async def _leave(self) -> None:
        """Commit what can be committed and leave the group; whoever comes next begins at the committed offsets."""
        subscription = self._subscription
        if subscription is None:
            return
        await self._commit()
        self._subscription = None
        self._uncommitted.clear()
        self._expected.clear()
        await subscription.close()
