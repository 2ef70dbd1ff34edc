"""Keep a class's budgets in step with what was decided and ordered of its claim."""

from collections import Counter

from services.payment.application.ports import PaymentUnit
from services.payment.domain.budget import BudgetKey, exhausted
from services.payment.domain.claim import Claim
from shared.contracts.enrollment import ClassOpened
from shared.domain.jurisdiction import ancestors


async def commit_budget(uow: PaymentUnit, claim: Claim, opened: ClassOpened) -> None:
    """Let the class hold exactly the orders of its claims by source, and the rest of what they may still come to.

    The rest stands on the class's own source and counts frozen lines too: their release must not meet an empty budget.
    People of whom no claim was approved yet keep the budget of their places. Raise Refused BUDGET_EXHAUSTED.
    """
    wanted: Counter[str] = Counter()
    decided: set[str] = set()
    for each in await uow.claims.all_of_class(claim.class_id):
        current = claim if each.claim_id == claim.claim_id else each
        if current.entries:
            wanted.update(await _of_claim(uow, current, opened.funding_source))
            decided |= set(current.people.values())
    file = await uow.classes.find(claim.class_id)
    waiting = (await uow.entitlements.held(claim.class_id)).keys() - decided
    wanted[opened.funding_source] += len(waiting) * file.per_head_fen if file else 0
    keys: dict[BudgetKey, int] = {}
    for funding_source, amount_fen in (+wanted).items():
        key = await uow.budgets.find(ancestors(claim.region), funding_source, opened.opening_date.year)
        if key is None:
            raise exhausted(funding_source, wanted_fen=amount_fen, free_fen=0)
        keys[key] = amount_fen
    await uow.budgets.commit(claim.class_id, keys)


async def _of_claim(uow: PaymentUnit, claim: Claim, own_source: str) -> Counter[str]:
    """Give what an approved claim holds by source: its standing orders, less what came back, and the rest."""
    wanted: Counter[str] = Counter()
    for order in await uow.orders.of_claim(claim.claim_id):
        wanted[order.funding_source] += order.amount_fen if order.counts else 0
    hoped_fen = max(sum(claim.possible.values()), sum(claim.decided.values()))
    if await uow.classes.is_cancelled(claim.class_id):  # what was decided and not ordered will never be
        hoped_fen = 0
    rest_fen = hoped_fen - claim.net_of(wanted.total())
    for clawback in claim.clawbacks:  # money that came back may be promised again, and not before
        for repayment in clawback.repayments:
            wanted[repayment.funding_source] -= repayment.amount_fen
    wanted[own_source] += max(rest_fen, 0)
    return wanted
