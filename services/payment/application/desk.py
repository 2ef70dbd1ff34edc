"""What a desk asks: why is this unpaid, and what waits for me."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.payment.application.assessing import Case, assess_case, open_case, stops_against
from services.payment.application.create_orders import excluded_orders, undecided_orders
from services.payment.application.ports import PaymentUnit, Waiting
from services.payment.application.scope import BUREAU, visible_claim, visible_class
from services.payment.domain.advance_progress import with_advances
from services.payment.domain.benefit import GIVER
from services.payment.domain.budget import BUDGET_EXHAUSTED
from services.payment.domain.claim import ASSESSOR, PAID_AS, Claim, Claimant, Review
from services.payment.domain.claimed_part import awaited
from services.payment.domain.clawback import ClawbackState
from services.payment.domain.entitlement import ClassFile
from services.payment.domain.facts import ClassFacts
from services.payment.domain.obstacles import CANCELLED, not_opened
from services.payment.domain.payee import payees_of
from services.payment.domain.progress import Progress, Standing, Task, class_progress, progress_of
from services.payment.domain.rates import RATE_MISSING
from services.payment.domain.state import State
from shared.clock import legal_day
from shared.domain.actor import Actor, Role
from shared.domain.jurisdiction import descendants
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import PayeeKind

PAGE: Final = 50
"""Claims looked at in one step of reading a queue."""

_STATES: Final = {
    Role.FIRST_REVIEWER: (State.SUBMITTED,),
    Role.SECOND_REVIEWER: (State.FIRST_REVIEW, State.SECOND_REVIEW),
    Role.APPROVER: (State.NOTICE_CLEAR,),
    Role.FINANCE: (State.APPROVED,),
    Role.INSTITUTION: (State.RETURNED,),
    Role.ASSESSOR: (State.RETURNED,),
}
_CLAIMS_AS: Final[Mapping[Role, frozenset[Claimant]]] = {
    Role.INSTITUTION: frozenset({"institution", "enterprise"}),
    Role.ASSESSOR: frozenset({ASSESSOR}),
}
"""As which kinds of claimants a role claims for its organisation."""
_PAID_TO_GIVER: Final = frozenset(PAID_AS[kind] for kind in _CLAIMS_AS[Role.INSTITUTION])
"""As which payees the organisation claims that gave the class."""
_BESIDES: Final = {
    "objection": Role.INSPECTOR,
    "decision": Role.SECOND_REVIEWER,
    "clawback": Role.SECOND_REVIEWER,
    "repayment": Role.FINANCE,
}
"""Tasks that a second role may take too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReading:
    """The progress of a class or of its claim."""

    class_id: str
    claim: Claim | None
    progress: Progress
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One task of one claim, with the last review of its round."""

    claim: Claim
    task: Task
    last_review: Review | None


async def read_progress(uow: PaymentUnit, claim_id: str) -> ProgressReading:
    """Give why a claim that the caller may see is not paid: next step, who holds it, what is missing."""
    return await _of_claim(uow, await visible_claim(uow, claim_id))


async def read_class_progress(uow: PaymentUnit, class_id: str) -> ProgressReading:
    """Give the same for a class: its claim's, or what stands between it and a claim."""
    file = await visible_class(uow, class_id)
    claim = await uow.claims.of_class(class_id)
    if claim is not None:
        return await _of_claim(uow, claim)
    facts = await uow.classes.facts(class_id)
    if facts.opened is None:
        rulebook = uow.shelf.by_id(file.rulebook_id) if file.rulebook_id else None
        stops: Sequence[Finding] = (*_without_budget(file, rulebook), _unopened(rulebook))
        by: PayeeKind | None = GIVER
    else:
        case = await open_case(uow, class_id)
        found, by = await assess_case(uow, case, ()), await _to_claim(uow, case)
        stops = (*found.stops, *awaited(found, _PAID_TO_GIVER))
    progress = class_progress(stops, since=_last_day(facts) or _refused_on(file), by=by)
    if facts.opened is not None:
        rulebook = uow.shelf.by_id(facts.opened.fact.rulebook_id)
        progress = with_advances(progress, await uow.advances.of_class(class_id), rulebook=rulebook)
    return ProgressReading(class_id=class_id, claim=None, progress=progress, version=file.version)


async def _to_claim(uow: PaymentUnit, case: Case) -> PayeeKind | None:
    """Give who has to claim for a class that its institution did not claim for, None once its assessor claimed."""
    if payees_of(case.facts, case.opened.fact, case.rulebook) != {ASSESSOR}:
        return GIVER
    return None if await uow.claims.all_of_class(case.opened.fact.class_id) else ASSESSOR


async def queue(uow: PaymentUnit, *, after: str | None, limit: int) -> tuple[Sequence[QueueItem], str | None]:
    """Give what waits for the caller in his region or institution, the earliest limit first, and the next cursor.

    A page ends with a whole claim, so it may be a little longer than `limit`.
    """
    actor = uow.actor
    wanted = _waiting_for(actor)
    found: list[QueueItem] = []
    while True:
        claims = await uow.claims.waiting(wanted, after=after, limit=PAGE)
        for claim in claims:
            found += await _items_of(uow, claim)
            after = uow.claims.cursor_of(claim)
            if len(found) >= limit:
                return found, after
        if len(claims) < PAGE:
            return found, None


async def _of_claim(uow: PaymentUnit, claim: Claim) -> ProgressReading:
    case = await open_case(uow, claim.class_id)
    stops = await stops_against(uow, case, claim)
    standing = await _standing(uow, claim, case.rulebook, stops)
    progress = progress_of(standing, rulebook=case.rulebook)
    if not claim.stands_apart:
        advances = await uow.advances.of_class(claim.class_id)
        progress = with_advances(progress, advances, rulebook=case.rulebook)
    return ProgressReading(class_id=claim.class_id, claim=claim, progress=progress, version=claim.version)


async def _items_of(uow: PaymentUnit, claim: Claim) -> list[QueueItem]:
    rulebook = uow.shelf.by_id(claim.rulebook_id)
    stops: tuple[Finding, ...] = ()
    if await uow.classes.is_cancelled(claim.class_id):
        words = CONSISTENCY.finding(code=CANCELLED, severity=Severity.STOP, message="班级已取消。", advice="无须办理。")
        stops = (words,)
    standing = await _standing(uow, claim, rulebook, stops)
    done = [review for review in claim.reviews if review.round == claim.round]
    return [
        QueueItem(claim=claim, task=task, last_review=done[-1] if done else None)
        for task in progress_of(standing, rulebook=rulebook).tasks
        if _may_do(task, claim, uow.actor)
    ]


async def _standing(uow: PaymentUnit, claim: Claim, rulebook: Rulebook, stops: tuple[Finding, ...]) -> Standing:
    orders = tuple(order for order in await uow.orders.of_claim(claim.claim_id) if order.counts)
    pending = await uow.accounts.with_state(claim.claim_id, "pending")
    return Standing(
        claim=claim,
        stops=stops,
        orders=orders,
        account_pending_since=pending.submitted_on if pending else None,
        excluded=excluded_orders(claim, orders, rulebook),
        undecided=undecided_orders(claim, orders, rulebook),
    )


def _may_do(task: Task, claim: Claim, actor: Actor) -> bool:
    role, besides = task.holder.role, _BESIDES.get(task.holder.task)
    if role is Role.ASSESSOR and claim.owner != actor.organisation:
        return False
    return (role is not None and actor.has(role)) or (besides is not None and actor.has(besides))


def _waiting_for(actor: Actor) -> Waiting:
    """Give what waits for the caller: who claims for an organisation reads its claims, everybody else a region's.

    So do people of the bureau's own assessment body.
    """
    claims_as = next((role for role in _CLAIMS_AS if actor.has(role)), None)
    if claims_as is Role.ASSESSOR and actor.has(*BUREAU):
        claims_as = None
    roles = tuple(actor.roles) if claims_as is None else (claims_as,)
    return Waiting(
        owner=actor.organisation if claims_as else None,
        claimants=_CLAIMS_AS[claims_as] if claims_as else None,
        regions=None if claims_as else tuple(sorted(descendants(actor.region))),
        states=frozenset(state for role in roles for state in _STATES.get(role, ())),
        objections=not {Role.APPROVER, Role.INSPECTOR}.isdisjoint(roles),
        breaches=Role.APPROVER in roles,
        accounts=Role.APPROVER in roles,
        clawbacks=not {Role.FIRST_REVIEWER, Role.SECOND_REVIEWER}.isdisjoint(roles),
        clawback_states=_clawback_states(roles),
        orders=claims_as is not None or Role.FINANCE in roles,
        line_returns=claims_as is not None,
    )


def _clawback_states(roles: Sequence[Role]) -> frozenset[ClawbackState]:
    decides = Role.APPROVER in roles
    collects = not {Role.FINANCE, *_CLAIMS_AS}.isdisjoint(roles)
    states = (ClawbackState.PROPOSED,) * decides + (ClawbackState.ORDERED,) * collects
    return frozenset(states)


def _without_budget(file: ClassFile, rulebook: Rulebook | None) -> Iterator[Finding]:
    """Give why a class that is to open holds no budget: without it, it does not open on its day."""
    if file.budget_refused is None or file.released:
        return
    term = rulebook.payment.rates if rulebook else None
    yield (term or CONSISTENCY).finding(
        code=file.budget_refused,
        severity=Severity.STOP,
        message=_WITHOUT_BUDGET.get(file.budget_refused, "班级没有保留预算，不能开班。"),
        advice="请财务人员办理；办结后系统自动重新答复预留，开班日前仍未保留预算的班级不能开班。",
    )


_WITHOUT_BUDGET: Final = {
    RATE_MISSING: "没有适用于本班的补贴标准，未保留预算，不能开班。",
    BUDGET_EXHAUSTED: "预算余额不足，未保留本班预算，不能开班。",
}


def _refused_on(file: ClassFile) -> date | None:
    return legal_day(file.budget_refused_at) if file.budget_refused_at and not file.released else None


def _unopened(rulebook: Rulebook | None) -> Finding:
    refusal = not_opened(rulebook)
    term = rulebook.payment.evidence if rulebook else None
    return (term or CONSISTENCY).finding(
        code=refusal.code,
        severity=Severity.STOP,
        message=refusal.message,
        advice=refusal.advice,
        field=refusal.field,
        value="ClassOpened",
    )


def _last_day(facts: ClassFacts) -> date | None:
    """Give the last legal day on which something is known to have happened to a class."""
    days = [
        facts.opened.fact.opening_date if facts.opened else None,
        facts.training.fact.completed_on if facts.training else None,
        facts.examination.fact.completed_on if facts.examination else None,
        facts.cancelled.fact.on if facts.cancelled else None,
        *(known.fact.issued_on for known in facts.certificates),
    ]
    return max((day for day in days if day is not None), default=None)
