"""What a class costs beyond what the first source of the funding order bore (HL-ENR-03, HL-FND-05), in fen."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from shared.domain.money import fen_from_yuan
from shared.policy.terms.payment import FundingOrder


class Stating(Protocol):
    """A class that says what it costs, before or after it opened."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """Give what it states, by the code of the attribute."""


def cost_fen(term: FundingOrder, stating: Stating) -> int:
    """Give what the class says it costs, nothing where it does not say."""
    return _stated_fen(stating, term.cost)


def spent_fen(term: FundingOrder, stating: Stating) -> int:
    """Give what the class says the first source bore, nothing where it does not say."""
    return _stated_fen(stating, term.spent)


def shortfall_fen(term: FundingOrder, stating: Stating) -> int:
    """Give what is left for the other sources, never below nothing."""
    return max(cost_fen(term, stating) - spent_fen(term, stating), 0)


def is_stated(term: FundingOrder, stating: Stating) -> bool:
    """Say whether the class tells both its cost and what the first source bore."""
    return bool(stating.attributes.get(term.cost) and stating.attributes.get(term.spent))


def part_of(whole_fen: int, place: int, heads: int) -> int:
    """Give the part of the head at a place from 0: all alike, the first ones a fen more, together exactly the whole."""
    return whole_fen // heads + (place < whole_fen % heads)


def _stated_fen(stating: Stating, attribute: str) -> int:
    return fen_from_yuan(Decimal(stating.attributes.get(attribute) or 0))
