"""Terms that an act cannot do without."""

from typing import TypeVar

from services.enrollment.application.ports import UnitOfWork
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Term

OneTerm = TypeVar("OneTerm", bound=Term)


def book_today(uow: UnitOfWork, region: str) -> Rulebook:
    """Give the rulebook in force in the region today; raise Refused RULEBOOK_MISSING without one."""
    return uow.shelf.in_force(region, uow.today)


def provided(term: OneTerm | None, what: str) -> OneTerm:
    """Give the term, or raise Refused NOT_PROVIDED when the local document does not say `what` (Chinese)."""
    if term is None:
        raise Refused(
            code="NOT_PROVIDED",
            message=f"本地政策文件没有规定{what}。",
            advice="请按本地规定的其他方式或书面决定办理。",
        )
    return term
