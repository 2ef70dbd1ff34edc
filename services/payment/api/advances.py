"""Addresses of advances: asked for, decided, ordered, corrected, asked back (HL-PAY-02, LS-PAY-01)."""

from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import Field

from services.payment.api.advance_views import Advances, AdvanceView
from services.payment.api.schemas import AccountBody, Body, Code, Day, EmptyBody, Fen, LongText, ReasonBody, ShortText
from services.payment.application.advance_queries import list_advances, read_advance
from services.payment.application.ports import PaymentUnit
from services.payment.application.recover_advance import (
    decide_advance_recovery,
    propose_advance_recovery,
    record_advance_repayment,
)
from services.payment.application.request_advance import (
    correct_advance_account,
    decide_advance,
    order_advance,
    request_advance,
    resend_advance,
    withdraw_advance,
)
from services.payment.application.scope import BUREAU
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.versions import etag

router = service_router("/payment/v1", tags=["预付"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]
Read = Annotated[PaymentUnit, Depends(read_transaction)]
READERS = (Role.INSTITUTION, *BUREAU)


class AdvanceBody(Body):
    """How much is asked for before the claim, and to which account of the one who gives the class."""

    amount_fen: Annotated[Fen, Field(description="申请预付的金额，单位：分", examples=[6_000_000])]
    account: AccountBody


class AdvanceDecisionBody(Body):
    """Whether, and how much of what was asked for, is paid before the claim."""

    decision: Annotated[Literal["accept", "refuse"], Field(description="同意或不予预付")]
    reason: LongText
    amount_fen: Annotated[
        Fen | None, Field(description="同意的金额，单位：分；不填为申请的全部", examples=[5_000_000])
    ] = None
    funding_source: Annotated[Code | None, Field(description="资金来源；不填为班级开班时的来源")] = None


class AdvanceRecoveryBody(Body):
    """A demand for what is owed of an advance, until a day."""

    due_on: Annotated[Day, Field(description="退回期限，须晚于今日")]
    reason: LongText


class AdvanceRecoveryDecisionBody(Body):
    """The second person's decision on a demand."""

    decision: Literal["order", "refuse"]
    reason: LongText


class AdvanceRepaymentBody(Body):
    """Money that came back by bank."""

    on: Day
    amount_fen: Annotated[Fen, Field(description="到账金额，单位：分", examples=[600_000])]
    reference: Annotated[ShortText, Field(description="银行到账凭证号", examples=["到账回单 2020-0815"])]


async def _view(unit: PaymentUnit, advance_id: str, response: Response) -> AdvanceView:
    view = AdvanceView.of(await read_advance(unit, advance_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.post(
    "/classes/{class_id}/advances",
    status_code=201,
    summary="开班后、申领前申请预付补贴",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404, 409, 422),
)
async def post_advance(class_id: str, body: AdvanceBody, unit: Write, response: Response) -> AdvanceView:
    """Ask for money before the claim; whoever gives the class is paid, within the share that the document allows."""
    advance = await request_advance(
        unit, class_id=class_id, amount_fen=body.amount_fen, account=body.account.to_command()
    )
    return await _view(unit, advance.advance_id, response)


@router.get(
    "/advances",
    summary="查询预付（本机构或本辖区）",
    dependencies=[requires(*READERS)],
)
async def get_advances(
    unit: Read,
    class_id: Annotated[str | None, Query(max_length=200, description="只列该班级的预付")] = None,
    mine: Annotated[bool, Query(description="只列等待本人角色办理的预付")] = False,
) -> Advances:
    """Give the advances of the caller's institution or region, the newest request last."""
    found = await list_advances(unit, class_id=class_id, mine=mine)
    return Advances(items=[AdvanceView.of(each) for each in found])


@router.get(
    "/advances/{advance_id}",
    summary="查询一笔预付：进度、依据与尚欠金额",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_advance(advance_id: str, unit: Read, response: Response) -> AdvanceView:
    """Give an advance with its rule, its amounts and what it waits for."""
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/decision",
    summary="对预付申请作出决定（决定人不得办理拨付）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409, 422),
)
async def post_advance_decision(
    advance_id: str, body: AdvanceDecisionBody, unit: Write, response: Response
) -> AdvanceView:
    """Decide a request with its reason; accepted, the budget holds the money."""
    await decide_advance(
        unit,
        advance_id=advance_id,
        accepted=body.decision == "accept",
        reason=body.reason,
        amount_fen=body.amount_fen,
        funding_source=body.funding_source,
    )
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/order",
    summary="开具预付的拨付单，进入下一个拨付文件",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 404, 409, 422),
)
async def post_advance_order(advance_id: str, body: EmptyBody, unit: Write, response: Response) -> AdvanceView:
    """Let a decided advance go to the bank; its answers are taken with the bank file's."""
    await order_advance(unit, advance_id=advance_id)
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/withdrawal",
    summary="撤销尚未到账的预付",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 404, 409),
)
async def post_advance_withdrawal(advance_id: str, body: ReasonBody, unit: Write, response: Response) -> AdvanceView:
    """Take back an advance that the bank neither has nor credited."""
    await withdraw_advance(unit, advance_id=advance_id, reason=body.reason)
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/account",
    summary="银行退回后更正预付的收款账户",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404, 409, 422),
)
async def post_advance_account(advance_id: str, body: AccountBody, unit: Write, response: Response) -> AdvanceView:
    """Hand in a corrected account; another person approves it by sending the advance again."""
    await correct_advance_account(unit, advance_id=advance_id, given=body.to_command())
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/resending",
    summary="审核更正后的账户，重新发出被退回的预付",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409),
)
async def post_advance_resending(advance_id: str, body: ReasonBody, unit: Write, response: Response) -> AdvanceView:
    """Let a returned advance join the next bank file, with the corrected account where one was handed in."""
    await resend_advance(unit, advance_id=advance_id, reason=body.reason)
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/recovery",
    status_code=201,
    summary="提出追回未被申领抵扣的预付",
    dependencies=[requires(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER)],
    responses=responses(403, 404, 409, 422),
)
async def post_advance_recovery(
    advance_id: str, body: AdvanceRecoveryBody, unit: Write, response: Response
) -> AdvanceView:
    """Propose to ask back what is owed, until a day; another person decides it."""
    await propose_advance_recovery(unit, advance_id=advance_id, due_on=body.due_on, reason=body.reason)
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/recovery/decision",
    summary="对追回预付作出决定（须为另一人）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409),
)
async def post_advance_recovery_decision(
    advance_id: str, body: AdvanceRecoveryDecisionBody, unit: Write, response: Response
) -> AdvanceView:
    """Order or refuse the demand."""
    await decide_advance_recovery(unit, advance_id=advance_id, ordered=body.decision == "order", reason=body.reason)
    return await _view(unit, advance_id, response)


@router.post(
    "/advances/{advance_id}/repayments",
    status_code=201,
    summary="登记收回的预付（银行到账凭证）",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 404, 409, 422),
)
async def post_advance_repayment(
    advance_id: str, body: AdvanceRepaymentBody, unit: Write, response: Response
) -> AdvanceView:
    """Record money that came back; it may be promised again."""
    await record_advance_repayment(
        unit, advance_id=advance_id, amount_fen=body.amount_fen, on=body.on, reference=body.reference
    )
    return await _view(unit, advance_id, response)
