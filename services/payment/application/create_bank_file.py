"""Hand every order of a source that may be paid to the bank, in one file that can be made again byte for byte."""

from dataclasses import replace

from services.payment.application.assessing import assess_claim, holds_against, on_duty, open_case
from services.payment.application.create_orders import excluded_orders, is_season_waived, undecided_orders
from services.payment.application.order_ports import Account, Attempt, BankFile
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import unknown
from services.payment.application.send_advance import advance_rows, ready_advances, send_advances
from services.payment.domain.bank_file import BankRow, bank_file, digest
from services.payment.domain.claim import ASSESSOR
from services.payment.domain.claimed_part import unsigned
from services.payment.domain.duty import Duty
from services.payment.domain.order import OrderState, PaymentOrder
from shared.clock import new_id
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Refused
from shared.domain.jurisdiction import descendants, is_within


async def create_bank_file(uow: PaymentUnit, *, funding_source: str) -> BankFile:
    """Make a file of the source's ready orders within the caller's region and give it.

    Orders of a class with an open doubt or question, of a claim that is held by a difference, those that pay somebody
    more than the facts support now, those whose account waits for approval, those of the special account that would pay
    excluded people, those on a source whose decision does not stand any more, and those outside the document's days of
    paying stay behind; so do advances that must not be paid now. Raise Refused NO_ORDERS_READY when none is left,
    Forbidden SAME_REVIEWER when the caller holds another duty in one of the claims.
    """
    mine = tuple(sorted(descendants(uow.actor.region)))
    locked = {order.class_id for order in await uow.orders.ready(funding_source, mine)}
    locked |= {advance.class_id for advance in await uow.advances.ready(funding_source, mine)}
    for class_id in sorted(locked):
        await uow.classes.lock(class_id)
    bank_file_id = new_id()
    attempts, rows = [], []
    for order in await uow.orders.ready(funding_source, mine):
        # An order that became ready while we waited for the locks goes with the next file.
        payable = await _payable(uow, order) if order.class_id in locked else None
        if payable is None:
            continue
        opened, account = payable
        await uow.orders.save(order, replace(order, state=OrderState.SENT))
        attempts.append(_attempt(order, account, bank_file_id, sender=uow.actor.subject))
        rows.append(_row(order, opened, account, attempt=order.attempt))
    sendings = [each for each in await ready_advances(uow, funding_source, mine) if each.advance.class_id in locked]
    rows += [each.row for each in sendings]
    if not rows:
        raise Refused(
            code="NO_ORDERS_READY",
            message="该资金来源没有可以拨付的拨付单。",
            advice="请先开具拨付单；有疑点或待决定事项、待追回差额、含有不再有记录支持的条目、账户待审核由专账支付不符合条件学员或不在文件规定拨付期限内的拨付单不进入拨付文件。",
            field="funding_source",
            value=funding_source,
        )
    file = BankFile(
        bank_file_id=bank_file_id,
        region=uow.actor.region,
        funding_source=funding_source,
        count=len(rows),
        amount_fen=sum(row.amount_fen for row in rows),
        sha256=digest(bank_file(rows)),
        created_by=uow.actor.subject,
        created_on=uow.today,
    )
    await uow.orders.add_bank_file(file, attempts)
    await send_advances(uow, sendings, bank_file_id=bank_file_id)
    await uow.audit(
        action="bank_file_created",
        subject=bank_file_id,
        details={"orders": file.count, "amount_fen": file.amount_fen, "sha256": file.sha256},
    )
    return file


async def bank_file_content(uow: PaymentUnit, *, bank_file_id: str) -> bytes:
    """Make a bank file's bytes again, audited; they are the ones whose hash is stored."""
    file = await visible_bank_file(uow, bank_file_id)
    attempts = await uow.orders.attempts_in(bank_file_id)
    orders = await uow.orders.find([attempt.order_id for attempt in attempts])
    accounts = await uow.accounts.opened([attempt.account_id for attempt in attempts])
    rows = []
    for attempt in attempts:
        order = orders[attempt.order_id]
        opened = (await open_case(uow, order.class_id)).opened.fact
        rows.append(_row(order, opened, accounts[attempt.account_id], attempt=attempt.attempt))
    rows += await advance_rows(uow, bank_file_id)
    content = bank_file(rows)
    if digest(content) != file.sha256:
        raise RuntimeError(f"bank file {bank_file_id} can no longer be made as it was sent")
    await uow.audit(action="bank_file_read", subject=bank_file_id, details={"orders": file.count})
    return content


async def visible_bank_file(uow: PaymentUnit, bank_file_id: str) -> BankFile:
    """Give a bank file made for the caller's region or one under it."""
    file = await uow.orders.bank_file(bank_file_id)
    if file is None or not is_within(file.region, uow.actor.region):
        raise unknown("拨付文件", "bank_file_id")
    return file


async def _payable(uow: PaymentUnit, order: PaymentOrder) -> tuple[ClassOpened, Account] | None:
    """Give what is needed to pay an order, None when something holds it back."""
    claim = await uow.claims.find(order.claim_id)
    account = await uow.accounts.with_state(order.claim_id, "active")
    if claim is None or account is None or await uow.accounts.with_state(order.claim_id, "pending") is not None:
        return None
    case = await open_case(uow, order.class_id)
    if claim.is_held or await holds_against(uow, case, claim):
        return None
    if claim.claimant == ASSESSOR:
        elsewhere = unsigned(claim, await assess_claim(uow, case, claim))
        if elsewhere & {entry.line_no for entry in order.entries}:
            return None
    if claim.unsupported(await uow.orders.of_claim(claim.claim_id)) & {order.order_id}:
        return None
    # Money leaves now: what was decided since the order was made holds it back (JY-FND-02, JY-FND-03, HB-ENR-08).
    rulebook, opened_with = case.rulebook, case.opened.fact.funding_source
    if excluded_orders(claim, [order], rulebook):
        return None
    if undecided_orders(claim, [order], rulebook, opened_with=opened_with):
        return None
    season = rulebook.payment.payment_season
    if season is not None and not season.holds_on(uow.today) and not is_season_waived(claim, rulebook):
        return None
    acting = on_duty(uow, claim, case, Duty.PAYMENT)
    if acting != claim:
        await uow.claims.save(claim, acting)
    return case.opened.fact, account


def _attempt(order: PaymentOrder, account: Account, bank_file_id: str, *, sender: str) -> Attempt:
    return Attempt(
        order_id=order.order_id,
        attempt=order.attempt,
        claim_id=order.claim_id,
        bank_file_id=bank_file_id,
        account_id=account.account_id,
        sender=sender,
    )


def _row(order: PaymentOrder, opened: ClassOpened, account: Account, *, attempt: int) -> BankRow:
    level = f" {opened.level} 级" if opened.level else ""
    return BankRow(
        order_id=order.order_id,
        attempt=attempt,
        payee=account.holder,
        account_number=account.number,
        bank_name=account.bank_name,
        amount_fen=order.amount_fen,
        remark=f"职业培训补贴 {opened.occupation.name}{level} {opened.opening_date.isoformat()} 开班",
    )
