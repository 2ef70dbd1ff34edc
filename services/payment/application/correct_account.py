"""Hand in a corrected account, and approve or refuse it: returned orders then go out again (JY-PAY-04)."""

from services.payment.application.assessing import INDIVIDUAL, on_duty, open_case
from services.payment.application.order_ports import Account
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change
from services.payment.application.submit_claim import GivenAccount, make_account
from services.payment.domain.claim import Claim
from services.payment.domain.duty import Duty, same_person
from services.payment.domain.order import OrderState, PaymentOrder, send_again
from shared.domain.errors import Conflict, NotFound
from shared.policy.decision import TraceValue


async def correct_account(uow: PaymentUnit, *, claim_id: str, given: GivenAccount) -> Account:
    """Store a corrected account that waits for approval; until then no order of the claim goes to the bank.

    Raise Conflict before the claim is approved: a returned claim is handed in again with its account instead.
    """
    claim = await claim_for_change(uow, claim_id)
    if not claim.entries:
        raise Conflict(
            code="STEP_OUT_OF_ORDER",
            message="申领尚未审核通过，账户不能单独变更。",
            advice="如需更正账户，请由审核人员退回申领后，补正账户重新提交。",
        )
    case = await open_case(uow, claim.class_id)
    former = await uow.accounts.with_state(claim_id, "active")
    account = make_account(
        uow,
        given,
        claim_id,
        applicant=former.holder if claim.stands_apart and former else case.opened.fact.institution.name,
        individual=claim.claimant == INDIVIDUAL,
        rulebook=case.rulebook,
    )
    await uow.accounts.add(account)
    await uow.claims.save(claim, claim)
    await uow.audit(action="account_corrected", subject=claim_id, details={"account_id": account.account_id})
    return account


async def approve_account(uow: PaymentUnit, *, claim_id: str) -> tuple[Claim, tuple[PaymentOrder, ...]]:
    """Approve the pending account and give the claim with the orders that now wait for the next bank file.

    Raise Forbidden SAME_REVIEWER for whoever handed it in.
    """
    claim, acting, pending = await _pending(uow, claim_id)
    await uow.accounts.activate(pending, by=uow.actor.subject)
    again = []
    for order in await uow.orders.of_claim(claim_id):
        if order.state is OrderState.RETURNED:
            ready = send_again(order)
            await uow.orders.save(order, ready)
            again.append(ready)
    saved = await uow.claims.save(claim, acting)
    details: dict[str, TraceValue] = {"account_id": pending.account_id, "orders": len(again)}
    await uow.audit(action="account_approved", subject=claim_id, details=details)
    return saved, tuple(again)


async def refuse_account(uow: PaymentUnit, *, claim_id: str, reason: str) -> Claim:
    """Refuse the pending account with a reason: the approved one stays, and orders go on to it."""
    claim, acting, pending = await _pending(uow, claim_id)
    await uow.accounts.refuse(pending, by=uow.actor.subject, reason=reason)
    saved = await uow.claims.save(claim, acting)
    await uow.audit(action="account_refused", subject=claim_id, details={"account_id": pending.account_id})
    return saved


async def _pending(uow: PaymentUnit, claim_id: str) -> tuple[Claim, Claim, Account]:
    """Give the claim, the claim with the caller's duty in it, and the account that waits for his word."""
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.BUREAU_OPINION)
    pending = await uow.accounts.with_state(claim_id, "pending")
    if pending is None:
        raise NotFound(
            code="ACCOUNT_NOT_PENDING",
            message="没有待审核的收款账户。",
            advice="请申领人先提交更正后的账户。",
        )
    if pending.submitted_by == uow.actor.subject:
        raise same_person("收款账户由您提交，不能由您审核。", case.rulebook.payment.four_eyes)
    return claim, acting, pending
