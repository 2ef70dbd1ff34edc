"""One record as it came, with what could be read of it."""

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Row

from shared.contracts.contract import topic_of
from shared.contracts.envelope import Envelope, UnreadableEvent, decode, require_consistent
from shared.messaging.bus import Received
from shared.messaging.failures import describe

_KEY_LENGTH_MAX: Final = 200
_VERSION_MAX: Final = 2**63 - 1


class Aggregate(NamedTuple):
    """Whose versions are counted."""

    source: str
    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A record to be applied; `envelope` is None when it cannot be read, and `problem` says why."""

    topic: str
    key: str
    event_id: str
    payload: bytes
    envelope: Envelope | None
    problem: str = ""

    @property
    def readable(self) -> Envelope:
        """Give the envelope of a delivery that has one."""
        if self.envelope is None:
            raise UnreadableEvent(self.problem)
        return self.envelope

    @property
    def aggregate(self) -> Aggregate:
        """Give the aggregate whose version the event carries."""
        envelope = self.readable
        return Aggregate(envelope.source, envelope.aggregatetype, envelope.subject)

    @property
    def version(self) -> int:
        """Give the aggregate's version after the event."""
        return self.readable.aggregateversion


def read(received: Received) -> Delivery:
    """Read a record; a record that is no event keeps its own key, and its place as id, so that it is buried once."""
    topic, number = received.partition
    place = f"{topic}:{number}"
    try:
        envelope = _sound(decode(received.value))
    except UnreadableEvent as error:
        return Delivery(
            topic=topic,
            key=_text_key(received.key) or place,
            event_id=f"{place}:{received.offset}",
            payload=received.value,
            envelope=None,
            problem=describe(error),
        )
    return Delivery(
        topic=topic, key=envelope.partitionkey, event_id=envelope.id, payload=received.value, envelope=envelope
    )


def read_held(row: Row[Any]) -> Delivery:
    """Read a row of `held_event`, which holds only what could be read once."""
    envelope = decode(row.payload)
    topic = topic_of(row.source.removeprefix("/"))
    return Delivery(topic=topic, key=row.key, event_id=row.event_id, payload=row.payload, envelope=envelope)


def read_dead(row: Row[Any]) -> Delivery:
    """Read a row of `dead_letter`; what was unreadable may be readable to this release."""
    unread = Delivery(topic=row.topic, key=row.key, event_id=row.event_id, payload=row.payload, envelope=None)
    try:
        envelope = _sound(decode(row.payload))
    except UnreadableEvent as error:
        return replace(unread, problem=describe(error))
    return replace(unread, event_id=envelope.id, envelope=envelope)


def _sound(envelope: Envelope) -> Envelope:
    """Refuse what contradicts itself, and what no column can hold: a record that could not even be buried would stop
    its consumer for ever."""
    texts = (
        envelope.id,
        envelope.source,
        envelope.type,
        envelope.subject,
        envelope.partitionkey,
        envelope.aggregatetype,
    )
    if any("\0" in text for text in texts):
        raise UnreadableEvent("an attribute holds a NUL character")
    if envelope.aggregateversion > _VERSION_MAX:
        raise UnreadableEvent("aggregateversion: exceeds 64 bits")
    require_consistent(envelope)
    return envelope


def _text_key(key: bytes | None) -> str:
    """Give a record's own key where it is a text that a column can hold, else nothing."""
    try:
        text = (key or b"").decode()
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= _KEY_LENGTH_MAX and "\0" not in text else ""
