"""Money paid before the claim: asked, decided, sent to the bank, set off against the claim, and the rest asked back.

What is paid in advance is owed until the class's claim takes it up or it comes back: `set off` is an order of the claim
that never goes to the bank, `repaid` is money with a bank receipt, and both together are never more than was paid.
Nothing is edited: every act adds to the advance, and it moves only along its states.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from services.payment.domain.duty import Duty
from services.payment.domain.order import Answer, OrderState, require_answerable
from shared.domain.errors import Conflict, Refused
from shared.domain.money import yuan_text
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import quote


class AdvanceState(StrEnum):
    """Asked for, refused, decided, then as an order; withdrawn before the bank credited it."""

    REQUESTED = "requested"
    REFUSED = "refused"
    DECIDED = "decided"
    READY = "ready"
    SENT = "sent"
    RETURNED = "returned"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


STATES: Final = {
    AdvanceState.REQUESTED: "已申请待决定",
    AdvanceState.REFUSED: "不予预付",
    AdvanceState.DECIDED: "已决定待开具拨付单",
    AdvanceState.READY: "待发送银行",
    AdvanceState.SENT: "已发送银行",
    AdvanceState.RETURNED: "银行退回",
    AdvanceState.PAID: "已到账",
    AdvanceState.WITHDRAWN: "已撤销",
}
"""What people read for a state."""

GONE: Final = frozenset({AdvanceState.REFUSED, AdvanceState.WITHDRAWN})
UNDER_WAY: Final = frozenset({AdvanceState.DECIDED, AdvanceState.READY, AdvanceState.SENT, AdvanceState.RETURNED})
"""Decided and not yet credited: the claim is ordered only when the bank has answered or the advance is withdrawn."""


class RecoveryState(StrEnum):
    """Waiting for the second person, decided against, or asked back."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """What an advance is owed less by: set off against an order of the claim, or repaid by bank with its receipt."""

    number: int
    kind: Literal["set_off", "repaid"]
    amount_fen: int
    on: date
    recorded_by: str
    order_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A demand for what is still owed, until a day; proposed by a reviewer and decided by another person.

    `amount_fen` is what was owed when it was proposed; what is owed now stands with the advance.
    """

    number: int
    amount_fen: int
    due_on: date
    reason: str
    proposed_by: str
    duty: Duty
    proposed_on: date
    state: RecoveryState = RecoveryState.PROPOSED
    decided_by: str | None = None
    decided_on: date | None = None
    decision_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayment:
    """One advance of one class to the institution or enterprise that gives it.

    `number` is its place among the class's advances, `advances_max` how many the document allows. `amount_fen` is what
    was decided (0 before), at most what was asked and within `limit_fen` together with the class's other advances.
    `duties` are what people did in any advance of the class.
    """

    advance_id: str
    class_id: str
    institution_id: str
    region: str
    rulebook_id: str
    number: int
    advances_max: int | None
    requested_fen: int
    requested_by: str
    requested_on: date
    state: AdvanceState = AdvanceState.REQUESTED
    amount_fen: int = 0
    limit_fen: int = 0
    funding_source: str | None = None
    decided_by: str | None = None
    decided_on: date | None = None
    decision_reason: str | None = None
    ordered_by: str | None = None
    ordered_on: date | None = None
    attempt: int = 1
    withdrawn_by: str | None = None
    withdrawn_on: date | None = None
    withdrawal_reason: str | None = None
    clearings: tuple[Clearing, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    duties: Mapping[str, Duty] = field(default_factory=dict)
    version: int = 0

    @property
    def decided_fen(self) -> int:
        """Give what was decided and not withdrawn: it may be paid, or was."""
        return 0 if self.state in GONE else self.amount_fen

    @property
    def paid_fen(self) -> int:
        """Give what the bank credited."""
        return self.decided_fen if self.state is AdvanceState.PAID else 0

    @property
    def set_off_fen(self) -> int:
        """Give what the claim took up."""
        return sum(each.amount_fen for each in self.clearings if each.kind == "set_off")

    @property
    def repaid_fen(self) -> int:
        """Give what came back through the bank."""
        return sum(each.amount_fen for each in self.clearings if each.kind == "repaid")

    @property
    def outstanding_fen(self) -> int:
        """Give what was paid and neither set off nor repaid."""
        return self.paid_fen - self.set_off_fen - self.repaid_fen

    @property
    def held_fen(self) -> int:
        """Give what the budget keeps for it beside the claim's orders: what may still be paid, and what is owed."""
        return self.decided_fen - self.set_off_fen - self.repaid_fen

    @property
    def recovery(self) -> Recovery | None:
        """Give the demand that is proposed or stands."""
        return next((each for each in self.recoveries if each.state is not RecoveryState.REFUSED), None)


def first_free(numbers: Iterable[int]) -> int:
    """Give the first place among a class's advances that none holds; one that came to nothing leaves its own."""
    taken = set(numbers)
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def require_state(advance: AdvancePayment, *states: AdvanceState, act: str) -> None:
    """Raise Conflict ADVANCE_STATE naming the present state unless the advance is in one of these."""
    if advance.state in states:
        return
    needed = "”或“".join(STATES[state] for state in states)
    raise Conflict(
        code="ADVANCE_STATE",
        message=f"该笔预付处于“{STATES[advance.state]}”，不能{act}。",
        advice=f"须在“{needed}”时办理；请查询该笔预付的办理情况。",
        field="advance_id",
        value=advance.state,
    )


def decide(
    advance: AdvancePayment,
    *,
    amount_fen: int,
    limit_fen: int,
    funding_source: str,
    by: str,
    on: date,
    reason: str,
) -> AdvancePayment:
    """Record that this much is paid in advance; raise Refused ADVANCE_BEYOND_REQUEST for more than was asked for."""
    require_state(advance, AdvanceState.REQUESTED, act="作出决定")
    if amount_fen > advance.requested_fen:
        raise Refused(
            code="ADVANCE_BEYOND_REQUEST",
            message=f"决定的 {yuan_text(amount_fen)} 元多于申请的 {yuan_text(advance.requested_fen)} 元。",
            advice="请在申请金额以内决定。",
            field="amount_fen",
        )
    return replace(
        advance,
        state=AdvanceState.DECIDED,
        amount_fen=amount_fen,
        limit_fen=limit_fen,
        funding_source=funding_source,
        decided_by=by,
        decided_on=on,
        decision_reason=reason,
    )


def refuse(advance: AdvancePayment, *, by: str, on: date, reason: str) -> AdvancePayment:
    """Record that nothing is paid in advance."""
    require_state(advance, AdvanceState.REQUESTED, act="作出决定")
    return replace(advance, state=AdvanceState.REFUSED, decided_by=by, decided_on=on, decision_reason=reason)


def order(advance: AdvancePayment, *, by: str, on: date) -> AdvancePayment:
    """Let a decided advance wait for the next bank file of its source."""
    require_state(advance, AdvanceState.DECIDED, act="开具拨付单")
    return replace(advance, state=AdvanceState.READY, ordered_by=by, ordered_on=on)


def withdraw(advance: AdvancePayment, *, by: str, on: date, reason: str) -> AdvancePayment:
    """Take back an advance that the bank neither has nor credited."""
    states = (AdvanceState.DECIDED, AdvanceState.READY, AdvanceState.RETURNED)
    require_state(advance, *states, act="撤销")
    return replace(advance, state=AdvanceState.WITHDRAWN, withdrawn_by=by, withdrawn_on=on, withdrawal_reason=reason)


def send(advance: AdvancePayment) -> AdvancePayment:
    """Give the advance as it is at the bank."""
    require_state(advance, AdvanceState.READY, act="发送银行")
    return replace(advance, state=AdvanceState.SENT)


def send_again(advance: AdvancePayment) -> AdvancePayment:
    """Give a returned advance as it waits for the next bank file, as the next attempt."""
    require_state(advance, AdvanceState.RETURNED, act="重新发出")
    return replace(advance, state=AdvanceState.READY, attempt=advance.attempt + 1)


_AS_ORDER: Final = {
    AdvanceState.SENT: OrderState.SENT,
    AdvanceState.RETURNED: OrderState.RETURNED,
    AdvanceState.PAID: OrderState.SETTLED,
    AdvanceState.WITHDRAWN: OrderState.REVERSED,
}


def answered(advance: AdvancePayment, answer: Answer, *, sent_on: date, today: date) -> AdvancePayment:
    """Apply the bank's answer as to any order; the same answer again changes nothing."""
    state = _AS_ORDER.get(advance.state, OrderState.READY)
    if not require_answerable(state, advance.attempt, answer, sent_on=sent_on, today=today):
        return advance
    paid = answer.outcome == "settled"
    return replace(advance, state=AdvanceState.PAID if paid else AdvanceState.RETURNED)


def set_off_parts(
    due: Mapping[int, int], advances: Sequence[AdvancePayment], barred: Mapping[str, frozenset[int]]
) -> dict[str, dict[int, int]]:
    """Give by advance which parts of lines it pays: as much of what is due as is owed, the oldest advance first.

    `barred` are by source the lines that it must not pay. Negative lines go with the part that takes up everything
    left, so that what is not set off comes out exactly.
    """
    rest = {line_no: fen for line_no, fen in due.items() if fen}
    parts: dict[str, dict[int, int]] = {}
    for advance in sorted(advances, key=lambda each: each.number):
        kept = barred.get(advance.funding_source or "", frozenset())
        open_fen = sum(fen for line_no, fen in rest.items() if fen < 0 or line_no not in kept)
        wanted_fen = min(advance.outstanding_fen, open_fen)
        if wanted_fen <= 0:
            continue
        if wanted_fen == sum(rest.values()):
            parts[advance.advance_id], rest = rest, {}
            continue
        taken: dict[int, int] = {}
        for line_no in sorted(rest.keys() - kept):
            part = min(rest[line_no], wanted_fen - sum(taken.values()))
            if part > 0:
                taken[line_no] = part
        if taken:
            parts[advance.advance_id] = taken
            rest = {number: fen - taken.get(number, 0) for number, fen in rest.items() if fen != taken.get(number, 0)}
    return parts


def cleared(advance: AdvancePayment, clearing: Clearing) -> AdvancePayment:
    """Give the advance with less owed; raise Refused REPAYMENT_TOO_LARGE beyond what is owed."""
    if clearing.amount_fen > advance.outstanding_fen:
        raise Refused(
            code="REPAYMENT_TOO_LARGE",
            message=f"该笔预付待结算 {yuan_text(advance.outstanding_fen)} 元，少于所登记的金额。",
            advice="请核对金额；多收的款项不在本系统内登记，应予退还。",
            field="amount_fen",
        )
    return replace(advance, clearings=(*advance.clearings, clearing))


def require_outstanding(advance: AdvancePayment, *, rulebook: Rulebook) -> None:
    """Raise Conflict ADVANCE_NOT_OWED when nothing that was paid in advance is owed."""
    term = rulebook.payment.advance
    if advance.outstanding_fen > 0:
        return
    raise Conflict(
        code="ADVANCE_NOT_OWED",
        message="该笔预付没有待结算、待收回的金额。",
        advice="请查询该笔预付的到账、抵扣与收回记录。",
        **quote(term),
    )


def propose_recovery(advance: AdvancePayment, *, due_on: date, reason: str, by: str, duty: Duty, on: date) -> Recovery:
    """Give a demand for what is owed, to be decided by another person.

    Raise Conflict RECOVERY_STANDS while one waits or stands, Refused RECOVERY_DUE for a day that is not to come.
    """
    if advance.recovery is not None:
        raise Conflict(
            code="RECOVERY_STANDS",
            message="该笔预付已提出追回或已决定追回。",
            advice="请查询该笔预付的追回记录；等待决定的，请审批人员先作出决定。",
        )
    if due_on <= on:
        raise Refused(
            code="RECOVERY_DUE",
            message="退回期限须晚于今日。",
            advice="请填写今日以后的退回期限。",
            field="due_on",
            value=due_on.isoformat(),
        )
    return Recovery(
        number=len(advance.recoveries) + 1,
        amount_fen=advance.outstanding_fen,
        due_on=due_on,
        reason=reason,
        proposed_by=by,
        duty=duty,
        proposed_on=on,
    )


def decide_recovery(advance: AdvancePayment, *, ordered: bool, by: str, on: date, reason: str) -> AdvancePayment:
    """Decide the demand as the second person.

    Raise Conflict RECOVERY_NOT_PROPOSED when none waits, CLAWBACK_CHANGED when another amount is owed now.
    """
    waiting = next((each for each in advance.recoveries if each.state is RecoveryState.PROPOSED), None)
    if waiting is None:
        raise Conflict(
            code="RECOVERY_NOT_PROPOSED",
            message="该笔预付没有等待决定的追回。",
            advice="请由审核人员先提出追回。",
        )
    if ordered and waiting.amount_fen != advance.outstanding_fen:
        raise Conflict(
            code="CLAWBACK_CHANGED",
            message="提出追回之后情况又有变化，所列金额已不符。",
            advice="请不予同意本次提议，由审核人员按最新情况重新提出。",
        )
    decided = replace(
        waiting,
        state=RecoveryState.ORDERED if ordered else RecoveryState.REFUSED,
        decided_by=by,
        decided_on=on,
        decision_reason=reason,
    )
    return replace(
        advance,
        recoveries=tuple(decided if each.number == decided.number else each for each in advance.recoveries),
    )


def repay(
    advance: AdvancePayment, *, amount_fen: int, reference: str, on: date, by: str, today: date
) -> AdvancePayment:
    """Record money that came back by bank.

    Raise Conflict CLAWBACK_NOT_OPEN unless it was asked back, Refused REPAYMENT_DATE for a day before that or to come.
    """
    demand = advance.recovery
    if demand is None or demand.state is not RecoveryState.ORDERED or demand.decided_on is None:
        raise Conflict(
            code="CLAWBACK_NOT_OPEN",
            message="该笔预付没有待收回的金额。",
            advice="请核对追回记录；尚未决定的，请先由审批人员作出决定。",
        )
    if not demand.decided_on <= on <= today:
        raise Refused(
            code="REPAYMENT_DATE",
            message="收回日期须在作出追回决定之后，且不晚于今日。",
            advice="请按到账凭证填写实际收回日期。",
            field="on",
        )
    return cleared(
        advance,
        Clearing(
            number=len(advance.clearings) + 1,
            kind="repaid",
            amount_fen=amount_fen,
            on=on,
            recorded_by=by,
            reference=reference,
        ),
    )
