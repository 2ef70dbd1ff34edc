"""Payment orders (拨付单): what is due and not yet ordered, split by funding source, sent to the bank and answered.

An order's entries are parts of lines and add up to it. An order counts from its creation; returned by the bank it is
sent again, as the next attempt of the same order, once a corrected account has been approved.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from services.payment.domain.shortfall import cost_fen, shortfall_fen, spent_fen
from shared.contracts.enrollment import ClassOpened
from shared.contracts.payment import PaymentReturned, PaymentSettled
from shared.domain.errors import Conflict, Refused
from shared.domain.identifiers import cleaned
from shared.domain.money import yuan_text
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import BenefitFund
from shared.policy.terms.term import quote


class OrderState(StrEnum):
    """Ready for a bank file, sent in one, credited, returned by the bank, or taken back by an opposite entry."""

    READY = "ready"
    SENT = "sent"
    SETTLED = "settled"
    RETURNED = "returned"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEntry:
    """The part of one line that an order pays; `entry_no` counts the line's parts over all orders."""

    line_no: int
    entry_no: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """One order on one funding source; its amount is the sum of its entries and never changes."""

    order_id: str
    claim_id: str
    class_id: str
    funding_source: str
    amount_fen: int
    entries: tuple[OrderEntry, ...]
    state: OrderState = OrderState.READY
    attempt: int = 1

    @property
    def counts(self) -> bool:
        """Say whether the order stands; one that was reversed pays nothing."""
        return self.state is not OrderState.REVERSED

    @property
    def is_unpaid(self) -> bool:
        """Say whether the order may still be taken back because the bank neither has it nor paid it."""
        return self.state in (OrderState.READY, OrderState.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """The opposite entry of an order; of a settled one it counts from another person's approval on."""

    order_id: str
    claim_id: str
    was: OrderState
    amount_fen: int
    reason: str
    proposed_by: str
    proposed_on: date
    approved_by: str | None = None
    approved_on: date | None = None


def ordered_by_line(orders: Iterable[PaymentOrder]) -> dict[int, int]:
    """Give what standing orders pay of each line, in fen."""
    ordered: Counter[int] = Counter()
    for order in orders:
        for entry in order.entries if order.counts else ():
            ordered[entry.line_no] += entry.amount_fen
    return dict(ordered)


NO_TIES: Final[Mapping[int, BenefitFund]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one funding source is to pay."""

    funding_source: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the bank says of one attempt of one order."""

    order_id: str
    attempt: int
    outcome: Literal["settled", "returned"]
    on: date
    reason_code: str | None = None


def split(
    due: Mapping[int, int],
    shares: Sequence[Share],
    *,
    rulebook: Rulebook,
    decided_sources: frozenset[str],
    excluded: frozenset[int],
    tied: Mapping[int, BenefitFund] = NO_TIES,
) -> dict[str, dict[int, int]]:
    """Give for each source the parts of lines it pays; the parts of all sources are exactly what is due.

    `tied` are the lines of benefits that one source alone pays; these it pays before any other. Raise Refused
    SOURCE_MISSING without any share (HL-FND-01, QJ-FND-01, LS-FND-01), SOURCE_REPEATED for a source named twice,
    SPLIT_SUM when the shares do not add up to what is due, FUNDING_SOURCE_UNKNOWN, DECISION_NEEDED for a source outside
    the document's list that nobody decided on (JY-FND-02), FUND_TIED when a tied line would be paid from another source
    (QJ-FND-01), and EXCLUDED_FROM_SPECIAL_ACCOUNT when lines of excluded people would be paid from the special account
    (JY-FND-03).
    """
    _require_sum(due, shares, rulebook)
    special = _special_sources(shares, rulebook, decided_sources)
    parts, rest, left = _tied_first(due, shares, tied)
    # Special accounts choose first, among the lines they may pay; negative lines go to the last source, which takes
    # everything left and so comes out exactly.
    ordered = sorted(left, key=lambda share: share.funding_source not in special)
    for share in ordered[:-1]:
        barred = excluded if share.funding_source in special else frozenset()
        parts[share.funding_source] |= _take(rest, share, barred, rulebook)
    last = ordered[-1]
    if last.funding_source in special and any(rest.get(line_no, 0) > 0 for line_no in excluded):
        raise _excluded(rulebook)
    parts[last.funding_source] |= {line_no: amount for line_no, amount in sorted(rest.items()) if amount}
    return {share.funding_source: parts[share.funding_source] for share in ordered}


def _tied_first(
    due: Mapping[int, int], shares: Sequence[Share], tied: Mapping[int, BenefitFund]
) -> tuple[dict[str, dict[int, int]], dict[int, int], list[Share]]:
    """Give what each source pays of the lines that it alone pays, the other lines, and what is left of each share."""
    parts: dict[str, dict[int, int]] = {share.funding_source: {} for share in shares}
    for line_no, fund in sorted(tied.items()):
        if due.get(line_no):
            if fund.source not in parts:
                raise _tied(fund)
            parts[fund.source][line_no] = due[line_no]
    left = [replace(share, amount_fen=share.amount_fen - sum(parts[share.funding_source].values())) for share in shares]
    for share in left:
        if share.amount_fen < 0:
            raise _tied(next(fund for fund in tied.values() if fund.source == share.funding_source))
    paid = {line_no for lines in parts.values() for line_no in lines}
    return parts, {line_no: fen for line_no, fen in due.items() if line_no not in paid}, left


def require_season(today: date, *, decided: bool, rulebook: Rulebook) -> None:
    """Raise Refused DECISION_NEEDED outside the days on which the document pays, until a person decided (HB-PAY-03)."""
    term = rulebook.payment.payment_season
    if term is None or decided or term.holds_on(today):
        return
    raise Refused(
        code="DECISION_NEEDED",
        message=f"文件规定的拨付期限为 {term.opens.isoformat()} 至 {term.closes.isoformat()}，今日不在期限内。",
        advice=f"确需在期限外拨付的，由审核人员在本申领中按 {term.rule} 记录决定及理由。",
        rule=term.rule,
        clause=term.clause,
        document=term.document,
    )


def require_source_of_opening(shares: Iterable[Share], *, opened_with: str, decided: bool, rulebook: Rulebook) -> None:
    """Raise Refused SOURCE_FIXED for another source than the class opened with, unless a person decided (HB-ENR-08)."""
    term = rulebook.enrollment.funding_at_opening
    others = [share.funding_source for share in shares if share.funding_source != opened_with]
    if term is None or decided or not others:
        return
    raise Refused(
        code="SOURCE_FIXED",
        message=f"本班开班时明确的资金支出渠道为 {opened_with}，不能改由 {'、'.join(others)} 支付。",
        advice=f"请按开班时的渠道支付；确需变更的，由审核人员在本申领中按 {term.rule} 记录决定及依据。",
        field="sources",
        value=others[0],
        rule=term.rule,
        clause=term.clause,
        document=term.document,
    )


def require_order_of_sources(
    shares: Iterable[Share], opened: ClassOpened, standing: Iterable[PaymentOrder], *, rulebook: Rulebook
) -> None:
    """Raise Refused ORDER_OF_SOURCES when later sources would pay more than the first one left (HL-FND-05).

    `standing` are the orders of the class's claims; what the class states of its cost and the first source decides.
    """
    term = rulebook.payment.funding_order
    if term is None or opened.programme not in term.programmes:
        return
    left_fen = shortfall_fen(term, opened)
    ordered = [
        Share(funding_source=order.funding_source, amount_fen=order.amount_fen) for order in standing if order.counts
    ]
    later_fen = sum(share.amount_fen for share in (*ordered, *shares) if share.funding_source != term.first)
    if later_fen <= left_fen:
        return
    raise Refused(
        code="ORDER_OF_SOURCES",
        message=(
            f"本班所需经费 {yuan_text(cost_fen(term, opened))} 元，"
            f"已由 {term.first} 列支 {yuan_text(spent_fen(term, opened))} 元，"
            f"其他来源合计不得超过不足部分 {yuan_text(left_fen)} 元，现为 {yuan_text(later_fen)} 元。"
        ),
        advice="请先由职工教育经费列支，其他资金来源只支付经证明的不足部分。",
        field="sources",
        rule=term.rule,
        clause=term.clause,
        document=term.document,
    )


def _tied(fund: BenefitFund) -> Refused:
    return Refused(
        code="FUND_TIED",
        message=f"申领中有文件规定只能由资金来源 {fund.source} 支付的补贴，所列来源不能足额支付该部分。",
        advice=f"请由 {fund.source} 足额支付该项补贴，其余补贴再由其他来源支付。",
        field="sources",
        value=fund.source,
        rule=fund.rule,
        clause=fund.clause,
        document=fund.document,
    )


def _take(rest: dict[int, int], share: Share, barred: frozenset[int], rulebook: Rulebook) -> dict[int, int]:
    open_fen = share.amount_fen
    taken = {}
    for line_no in sorted(rest):
        part = min(rest[line_no], open_fen)
        if part > 0 and line_no not in barred:
            taken[line_no] = part
            rest[line_no] -= part
            open_fen -= part
    if open_fen:
        raise _excluded(rulebook)
    return taken


def _require_sum(due: Mapping[int, int], shares: Sequence[Share], rulebook: Rulebook) -> None:
    due_fen, split_fen = sum(due.values()), sum(share.amount_fen for share in shares)
    if not shares:
        code, message = "SOURCE_MISSING", f"应付未付的 {yuan_text(due_fen)} 元没有写明由哪个资金来源支付。"
        advice = "请写明资金来源及金额。"
    elif len({share.funding_source for share in shares}) != len(shares):
        code, message = "SOURCE_REPEATED", "同一资金来源列了多次。"
        advice = "请每个资金来源只列一次。"
    elif due_fen != split_fen or any(share.amount_fen <= 0 for share in shares):
        code = "SPLIT_SUM"
        message = f"各资金来源合计 {yuan_text(split_fen)} 元，与应付未付的 {yuan_text(due_fen)} 元不符。"
        advice = "请使各来源金额均大于零，且合计等于应付未付金额。"
    else:
        return
    term = rulebook.payment.funding_sources
    raise Refused(code=code, message=message, advice=advice, field="sources", **quote(term))


def _special_sources(shares: Sequence[Share], rulebook: Rulebook, decided: frozenset[str]) -> frozenset[str]:
    term = rulebook.payment.funding_sources
    special = set()
    for share in shares:
        source = term.source(share.funding_source) if term else None
        if term is None or source is None:
            raise Refused(
                code="FUNDING_SOURCE_UNKNOWN",
                message=f"资金来源 {share.funding_source} 不在规则册所列范围内。",
                advice="请选择文件列明的资金来源。",
                field="sources",
                value=share.funding_source,
                **quote(term),
            )
        if source.human_decision and source.code not in decided:
            raise Refused(
                code="DECISION_NEEDED",
                message=f"使用资金来源“{source.name}”须先由审核人员记录决定。",
                advice="请审核人员在本申领中按资金来源规则记录接受的决定及依据。",
                field="sources",
                value=source.code,
                rule=term.rule,
                clause=term.clause,
                document=term.document,
            )
        if source.special_account:
            special.add(source.code)
    return frozenset(special)


def _excluded(rulebook: Rulebook) -> Refused:
    term = rulebook.payment.special_account
    return Refused(
        code="EXCLUDED_FROM_SPECIAL_ACCOUNT",
        message="专账资金不得用于经认定不符合条件的学员，所列专账金额超出可由专账支付的部分。",
        advice="请将这些学员的金额改由其他资金来源支付。",
        field="sources",
        **quote(term),
    )


def settle(
    order: PaymentOrder, answer: Answer, *, sent_on: date, today: date
) -> tuple[PaymentOrder, PaymentSettled | PaymentReturned | None]:
    """Apply the bank's answer; the same answer again changes nothing and gives no event.

    Raise Conflict ATTEMPT_MISMATCH for another attempt than the one sent, ORDER_NOT_SENT or ORDER_ANSWERED for an order
    that waits for no answer, Refused DATE_IN_FUTURE, DATE_BEFORE_SENDING or REASON_MISSING for an answer that cannot be
    right.
    """
    if not require_answerable(order.state, order.attempt, answer, sent_on=sent_on, today=today):
        return order, None
    common = {
        "class_id": order.class_id,
        "claim_id": order.claim_id,
        "order_id": order.order_id,
        "attempt": order.attempt,
        "funding_source": order.funding_source,
        "amount_fen": order.amount_fen,
    }
    if answer.outcome == "settled":
        return replace(order, state=OrderState.SETTLED), PaymentSettled(**common, settled_on=answer.on)  # type: ignore[arg-type]
    returned = PaymentReturned(**common, returned_on=answer.on, reason_code=answer.reason_code)  # type: ignore[arg-type]
    return replace(order, state=OrderState.RETURNED), returned


def require_answerable(state: OrderState, sent: int, answer: Answer, *, sent_on: date, today: date) -> bool:
    """Say whether the bank's answer to attempt `sent` is new; the same answer again is not. Raise as `settle` does."""
    if answer.attempt != sent:
        raise Conflict(
            code="ATTEMPT_MISMATCH",
            message=f"回执是第 {answer.attempt} 次拨付的，而该拨付单现为第 {sent} 次。",
            advice="请核对拨付文件与回执的次数。",
            field="attempt",
            value=str(answer.attempt),
        )
    if state == answer.outcome:
        return False
    if state is not OrderState.SENT:
        raise _not_waiting(state, answer.order_id)
    if not sent_on <= answer.on <= today:
        early = answer.on < sent_on
        raise Refused(
            code="DATE_BEFORE_SENDING" if early else "DATE_IN_FUTURE",
            message=f"回执日期早于拨付文件的日期 {sent_on.isoformat()}。" if early else "回执日期晚于今日。",
            advice="请按银行回执填写实际入账或退回的日期。",
            field="on",
            value=answer.on.isoformat(),
        )
    if answer.outcome == "returned" and not answer.reason_code:
        raise Refused(
            code="REASON_MISSING",
            message="退回的回执须有退回原因代码。",
            advice="请按银行回执填写退回原因代码。",
            field="reason_code",
        )
    return True


def _not_waiting(state: OrderState, order_id: str) -> Conflict:
    """Give the refusal of an answer to an order that waits for none, with the way to correct what was recorded."""
    code, message, advice = _NOT_WAITING.get(state, _UNSENT)
    return Conflict(code=code, message=message, advice=advice, field="order_id", value=order_id)


_UNSENT: Final = ("ORDER_NOT_SENT", "该拨付单尚未进入拨付文件。", "请核对回执所对应的拨付单。")
_NOT_WAITING: Final = {
    OrderState.SETTLED: (
        "ORDER_ANSWERED",
        "该拨付单已登记为到账，与本回执不符。",
        "请核对回执；到账登记有误的，由资金拨付人员提出撤销该拨付单（orders/{order_id}/reversal）并说明理由，"
        "经审批人员确认后重新开具。",
    ),
    OrderState.RETURNED: (
        "ORDER_ANSWERED",
        "该拨付单已登记为银行退回，与本回执不符。",
        "请资金拨付人员与银行核对；核对清楚之前，不要重新发出或撤销该拨付单。",
    ),
    OrderState.REVERSED: (
        "ORDER_ANSWERED",
        "该拨付单已经撤销，不再登记回执。",
        "请资金拨付人员与银行核对该笔款项；重新开具的拨付单另有回执。",
    ),
}


def send_again(order: PaymentOrder) -> PaymentOrder:
    """Give a returned order as it waits for the next bank file, as the next attempt."""
    if order.state is not OrderState.RETURNED:
        raise ValueError(f"order {order.order_id} is {order.state}, not returned")
    return replace(order, state=OrderState.READY, attempt=order.attempt + 1)


def require_payee(holder: str, applicant: str, *, rulebook: Rulebook) -> None:
    """Raise Refused PAYEE_MISMATCH unless the account's holder is the applicant (JY-PAY-04).

    Blanks and the width of letters and brackets do not count.
    """
    if cleaned(holder) == cleaned(applicant):
        return
    term = rulebook.payment.payee
    raise Refused(
        code="PAYEE_MISMATCH",
        message="收款账户户名与申领人名称不一致，不能拨付。",
        advice="请提供以申领人名称开立的账户；名称变更的，先在办班环节更新机构信息。",
        field="account.holder",
        **quote(term),
    )


def require_account_kind(kind: str | None, *, individual: bool, rulebook: Rulebook) -> None:
    """Raise Refused ACCOUNT_KIND for an account of a kind that the document does not pay to (QJ-PAY-01)."""
    term = rulebook.payment.payee
    admitted = term.accounts(individual=individual) if term else ()
    if term is None or not admitted or any(each.code == kind for each in admitted):
        return
    raise Refused(
        code="ACCOUNT_KIND",
        message=f"补贴只能付到{'学员本人' if individual else '单位'}的{'或'.join(each.name for each in admitted)}。",
        advice="请写明账户类别，并改用文件规定的账户；单位账户以开户许可证或基本存款账户信息为准。",
        field="account.kind",
        value=kind,
        rule=term.rule,
        clause=term.clause,
        document=term.document,
    )
