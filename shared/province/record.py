"""What a service contributes: which events change its part of the provincial record, and its lines as they are now."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.contracts.contract import Contract

Value = str | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a checkpoint: a plan, a person of the roster, an inspection, a person's result.

    `line` names it within the class for ever and holds nothing personal; `label` is what staff read. `personal` names
    the members of `content` that may stand nowhere but in the push itself. `after` names a line that the province
    must have before this one.
    """

    line: str
    label: str
    content: Mapping[str, Value | Sequence[Mapping[str, Value]]] = field(repr=False)
    personal: frozenset[str] = frozenset()
    after: str | None = None

    def canonical(self) -> str:
        """Give the content as one text that is the same for the same content."""
        return json.dumps(self.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class EntryContract(Protocol):
    """The event by which a service says how far its checkpoint of a class is entered."""

    def __call__(
        self, *, class_id: str, checkpoint: str, entered: bool, lines: int, received: int, refused: int
    ) -> Contract:
        """Give the event."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvincialRecord:
    """One checkpoint (JY-INT-01) of one service.

    `triggers` are the service's own events after which a class's lines may be others; `lines` gives them from the
    service's own database, none while nothing is to be entered; `entry` is published whenever it came to be otherwise
    whether all of them are entered; `require_visible` raises NotFound for a class that the unit's actor may not see.
    """

    checkpoint: str
    name: str
    triggers: frozenset[type[Contract]]
    lines: Callable[[Any, str], Awaitable[Sequence[Line]]]
    entry: EntryContract
    require_visible: Callable[[Any, str], Awaitable[object]]
