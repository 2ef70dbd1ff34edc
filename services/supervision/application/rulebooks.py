"""Which rulebooks speak for a region outside any class."""

from shared.domain.jurisdiction import ancestors
from shared.policy.rulebook import Rulebook, Shelf


def books_of(shelf: Shelf, region: str) -> tuple[Rulebook, ...]:
    """Give the rulebooks of the region and its superiors, the nearest and newest first, in force or not.

    A device stands through the weeks in which a year's programme has ended and the next is not yet out; what becomes
    of a class is always decided by the rulebook that is pinned to it.
    """
    chain = ancestors(region)
    known = [book for book in shelf.current if book.region in chain]
    return tuple(sorted(known, key=lambda book: (chain.index(book.region), -book.valid_from.toordinal())))
