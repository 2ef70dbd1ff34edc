"""A claim (申领) from its receipt to its last payment (JY-CLM-07): rounds, reviews and entries.

Facts that change an amount before approval begin a new round at first review with a new notice; afterwards the
difference becomes a supplement through the same reviews, as a further entry. Entries are never edited: what is decided
for a line is the sum of its entries.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal

from services.payment.domain.breach import Breach, wrong_lines
from services.payment.domain.clawback import Clawback, clawed_back
from services.payment.domain.decision import Decision
from services.payment.domain.duty import Duty
from services.payment.domain.line_return import LineReturn, given_up_lines, waiting_lines
from services.payment.domain.notice import Notice, NoticeState, covers
from services.payment.domain.objection import Objection, frozen_lines, struck_lines
from services.payment.domain.order import PaymentOrder, ordered_by_line
from services.payment.domain.rates import RatesUntil
from services.payment.domain.state import Act, State, following
from services.payment.domain.subsidy import Assessment, Line, amounts
from shared.contracts.payment import (
    ApprovedLine,
    ClaimApproved,
    ClaimReturned,
    ClaimSubmitted,
    SourceAmount,
)
from shared.domain.errors import Conflict, Refused
from shared.domain.working_days import STATE_COUNCIL, Calendar, add_working_days
from shared.policy.decision import Finding, Trace
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import PayeeKind
from shared.policy.terms.term import quote

Claimant = Literal["institution", "enterprise", "individual", "assessor"]
PAID_AS: Final[Mapping[Claimant, PayeeKind]] = {
    "institution": "institution",
    "enterprise": "enterprise",
    "individual": "learner",
    "assessor": "assessor",
}
"""As whom a kind of claimant is paid, where the document names payees of its own."""
ASSESSOR: Final = "assessor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """The signed truthfulness undertaking (JY-CLM-06)."""

    text_version: str
    signer: str
    signed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerPayment:
    """What an enterprise says it paid for its employees' training, by which document; a reviewer accepts it or not.

    Of the claim's decisions the first `decisions_before` were taken before this document was handed in.
    """

    reference: str
    amount_fen: int
    paid_on: date
    decisions_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Last days of a round's review: the binding limit (JY-CLM-02) and the outer alarm (JY-CLM-03), if any is set."""

    review_due: date | None = None
    review_due_outer: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One recorded review step of one round."""

    round: int
    step: Act
    approved: bool
    actor: str
    decided_at: datetime
    opinion: str
    reason_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One approval: the amounts it adds to (or takes from) what is decided, and who carried it.

    The opposite entry of a claw-back names its reason in `clawback`; it is carried by two people, one of the reviewers
    (`first_reviewer`) who proposed it and the approver. `rates_until` is the last rate that had been entered.
    """

    number: int
    round: int
    amounts: Mapping[int, int]
    approved_on: date
    first_reviewer: str
    second_reviewer: str | None
    approver: str
    rates_until: int
    clawback: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim for one class; a second one for the same people is refused, whoever claims (JY-CLM-01).

    `overdue` names the limits that passed unmet in this round; `clawback_fen` is what was ordered beyond what the facts
    now support: it is never taken back automatically and holds every further payment. `uncomputed` says that the
    claim waits for a rate or for what its people had elsewhere and stays as it was; `since` is the day on which it came
    to its state.
    `persons` are those it claims for, None for the whole roster; `owner` is the institution, the enterprise that paid
    for its employees in another's class (`employer_payment`), the assessment body whose certificates it rests on or, of
    an individual's claim, the person's account;
    `payee` says as whom the claimant is paid where the document names payees of its own, empty where it does not.
    `application_id` joins the batches of one application (JY-CLM-09).
    """

    claim_id: str
    class_id: str
    institution_id: str
    region: str
    rulebook_id: str
    claimant: Claimant
    undertaking: Undertaking
    received_on: date
    deadlines: Deadlines
    assessment: Assessment
    persons: frozenset[str] | None = None
    owner: str = ""
    application_id: str | None = None
    employer_payment: EmployerPayment | None = None
    state: State = State.SUBMITTED
    round: int = 1
    overdue: frozenset[str] = frozenset()
    clawback_fen: int = 0
    uncomputed: bool = False
    since: date = date.min
    decisions: tuple[Decision, ...] = ()
    objections: tuple[Objection, ...] = ()
    notices: tuple[Notice, ...] = ()
    line_returns: tuple[LineReturn, ...] = ()
    reviews: tuple[Review, ...] = ()
    entries: tuple[Entry, ...] = ()
    clawbacks: tuple[Clawback, ...] = ()
    breaches: tuple[Breach, ...] = ()
    duties: Mapping[str, Duty] = field(default_factory=dict)
    payee: str = ""
    version: int = 0

    @property
    def stands_apart(self) -> bool:
        """Say whether the claimant did not give the class and so sees the lines of his own people alone."""
        return self.claimant == ASSESSOR or self.owner != self.institution_id

    @property
    def full(self) -> dict[int, int]:
        """Give what every line comes to as if nobody had objected, in fen by line number."""
        return self._amounts(frozenset())

    @property
    def payable(self) -> dict[int, int]:
        """Give what every line is due while struck lines are left out, and frozen ones beyond what is decided of them.

        An objection to the notice of a supplement is no finding yet: it takes nothing back that was approved before.
        """
        return self._amounts(self.struck, self.frozen)

    @property
    def possible(self) -> dict[int, int]:
        """Give what lines come to if every open objection were dismissed and every returned line handed in again."""
        return self._amounts(self.struck)

    @property
    def listed(self) -> dict[int, int]:
        """Give what a first notice shows: frozen lines too, which a dismissal releases, but none that was returned."""
        return self._amounts(self.struck | waiting_lines(self.line_returns))

    @property
    def struck(self) -> frozenset[int]:
        """Give the lines that are never paid: objected to with success, given up, or claimed in a confirmed breach."""
        return struck_lines(self.objections) | given_up_lines(self.line_returns) | wrong_lines(self.breaches)

    @property
    def frozen(self) -> frozenset[int]:
        """Give the lines that wait: for the decision on an objection, or for the claimant's answer to a return."""
        return frozen_lines(self.objections) | waiting_lines(self.line_returns)

    @property
    def decided(self) -> dict[int, int]:
        """Give the sum of the entries by line number."""
        total: Counter[int] = Counter()
        for entry in self.entries:
            total.update(entry.amounts)
        return dict(total)

    @property
    def rates_until(self) -> RatesUntil:
        """Give the last rate that had been entered on each day on which something of the claim was approved."""
        return tuple((entry.approved_on, entry.rates_until) for entry in self.entries if entry.clawback is None)

    def net_of(self, ordered_fen: int) -> int:
        """Give what stands ordered when what was asked back is taken from it, in fen."""
        return ordered_fen - sum(clawed_back(self.clawbacks).values())

    @property
    def difference(self) -> dict[int, int]:
        """Give payable minus decided by line number: what the next entry would carry."""
        return minus(self.payable, self.decided)

    @property
    def supported(self) -> dict[int, int]:
        """Give what is decided of every line as far as the facts still bear it out, in fen by line number.

        A loss that no reviewer has seen yet keeps its own line from being paid, and no other; the class-level line
        takes off whatever the people's lines come to beyond the lesser of both sums.
        """
        decided, payable, people = self.decided, self.payable, self.people
        lines = {line_no: min(decided.get(line_no, 0), payable.get(line_no, 0)) for line_no in people}
        of_class = {*decided, *payable} - people.keys()
        beyond_fen = max(sum(lines.values()) - min(sum(decided.values()), sum(payable.values())), 0)
        lines |= dict.fromkeys(of_class, -beyond_fen)
        return {line_no: fen for line_no, fen in sorted(lines.items()) if fen}

    @property
    def is_held(self) -> bool:
        """Say whether nothing more may be paid: more was ordered than the facts support now."""
        return bool(self.clawback_fen)

    def due(self, orders: Iterable[PaymentOrder]) -> dict[int, int]:
        """Give what may be ordered now by line: supported minus ordered, without what is frozen (JY-PAY-01).

        A returned order still counts, it is sent again; a reversed one counts no more, nor does what was asked back.
        Nothing is due where a line would move past what was decided of it, as when a larger cut awaits its review.
        """
        standing = self._standing(orders)
        due = minus(self.supported, standing)
        due = {line_no: fen for line_no, fen in due.items() if line_no not in self.frozen or fen < 0}
        left = dict.fromkeys(due, 0) | minus(self.decided, standing)
        return due if all(min(0, left[number]) <= fen <= max(0, left[number]) for number, fen in due.items()) else {}

    def unsupported(self, orders: Iterable[PaymentOrder]) -> frozenset[str]:
        """Give the orders that must not be paid as they are: they pay somebody more than is supported now."""
        known = tuple(orders)
        standing, supported = self._standing(known), self.supported
        beyond = {number for number in self.people if standing.get(number, 0) > supported.get(number, 0)}
        return frozenset(
            order.order_id
            for order in known
            if order.is_unpaid and any(entry.line_no in beyond for entry in order.entries)
        )

    def _standing(self, orders: Iterable[PaymentOrder]) -> dict[int, int]:
        return minus(ordered_by_line(orders), clawed_back(self.clawbacks))

    @property
    def people(self) -> Mapping[int, str]:
        """Give whose every line is, by line number; class-level lines and those of other claims belong to nobody."""
        return {
            line.line_no: line.person_id
            for line in self.assessment.lines
            if line.person_id is not None and (self.persons is None or line.person_id in self.persons)
        }

    @property
    def is_public(self) -> bool:
        """Say whether what the next entry pays was shown in a notice before, so that it needs no second one."""
        return bool(self.entries) and covers(self.notices, self.difference, people=frozenset(self.people))

    @property
    def notice(self) -> Notice | None:
        """Give this round's notice."""
        return next((notice for notice in self.notices if notice.round == self.round), None)

    def line(self, line_no: int) -> Line:
        """Give a line; where the class-level cut is gone, a class-level line that says how the base came about."""
        found = next((line for line in self.assessment.lines if line.line_no == line_no), None)
        programme = self.assessment.lines[0].programme
        traces = self.assessment.traces
        return found or Line(line_no=line_no, programme=programme, amount_fen=0, recognised=False, traces=traces)

    def _amounts(self, struck: frozenset[int], frozen: frozenset[int] = frozenset()) -> dict[int, int]:
        found, decided = self.assessment, self.decided
        kept = {line_no: decided[line_no] for line_no in frozen if decided.get(line_no, 0) > 0}
        lines = [
            replace(line, amount_fen=min(line.amount_fen, kept.get(line.line_no, line.amount_fen)))
            for line in found.lines
        ]
        withheld = struck | (frozen - kept.keys())
        return amounts(lines, base=found.base, recognised=found.recognised, withheld=withheld, held=found.held)


def minus(left: Mapping[int, int], right: Mapping[int, int]) -> dict[int, int]:
    """Give left minus right by line number, zeros left out."""
    differences = {line_no: left.get(line_no, 0) - right.get(line_no, 0) for line_no in sorted({*left, *right})}
    return {line_no: amount for line_no, amount in differences.items() if amount}


def deadlines(rulebook: Rulebook, starts_on: date, calendar: Calendar = STATE_COUNCIL) -> Deadlines:
    """Give the limits of a round that starts on a day, which is itself not counted; none where the document sets none.

    Receipt and acceptance are one day: the system takes a claim with everything it needs, or refuses it.
    """
    binding, outer = rulebook.payment.review_limit, rulebook.payment.review_limit_outer
    limit = binding or outer
    if limit is None:
        return Deadlines()
    due = add_working_days(starts_on, limit.working_days, calendar)
    last = add_working_days(starts_on, outer.working_days, calendar) if outer else due
    return Deadlines(review_due=due, review_due_outer=last)


def submitted(claim: Claim) -> ClaimSubmitted:
    """Give the event that a round's review clock runs; amounts are what this round is about to decide."""
    wanted = claim.difference
    return ClaimSubmitted(
        class_id=claim.class_id,
        claim_id=claim.claim_id,
        claimant=claim.claimant,
        round=claim.round,
        heads=sum(line.person_id is not None and line.line_no in wanted for line in claim.assessment.lines),
        amount_fen=sum(wanted.values()),
        received_on=claim.received_on,
        review_due=claim.deadlines.review_due,
        review_due_outer=claim.deadlines.review_due_outer,
    )


def approve_review(claim: Claim, review: Review, *, rulebook: Rulebook) -> Claim:
    """Record a passed review; none may pass an open question or a flag that a person refused to accept."""
    after = following(claim.state, review.step, rulebook=rulebook)
    require_decided(claim.assessment.refused_flags, claim.assessment.open_questions)
    return replace(claim, state=after, reviews=(*claim.reviews, review))


def require_decided(refused: Sequence[Finding], open_questions: Sequence[Finding]) -> None:
    """Raise Refused FLAG_REFUSED where a person decided against something, DECISION_NEEDED where nobody did yet."""
    if refused:
        against = refused[0]
        codes = "、".join(flag.code for flag in refused)
        raise Refused(
            code="FLAG_REFUSED",
            message=f"审核人员对以下事项决定不予接受：{codes}，申领不能通过，也不能拨付。",
            advice="请退回申领人说明理由，或记录新的决定。",
            rule=against.rule,
            clause=against.clause,
            document=against.document,
        )
    if open_questions:
        question = open_questions[0]
        codes = "、".join(dict.fromkeys(asked.code for asked in open_questions))
        raise Refused(
            code="DECISION_NEEDED",
            message=f"以下事项尚待审核人员决定：{codes}。",
            advice="请先逐项记录接受或不予接受的决定及理由，再办理审核、拨付。",
            rule=question.rule,
            clause=question.clause,
            document=question.document,
        )


def return_claim(claim: Claim, review: Review, *, on: date, rulebook: Rulebook) -> tuple[Claim, ClaimReturned]:
    """Record a reviewer's return: to the claimant, or, for a supplement, back to first review with limits from `on`."""
    following(claim.state, review.step, rulebook=rulebook)  # only who could pass the claim may return it
    recorded = replace(claim, reviews=(*claim.reviews, review))
    code = review.reason_code or "RETURNED_BY_REVIEWER"
    if claim.entries:
        return back_to_first_review(recorded, deadlines(rulebook, on), code=code, by=review.actor)
    return back_to_claimant(recorded, code=code, by=review.actor)


def back_to_claimant(claim: Claim, *, code: str, by: str) -> tuple[Claim, ClaimReturned]:
    """Give the claim as it waits for the claimant; a running notice is withdrawn."""
    waiting = replace(claim, state=State.RETURNED, notices=withdrawn_notices(claim))
    return waiting, _returned(claim, to_claimant=True, code=code, by=by)


def back_to_first_review(claim: Claim, limits: Deadlines, *, code: str, by: str) -> tuple[Claim, ClaimReturned]:
    """Give the claim at the beginning of a new round; a running notice is withdrawn, earlier reviews stay recorded."""
    fresh = replace(
        claim,
        state=State.SUBMITTED,
        round=claim.round + 1,
        deadlines=limits,
        overdue=frozenset(),
        notices=withdrawn_notices(claim),
    )
    return fresh, _returned(claim, to_claimant=False, code=code, by=by)


def resubmit(claim: Claim, fresh: Claim, *, rulebook: Rulebook) -> Claim:
    """Give the returned claim as the claimant hands it in again: a new round with its own receipt and undertaking."""
    if claim.state is not State.RETURNED:
        raise already_claimed(rulebook)
    return replace(
        claim,
        state=State.SUBMITTED,
        round=claim.round + 1,
        received_on=fresh.received_on,
        deadlines=fresh.deadlines,
        overdue=frozenset(),
        undertaking=fresh.undertaking,
        employer_payment=fresh.employer_payment,
        assessment=fresh.assessment,
    )


def already_claimed(rulebook: Rulebook) -> Conflict:
    """Give the refusal of a second claim for the same people of the same class (JY-CLM-01)."""
    term = rulebook.payment.claimants
    return Conflict(
        code="ALREADY_CLAIMED",
        message="该班级学员的补贴已经申领过，同一学员同一班级只能申领一次。",
        advice="请查询已有申领的办理情况；被退回的申领补正后重新提交即可。",
        field="class_id",
        **quote(term),
    )


def approve(
    claim: Claim, review: Review, *, on: date, funding_source: str, rates_until: int, rulebook: Rulebook
) -> tuple[Claim, Entry, ClaimApproved]:
    """Approve what is payable and not yet decided, as a new entry; frozen lines wait for a later one.

    `rates_until` is the last rate entered so far: what is decided stays at the rates that stand now.
    """
    moved = approve_review(claim, review, rulebook=rulebook)
    reviewers = {done.step: done.actor for done in claim.reviews if done.round == claim.round and done.approved}
    entry = Entry(
        number=len(claim.entries) + 1,
        round=claim.round,
        amounts=claim.difference,
        approved_on=on,
        first_reviewer=reviewers[Act.FIRST_REVIEW],
        second_reviewer=reviewers[Act.SECOND_REVIEW],
        approver=review.actor,
        rates_until=rates_until,
    )
    amount_fen = sum(entry.amounts.values())
    event = ClaimApproved(
        class_id=claim.class_id,
        claim_id=claim.claim_id,
        entry=entry.number,
        region=claim.region,
        rulebook_id=claim.rulebook_id,
        institution_id=claim.institution_id,
        first_reviewer=entry.first_reviewer,
        second_reviewer=reviewers[Act.SECOND_REVIEW],
        approver=entry.approver,
        approved_on=on,
        amount_fen=amount_fen,
        sources=(SourceAmount(funding_source=funding_source, amount_fen=amount_fen),),
        lines=tuple(
            ApprovedLine(
                person_id=line.person_id,
                programme=line.programme,
                amount_fen=entry.amounts[line.line_no],
                rules=line.rules,
            )
            for line in map(claim.line, entry.amounts)
        ),
    )
    return replace(moved, entries=(*claim.entries, entry)), entry, event


def withdrawn_notices(claim: Claim) -> tuple[Notice, ...]:
    """Give the claim's notices with a running one withdrawn: what it shows no longer holds."""
    return tuple(
        replace(notice, state=NoticeState.WITHDRAWN) if notice.state is NoticeState.PUBLISHED else notice
        for notice in claim.notices
    )


def _returned(claim: Claim, *, to_claimant: bool, code: str, by: str) -> ClaimReturned:
    return ClaimReturned(
        class_id=claim.class_id,
        claim_id=claim.claim_id,
        to="claimant" if to_claimant else "first_review",
        reason_code=code,
        returned_by=by,
    )
