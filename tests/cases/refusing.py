"""What only one document refuses, tried on the way of a case: the answer names rule, clause and document number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from peibu.demo.party import StoryBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One refusal of a document."""

    code: str
    rule: str
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A feature that a document does not provide for."""

    feature: str
    refused: Refused


@dataclass(slots=True, kw_only=True)
class Refusing:
    """What one document refused when it was tried, and the switches that it left off."""

    document: str
    refused: set[Refused] = field(default_factory=set)
    off: set[str] = field(default_factory=set)

    def hold(self, answer: Mapping[str, Any], expected: Iterable[Refused]) -> None:
        """Raise StoryBroken unless the answer names each refusal with the document's number."""
        errors = answer.get("errors") or answer.get("findings") or [answer]
        said = {(one["code"], one.get("rule"), one.get("clause"), one.get("document")) for one in errors}
        for one in expected:
            if (one.code, one.rule, one.clause, self.document) not in said:
                raise StoryBroken(f"{one.code} by {one.rule} ({one.clause}) is not among {sorted(map(str, said))}")
            self.refused.add(one)

    def hold_off(self, answer: Mapping[str, Any], switch: Switch) -> None:
        """Raise StoryBroken unless the answer says that the document has no such thing."""
        self.hold(answer, [switch.refused])
        self.refused.discard(switch.refused)
        self.off.add(switch.feature)


def switched_off(refused: Refused, *features: str) -> tuple[Switch, ...]:
    """Give the switches that one rule leaves off."""
    return tuple(Switch(feature=feature, refused=refused) for feature in features)
