"""A claim as people read it: state, money, lines with traces, and everything anybody did."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from services.payment.api.advance_views import AdvanceSums
from services.payment.api.part_views import BreachView, ClawbackView, LineReturnView, SurveyView
from services.payment.application.order_ports import Account, Attempt
from services.payment.application.ports import ObjectionText
from services.payment.application.queries import ClaimReading
from services.payment.domain.claim import Claim, EmployerPayment
from services.payment.domain.line_return import waiting_lines
from services.payment.domain.notice import Notice
from services.payment.domain.objection import Objection
from services.payment.domain.order import PaymentOrder
from services.payment.domain.subsidy import Line
from shared.domain.money import wan_text
from shared.policy.decision import Finding, Trace, TraceValue
from shared.policy.explaining import explained


class TraceView(BaseModel):
    """One step of a decision, and the same in words."""

    rule: str
    document: str
    clause: str
    result: TraceValue
    inputs: dict[str, TraceValue]
    note: str | None
    unit: Literal["fen", "heads"] | None
    text: Annotated[str, Field(description="本步的中文说明：规则、条款、所看的数据与结果")]

    @classmethod
    def of(cls, trace: Trace) -> Self:
        """Render a step."""
        told = {name: getattr(trace, name) for name in ("rule", "document", "clause", "result", "note", "unit")}
        return cls(**told, inputs=dict(trace.inputs), text=explained(trace))


class LineView(BaseModel):
    """One line and why it is or is not paid."""

    line_no: int
    person_id: str | None
    masked_name: str | None
    programme: str
    certificate_kind: str | None
    amount_fen: int
    decided_fen: int
    state: Literal["due", "frozen", "returned", "struck", "refused", "class_level"]
    rules: list[str]
    traces: list[TraceView]
    evidence: list[str]
    findings: list[Finding]

    @classmethod
    def of(cls, line: Line, claim: Claim) -> Self:
        """Render a line; the class-level cut shows what it comes to while objected lines are left out."""
        number, of_class = line.line_no, line.person_id is None
        state: Literal["due", "frozen", "returned", "struck", "refused", "class_level"] = "refused"
        if line.recognised:
            state = "due"
        if of_class:
            state = "class_level"
        elif number in claim.struck:
            state = "struck"
        elif number in waiting_lines(claim.line_returns):
            state = "returned"
        elif number in claim.frozen:
            state = "frozen"
        return cls(
            line_no=number,
            person_id=line.person_id,
            masked_name=line.masked_name,
            programme=line.programme,
            certificate_kind=line.certificate_kind,
            amount_fen=claim.payable.get(number, 0) if of_class else line.amount_fen,
            decided_fen=claim.decided.get(number, 0),
            state=state,
            rules=list(line.rules),
            traces=[TraceView.of(trace) for trace in line.traces],
            evidence=list(line.evidence),
            findings=list(line.findings),
        )


class ReviewView(BaseModel):
    """A recorded review."""

    round: int
    step: str
    decision: Literal["approve", "return"]
    actor: str
    decided_at: datetime
    opinion: str
    reason_code: str | None


class DecisionView(BaseModel):
    """A recorded decision."""

    rule: str
    value: Literal["accept", "refuse"]
    reason: str
    decided_by: str
    decided_on: date
    persons: list[str] | None
    kinds: list[str]
    since: date | None
    until: date | None
    funder: str | None


class NoticeAnswer(BaseModel):
    """A notice as its publisher sees it."""

    notice_id: str
    claim_id: str
    round: int
    state: str
    starts_on: date
    ends_on: date
    payable_from: date
    site: str
    list_hash: str

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Render a notice."""
        return cls(
            notice_id=notice.notice_id,
            claim_id=notice.claim_id,
            round=notice.round,
            state=notice.state.value,
            starts_on=notice.period.starts_on,
            ends_on=notice.period.ends_on,
            payable_from=notice.period.payable_from,
            site=notice.site,
            list_hash=notice.list_hash,
        )


class ObjectionView(BaseModel):
    """An objection; what the objector wrote is there only for the bureau."""

    objection_id: str
    notice_id: str
    line_nos: list[int]
    raised_on: date
    state: Literal["open", "upheld", "dismissed"]
    finding: str | None
    resolved_by: str | None
    resolved_on: date | None
    content: str | None = None
    contact: str | None = None

    @classmethod
    def of(cls, objection: Objection, text: ObjectionText | None = None) -> Self:
        """Render an objection."""
        return cls(
            objection_id=objection.objection_id,
            notice_id=objection.notice_id,
            line_nos=sorted(objection.line_nos),
            raised_on=objection.raised_on,
            state="open" if objection.is_open else "upheld" if objection.upheld else "dismissed",
            finding=objection.finding,
            resolved_by=objection.resolved_by,
            resolved_on=objection.resolved_on,
            content=text.content if text else None,
            contact=text.contact if text else None,
        )


class AttemptView(BaseModel):
    """One sending of an order."""

    attempt: int
    bank_file_id: str
    outcome: str | None
    answered_on: date | None
    reason_code: str | None


class OrderView(BaseModel):
    """A payment order; the form's unit is 万元 (JY-PAY-03)."""

    order_id: str
    claim_id: str
    funding_source: str
    amount_fen: int
    amount_wan: str
    state: str
    attempt: int
    attempts: list[AttemptView]

    @classmethod
    def of(cls, order: PaymentOrder, attempts: Iterable[Attempt] = ()) -> Self:
        """Render an order."""
        return cls(
            order_id=order.order_id,
            claim_id=order.claim_id,
            funding_source=order.funding_source,
            amount_fen=order.amount_fen,
            amount_wan=wan_text(order.amount_fen),
            state=order.state.value,
            attempt=order.attempt,
            attempts=[
                AttemptView(
                    attempt=each.attempt,
                    bank_file_id=each.bank_file_id,
                    outcome=each.outcome,
                    answered_on=each.answered_on,
                    reason_code=each.reason_code,
                )
                for each in attempts
            ],
        )


class OrdersAnswer(BaseModel):
    """The orders just made."""

    items: list[OrderView]


class AccountView(BaseModel):
    """An account, masked."""

    bank_name: str
    number_masked: str
    state: str
    kind: str | None

    @classmethod
    def of(cls, account: Account | None) -> Self | None:
        """Render an account, if there is one."""
        if account is None:
            return None
        return cls(
            bank_name=account.bank_name, number_masked=account.number_masked, state=account.state, kind=account.kind
        )


class DifferenceView(BaseModel):
    """A difference found after an approval."""

    number: int
    kind: Literal["supplement", "clawback_pending", "dissolved"]
    amount_fen: int
    amounts: dict[str, int]
    cause: str
    found_on: date


class EmployerPaymentView(BaseModel):
    """What an enterprise says it paid for its employees' training, by which document."""

    reference: str
    amount_fen: int
    paid_on: date

    @classmethod
    def of(cls, paid: EmployerPayment | None) -> Self | None:
        """Render it, where there is one."""
        if paid is None:
            return None
        return cls(reference=paid.reference, amount_fen=paid.amount_fen, paid_on=paid.paid_on)


class ClaimView(BaseModel):
    """A claim whole: state, money, lines with traces, and everything people did."""

    claim_id: str
    class_id: str
    institution_id: str
    region: str
    rulebook_id: str
    claimant: str
    owner_id: Annotated[str | None, Field(description="申领的机构或企业；个人申领为空")]
    employer_payment: EmployerPaymentView | None
    application_id: str | None
    state: str
    round: int
    received_on: date
    review_due: date | None
    review_due_outer: date | None
    overdue: list[str]
    amount_fen: int
    decided_fen: int
    ordered_fen: int
    clawback_fen: int
    base: int
    recognised: int
    undertaking: dict[str, Any]
    traces: list[TraceView]
    flags: list[Finding]
    lines: list[LineView]
    decisions: list[DecisionView]
    reviews: list[ReviewView]
    line_returns: list[LineReturnView]
    notice: NoticeAnswer | None
    notices: list[NoticeAnswer]
    objections: list[ObjectionView]
    orders: list[OrderView]
    account: AccountView | None
    pending_account: AccountView | None
    differences: list[DifferenceView]
    clawbacks: list[ClawbackView]
    breaches: list[BreachView]
    advances: Annotated[AdvanceSums | None, Field(description="本班预付的合计，开具拨付单时先行抵扣；没有的为空")]
    satisfaction: SurveyView | None
    version: int

    @classmethod
    def of(cls, reading: ClaimReading) -> Self:
        """Render a claim."""
        claim = reading.claim
        return cls(
            claim_id=claim.claim_id,
            class_id=claim.class_id,
            institution_id=claim.institution_id,
            region=claim.region,
            rulebook_id=claim.rulebook_id,
            claimant=claim.claimant,
            owner_id=None if claim.claimant == "individual" else claim.owner,
            employer_payment=EmployerPaymentView.of(claim.employer_payment),
            application_id=claim.application_id,
            state=claim.state.value,
            round=claim.round,
            received_on=claim.received_on,
            review_due=claim.deadlines.review_due,
            review_due_outer=claim.deadlines.review_due_outer,
            overdue=sorted(claim.overdue),
            amount_fen=sum(claim.payable.values()),
            decided_fen=sum(claim.decided.values()),
            ordered_fen=sum(order.amount_fen for order in reading.orders if order.counts),
            clawback_fen=claim.clawback_fen,
            base=claim.assessment.base,
            recognised=claim.assessment.recognised,
            undertaking={
                "text_version": claim.undertaking.text_version,
                "signer_masked": claim.undertaking.signer,
                "signed_on": claim.undertaking.signed_on,
            },
            traces=[TraceView.of(trace) for trace in claim.assessment.traces],
            flags=list(claim.assessment.flags),
            lines=[LineView.of(line, claim) for line in claim.assessment.lines],
            decisions=_decisions(claim),
            reviews=_reviews(claim),
            line_returns=[LineReturnView.of(each) for each in claim.line_returns],
            notice=NoticeAnswer.of(claim.notice) if claim.notice else None,
            notices=[NoticeAnswer.of(notice) for notice in claim.notices],
            objections=_objections(claim, reading.objection_texts),
            orders=[OrderView.of(order, reading.attempts[order.order_id]) for order in reading.orders],
            account=AccountView.of(reading.account),
            pending_account=AccountView.of(reading.pending_account),
            differences=[DifferenceView.model_validate(found) for found in reading.differences],
            clawbacks=[ClawbackView.of(clawback) for clawback in claim.clawbacks],
            breaches=[BreachView.of(breach, whole=reading.of_bureau) for breach in claim.breaches],
            advances=AdvanceSums.of(reading.advances) if reading.advances else None,
            satisfaction=SurveyView.of(reading.survey),
            version=claim.version,
        )


def _decisions(claim: Claim) -> list[DecisionView]:
    return [
        DecisionView(
            rule=decision.rule,
            value="accept" if decision.accepted else "refuse",
            reason=decision.reason,
            decided_by=decision.decided_by,
            decided_on=decision.decided_on,
            persons=None if decision.persons is None else sorted(decision.persons),
            kinds=sorted(decision.kinds),
            since=decision.valid_from,
            until=decision.valid_until,
            funder=decision.funder,
        )
        for decision in claim.decisions
    ]


def _reviews(claim: Claim) -> list[ReviewView]:
    return [
        ReviewView(
            round=review.round,
            step=review.step.value,
            decision="approve" if review.approved else "return",
            actor=review.actor,
            decided_at=review.decided_at,
            opinion=review.opinion,
            reason_code=review.reason_code,
        )
        for review in claim.reviews
    ]


def _objections(claim: Claim, texts: Mapping[str, ObjectionText]) -> list[ObjectionView]:
    return [ObjectionView.of(each, texts.get(each.objection_id)) for each in claim.objections]
