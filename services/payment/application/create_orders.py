"""Order what is decided and not yet ordered, split by funding source (JY-PAY-01, JY-FND-02, -03, HB-ENR-08).

What was paid in advance is set off first (HL-PAY-02, LS-PAY-01).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.payment.application.assessing import assess_claim, on_duty, open_case, ordered_of, require_clear
from services.payment.application.commit_budget import commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change
from services.payment.application.set_off_advance import owed_advances, parts_set_off, set_off
from services.payment.domain.benefit import benefits_of
from services.payment.domain.claim import Claim, minus, require_decided
from services.payment.domain.claimed_part import require_signed
from services.payment.domain.decision import is_accepted, latest
from services.payment.domain.duty import Duty
from services.payment.domain.order import (
    OrderEntry,
    PaymentOrder,
    Share,
    require_order_of_sources,
    require_season,
    require_source_of_opening,
    split,
)
from services.payment.domain.reassessment import money_state
from services.payment.domain.state import Act, State, following
from shared.clock import new_id
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Conflict
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import BenefitFund


async def create_orders(uow: PaymentUnit, *, claim_id: str, shares: Sequence[Share]) -> tuple[PaymentOrder, ...]:
    """Make one order per source; together they are exactly what is due and was not paid in advance (SPLIT_SUM).

    Raise Refused SOURCE_MISSING where something is due and no source is named.
    What was advanced to the claimant is set off first, by an order for each advance that is settled at once.
    What an earlier approval decided, and the facts still support, may be ordered while a difference is under review.
    Raise Conflict HR_OPINION_MISSING before any approval, NOTHING_DUE, or DIFFERENCE_PENDING while nothing more of
    what was decided is supported; Refused DECISION_NEEDED or FLAG_REFUSED where something of the class is undecided,
    SOURCE_FIXED for another source than the class opened with, ORDER_OF_SOURCES for more than the first source left,
    FUND_TIED for a benefit that another source pays alone, DECISION_NEEDED outside the document's days of paying,
    PAYEE_IS_ANOTHER where somebody else signed the agreements; Conflict ADVANCE_UNDER_WAY.
    """
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.PAYMENT)
    state = claim.state
    if not claim.entries or state is State.APPROVED:
        state = following(claim.state, Act.ORDER, rulebook=case.rulebook)
    await require_clear(uow, case, claim)
    now = await assess_claim(uow, case, claim)
    require_decided(now.refused_flags, now.class_questions)
    standing = await uow.orders.of_claim(claim_id)
    due = _due(claim, standing)
    require_signed(claim, now, due, case.rulebook)
    excluded = excluded_lines(claim, case.rulebook)
    taken = parts_set_off(due, await owed_advances(uow, claim, case), excluded, case)
    for _, lines in taken:
        due = minus(due, lines)
    require_season(uow.today, decided=is_season_waived(claim, case.rulebook), rulebook=case.rulebook)
    require_source_of_opening(
        shares,
        opened_with=case.opened.fact.funding_source,
        decided=_is_source_changed(claim, case.rulebook),
        rulebook=case.rulebook,
    )
    require_order_of_sources(shares, case.opened.fact, await _of_class(uow, claim), rulebook=case.rulebook)
    parts: Mapping[str, Mapping[int, int]] = {}
    if due or shares:
        parts = split(
            due,
            shares,
            rulebook=case.rulebook,
            decided_sources=_decided_sources(claim, case.rulebook),
            excluded=excluded,
            tied=tied_lines(claim, case.opened.fact, case.rulebook),
        )
    saved = await uow.claims.save(claim, replace(acting, state=state))
    numbers = Counter(entry.line_no for order in standing for entry in order.entries)
    orders = []
    for advance, lines in taken:
        order = _order(saved, advance.funding_source or "", lines, numbers)
        await uow.orders.add(order, payer=uow.actor.subject)
        orders.append(await set_off(uow, advance, order, case))
    for funding_source, lines in parts.items():
        orders.append(_order(saved, funding_source, lines, numbers))
        await uow.orders.add(orders[-1], payer=uow.actor.subject)
    saved = await _paid_already(uow, saved)
    await commit_budget(uow, saved, case.opened.fact)
    await uow.audit(
        action="orders_created",
        subject=claim_id,
        details={"orders": len(orders), "amount_fen": sum(order.amount_fen for order in orders)},
    )
    return tuple(orders)


async def _paid_already(uow: PaymentUnit, claim: Claim) -> Claim:
    """Let a claim be paid of which advances settled every order."""
    ordered_fen, settled = await ordered_of(uow, claim)
    if claim.state is not State.ORDERED or not settled:
        return claim
    return await uow.claims.save(
        claim, replace(claim, state=money_state(claim, ordered_fen=ordered_fen, settled=settled))
    )


async def _of_class(uow: PaymentUnit, claim: Claim) -> list[PaymentOrder]:
    """Give the orders of every claim of the class: what a source may pay of it counts over all of them."""
    claims = await uow.claims.all_of_class(claim.class_id)
    return [order for each in claims for order in await uow.orders.of_claim(each.claim_id)]


def _due(claim: Claim, standing: Sequence[PaymentOrder]) -> dict[int, int]:
    """Give what may be ordered now, or raise Conflict NOTHING_DUE or DIFFERENCE_PENDING."""
    due = claim.due(standing)
    if not claim.is_held and sum(due.values()) > 0:
        return due
    if sum(claim.decided.values()) <= claim.net_of(sum(order.amount_fen for order in standing if order.counts)):
        raise Conflict(
            code="NOTHING_DUE",
            message="本申领没有应付未付的金额，不能重复开具拨付单。",
            advice="请查询已开具的拨付单。",
        )
    raise Conflict(
        code="DIFFERENCE_PENDING",
        message="审核通过而尚未开具的金额不再有记录支持，或有异议、退回未办结，暂停拨付。",
        advice="请先完成差额、异议或退回条目的处理，再开具拨付单。",
    )


def _order(claim: Claim, funding_source: str, lines: Mapping[int, int], numbers: Counter[int]) -> PaymentOrder:
    """Give an order of these parts of lines, each with the next number of its line."""
    entries = []
    for line_no, amount_fen in sorted(lines.items()):
        numbers[line_no] += 1
        entries.append(OrderEntry(line_no=line_no, entry_no=numbers[line_no], amount_fen=amount_fen))
    return PaymentOrder(
        order_id=new_id(),
        claim_id=claim.claim_id,
        class_id=claim.class_id,
        funding_source=funding_source,
        amount_fen=sum(lines.values()),
        entries=tuple(entries),
    )


def _decided_sources(claim: Claim, rulebook: Rulebook) -> frozenset[str]:
    """Give the sources outside the document's list that a person decided on: one decision admits all of them."""
    term = rulebook.payment.funding_sources
    if term is None or not is_accepted(claim.decisions, term):
        return frozenset()
    return frozenset(source.code for source in term.sources if source.human_decision)


def _is_source_changed(claim: Claim, rulebook: Rulebook) -> bool:
    """Say whether a person decided that another source pays than the one the class opened with (HB-ENR-08)."""
    return is_accepted(claim.decisions, rulebook.enrollment.funding_at_opening)


def is_season_waived(claim: Claim, rulebook: Rulebook) -> bool:
    """Say whether a person decided that the claim is paid outside the document's days (HB-PAY-03)."""
    return is_accepted(claim.decisions, rulebook.payment.payment_season)


def excluded_lines(claim: Claim, rulebook: Rulebook) -> frozenset[int]:
    """Give the lines of people whom a recorded decision keeps off the special account."""
    term = rulebook.payment.special_account
    if term is None:
        return frozenset()
    found = set()
    for line in claim.assessment.lines:
        decision = latest(claim.decisions, term.rule, line.person_id) if line.person_id else None
        if decision is not None and not decision.accepted:
            found.add(line.line_no)
    return frozenset(found)


def tied_lines(claim: Claim, opened: ClassOpened, rulebook: Rulebook) -> dict[int, BenefitFund]:
    """Give the lines of benefits that one source alone pays (QJ-FND-01, HL-ENR-03)."""
    earned = (*benefits_of(opened, rulebook), *benefits_of(opened, rulebook, beside=True))
    funds = {each.paid_as(opened.programme): each.fund for each in earned}
    found = {line.line_no: funds.get(line.programme) for line in claim.assessment.lines}
    return {line_no: fund for line_no, fund in found.items() if fund is not None}


def excluded_orders(claim: Claim, orders: Iterable[PaymentOrder], rulebook: Rulebook) -> frozenset[str]:
    """Give the orders that would pay excluded people from the special account (JY-FND-03)."""
    lines, sources = excluded_lines(claim, rulebook), rulebook.payment.funding_sources
    found = set()
    for order in orders:
        source = sources.source(order.funding_source) if sources else None
        if source and source.special_account and lines & {entry.line_no for entry in order.entries}:
            found.add(order.order_id)
    return frozenset(found)


def undecided_orders(
    claim: Claim, orders: Iterable[PaymentOrder], rulebook: Rulebook, *, opened_with: str | None = None
) -> frozenset[str]:
    """Give the orders on a source that needs a decision which does not stand any more (JY-FND-02).

    So does any other source than the one the class `opened_with`, where that is fixed and known here (HB-ENR-08).
    """
    sources, decided = rulebook.payment.funding_sources, _decided_sources(claim, rulebook)
    is_fixed = rulebook.enrollment.funding_at_opening is not None and not _is_source_changed(claim, rulebook)
    found = set()
    for order in orders:
        source = sources.source(order.funding_source) if sources else None
        is_other = is_fixed and opened_with is not None and order.funding_source != opened_with
        if is_other or (source and source.human_decision and source.code not in decided):
            found.add(order.order_id)
    return frozenset(found)
