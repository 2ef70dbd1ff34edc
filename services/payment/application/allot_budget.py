"""Allot money of a source for a year; allotments are only added."""

from services.payment.application.answer_again import wake_reservations
from services.payment.application.ports import PaymentUnit
from services.payment.domain.budget import BudgetKey


async def allot_budget(uow: PaymentUnit, *, key: BudgetKey, amount_fen: int, document: str) -> int:
    """Add an allotment to a budget within the caller's region, and give what is allotted altogether in fen.

    Reservations that were refused are answered anew.
    """
    uow.actor.require_region(key.region)
    allotted_fen = await uow.budgets.allot(
        key, amount_fen=amount_fen, document=document, by=uow.actor.subject, at=uow.now
    )
    await wake_reservations(uow, key.region)
    await uow.audit(
        action="budget_allotted",
        subject=f"{key.region}/{key.funding_source}/{key.year}",
        details={"amount_fen": amount_fen, "allotted_fen": allotted_fen},
    )
    return allotted_fen
