"""What a class costs beyond what the first source of the funding order bore (HL-ENR-03, HL-FND-05), in fen."""

from decimal import Decimal

from shared.contracts.enrollment import ClassOpened
from shared.domain.money import fen_from_yuan
from shared.policy.terms.payment import FundingOrder


def cost_fen(term: FundingOrder, opened: ClassOpened) -> int:
    """Give what the class says it costs, nothing where it does not say."""
    return _stated_fen(opened, term.cost)


def spent_fen(term: FundingOrder, opened: ClassOpened) -> int:
    """Give what the class says the first source bore, nothing where it does not say."""
    return _stated_fen(opened, term.spent)


def shortfall_fen(term: FundingOrder, opened: ClassOpened) -> int:
    """Give what is left for the other sources, never below nothing."""
    return max(cost_fen(term, opened) - spent_fen(term, opened), 0)


def is_stated(term: FundingOrder, opened: ClassOpened) -> bool:
    """Say whether the class tells both its cost and what the first source bore."""
    return bool(opened.attributes.get(term.cost) and opened.attributes.get(term.spent))


def part_of(whole_fen: int, place: int, heads: int) -> int:
    """Give the part of the head at a place from 0: all alike, the first ones a fen more, together exactly the whole."""
    return whole_fen // heads + (place < whole_fen % heads)


def _stated_fen(opened: ClassOpened, attribute: str) -> int:
    return fen_from_yuan(Decimal(opened.attributes.get(attribute) or 0))
