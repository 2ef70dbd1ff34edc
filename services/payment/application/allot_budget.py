"""Allot money of a source for a year; allotments are only added."""

from services.payment.application.ports import PaymentUnit
from services.payment.domain.budget import BudgetKey


async def allot_budget(uow: PaymentUnit, *, key: BudgetKey, amount_fen: int, document: str) -> int:
    """Add an allotment to a budget within the caller's region, and give what is allotted altogether in fen."""
    uow.actor.require_region(key.region)
    allotted_fen = await uow.budgets.allot(
        key, amount_fen=amount_fen, document=document, by=uow.actor.subject, at=uow.now
    )
    await uow.audit(
        action="budget_allotted",
        subject=f"{key.region}/{key.funding_source}/{key.year}",
        details={"amount_fen": amount_fen, "allotted_fen": allotted_fen},
    )
    return allotted_fen
