"""Terms that an act cannot do without."""

from typing import TypeVar

from services.enrollment.application.ports import UnitOfWork
from shared.domain.errors import Refused
from shared.domain.jurisdiction import ancestors
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Term

OneTerm = TypeVar("OneTerm", bound=Term)


def book_today(uow: UnitOfWork, region: str) -> Rulebook:
    """Give the rulebook in force in the region today; raise Refused RULEBOOK_MISSING without one."""
    return uow.shelf.in_force(region, uow.today)


def book_last_in_force(uow: UnitOfWork, region: str) -> Rulebook:
    """Give the rulebook in force in the region today, else the one that was in force last.

    For what was recorded before a rulebook lapsed: it stays readable, and what is wrong in it can be mended.
    """
    began = [book for book in uow.shelf.current if book.valid_from <= uow.today]
    for ancestor in ancestors(region):
        own = [book for book in began if book.region == ancestor]
        if own:
            return max(own, key=lambda book: book.valid_from)
    return book_today(uow, region)


def provided(term: OneTerm | None, what: str) -> OneTerm:
    """Give the term, or raise Refused NOT_PROVIDED when the local document does not say `what` (Chinese)."""
    if term is None:
        raise Refused(
            code="NOT_PROVIDED",
            message=f"本地政策文件没有规定{what}。",
            advice="请按本地规定的其他方式或书面决定办理。",
        )
    return term
