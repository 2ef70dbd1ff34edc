"""Keep a class's budgets in step with what is reserved, advanced, decided and ordered of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from services.payment.application.ports import PaymentUnit
from services.payment.application.rates_in_force import rates_of
from services.payment.domain.benefit import GIVER, Ground, benefits_of, first_by_word
from services.payment.domain.budget import BudgetKey, exhausted
from services.payment.domain.claim import Claim
from services.payment.domain.entitlement import ClassFile
from services.payment.domain.facts import ClassFacts
from services.payment.domain.need import Claimed, needed
from services.payment.domain.payee import payee_of
from services.payment.domain.planned import Part, expected_of, of_head, planned_by, planned_of
from shared.contracts.enrollment import ClassOpened, ReservationRequest
from shared.domain.errors import Refused
from shared.domain.jurisdiction import ancestors
from shared.policy.decision import Finding
from shared.policy.rulebook import Rulebook

KEEP_BUDGET: Final = "keep_budget"
"""The kind of the timer by which a class's budget follows what its claims may come to; its key is the class id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a class needs by source, in fen, of the budgets of its region and year; a `missing` rate counts nothing."""

    sources: Mapping[str, int]
    region: str
    year: int
    missing: tuple[Finding, ...] = ()


async def commit_budget(uow: PaymentUnit, claim: Claim, opened: ClassOpened) -> None:
    """Let the class hold exactly what it needs with the claim as it is now; see `domain.need`.

    What may still be due counts frozen lines too: their release must not meet an empty budget. Raise Refused
    BUDGET_EXHAUSTED.
    """
    await _commit_opened(uow, opened, current=claim)


async def commit_class(uow: PaymentUnit, opened: ClassOpened) -> None:
    """Do the same for a class of which only an advance changed."""
    await _commit_opened(uow, opened, current=None)


async def await_budget(uow: PaymentUnit, claim: Claim, opened: ClassOpened, rulebook: Rulebook) -> None:
    """Let the class's budget follow soon where a claim may come to more than was planned for it, or decided of it."""
    hoped = Claimed(claim=claim).hoped
    if claim.entries:
        outgrown = sum(hoped.values()) > sum(claim.decided.values())
    else:
        planned, rates = planned_of(opened), await rates_of(uow, rulebook, opened.region)
        most: Counter[str] = Counter()
        for benefit in benefits_of(opened, rulebook):
            programme, fen = benefit.paid_as(opened.programme), of_head(benefit, planned, rulebook, rates).amount_fen
            most[programme] = max(most[programme], fen)
        outgrown = any(fen > most[claim.line(line_no).programme] for line_no, fen in hoped.items())
    if outgrown:
        await uow.schedule(due=uow.now, kind=KEEP_BUDGET, key=claim.class_id)


async def keep_budget_in_time(uow: PaymentUnit, class_id: str) -> None:
    """Do `keep_budget` in a transaction of its own, so that nobody holds a budget while waiting for a class."""
    await uow.classes.lock(class_id)
    await keep_budget(uow, class_id)


async def keep_budget(uow: PaymentUnit, class_id: str) -> None:
    """Let a class that was promised its budget hold what it needs now; what cannot be had yet is asked at the approval.

    Facts come whatever the budget has left: they are never refused for it. The caller has locked the class.
    """
    file = await uow.classes.find(class_id)
    if file is None or (file.budget_refused is not None and file.released is None):
        return
    need = await need_of(uow, file)
    with suppress(Refused):
        await hold(uow, class_id, need)


async def hold(uow: PaymentUnit, class_id: str, need: Need) -> None:
    """Let the class hold exactly this; raise Refused BUDGET_EXHAUSTED, having changed nothing."""
    keys: dict[BudgetKey, int] = {}
    for source, amount_fen in need.sources.items():
        key = await uow.budgets.find(ancestors(need.region), source, need.year)
        if key is None:
            raise exhausted(source, wanted_fen=amount_fen, free_fen=0)
        keys[key] = amount_fen
    await uow.budgets.commit(class_id, keys)


async def _commit_opened(uow: PaymentUnit, opened: ClassOpened, *, current: Claim | None) -> None:
    file = await uow.classes.find(opened.class_id)
    if file is None:
        raise LookupError(f"class {opened.class_id} opened and has no file")
    await hold(uow, opened.class_id, await need_of(uow, file, current=current))


async def need_of(uow: PaymentUnit, file: ClassFile, *, current: Claim | None = None) -> Need:
    """Give what a class needs, reserved or opened, with the claim as it is in `current`.

    Without a reservation only what was approved or advanced needs budget.
    """
    class_id, request = file.class_id, file.request
    facts = await uow.classes.facts(class_id)
    opened = facts.opened.fact if facts.opened else None
    at: ClassOpened | ReservationRequest
    if opened is not None:
        at, planned = opened, planned_of(opened, request.certificate_kinds if request else ())
    elif request is not None:
        at, planned = request, planned_by(request)
    else:
        return Need(sources={}, region="", year=0)
    rulebook = uow.shelf.by_id(at.rulebook_id)
    expected = expected_of(
        planned,
        at.trainees,
        rulebook,
        await rates_of(uow, rulebook, at.region),
        holding=await _holding(uow, file, facts, rulebook) if request else (),
    )
    claims = []
    for each in await uow.claims.all_of_class(class_id):
        claim = current if current is not None and each.claim_id == current.claim_id else each
        if claim.entries or request:
            orders = await uow.orders.of_claim(claim.claim_id)
            claims.append(Claimed(claim=claim, orders=orders, cancelled=facts.cancelled is not None))
    advanced: Counter[str] = Counter()
    for advance in await uow.advances.of_class(class_id):
        advanced[advance.funding_source or at.funding_source] += advance.held_fen
    payees = _payees(facts, opened, rulebook, claims) if opened else {}
    sources = needed(at.funding_source, expected, claims, advanced=advanced, payees=payees)
    return Need(sources=sources, region=at.region, year=at.opening_date.year, missing=expected.missing)


async def _holding(uow: PaymentUnit, file: ClassFile, facts: ClassFacts, rulebook: Rulebook) -> set[str]:
    """Give who holds a place in the class; where the document has no slots, everybody who did not leave it."""
    if rulebook.payment.entitlement is not None:
        return set(await uow.entitlements.held(file.class_id))
    if file.released is not None or file.request is None:
        return set()
    people = facts.opened.fact.trainees if facts.opened else file.request.trainees
    return {each.person_id for each in people if not facts.has_withdrawn(each.person_id)} - file.left


def _payees(
    facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook, claims: Sequence[Claimed]
) -> Mapping[Part, str]:
    """Give as whom each part of a class is paid as far as that is decided, where its claims are of payees."""
    if not any(each.claim.payee for each in claims):
        return {}
    decisions = tuple(decision for each in claims for decision in each.claim.decisions)
    ground = Ground(facts=facts, opened=opened, rulebook=rulebook, decisions=decisions)
    benefits, found = benefits_of(opened, rulebook), dict[Part, str]()
    for trainee in opened.trainees:
        for word, place in first_by_word(benefits, opened.programme, trainee, facts).items():
            row = payee_of(benefits[place], trainee, ground)
            found[trainee.person_id, word] = row.payee if row else GIVER
    return found
