"""What makes a frozen dataclass a published event.

A contract is additive within its version: a new field has a default, no field changes its meaning, and every example
ever published (`examples/`) parses for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable


@dataclass(frozen=True, slots=True)
class EventType:
    """How a contract is known on the wire.

    `service` owns the event and its topic; `aggregate` is the aggregate type whose version the event bumps; `subject`
    names the field holding the aggregate's id and `key` the field whose value orders it on the topic.
    """

    service: str
    name: str
    version: int
    aggregate: str
    subject: str
    key: str

    @property
    def type(self) -> str:
        """Give the CloudEvents type, for example `cn.peibu.enrollment.ClassOpened.v1`."""
        return f"cn.peibu.{self.service}.{self.name}.v{self.version}"

    @property
    def source(self) -> str:
        """Give the CloudEvents source, for example `/enrollment`."""
        return f"/{self.service}"

    @property
    def topic(self) -> str:
        """Give the topic that carries the event."""
        return topic_of(self.service)


@runtime_checkable
class Contract(Protocol):
    """Any published event: a frozen dataclass that knows its `EventType`."""

    EVENT: ClassVar[EventType]
    __dataclass_fields__: ClassVar[dict[str, Any]]


CLOCK_TOPIC = "peibu.clock"
PARTITIONS = 12
"""Every topic has twelve partitions for life: changing the number would reorder keys."""

T = TypeVar("T")


def topic_of(service: str) -> str:
    """Give the topic a service publishes on; the sandbox clock has one of its own."""
    return CLOCK_TOPIC if service == "clock" else f"peibu.{service}.v1"


def published_by(
    service: str,
    *,
    aggregate: str = "class",
    subject: str = "class_id",
    key: str | None = None,
    version: int = 1,
) -> Callable[[type[T]], type[T]]:
    """Mark a frozen dataclass as an event of `service`; by default its aggregate and key are the class."""

    def mark(cls: type[T]) -> type[T]:
        event = EventType(
            service=service,
            name=cls.__name__,
            version=version,
            aggregate=aggregate,
            subject=subject,
            key=key or subject,
        )
        cls.EVENT = event  # type: ignore[attr-defined]
        return cls

    return mark


def aggregate_id(fact: Contract) -> str:
    """Give the id of the aggregate whose state the event reports."""
    return str(getattr(fact, fact.EVENT.subject))


def partition_key(fact: Contract) -> str:
    """Give the key by which the topic keeps the event in order."""
    return str(getattr(fact, fact.EVENT.key))
