"""Why somebody is unpaid: the next steps of a claim, who holds each since when and until when, and what is missing.

Nothing here decides: it reads the claim, what stands against its class now, its orders and its account.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from services.payment.domain.benefit import GIVER
from services.payment.domain.caps import DAYS_TAKEN
from services.payment.domain.claim import ASSESSOR, Claim, Claimant
from services.payment.domain.clawback import ClawbackState
from services.payment.domain.line_return import waiting_lines
from services.payment.domain.objection import frozen_lines
from services.payment.domain.order import OrderState, PaymentOrder
from services.payment.domain.past_subsidy import PAST_KEY_UNKNOWN
from services.payment.domain.state import LINES_WAIT, State
from shared.domain.actor import Role
from shared.domain.working_days import working_days_between
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import PayeeKind
from shared.policy.terms.term import Term


class Party(StrEnum):
    """Who holds the ball."""

    CLAIMANT = "claimant"
    BUREAU = "bureau"
    ASSESSMENT_BODY = "assessment_body"
    BANK = "bank"
    PUBLIC = "public"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A party and the role in which its people act; `task` and `name` are what they have to do."""

    task: str
    name: str
    party: Party
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to be done: by whom, since when, until when; `subject` is the objection, order or account it is about.

    `due` is the binding limit, `due_outer` the outer alarm; None where the document sets none.
    """

    holder: Holder
    since: date | None
    due: date | None = None
    due_outer: date | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that is missing, with rule, clause and advice, who can bring it, and the people it is about."""

    finding: Finding
    holder: Holder
    persons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What progress is read from: a claim, what stops its class now, its orders, and its account that waits.

    `excluded` are orders that may not be paid from the special account any more (JY-FND-03), `undecided` those on a
    source for which no decision stands (JY-FND-02).
    """

    claim: Claim
    stops: tuple[Finding, ...] = ()
    orders: tuple[PaymentOrder, ...] = ()
    account_pending_since: date | None = None
    excluded: frozenset[str] = frozenset()
    undecided: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The tasks that are open now, the next step first, and everything that is missing."""

    tasks: tuple[Task, ...]
    blockers: tuple[Blocker, ...]

    @property
    def next(self) -> Task | None:
        """Give the next step, None when nothing is left to do."""
        return self.tasks[0] if self.tasks else None


def days_left(due: date, today: date) -> int:
    """Give the working days left up to and including the last one; past it, how many have gone by, as a negative."""
    return working_days_between(today, due) if today <= due else -working_days_between(due, today)


_RESUBMIT: Final = Holder(task="resubmission", name="补正后重新提交", party=Party.CLAIMANT, role=Role.INSTITUTION)
_CLAIM: Final = Holder(task="claim", name="提交申领", party=Party.CLAIMANT, role=Role.INSTITUTION)
_CLAIM_OF_BODY: Final = Holder(task="claim", name="提交申领", party=Party.ASSESSMENT_BODY, role=Role.ASSESSOR)
_ANSWER: Final = Holder(task="line_answer", name="答复退回的条目", party=Party.CLAIMANT, role=Role.INSTITUTION)
_PUBLIC: Final = Holder(task="notice_end", name="公示期满", party=Party.PUBLIC)
_OPENING: Final = Holder(task="opening", name="开班", party=Party.CLAIMANT, role=Role.INSTITUTION)
_TRAINING: Final = Holder(task="training", name="办结培训与监管", party=Party.BUREAU, role=Role.INSPECTOR)
_RESULTS: Final = Holder(task="assessment", name="办结考核与发证", party=Party.ASSESSMENT_BODY, role=Role.ASSESSOR)
_CASE: Final = Holder(task="finding", name="核查疑点", party=Party.BUREAU, role=Role.INSPECTOR)
_BREACH: Final = Holder(task="breach", name="处理承诺违反情况", party=Party.BUREAU, role=Role.APPROVER)
_OPINION: Final = Holder(task="inspection_opinion", name="填写检查意见", party=Party.BUREAU, role=Role.APPROVER)
_RECTIFY: Final = Holder(task="rectification", name="按检查意见整改", party=Party.CLAIMANT, role=Role.INSTITUTION)
_ENTRY: Final = Holder(task="system_entry", name="完成省级系统录入", party=Party.BUREAU, role=Role.APPROVER)
_RATE: Final = Holder(task="rate", name="录入补贴标准", party=Party.BUREAU, role=Role.FINANCE)
_PAST: Final = Holder(
    task="past_subsidies", name="重新导入已享受补贴记录", party=Party.BUREAU, role=Role.POLICY_OFFICER
)
_BUDGET: Final = Holder(task="budget", name="追加预算指标", party=Party.BUREAU, role=Role.FINANCE)
_QUESTION: Final = Holder(task="decision", name="记录人工决定", party=Party.BUREAU, role=Role.FIRST_REVIEWER)
_RETURN: Final = Holder(task="return", name="退回或重新决定", party=Party.BUREAU, role=Role.FIRST_REVIEWER)
_OBJECTION: Final = Holder(task="objection", name="办结异议", party=Party.BUREAU, role=Role.APPROVER)
_ACCOUNT: Final = Holder(task="account_approval", name="审核更正后的账户", party=Party.BUREAU, role=Role.APPROVER)
_CLAWBACK: Final = Holder(task="clawback", name="提出追回或更正", party=Party.BUREAU, role=Role.FIRST_REVIEWER)
_CLAWBACK_DECISION: Final = Holder(
    task="clawback_decision", name="决定是否追回", party=Party.BUREAU, role=Role.APPROVER
)
_REPAYMENT: Final = Holder(task="repayment", name="退回应收回的资金", party=Party.CLAIMANT, role=Role.INSTITUTION)
_BANK_FILE: Final = Holder(task="bank_file", name="生成拨付文件", party=Party.BUREAU, role=Role.FINANCE)
_BANK: Final = Holder(task="bank_answer", name="银行回执", party=Party.BANK, role=Role.FINANCE)
_CORRECT: Final = Holder(task="account", name="更正收款账户", party=Party.CLAIMANT, role=Role.INSTITUTION)
_REORDER: Final = Holder(task="reversal", name="撤销拨付单后重新开具", party=Party.BUREAU, role=Role.FINANCE)
_OF_CLAIMANT: Final = (_RESUBMIT, _ANSWER, _REPAYMENT, _CORRECT)
_CLAIMANTS: Final[Mapping[Claimant, Role]] = {
    "institution": Role.INSTITUTION,
    "enterprise": Role.INSTITUTION,
    "individual": Role.TRAINEE,
    "assessor": Role.ASSESSOR,
}
_NOBODY: Final = Holder(task="none", name="无须办理", party=Party.NOBODY)

_STEP_OF: Final = {
    State.SUBMITTED: "first_review",
    State.FIRST_REVIEW: "second_review",
    State.SECOND_REVIEW: "notice",
    State.NOTICE_CLEAR: "bureau_opinion",
    State.APPROVED: "payment",
}
_FINAL: Final = frozenset(
    {
        "CLASS_CANCELLED",
        "OWN_RULES",
        "ENTITLEMENT_MISSING",
        "TRAINEE_WITHDRAWN",
        "ALREADY_CLAIMED",
        "PAYEE_IS_ANOTHER",
        DAYS_TAKEN,
    }
)
_HOLDERS: Final = {
    "FINDING_OPEN": _CASE,
    "BREACH_OPEN": _BREACH,
    "OPINION_MISSING": _OPINION,
    "OPINION_NOT_PASSED": _RECTIFY,
    "RATE_MISSING": _RATE,
    PAST_KEY_UNKNOWN: _PAST,
    "BUDGET_EXHAUSTED": _BUDGET,
    "PROGRAMME_NOT_PAID": _RATE,
    "CLAIM_GT_RESULTS": _RESULTS,
    "NOT_CERTIFIED": _RESULTS,
    "CERTIFICATE_MISMATCH": _RESULTS,
    "EVIDENCE_MISSING": _CASE,
}
_COMPLETED_BY: Final = {
    "ClassOpened": _OPENING,
    "TrainingCompleted": _TRAINING,
    "AssessmentCompleted": _RESULTS,
    "plan_and_roster": _ENTRY,
    "inspections": _ENTRY,
    "results": _ENTRY,
}


def progress_of(standing: Standing, *, rulebook: Rulebook) -> Progress:
    """Give the open tasks of a claim and everything that keeps money of it back."""
    blockers = (
        *(Blocker(finding=stop, holder=_holder(stop)) for stop in standing.stops),
        *_of_review(standing.claim),
        *_of_lines(standing.claim, rulebook),
        *_of_money(standing, rulebook),
    )
    claimant = _CLAIMANTS[standing.claim.claimant]
    return Progress(
        tasks=tuple(replace(task, holder=_as(claimant, task.holder)) for task in _tasks(standing, rulebook)),
        blockers=tuple(replace(blocker, holder=_as(claimant, blocker.holder)) for blocker in blockers),
    )


def _as(claimant: Role, holder: Holder) -> Holder:
    """Give the holder in the role in which the claimant acts, where the task is a claimant's."""
    return replace(holder, role=claimant) if holder in _OF_CLAIMANT else holder


def class_progress(stops: Iterable[Finding], *, since: date | None, by: PayeeKind | None = GIVER) -> Progress:
    """Give what a class without a claim waits for; `since` is the last day on which something happened to it.

    `by` is who claims for it, None once that was done.
    """
    blockers = tuple(Blocker(finding=stop, holder=_holder(stop)) for stop in stops)
    to_claim = {} if by is None else {_CLAIM_OF_BODY if by == ASSESSOR else _CLAIM: None}
    holders = dict.fromkeys(blocker.holder for blocker in blockers) or to_claim
    return Progress(
        tasks=tuple(Task(holder=holder, since=since) for holder in holders if holder.party is not Party.NOBODY),
        blockers=blockers,
    )


def _tasks(standing: Standing, rulebook: Rulebook) -> Iterator[Task]:
    claim = standing.claim
    breaches = [breach for breach in claim.breaches if breach.conclusion is None]
    for breach in breaches:
        yield Task(holder=_BREACH, since=breach.opened_on, subject=breach.breach_id)
    yield from _stopping(standing)
    if not breaches or claim.state is State.NOTICE:  # a running notice runs on
        yield from _main_task(standing, rulebook)
    for returned in claim.line_returns:
        if returned.answer is None and claim.state not in LINES_WAIT:
            yield Task(holder=_ANSWER, since=returned.returned_on, subject=str(returned.line_no))
    for objection in claim.objections:
        if objection.is_open:
            yield Task(holder=_OBJECTION, since=objection.raised_on, subject=objection.objection_id)
    if standing.account_pending_since is not None:
        yield Task(holder=_ACCOUNT, since=standing.account_pending_since)
    proposed = [each for each in claim.clawbacks if each.state is ClawbackState.PROPOSED]
    if claim.clawback_fen and not proposed and all(o.state is OrderState.SETTLED for o in standing.orders):
        yield Task(holder=_CLAWBACK, since=claim.since)
    for clawback in proposed:
        yield Task(holder=_CLAWBACK_DECISION, since=clawback.proposed_on, subject=clawback.clawback_id)
    for clawback in claim.clawbacks:
        if clawback.outstanding_fen:
            yield Task(holder=_REPAYMENT, since=clawback.decided_on, subject=clawback.clawback_id)
    for order in standing.orders:
        holder = _of_order(order, standing)
        if holder is not None and not (breaches and holder is _BANK_FILE):
            yield Task(holder=holder, since=claim.since, subject=order.order_id)


def _stopping(standing: Standing) -> Iterator[Task]:
    """Give what others must do before a review may pass or money go."""
    for holder in dict.fromkeys(_holder(stop) for stop in standing.stops if stop.code not in _FINAL):
        if holder.party is not Party.NOBODY and holder is not _BREACH:
            yield Task(holder=holder, since=None)


def _main_task(standing: Standing, rulebook: Rulebook) -> Iterator[Task]:
    claim = standing.claim
    cancelled = any(stop.code in _FINAL for stop in standing.stops)
    if cancelled or claim.state in (State.ORDERED, State.PAID):
        return
    if claim.state is State.RETURNED:
        yield Task(holder=_RESUBMIT, since=claim.since)
        return
    if claim.state is State.NOTICE:
        ends_on = claim.notice.period.ends_on if claim.notice else None
        yield Task(holder=_holder_of(claim, rulebook), since=claim.since, due=ends_on)
        return
    ordered_fen = claim.net_of(sum(order.amount_fen for order in standing.orders))
    if claim.state is State.APPROVED and sum(claim.decided.values()) <= ordered_fen:
        return
    holder = _holder_of(claim, rulebook)
    limited = claim.state in (State.SUBMITTED, State.FIRST_REVIEW)
    yield Task(
        holder=holder,
        since=claim.since,
        due=claim.deadlines.review_due if limited else None,
        due_outer=claim.deadlines.review_due_outer if limited else None,
    )


def _holder_of(claim: Claim, rulebook: Rulebook) -> Holder:
    """Give who takes the next step of a claim that is on its way."""
    return _PUBLIC if claim.state is State.NOTICE else _step(_STEP_OF[claim.state], rulebook)


def _step(code: str, rulebook: Rulebook) -> Holder:
    steps = rulebook.payment.steps.steps if rulebook.payment.steps else ()
    step = next((step for step in steps if step.code == code), None)
    name, role = (step.name, step.role) if step else _OTHERWISE[code]
    return Holder(task=code, name=name, party=Party.BUREAU, role=role)


_OTHERWISE: Final = {
    "first_review": ("初审", Role.FIRST_REVIEWER),
    "second_review": ("复核", Role.SECOND_REVIEWER),
    "notice": ("公示", Role.SECOND_REVIEWER),
    "bureau_opinion": ("人社部门审核意见", Role.APPROVER),
    "payment": ("拨付", Role.FINANCE),
}
"""What the steps are called and who takes them where a document does not say."""


def _of_order(order: PaymentOrder, standing: Standing) -> Holder | None:
    if order.state is OrderState.SENT:
        return _BANK
    if order.state is OrderState.RETURNED and order.order_id in _beyond(standing):
        return _REORDER
    if order.state is OrderState.RETURNED:
        return _CORRECT if standing.account_pending_since is None else None
    if order.state is OrderState.READY:
        barred = standing.claim.is_held or order.order_id in standing.excluded | standing.undecided | _beyond(standing)
        return _REORDER if barred else _BANK_FILE
    return None


def _beyond(standing: Standing) -> frozenset[str]:
    return standing.claim.unsupported(standing.orders)


def _of_review(claim: Claim) -> Iterator[Blocker]:
    if claim.state in (State.RETURNED, State.PAID):
        return
    for flag in claim.assessment.refused_flags:
        yield Blocker(finding=flag, holder=_RETURN)
    for flag in claim.assessment.flags:
        if flag.severity is Severity.ASK:
            yield Blocker(finding=flag, holder=_QUESTION)


def _of_lines(claim: Claim, rulebook: Rulebook) -> Iterator[Blocker]:
    """Give why people of the claim are not paid, once for each reason with everybody it is about."""
    about: dict[tuple[str, str, str], list[str]] = {}
    said: dict[tuple[str, str, str], Finding] = {}
    for line in claim.assessment.lines:
        for finding in line.findings:
            if line.person_id is not None and finding.severity is not Severity.WARN:
                key = (finding.code, finding.rule, finding.severity.value)
                said.setdefault(key, finding)
                about.setdefault(key, []).append(line.person_id)
    for key, finding in said.items():
        holder = _QUESTION if finding.severity is Severity.ASK else _holder(finding)
        yield Blocker(finding=finding, holder=holder, persons=tuple(about[key]))
    people = claim.people
    if objected := frozen_lines(claim.objections) & people.keys():
        yield _blocker(
            rulebook.payment.objection,
            "OBJECTION_OPEN",
            "所列学员的条目有尚未办结的异议，暂不拨付。",
            "请等待核查办结；异议不成立的，条目按程序补充拨付。",
            _OBJECTION,
            persons=tuple(people[line_no] for line_no in sorted(objected)),
        )
    if returned := waiting_lines(claim.line_returns) & people.keys():
        later = claim.state in LINES_WAIT
        yield _blocker(
            rulebook.payment.return_reasons,
            "LINE_RETURNED",
            "所列学员的条目已退回，本轮审核办结后方可重新提交。"
            if later
            else "所列学员的条目已退回，等待申领人补正或放弃。",
            "请等待本轮审核通过后补正并重新提交该条目；放弃的可随时说明。"
            if later
            else "请按退回原因补正后重新提交该条目，或说明放弃。",
            _holder_of(claim, rulebook) if later else _ANSWER,
            persons=tuple(people[line_no] for line_no in sorted(returned)),
        )


def _of_money(standing: Standing, rulebook: Rulebook) -> Iterator[Blocker]:
    claim, payment = standing.claim, rulebook.payment
    if claim.is_held:
        yield _blocker(
            payment.steps,
            "DIFFERENCE_PENDING",
            "审核通过的金额已有部分不再有记录支持，暂停拨付。",
            "请先由审核人员提出追回或撤销未发出的拨付单，完成差额处理。",
            _CLAWBACK,
        )
    if _beyond(standing) and not claim.is_held:
        yield _blocker(
            payment.evidence,
            "ORDER_UNSUPPORTED",
            "拨付单含有不再有记录支持的学员条目，不能发出。",
            "请撤销该拨付单，按记录仍支持的金额重新开具。",
            _REORDER,
        )
    if standing.account_pending_since is not None:
        yield _blocker(
            payment.payee,
            "ACCOUNT_PENDING",
            "更正后的收款账户等待审核，期间不拨付。",
            "请人社部门审核或不予通过该账户。",
            _ACCOUNT,
        )
    if any(order.state is OrderState.RETURNED for order in standing.orders):
        yield _blocker(
            payment.payee,
            "PAYMENT_RETURNED",
            "银行退回了拨付款。",
            "请申领人更正收款账户；账户无误的，由拨付人员说明原因后重新发出。",
            _CORRECT,
        )
    if _ready(standing, standing.undecided):
        yield _blocker(
            payment.funding_sources,
            "DECISION_NEEDED",
            "拨付单所用的资金来源须有审核人员的决定，该决定现已不成立。",
            "请审核人员重新记录决定，或撤销该拨付单改由其他资金来源支付。",
            _QUESTION,
        )
    if _ready(standing, standing.excluded):
        yield _blocker(
            payment.special_account,
            "EXCLUDED_FROM_SPECIAL_ACCOUNT",
            "拨付单使用专账资金支付了经认定不符合条件的学员，不能发出。",
            "请撤销该拨付单，将这些学员的金额改由其他资金来源支付。",
            _REORDER,
        )


def _ready(standing: Standing, among: frozenset[str]) -> bool:
    return any(order.state is OrderState.READY and order.order_id in among for order in standing.orders)


def _blocker(
    term: Term | None, code: str, message: str, advice: str, holder: Holder, *, persons: tuple[str, ...] = ()
) -> Blocker:
    finding = (term or CONSISTENCY).finding(code=code, severity=Severity.STOP, message=message, advice=advice)
    return Blocker(finding=finding, holder=holder, persons=persons)


def _holder(finding: Finding) -> Holder:
    if finding.code in _FINAL:
        return _NOBODY
    if finding.code == "NOT_IN_SYSTEM":
        return _COMPLETED_BY.get(finding.value or "", _OPENING)
    return _HOLDERS.get(finding.code, _RESUBMIT)
