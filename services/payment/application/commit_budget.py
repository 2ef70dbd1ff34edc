"""Keep a class's budgets in step with what was decided and ordered of its claim."""

from collections import Counter

from services.payment.application.ports import PaymentUnit
from services.payment.domain.budget import BudgetKey, exhausted
from services.payment.domain.claim import Claim
from shared.contracts.enrollment import ClassOpened
from shared.domain.jurisdiction import ancestors


async def commit_budget(uow: PaymentUnit, claim: Claim, opened: ClassOpened) -> None:
    """Let the class hold exactly its orders by source, and the rest of what it may still come to on its own source.

    The rest counts frozen lines too: their release must not meet an empty budget. Raise Refused BUDGET_EXHAUSTED.
    """
    wanted: Counter[str] = Counter()
    for order in await uow.orders.of_claim(claim.claim_id):
        wanted[order.funding_source] += order.amount_fen if order.counts else 0
    rest_fen = max(sum(claim.possible.values()), sum(claim.decided.values())) - claim.net_of(wanted.total())
    for clawback in claim.clawbacks:  # money that came back may be promised again, and not before
        for repayment in clawback.repayments:
            wanted[repayment.funding_source] -= repayment.amount_fen
    if rest_fen > 0:
        wanted[opened.funding_source] += rest_fen
    keys: dict[BudgetKey, int] = {}
    for funding_source, amount_fen in (+wanted).items():
        key = await uow.budgets.find(ancestors(claim.region), funding_source, opened.opening_date.year)
        if key is None:
            raise exhausted(funding_source, wanted_fen=amount_fen, free_fen=0)
        keys[key] = amount_fen
    await uow.budgets.commit(claim.class_id, keys)
