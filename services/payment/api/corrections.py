"""Addresses of corrections: claw-backs, repayments, breaches, orders taken back or sent again. Nothing is edited."""

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Depends
from pydantic import BaseModel, Field, StrictInt, model_validator

from services.payment.api.claim_views import OrderView
from services.payment.api.part_views import BreachView, ClawbackView
from services.payment.api.schemas import Body, Day, EmptyBody, Fen, Id, LongText, ReasonBody, ShareBody, ShortText
from services.payment.application.claw_back import (
    GivenRepayment,
    decide_clawback,
    propose_clawback,
    record_repayment,
)
from services.payment.application.handle_breach import close_breach, open_breach
from services.payment.application.ports import PaymentUnit
from services.payment.application.reverse_order import approve_reversal, resend_order, reverse_order
from services.payment.domain.breach import BreachConclusion
from services.payment.domain.order import PaymentOrder, Reversal, Share
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import write_transaction
from shared.web.validation import invalid_value

router = service_router("/payment/v1", tags=["更正与追回"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]


class ClawbackBody(Body):
    """A proposal to ask money back; `sources` only where several sources paid."""

    reason: LongText
    sources: Annotated[list[ShareBody], Field(max_length=20, description="多个来源拨付时，各来源应追回的金额")] = []


class ClawbackDecisionBody(Body):
    """The second person's decision."""

    decision: Literal["order", "refuse"]
    reason: LongText


class RepaymentBody(Body):
    """Money that came in: by bank with amount and reference, or set off against a ready order."""

    kind: Literal["bank", "offset"]
    on: Day
    amount_fen: Annotated[Fen | None, Field(description="到账金额，单位：分；抵扣不填", examples=[150_000])] = None
    funding_source: ShortText | None = None
    reference: Annotated[
        ShortText | None, Field(description="银行到账凭证号；抵扣不填", examples=["到账回单 2021-0915"])
    ] = None
    order_id: Annotated[Id | None, Field(description="抵扣所用的待发出拨付单")] = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Require what each kind needs: an amount and a reference, or an order."""
        by_bank = self.amount_fen is not None and self.reference is not None and self.order_id is None
        set_off = self.amount_fen is None and self.order_id is not None
        if (by_bank if self.kind == "bank" else set_off) is False:
            raise invalid_value(
                "INPUT_INVALID",
                "收回资金的登记内容不完整。",
                "银行退回须填写金额与到账凭证号；抵扣只须填写拨付单编号。",
            )
        return self

    def to_command(self) -> GivenRepayment:
        """Give the command."""
        return GivenRepayment(**self.model_dump())


class BreachBody(Body):
    """An alleged breach of the undertaking; what is written is kept with the case and shown to the bureau alone."""

    facts: LongText
    evidence: LongText


class BreachClosureBody(Body):
    """The decision on a breach."""

    conclusion: Literal["confirmed", "unfounded", "work_error"]
    reason: LongText
    line_nos: Annotated[list[StrictInt], Field(max_length=500)] = Field(
        default=[], description="认定属实时，不应支付的学员条目序号；已拨付的另行追回"
    )


class ReversalAnswer(BaseModel):
    """An order and the opposite entry made of it."""

    order: OrderView
    amount_fen: int
    reason: str
    proposed_by: str
    proposed_on: date
    approved_by: str | None
    approved_on: date | None

    @classmethod
    def of(cls, order: PaymentOrder, reversal: Reversal) -> Self:
        """Render a reversal."""
        return cls(
            order=OrderView.of(order),
            amount_fen=reversal.amount_fen,
            reason=reversal.reason,
            proposed_by=reversal.proposed_by,
            proposed_on=reversal.proposed_on,
            approved_by=reversal.approved_by,
            approved_on=reversal.approved_on,
        )


@router.post(
    "/claims/{claim_id}/clawbacks",
    status_code=201,
    summary="提出追回已拨付而不再有记录支持的资金",
    dependencies=[requires(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER)],
    responses=responses(403, 404, 409, 422),
)
async def post_clawback(claim_id: str, body: ClawbackBody, unit: Write) -> ClawbackView:
    """Propose a claw-back; another person decides it."""
    shares = [Share(funding_source=share.funding_source, amount_fen=share.amount_fen) for share in body.sources]
    return ClawbackView.of(await propose_clawback(unit, claim_id=claim_id, reason=body.reason, sources=shares))


@router.post(
    "/clawbacks/{clawback_id}/decision",
    summary="对追回作出决定（须为另一人）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409),
)
async def post_clawback_decision(clawback_id: str, body: ClawbackDecisionBody, unit: Write) -> ClawbackView:
    """Order or refuse a claw-back; ordered, the opposite entry is made."""
    ordered = body.decision == "order"
    return ClawbackView.of(await decide_clawback(unit, clawback_id=clawback_id, ordered=ordered, reason=body.reason))


@router.post(
    "/clawbacks/{clawback_id}/repayments",
    status_code=201,
    summary="登记收回的资金（银行退回或抵扣）",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 404, 409, 422),
)
async def post_repayment(clawback_id: str, body: RepaymentBody, unit: Write) -> ClawbackView:
    """Record money that came back; the last of it frees the slots."""
    return ClawbackView.of(await record_repayment(unit, clawback_id=clawback_id, given=body.to_command()))


@router.post(
    "/orders/{order_id}/reversal",
    status_code=201,
    summary="撤销未发出或被退回的拨付单；更正误登记的到账（须另一人审核）",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 404, 409),
)
async def post_reversal(order_id: str, body: ReasonBody, unit: Write) -> ReversalAnswer:
    """Take an order back by an opposite entry."""
    order, reversal = await reverse_order(unit, order_id=order_id, reason=body.reason)
    return ReversalAnswer.of(order, reversal)


@router.post(
    "/orders/{order_id}/reversal-approval",
    summary="审核误登记到账的撤销",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409),
)
async def post_reversal_approval(order_id: str, body: EmptyBody, unit: Write) -> ReversalAnswer:
    """Approve that a settlement was recorded in error."""
    order, reversal = await approve_reversal(unit, order_id=order_id)
    return ReversalAnswer.of(order, reversal)


@router.post(
    "/orders/{order_id}/resending",
    summary="账户无误的退回拨付单重新发出",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 404, 409),
)
async def post_resending(order_id: str, body: ReasonBody, unit: Write) -> OrderView:
    """Let a returned order join the next bank file with the account it had."""
    return OrderView.of(await resend_order(unit, order_id=order_id, reason=body.reason))


@router.post(
    "/claims/{claim_id}/breaches",
    status_code=201,
    summary="登记违反真实性承诺的情况：审核与拨付随即暂停",
    dependencies=[requires(Role.INSPECTOR, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)],
    responses=responses(403, 404, 422),
)
async def post_breach(claim_id: str, body: BreachBody, unit: Write) -> BreachView:
    """Open a breach on a claim."""
    opened = await open_breach(unit, claim_id=claim_id, facts=body.facts, evidence=body.evidence)
    return BreachView.of(opened, whole=True)


@router.post(
    "/breaches/{breach_id}/closure",
    summary="对违反承诺的情况作出决定（须为另一人）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409),
)
async def post_breach_closure(breach_id: str, body: BreachClosureBody, unit: Write) -> BreachView:
    """Close a breach; review and payment go on."""
    conclusion = BreachConclusion(body.conclusion)
    lines = frozenset(body.line_nos)
    closed = await close_breach(unit, breach_id=breach_id, conclusion=conclusion, reason=body.reason, line_nos=lines)
    return BreachView.of(closed, whole=True)
