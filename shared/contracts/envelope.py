"""CloudEvents 1.0, structured JSON: how a contract travels."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from shared.contracts.catalogue import CONTRACTS, adapter_of
from shared.contracts.contract import Contract, aggregate_id, partition_key


class UnreadableEvent(Exception):
    """A record is no CloudEvent of ours, or its data breaks the contract; it can never be applied as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One event on the wire; extension names are lower-case letters and digits, as CloudEvents demands."""

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(min_length=1, max_length=100)]
    source: Annotated[str, Field(min_length=1, max_length=100)]
    type: Annotated[str, Field(min_length=1, max_length=200)]
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: Annotated[str, Field(min_length=1, max_length=200)]
    aggregatetype: Annotated[str, Field(min_length=1, max_length=100)]
    aggregateversion: Annotated[int, Field(ge=1)]
    data: dict[str, Any]


_ENVELOPE: Final[TypeAdapter[Envelope]] = TypeAdapter(Envelope)
_TYPE: Final = re.compile(r"cn\.peibu\.([a-z]+)\.[A-Za-z0-9]+\.v[1-9][0-9]*", re.ASCII)


def encode(fact: Contract, *, event_id: str, version: int, occurred_at: datetime) -> bytes:
    """Give the structured JSON of a contract; the same arguments give the same bytes."""
    event = fact.EVENT
    adapter = adapter_of(event.type)
    if adapter is None:
        raise UnreadableEvent(f"{event.type} is not in the catalogue")
    document = {
        "specversion": "1.0",
        "id": event_id,
        "source": event.source,
        "type": event.type,
        "subject": aggregate_id(fact),
        "time": occurred_at.isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": partition_key(fact),
        "aggregatetype": event.aggregate,
        "aggregateversion": version,
        "data": adapter.dump_python(fact, mode="json"),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def decode(raw: bytes) -> Envelope:
    """Read an envelope; raise UnreadableEvent (without echoing the content) when it is none."""
    try:
        return _ENVELOPE.validate_json(raw)
    except ValidationError as error:
        raise UnreadableEvent(_describe(error)) from None


def fact_of(envelope: Envelope) -> Contract | None:
    """Give the contract inside, None for a type this release does not know.

    Raise UnreadableEvent on broken data, and when the envelope says otherwise than its data.
    """
    adapter = adapter_of(envelope.type)
    if adapter is None:
        return None
    require_consistent(envelope)
    try:
        fact: Contract = adapter.validate_python(envelope.data)
    except ValidationError as error:
        raise UnreadableEvent(_describe(error)) from None
    return fact


def require_consistent(envelope: Envelope) -> None:
    """Raise UnreadableEvent unless type, source, aggregate and key are those of the event inside.

    By the envelope a consumer counts versions and knows repeats: one that lies would spend another aggregate's version.
    Of a type that a later release may know, the name alone is held against the source.
    """
    contract = CONTRACTS.get(envelope.type)
    if contract is None:
        named = _TYPE.fullmatch(envelope.type)
        if named is None or envelope.source != f"/{named[1]}":
            raise UnreadableEvent("type: is no event of the source")
        return
    event = contract.EVENT
    if envelope.source != event.source:
        raise UnreadableEvent(f"source: is not {event.source}, whose event this is")
    if envelope.aggregatetype != event.aggregate:
        raise UnreadableEvent(f"aggregatetype: is not {event.aggregate}")
    if envelope.subject != envelope.data.get(event.subject):
        raise UnreadableEvent(f"subject: is not the {event.subject} in the data")
    if envelope.partitionkey != envelope.data.get(event.key):
        raise UnreadableEvent(f"partitionkey: is not the {event.key} in the data")


def _describe(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, p['loc'])) or 'event'}: {p['msg']}" for p in problems[:5])
