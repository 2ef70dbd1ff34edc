"""Keep a class's budgets in step with what was advanced, decided and ordered of it."""

from collections import Counter

from services.payment.application.ports import PaymentUnit
from services.payment.domain.budget import BudgetKey, exhausted
from services.payment.domain.claim import Claim
from shared.contracts.enrollment import ClassOpened
from shared.domain.jurisdiction import ancestors


async def commit_budget(uow: PaymentUnit, claim: Claim, opened: ClassOpened) -> None:
    """Let the class hold exactly the orders of its claims by source, and the rest of what they may still come to.

    The rest stands on the class's own source and counts frozen lines too: their release must not meet an empty budget.
    People of whom no claim was approved yet keep the budget of their places. What was advanced and is not set off
    stands on the source that pays it, as a part of that rest. Raise Refused BUDGET_EXHAUSTED.
    """
    await _commit(uow, opened, current=claim)


async def commit_class(uow: PaymentUnit, opened: ClassOpened) -> None:
    """Do the same for a class of which only an advance changed."""
    await _commit(uow, opened, current=None)


async def _commit(uow: PaymentUnit, opened: ClassOpened, *, current: Claim | None) -> None:
    class_id, own = opened.class_id, opened.funding_source
    wanted: Counter[str] = Counter()
    rest_fen = 0
    decided: set[str] = set()
    for each in await uow.claims.all_of_class(class_id):
        claim = current if current is not None and each.claim_id == current.claim_id else each
        if not claim.entries:
            continue
        held, left_fen = await _of_claim(uow, claim)
        wanted.update(held)
        if claim.stands_apart:
            wanted[own] += left_fen
        else:
            rest_fen += left_fen
        decided |= set(claim.people.values())
    rest_fen += await _of_places(uow, opened, decided)
    advanced: Counter[str] = Counter()
    for advance in await uow.advances.of_class(class_id):
        advanced[advance.funding_source or own] += advance.held_fen
    wanted.update(advanced)
    wanted[own] += max(rest_fen - advanced.total(), 0)
    keys: dict[BudgetKey, int] = {}
    for funding_source, amount_fen in (+wanted).items():
        key = await uow.budgets.find(ancestors(opened.region), funding_source, opened.opening_date.year)
        if key is None:
            raise exhausted(funding_source, wanted_fen=amount_fen, free_fen=0)
        keys[key] = amount_fen
    await uow.budgets.commit(class_id, keys)


async def _of_places(uow: PaymentUnit, opened: ClassOpened, decided: set[str]) -> int:
    """Give the budget of people of whom nothing was decided; a document without slots keeps it for the roster."""
    file = await uow.classes.find(opened.class_id)
    if file is None:
        return 0
    waiting = set(await uow.entitlements.held(opened.class_id))
    slots = uow.shelf.by_id(opened.rulebook_id).payment.entitlement
    if slots is None and file.released is None:
        facts = await uow.classes.facts(opened.class_id)
        waiting = {each.person_id for each in opened.trainees if not facts.has_withdrawn(each.person_id)}
    return len(waiting - decided) * file.per_head_fen


async def _of_claim(uow: PaymentUnit, claim: Claim) -> tuple[Counter[str], int]:
    """Give what an approved claim holds by source, its standing orders less what came back, and the rest."""
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
    return wanted, max(rest_fen, 0)
