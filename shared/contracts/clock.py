"""The sandbox clock's event: legal time runs `offset_seconds` ahead of machine time, behind it when negative."""

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
