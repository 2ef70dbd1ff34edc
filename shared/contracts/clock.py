"""The sandbox clock's event: legal time runs ahead of machine time by `offset_seconds` from now on."""

from dataclasses import dataclass
from typing import ClassVar

from shared.contracts.contract import EventType, published_by


@published_by("clock", aggregate="clock", subject="clock_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMoved:
    """The sandbox's legal time was moved forward; the offset never shrinks."""

    EVENT: ClassVar[EventType]

    clock_id: str
    offset_seconds: int
