"""Apply events to this service: each once, each aggregate's in the order of its versions, or see that nothing is lost.

    known id                           nothing: it took effect, waits, or is buried
    key with an open dead letter       buried behind it
    unreadable, or contradicts itself  buried
    version already applied            buried: the publisher went back in time (a restored database), with an alarm
    version after the next             held
    next version, MissingFact          held
    next version, unknown type         held: a later release's, which will know it
    next version                       applied: handler, inbox row, gate; then the key's held events are tried again

Everything that a batch changes is one transaction with the effects. What the handler raises and what cannot pass by
itself leaves as Poisoned; the caller tries again and finally condemns the event, which buries it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Protocol

from shared.contracts.catalogue import CONTRACTS
from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope, UnreadableEvent, fact_of
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM, Actor
from shared.domain.errors import MissingFact
from shared.messaging.delivery import Delivery
from shared.messaging.failures import describe, is_transient
from shared.messaging.inbox_state import BEHIND, Held, InboxState, lock_keys

Handler = Callable[[Any, Any, Envelope], Awaitable[None]]
"""`async (uow, fact, envelope)`: starts a use-case; database effects only, and it never commits."""

REUSED_VERSION: Final = "version already applied under another event id: the publisher went back in time"


class OpenUnit(Protocol):
    """Makes a service's unit of work, not yet entered: `partial(PaymentUnitOfWork, database)`."""

    def __call__(self, *, actor: Actor) -> UnitOfWork:
        """Give the unit for one transaction."""
        ...


class Poisoned(Exception):
    """One event cannot be applied, for a reason that will not pass by itself."""

    def __init__(self, delivery: Delivery, reason: str) -> None:
        super().__init__(reason)
        self.delivery = delivery
        self.reason = reason


class TakeApart(Exception):
    """So much of the batch would be buried that each event needs a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Burial:
    """One event that became a dead letter on its own account."""

    topic: str
    key: str
    event_id: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What one transaction did, in numbers of events."""

    applied: int = 0
    """Taken by a handler."""
    ignored: int = 0
    """Passed the gate without a handler."""
    duplicates: int = 0
    held: int = 0
    """Began to wait, for a version or for a fact."""
    gaps: int = 0
    """Out of those held: an earlier version is missing."""
    released: int = 0
    """Waited and were applied; counted under applied or ignored too."""
    behind: int = 0
    """Buried behind an earlier dead letter of their key."""
    reused_versions: int = 0
    """Buried because a publisher went back in time."""
    buried: int = 0
    """Buried on their own account."""
    in_a_row: int = 0
    """Burials since the last event that a handler took; carried on from batch to batch."""
    burials: list[Burial] = field(default_factory=list)
    """Which they were, of one transaction."""

    def add(self, other: "Outcome") -> None:
        """Add a transaction's numbers to a total."""
        for name in (one.name for one in fields(self) if one.name not in {"in_a_row", "burials"}):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.in_a_row = other.in_a_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """How one consumer's events are applied to one database."""

    database: Database
    consumer: str
    handlers: Mapping[type[Contract], Handler]
    open_unit: OpenUnit

    async def apply(
        self,
        deliveries: Sequence[Delivery],
        *,
        retry_keys: Collection[str] = (),
        condemned: Mapping[str, str] | None = None,
        in_a_row: int = 0,
        in_a_row_max: int | None = None,
    ) -> Outcome:
        """Apply deliveries in order, then try the held events of `retry_keys`, in one transaction.

        `condemned` gives reasons by event id: those are buried instead of tried. Raise Poisoned, TakeApart when burials
        in a row (`in_a_row` before this batch) reach `in_a_row_max`, or whatever the failing database reported; then
        nothing has changed.
        """
        keys = {delivery.key for delivery in deliveries}.union(retry_keys)
        async with self.open_unit(actor=SYSTEM) as uow:
            await lock_keys(uow.connection, self.consumer, keys)
            state = await InboxState.load(uow.connection, self.consumer, deliveries, keys)
            passage = Passage(self, uow, state, condemned or {}, in_a_row, in_a_row_max)
            for delivery in deliveries:
                await passage.take(delivery)
            for key in sorted(retry_keys):
                await passage.retry_held(key)
            await state.store(uow.connection)
            await uow.commit()
        return passage.outcome


class Passage:
    """One transaction's way through the gate."""

    def __init__(
        self,
        inbox: Inbox,
        uow: UnitOfWork,
        state: InboxState,
        condemned: Mapping[str, str],
        in_a_row: int = 0,
        in_a_row_max: int | None = None,
    ) -> None:
        self.outcome = Outcome(in_a_row=in_a_row)
        self._in_a_row_max = in_a_row_max
        self._inbox = inbox
        self._uow = uow
        self._state = state
        self._condemned = condemned

    async def take(self, delivery: Delivery) -> None:
        """Take an event that was fetched."""
        if self._state.knows(delivery.event_id):
            self.outcome.duplicates += 1
        elif delivery.key in self._state.dead_keys:
            self._state.bury(delivery, BEHIND)
            self.outcome.behind += 1
        else:
            await self._admit(delivery)

    async def redrive(self, delivery: Delivery) -> str:
        """Take an event out of the dead letters, past the inbox; give why it fails again, or nothing."""
        self._state.dead_keys.discard(delivery.key)
        if delivery.event_id in self._state.applied:
            self.outcome.duplicates += 1
            return ""
        reason = delivery.problem or self._reused(delivery)
        if not reason:
            await self._admit(delivery)
        return reason

    async def retry_held(self, key: str) -> None:
        """Try the key's held events again, in order, as long as that gets any of them through."""
        progress = True
        while progress:
            progress = False
            for held in self._state.held(key):
                if key in self._state.dead_keys:
                    return
                if await self._retry(held):
                    progress = True

    async def _admit(self, delivery: Delivery) -> None:
        if delivery.envelope is None:
            self._bury(delivery, delivery.problem)
            return
        if reused := self._reused(delivery):
            self._bury(delivery, reused)
            return
        expected = self._state.gate(delivery.aggregate) + 1
        if delivery.version > expected:
            self._hold(delivery, f"version {delivery.version} came while {expected} is missing")
            self.outcome.gaps += 1
        elif reason := self._condemned.get(delivery.event_id):
            self._bury(delivery, reason)
        elif missing := await self._attempt(delivery):
            self._hold(delivery, missing)
        else:
            self._state.apply(delivery)
            await self.retry_held(delivery.key)

    async def _retry(self, held: Held) -> bool:
        delivery = held.delivery
        if reason := self._reused(delivery) or self._condemned.get(delivery.event_id):
            self._state.release(held)
            self._bury(delivery, reason)
            return True
        if delivery.version != self._state.gate(delivery.aggregate) + 1 or await self._attempt(delivery):
            return False
        self._state.release(held)
        self._state.apply(delivery)
        self.outcome.released += 1
        return True

    async def _attempt(self, delivery: Delivery) -> str:
        """Run the handler in a savepoint; give what is missing, or nothing when the event took effect."""
        envelope = delivery.readable
        contract = CONTRACTS.get(envelope.type)
        if contract is None:
            return f"a later release's: {envelope.type}"
        handler = self._inbox.handlers.get(contract)
        if handler is None:
            self.outcome.ignored += 1
            return ""
        try:
            fact = fact_of(envelope)
            async with self._uow.connection.begin_nested():
                await handler(self._uow, fact, envelope)
        except MissingFact as missing:
            # What repositories remember of the undone work must not be taken for the truth.
            self._uow.open_repositories()
            return f"missing fact: {describe(missing)}"
        except Exception as error:
            if not isinstance(error, UnreadableEvent) and _passes_by_itself(error):
                raise
            raise Poisoned(delivery, describe(error)) from error
        self.outcome.applied += 1
        self.outcome.in_a_row = 0
        return ""

    def _reused(self, delivery: Delivery) -> str:
        return REUSED_VERSION if delivery.version <= self._state.gate(delivery.aggregate) else ""

    def _hold(self, delivery: Delivery, reason: str) -> None:
        self._state.hold(delivery, reason)
        self.outcome.held += 1

    def _bury(self, delivery: Delivery, reason: str) -> None:
        self.outcome.behind += self._state.bury(delivery, reason)
        self.outcome.burials.append(Burial(delivery.topic, delivery.key, delivery.event_id, reason))
        self.outcome.buried += 1
        self.outcome.in_a_row += 1
        if reason == REUSED_VERSION:
            self.outcome.reused_versions += 1
        if self._in_a_row_max is not None and self.outcome.in_a_row >= self._in_a_row_max:
            raise TakeApart


def _passes_by_itself(error: Exception) -> bool:
    """Say whether the handler met a failing database; a file that it misses is its own mistake."""
    return is_transient(error) and not (
        isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError)
    )
