"""What an advance waits for, and what of it is owed, beside the progress of its class and claim."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from services.payment.domain.advance_money import STATES, UNDER_WAY, AdvancePayment, AdvanceState, RecoveryState
from services.payment.domain.progress import Blocker, Holder, Party, Progress, Task
from shared.domain.actor import Role
from shared.domain.money import yuan_text
from shared.policy.decision import Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook

_DECISION: Final = Holder(task="advance_decision", name="决定是否预付", party=Party.BUREAU, role=Role.APPROVER)
_ORDER: Final = Holder(task="advance_order", name="开具预付拨付单", party=Party.BUREAU, role=Role.FINANCE)
_BANK_FILE: Final = Holder(task="bank_file", name="生成拨付文件", party=Party.BUREAU, role=Role.FINANCE)
_BANK: Final = Holder(task="bank_answer", name="银行回执", party=Party.BANK, role=Role.FINANCE)
_RESENDING: Final = Holder(task="advance_resending", name="审核账户并重新发出", party=Party.BUREAU, role=Role.APPROVER)
_RECOVERY: Final = Holder(
    task="advance_recovery_decision", name="决定是否追回预付", party=Party.BUREAU, role=Role.APPROVER
)
_REPAYMENT: Final = Holder(task="repayment", name="退回应收回的资金", party=Party.CLAIMANT, role=Role.INSTITUTION)
_SETTLEMENT: Final = Holder(
    task="advance_settlement", name="由申领抵扣，余额提出追回", party=Party.BUREAU, role=Role.FIRST_REVIEWER
)
_STEPS: Final = {
    AdvanceState.REQUESTED: _DECISION,
    AdvanceState.DECIDED: _ORDER,
    AdvanceState.READY: _BANK_FILE,
    AdvanceState.SENT: _BANK,
    AdvanceState.RETURNED: _RESENDING,
}


def task_of(advance: AdvancePayment) -> Task | None:
    """Give what an advance waits for, None when nothing is left to do; the claim's own step is none of it."""
    holder, subject = _STEPS.get(advance.state), advance.advance_id
    if holder is not None:
        return Task(
            holder=holder, since=advance.ordered_on or advance.decided_on or advance.requested_on, subject=subject
        )
    demand = advance.recovery
    if not advance.outstanding_fen:
        return None
    if demand is None:
        return Task(holder=_SETTLEMENT, since=advance.ordered_on, subject=subject)
    if demand.state is RecoveryState.PROPOSED:
        return Task(holder=_RECOVERY, since=demand.proposed_on, subject=subject)
    return Task(holder=_REPAYMENT, since=demand.decided_on, due=demand.due_on, subject=subject)


def with_advances(progress: Progress, advances: Iterable[AdvancePayment], *, rulebook: Rulebook) -> Progress:
    """Give the progress with the tasks of advances behind the claim's own, and with what is owed."""
    known = tuple(advances)
    tasks = [task for task in map(task_of, known) if task is not None]
    blockers = [blocker for advance in known for blocker in _blockers(advance, rulebook)]
    return replace(progress, tasks=(*progress.tasks, *tasks), blockers=(*progress.blockers, *blockers))


def _blockers(advance: AdvancePayment, rulebook: Rulebook) -> Iterator[Blocker]:
    term, task = rulebook.payment.advance or CONSISTENCY, task_of(advance)
    if task is None:
        return
    if advance.state in UNDER_WAY:
        yield Blocker(
            finding=term.finding(
                code="ADVANCE_UNDER_WAY",
                severity=Severity.STOP,
                message=(
                    f"预付 {yuan_text(advance.decided_fen)} 元处于“{STATES[advance.state]}”，"
                    "到账或撤销之前不能开具申领的拨付单。"
                ),
                advice="已发送银行的请等待回执；尚未发送或被退回的，可以撤销。",
                field="advance_id",
                value=advance.advance_id,
            ),
            holder=task.holder,
        )
    if advance.outstanding_fen:
        yield Blocker(
            finding=term.finding(
                code="ADVANCE_OUTSTANDING",
                severity=Severity.WARN,
                message=(
                    f"预付 {yuan_text(advance.paid_fen)} 元，已由申领抵扣 {yuan_text(advance.set_off_fen)} 元、"
                    f"已收回 {yuan_text(advance.repaid_fen)} 元，尚欠 {yuan_text(advance.outstanding_fen)} 元。"
                ),
                advice="申领办结时先行抵扣，只拨付其余部分；抵扣后的余额或未申领的全部预付，按追回办理。",
                field="advance_id",
                value=advance.advance_id,
            ),
            holder=task.holder,
        )
