"""Money before the claim (HL-PAY-02, LS-PAY-01): asked for, decided by one person, ordered by another, withdrawn."""

from collections.abc import Sequence
from dataclasses import replace

from services.payment.application.assessing import Case, open_case
from services.payment.application.commit_budget import commit_class
from services.payment.application.order_ports import Account
from services.payment.application.ports import PaymentUnit
from services.payment.application.rates_in_force import rates_of
from services.payment.application.request_feature import feature_refusal
from services.payment.application.scope import sees, unknown, visible_class
from services.payment.application.submit_claim import GivenAccount, make_account
from services.payment.domain.advance import expected_fen, judge_advance, limit_of
from services.payment.domain.advance_money import (
    GONE,
    AdvancePayment,
    AdvanceState,
    decide,
    first_free,
    order,
    refuse,
    require_state,
    send_again,
    withdraw,
)
from services.payment.domain.claim import Claim
from services.payment.domain.decision import Decision
from services.payment.domain.duty import Duty, duties_of_class, duty_of, same_person
from services.payment.domain.obstacles import before_results
from services.payment.domain.order import Share, require_season, require_source_of_opening, split
from shared.clock import new_id
from shared.domain.errors import Conflict
from shared.policy.decision import Severity, TraceValue
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Advance
from shared.policy.terms.term import quote


async def request_advance(uow: PaymentUnit, *, class_id: str, amount_fen: int, account: GivenAccount) -> AdvancePayment:
    """Ask for money before the claim for one's own class, to one's own account; give the request.

    Raise Refused FEATURE_OFF where the document provides none, ADVANCE_NOT_OFFERED, ADVANCE_TAKEN, ADVANCE_TOO_EARLY,
    ADVANCE_TOO_HIGH or RATE_MISSING as it is judged, what stands against the class, PAYEE_MISMATCH or ACCOUNT_KIND;
    Conflict ADVANCE_AFTER_CLAIM once the class was claimed for.
    """
    await visible_class(uow, class_id, lock=True)
    case = await open_case(uow, class_id)
    opened, rulebook = case.opened.fact, case.rulebook
    term = rulebook.payment.advance
    if term is None:
        raise feature_refusal(rulebook, "advance")
    standing = [each for each in await uow.advances.of_class(class_id) if each.state not in GONE]
    await _require_before_claim(uow, class_id, opened.institution.institution_id, rulebook)
    await _require_fitting(uow, case, amount_fen, standing, decided=None)
    advance = AdvancePayment(
        advance_id=new_id(),
        class_id=class_id,
        institution_id=opened.institution.institution_id,
        region=opened.region,
        rulebook_id=rulebook.id,
        number=first_free(each.number for each in standing),
        advances_max=term.advances_max,
        requested_fen=amount_fen,
        requested_by=uow.actor.subject,
        requested_on=uow.today,
    )
    payout = _account(uow, account, advance, case)
    stored = await uow.advances.add(advance)
    await uow.advance_accounts.add(replace(payout, state="active"))
    await uow.audit(
        action="advance_requested",
        subject=advance.advance_id,
        details={"class_id": class_id, "amount_fen": amount_fen},
    )
    return stored


async def decide_advance(
    uow: PaymentUnit,
    *,
    advance_id: str,
    accepted: bool,
    reason: str,
    amount_fen: int | None = None,
    funding_source: str | None = None,
) -> AdvancePayment:
    """Decide a request: this much (all of it when nothing is said) from one source (the class's own), or nothing.

    The budget holds it from now on. Raise as a request does; Refused ADVANCE_BEYOND_REQUEST, SOURCE_FIXED,
    FUNDING_SOURCE_UNKNOWN, DECISION_NEEDED for a source that needs one and was not named, or BUDGET_EXHAUSTED.
    """
    advance, case = await advance_for_change(uow, advance_id)
    acting = await on_advance_duty(uow, advance, case, Duty.BUREAU_OPINION)
    if not accepted:
        saved = await uow.advances.save(advance, refuse(acting, by=uow.actor.subject, on=uow.today, reason=reason))
        await uow.audit(action="advance_refused", subject=advance_id)
        return saved
    require_state(advance, AdvanceState.REQUESTED, act="作出决定")
    wanted_fen = advance.requested_fen if amount_fen is None else amount_fen
    await _require_before_claim(uow, advance.class_id, advance.institution_id, case.rulebook)
    others = [
        each
        for each in await uow.advances.of_class(advance.class_id)
        if each.state not in GONE and each.advance_id != advance_id
    ]
    limit_fen = await _require_fitting(uow, case, wanted_fen, others, decided=reason)
    source = funding_source or case.opened.fact.funding_source
    _require_source(case, Share(funding_source=source, amount_fen=wanted_fen), named=funding_source)
    decided = decide(
        acting,
        amount_fen=wanted_fen,
        limit_fen=limit_fen,
        funding_source=source,
        by=uow.actor.subject,
        on=uow.today,
        reason=reason,
    )
    saved = await uow.advances.save(advance, decided)
    await commit_class(uow, case.opened.fact)
    await uow.audit(action="advance_decided", subject=advance_id, details={"amount_fen": wanted_fen})
    return saved


async def order_advance(uow: PaymentUnit, *, advance_id: str) -> AdvancePayment:
    """Let a decided advance go with the next bank file of its source; who decided it does not order it.

    Raise Refused for what stands against the class now, or outside the document's days of paying; Conflict
    ADVANCE_AFTER_CLAIM once the claim was approved.
    """
    advance, case = await advance_for_change(uow, advance_id)
    acting = await on_advance_duty(uow, advance, case, Duty.PAYMENT)
    require_state(advance, AdvanceState.DECIDED, act="开具拨付单")
    refuse_stopped(before_results(case.facts, case.opened.fact, case.rulebook))
    if await is_claim_approved(uow, advance):
        raise _after_claim(case.rulebook)
    require_season(uow.today, decided=False, rulebook=case.rulebook)
    saved = await uow.advances.save(advance, order(acting, by=uow.actor.subject, on=uow.today))
    await uow.audit(action="advance_ordered", subject=advance_id, details={"amount_fen": saved.decided_fen})
    return saved


async def withdraw_advance(uow: PaymentUnit, *, advance_id: str, reason: str) -> AdvancePayment:
    """Take back an advance that the bank neither has nor credited; its money may be promised again."""
    advance, case = await advance_for_change(uow, advance_id)
    acting = await on_advance_duty(uow, advance, case, Duty.PAYMENT)
    saved = await uow.advances.save(advance, withdraw(acting, by=uow.actor.subject, on=uow.today, reason=reason))
    await commit_class(uow, case.opened.fact)
    await uow.audit(action="advance_withdrawn", subject=advance_id)
    return saved


async def correct_advance_account(uow: PaymentUnit, *, advance_id: str, given: GivenAccount) -> Account:
    """Hand in a corrected account for an advance that the bank returned; it waits for another person's word."""
    advance, case = await advance_for_change(uow, advance_id)
    require_state(advance, AdvanceState.RETURNED, act="更正收款账户")
    account = _account(uow, given, advance, case)
    await uow.advance_accounts.add(account)
    await uow.advances.save(advance, advance)
    await uow.audit(action="advance_account_corrected", subject=advance_id, details={"account_id": account.account_id})
    return account


async def resend_advance(uow: PaymentUnit, *, advance_id: str, reason: str) -> AdvancePayment:
    """Let a returned advance go again: to the corrected account, which is approved by this, else to the one it had.

    Raise Forbidden SAME_REVIEWER for whoever handed the account in.
    """
    advance, case = await advance_for_change(uow, advance_id)
    acting = await on_advance_duty(uow, advance, case, Duty.BUREAU_OPINION)
    again = send_again(acting)
    pending = await uow.advance_accounts.with_state(advance_id, "pending")
    if pending is not None:
        if pending.submitted_by == uow.actor.subject:
            raise same_person("收款账户由您提交，不能由您审核。", case.rulebook.payment.four_eyes)
        await uow.advance_accounts.activate(pending, by=uow.actor.subject)
    saved = await uow.advances.save(advance, again)
    details: dict[str, TraceValue] = {
        "attempt": saved.attempt,
        "corrected": pending is not None,
        "reason": reason,
    }
    await uow.audit(action="advance_resent", subject=advance_id, details=details)
    return saved


async def advance_for_change(uow: PaymentUnit, advance_id: str) -> tuple[AdvancePayment, Case]:
    """Give an advance the caller may see, its class locked, and the case."""
    found = await uow.advances.find(advance_id)
    if found is not None:
        await uow.classes.lock(found.class_id)
        found = await uow.advances.find(advance_id)  # as it is under the lock
    return _visible(uow, found), await open_case(uow, found.class_id if found else "")


async def visible_advance(uow: PaymentUnit, advance_id: str) -> AdvancePayment:
    """Give an advance the caller may see."""
    return _visible(uow, await uow.advances.find(advance_id))


def _visible(uow: PaymentUnit, advance: AdvancePayment | None) -> AdvancePayment:
    if advance is None or not sees(uow.actor, institution_id=advance.institution_id, region=advance.region):
        raise unknown("预付", "advance_id")
    return advance


async def on_advance_duty(uow: PaymentUnit, advance: AdvancePayment, case: Case, *options: Duty) -> AdvancePayment:
    """Give the advance with the caller's duty in it; the class, its claim and its advances are one file (JY-REP-07).

    A claim that stands already learns of it, one handed in later takes it over.
    """
    claims = await claims_of_payee(uow, advance.class_id, advance.institution_id)
    held = {**duties_of_class(case.opened.fact.reviews), **advance.duties}
    for claim in claims:
        held.update(claim.duties)
    terms, me = case.rulebook.payment, uow.actor.subject
    duty = duty_of(uow.actor, held, options, steps=terms.steps, four_eyes=terms.four_eyes)
    for claim in claims:
        if me not in claim.duties:
            await uow.claims.save(claim, replace(claim, duties={**claim.duties, me: duty}))
    return replace(advance, duties={**advance.duties, me: duty})


async def claims_of_payee(uow: PaymentUnit, class_id: str, institution_id: str) -> list[Claim]:
    """Give the claims that whoever gives the class made for it."""
    return [each for each in await uow.claims.all_of_class(class_id) if each.owner == institution_id]


async def is_claim_approved(uow: PaymentUnit, advance: AdvancePayment) -> bool:
    """Say whether the claim came to its approval: what is not at the bank by then is paid by the claim instead."""
    return any(claim.entries for claim in await claims_of_payee(uow, advance.class_id, advance.institution_id))


async def _require_before_claim(uow: PaymentUnit, class_id: str, institution_id: str, rulebook: Rulebook) -> None:
    if await claims_of_payee(uow, class_id, institution_id):
        raise _after_claim(rulebook)


def _after_claim(rulebook: Rulebook) -> Conflict:
    term = rulebook.payment.advance
    return Conflict(
        code="ADVANCE_AFTER_CLAIM",
        message="该班级已提交申领，不再办理预付。",
        advice="补贴随申领审核拨付，请查询申领的办理情况。",
        field="class_id",
        **quote(term),
    )


async def _require_fitting(
    uow: PaymentUnit, case: Case, amount_fen: int, others: Sequence[AdvancePayment], *, decided: str | None
) -> int:
    """Raise Refused for what stands against the class or the amount; give what all its advances may come to.

    `decided` is the reason with which a person admits it; before that only the decision may be missing.
    """
    opened, rulebook, term = case.opened.fact, case.rulebook, case.rulebook.payment.advance
    rates = await rates_of(uow, rulebook, opened.region)
    objection = judge_advance(
        amount_fen,
        opened,
        rulebook=rulebook,
        rates=rates,
        decisions=() if term is None or decided is None else (_decision(uow, term, decided),),
        before_fen=[each.amount_fen or each.requested_fen for each in others],
        trained=case.facts.training is not None,
    )
    against = [objection] if objection is not None and objection.severity is Severity.STOP else []
    refuse_stopped((*before_results(case.facts, opened, rulebook), *against))
    return limit_of((expected_fen(opened, term, rulebook, rates) or 0) if term else 0, term) if term else 0


def _decision(uow: PaymentUnit, term: Advance, reason: str) -> Decision:
    return Decision(rule=term.rule, accepted=True, reason=reason, decided_by=uow.actor.subject, decided_on=uow.today)


def _require_source(case: Case, share: Share, *, named: str | None) -> None:
    """Raise Refused where the document does not let this source pay; a source named by the decision is decided on."""
    require_source_of_opening(
        [share], opened_with=case.opened.fact.funding_source, decided=False, rulebook=case.rulebook
    )
    decided = frozenset({named}) if named else frozenset[str]()
    split({0: share.amount_fen}, [share], rulebook=case.rulebook, decided_sources=decided, excluded=frozenset())


def _account(uow: PaymentUnit, given: GivenAccount, advance: AdvancePayment, case: Case) -> Account:
    return make_account(
        uow,
        given,
        advance.advance_id,
        applicant=case.opened.fact.institution.name,
        individual=False,
        rulebook=case.rulebook,
    )
