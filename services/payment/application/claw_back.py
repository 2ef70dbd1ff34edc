"""Ask paid money back by a decision of two people, and take it in, by bank or set off (JY-CLM-10, JY-PAY-02)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.payment.application.assessing import (
    Case,
    assess_claim,
    carry_out,
    hold_uses,
    holds_against,
    on_duty,
    open_case,
)
from services.payment.application.commit_budget import commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change, locked_claim, sees_claim, unknown
from services.payment.application.settle_entitlement import settle_entitlement
from services.payment.domain.breach import wrong_lines
from services.payment.domain.claim import Claim, Entry, minus
from services.payment.domain.clawback import (
    Clawback,
    ClawbackState,
    Ground,
    Repayment,
    asked_of,
    clawed_back,
    opposite,
    repaid,
    require_decidable,
    sources_of,
)
from services.payment.domain.duty import Duty
from services.payment.domain.order import OrderState, PaymentOrder, Share, ordered_by_line
from services.payment.domain.reassessment import money_state
from services.payment.domain.state import State
from shared.clock import new_id
from shared.contracts.payment import ClawbackOrdered, ClawbackSettled, PaymentSettled, SourceAmount
from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Severity, Trace, TraceValue


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRepayment:
    """Money that came in: by bank with the bank's reference, or set off against a ready order."""

    kind: Literal["bank", "offset"]
    on: date
    amount_fen: int | None = None
    funding_source: str | None = None
    reference: str | None = None
    order_id: str | None = None


async def propose_clawback(uow: PaymentUnit, *, claim_id: str, reason: str, sources: Sequence[Share] = ()) -> Clawback:
    """Propose to ask back what was paid beyond what the facts support now, and give the proposal.

    Raise Conflict NOTHING_TO_CLAW_BACK, CLAWBACK_PROPOSED while one waits, or ORDERS_UNSETTLED while an order has not
    reached its end: what was not sent is reversed instead, what is at the bank is waited for.
    """
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.FIRST_REVIEW, Duty.SECOND_REVIEW)
    orders = [order for order in await uow.orders.of_claim(claim_id) if order.counts]
    _require_proposable(claim, orders)
    amounts, asked = _entry_and_asked(claim, orders)
    proposal = Clawback(
        clawback_id=new_id(),
        claim_id=claim_id,
        amounts=amounts,
        asked=asked,
        sources=sources_of(sum(asked.values()), sources, orders, claim.clawbacks),
        cause=str((await uow.claims.differences(claim_id))[-1]["cause"]),
        ground=_ground(claim, case, amounts),
        reason=reason,
        proposed_by=uow.actor.subject,
        duty=acting.duties[uow.actor.subject],
        proposed_on=uow.today,
    )
    await uow.claims.save(claim, replace(acting, clawbacks=(*claim.clawbacks, proposal)))
    details: dict[str, TraceValue] = {"clawback_id": proposal.clawback_id, "amount_fen": proposal.amount_fen}
    await uow.audit(action="clawback_proposed", subject=claim_id, details=details)
    return proposal


async def decide_clawback(uow: PaymentUnit, *, clawback_id: str, ordered: bool, reason: str) -> Clawback:
    """Decide a proposal as the second person: ordered, it adds the opposite entry and is owed until it came in.

    Raise Conflict CLAWBACK_CHANGED when the facts moved since it was proposed; it is refused then and proposed anew.
    """
    claim, clawback = await _found(uow, clawback_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.BUREAU_OPINION)
    require_decidable(clawback)
    decided = replace(
        clawback,
        state=ClawbackState.ORDERED if ordered else ClawbackState.REFUSED,
        decided_by=uow.actor.subject,
        decided_on=uow.today,
        decision_reason=reason,
    )
    if not ordered:
        await uow.claims.save(claim, _with(acting, decided))
        await uow.audit(action="clawback_refused", subject=claim.claim_id, details={"clawback_id": clawback_id})
        return decided
    await _require_unchanged(uow, claim, clawback)
    decided = replace(decided, entry=len(claim.entries) + 1)
    entry = _opposite_entry(claim, decided)
    changed = _with(replace(acting, entries=(*claim.entries, entry)), decided)
    if case.facts.cancelled is not None:
        changed = replace(changed, assessment=await assess_claim(uow, case, claim))
    saved = await carry_out(uow, claim, changed, case, cause="CLAWBACK_ORDERED")
    await settle_entitlement(uow, saved, case.rulebook)
    await commit_budget(uow, saved, case.opened.fact)
    await uow.publish(_ordered_event(saved, decided))
    details: dict[str, TraceValue] = {
        "clawback_id": clawback_id,
        "amount_fen": decided.amount_fen,
        "entry": entry.number,
    }
    await uow.audit(action="clawback_ordered", subject=claim.claim_id, details=details)
    return decided


async def record_repayment(uow: PaymentUnit, *, clawback_id: str, given: GivenRepayment) -> Clawback:
    """Record money that came in; the last of it frees the slots for which it was paid.

    Set off, a ready order of the same institution and source counts as settled and never goes to the bank. Raise
    Refused REPAYMENT_TOO_LARGE, REPAYMENT_DATE or OFFSET_IMPOSSIBLE, and Conflict RECEIPT_USED for a bank receipt that
    was counted for a claw-back of the same claimant before.
    """
    claim, clawback = await _found(uow, clawback_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.PAYMENT)
    if given.on > uow.today or (clawback.decided_on is not None and given.on < clawback.decided_on):
        raise Refused(
            code="REPAYMENT_DATE",
            message="收回日期须在作出追回决定之后，且不晚于今日。",
            advice="请按到账凭证填写实际收回日期。",
            field="on",
        )
    order = await _order_to_set_off(uow, claim, given) if given.kind == "offset" else None
    repayment = _repayment(clawback, given, order, by=uow.actor.subject)
    source, receipt = repayment.funding_source, repayment.reference
    if receipt and await uow.advances.is_receipt_used(claim.owner, source, receipt):
        raise Conflict(
            code="RECEIPT_USED",
            message="该到账凭证号已登记过一次收回资金，同一笔到账不能重复登记。",
            advice="请核对银行到账凭证；一笔到账用于几项追回的，请在凭证号后注明分项，并分别填写金额。",
            field="reference",
        )
    after = repaid(clawback, repayment)
    saved = await uow.claims.save(claim, _with(acting, after))
    if order is not None:
        await _set_off(uow, order)
    if after.state is ClawbackState.SETTLED:
        await _free_slots(uow, saved, after)
        await hold_uses(uow, case, saved)
    await commit_budget(uow, saved, case.opened.fact)
    await uow.publish(
        ClawbackSettled(
            class_id=claim.class_id,
            claim_id=claim.claim_id,
            clawback_id=clawback_id,
            amount_fen=repayment.amount_fen,
            outstanding_fen=after.outstanding_fen,
            settled_on=given.on,
        )
    )
    details: dict[str, TraceValue] = {
        "clawback_id": clawback_id,
        "kind": given.kind,
        "amount_fen": repayment.amount_fen,
    }
    await uow.audit(action="clawback_repaid", subject=claim.claim_id, details=details)
    return after


def _require_proposable(claim: Claim, orders: Sequence[PaymentOrder]) -> None:
    if any(each.state is ClawbackState.PROPOSED for each in claim.clawbacks):
        raise Conflict(
            code="CLAWBACK_PROPOSED",
            message="已有一项追回等待决定。",
            advice="请审批人员先对该项追回作出决定。",
        )
    if not claim.clawback_fen:
        raise Conflict(
            code="NOTHING_TO_CLAW_BACK",
            message="本申领已开具的金额没有超出现有记录支持的金额，无须追回。",
            advice="请查询申领的差额记录。",
        )
    if any(order.state is not OrderState.SETTLED for order in orders):
        raise Conflict(
            code="ORDERS_UNSETTLED",
            message="本申领还有未到账的拨付单，尚不能提出追回。",
            advice="未发出或被退回的拨付单请先撤销；已发送银行的请等待回执。",
        )


def _entry_and_asked(claim: Claim, orders: Sequence[PaymentOrder]) -> tuple[dict[int, int], dict[int, int]]:
    amounts = opposite(claim.difference, claim.people)
    net = minus(ordered_by_line(orders), clawed_back(claim.clawbacks))
    asked = asked_of(amounts, decided=claim.decided, ordered=net)
    if sum(asked.values()) <= 0:
        raise Conflict(
            code="NOTHING_TO_CLAW_BACK",
            message="所涉条目没有已经拨付而须收回的金额。",
            advice="请查询申领的差额记录。",
        )
    return amounts, asked


def _ground(claim: Claim, case: Case, amounts: dict[int, int]) -> Ground:
    """Give the rule that took the money away: of the cancellation, a breach, an objection, a finding or the base."""
    document = case.rulebook.document
    if case.facts.cancelled is not None:
        cancelled = case.facts.cancelled.fact
        return Ground(rule=cancelled.rule, clause=cancelled.clause, document=document)
    register, headcount = case.rulebook.payment.objection_register, case.rulebook.payment.headcount
    breach, wrong = case.rulebook.payment.breach, wrong_lines(claim.breaches)
    for line in claim.assessment.lines:
        if line.line_no not in amounts or line.person_id is None:
            continue
        if line.line_no in wrong and breach is not None:
            return Ground(rule=breach.rule, clause=breach.clause, document=breach.document)
        if line.line_no in claim.struck and register is not None:
            return Ground(rule=register.rule, clause=register.clause, document=register.document)
        for finding in line.findings:
            if finding.severity is Severity.STOP:
                return Ground(rule=finding.rule, clause=finding.clause, document=finding.document)
    if headcount is None:
        return Ground(rule="", clause="", document=document)
    return Ground(rule=headcount.rule, clause=headcount.clause, document=headcount.document)


def _opposite_entry(claim: Claim, clawback: Clawback) -> Entry:
    ground = clawback.ground
    trace = Trace(
        rule=ground.rule,
        document=ground.document,
        clause=ground.clause,
        result=-clawback.amount_fen,
        inputs={"clawback_id": clawback.clawback_id, "cause": clawback.cause},
    )
    return Entry(
        number=len(claim.entries) + 1,
        round=claim.round,
        amounts=clawback.amounts,
        approved_on=clawback.decided_on or clawback.proposed_on,
        first_reviewer=clawback.proposed_by,
        second_reviewer=None,
        approver=clawback.decided_by or "",
        rates_until=claim.entries[0].rates_until,
        clawback=trace,
    )


async def _require_unchanged(uow: PaymentUnit, claim: Claim, clawback: Clawback) -> None:
    orders = [order for order in await uow.orders.of_claim(claim.claim_id) if order.counts]
    amounts = opposite(claim.difference, claim.people)
    net = minus(ordered_by_line(orders), clawed_back(claim.clawbacks))
    settled = all(order.state is OrderState.SETTLED for order in orders)
    now = asked_of(amounts, decided=claim.decided, ordered=net)
    if not settled or amounts != dict(clawback.amounts) or now != dict(clawback.asked):
        raise Conflict(
            code="CLAWBACK_CHANGED",
            message="提出追回之后情况又有变化，所列金额已不符。",
            advice="请不予同意本次提议，由审核人员按最新情况重新提出。",
        )


def _ordered_event(claim: Claim, clawback: Clawback) -> ClawbackOrdered:
    people = claim.people
    return ClawbackOrdered(
        class_id=claim.class_id,
        claim_id=claim.claim_id,
        clawback_id=clawback.clawback_id,
        entry=clawback.entry or 0,
        region=claim.region,
        institution_id=claim.institution_id,
        amount_fen=clawback.amount_fen,
        sources=tuple(
            SourceAmount(funding_source=share.funding_source, amount_fen=share.amount_fen) for share in clawback.sources
        ),
        persons=tuple(people[line_no] for line_no in sorted(clawback.asked.keys() & people.keys())),
        cause=clawback.cause,
        rule=clawback.ground.rule,
        decided_by=(clawback.proposed_by, clawback.decided_by or ""),
        ordered_on=clawback.decided_on or clawback.proposed_on,
    )


async def _found(uow: PaymentUnit, clawback_id: str) -> tuple[Claim, Clawback]:
    claim_id = await uow.claims.claim_of_clawback(clawback_id)
    if claim_id is None:
        raise unknown("追回事项", "clawback_id")
    claim = await claim_for_change(uow, claim_id)
    return claim, next(each for each in claim.clawbacks if each.clawback_id == clawback_id)


def _with(claim: Claim, clawback: Clawback) -> Claim:
    known = tuple(clawback if each.clawback_id == clawback.clawback_id else each for each in claim.clawbacks)
    return replace(claim, clawbacks=known)


def _repayment(clawback: Clawback, given: GivenRepayment, order: PaymentOrder | None, *, by: str) -> Repayment:
    source = order.funding_source if order else given.funding_source or clawback.sources[0].funding_source
    return Repayment(
        number=len(clawback.repayments) + 1,
        kind=given.kind,
        funding_source=source,
        amount_fen=order.amount_fen if order else given.amount_fen or 0,
        on=given.on,
        recorded_by=by,
        reference=given.reference,
        order_id=order.order_id if order else None,
    )


async def _order_to_set_off(uow: PaymentUnit, owing: Claim, given: GivenRepayment) -> PaymentOrder:
    """Give the ready order of the same institution; whatever keeps it from the bank keeps it from being set off.

    An order outside the caller's region does not exist for him, though the institution be the same.
    """
    order = (await uow.orders.find([given.order_id or ""])).get(given.order_id or "")
    claim = await locked_claim(uow, order.claim_id) if order else None
    fitting = claim is not None and claim.claim_id != owing.claim_id and sees_claim(uow.actor, claim)
    if fitting and order is not None and claim is not None:
        case = await open_case(uow, claim.class_id)
        unsupported = claim.unsupported(await uow.orders.of_claim(claim.claim_id))
        clear = not claim.is_held and not await holds_against(uow, case, claim) and order.order_id not in unsupported
        same = claim.owner == owing.owner
        if clear and same and order.state is OrderState.READY:
            acting = on_duty(uow, claim, case, Duty.PAYMENT)
            if acting != claim:
                await uow.claims.save(claim, acting)
            return order
    raise Refused(
        code="OFFSET_IMPOSSIBLE",
        message="只能以同一申领人另一申领中待发出、且没有暂停拨付事由的拨付单抵扣。",
        advice="请选择符合条件的拨付单，或由申领人通过银行退回。",
        field="order_id",
    )


async def _set_off(uow: PaymentUnit, order: PaymentOrder) -> None:
    """Settle an order without the bank: the money it would have paid was owed."""
    await uow.orders.save(order, replace(order, state=OrderState.SETTLED))
    await uow.publish(
        PaymentSettled(
            class_id=order.class_id,
            claim_id=order.claim_id,
            order_id=order.order_id,
            attempt=order.attempt,
            funding_source=order.funding_source,
            amount_fen=order.amount_fen,
            settled_on=uow.today,
        )
    )
    claim = await uow.claims.find(order.claim_id)
    if claim is not None and claim.state is State.ORDERED:
        standing = [each for each in await uow.orders.of_claim(claim.claim_id) if each.counts]
        ordered_fen = claim.net_of(sum(each.amount_fen for each in standing))
        settled = all(each.state is OrderState.SETTLED for each in standing)
        resting = money_state(claim, ordered_fen=ordered_fen, settled=settled)
        if resting is not claim.state:
            await uow.claims.save(claim, replace(claim, state=resting))


async def _free_slots(uow: PaymentUnit, claim: Claim, clawback: Clawback) -> None:
    """Free the slots of those of whom nothing stays paid, now that all of it came back."""
    people, decided = claim.people, claim.decided
    owed = Counter[int]()
    for each in claim.clawbacks:
        if each.outstanding_fen:
            owed.update(each.asked)
    free = [
        people[line_no]
        for line_no in clawback.asked
        if line_no in people and decided.get(line_no, 0) <= 0 and not owed[line_no]
    ]
    await uow.entitlements.release(claim.class_id, free, reason="clawback_repaid", on=uow.today, used=True)
