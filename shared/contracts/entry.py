"""What events about entries in the provincial system have in common."""

from dataclasses import dataclass
from typing import ClassVar

from shared.contracts.contract import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChanged:
    """Whether one part of a class is entered in the provincial system came to be otherwise (JY-INT-01).

    `entered` only when each of the `lines` has its receipt; `refused` counts those that the province turned down. No
    event means that nothing was entered yet.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    checkpoint: str
    entered: bool
    lines: int
    received: int
    refused: int
