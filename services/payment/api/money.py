"""Addresses of money: rates, budgets, bank files and the ledger."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from services.payment.api.schemas import (
    AnswersBody,
    BankFileBody,
    BudgetBody,
    RateBody,
    RateCorrectionBody,
    RateCorrectionDecisionBody,
)
from services.payment.api.views import (
    AnswerRowView,
    AnswersAnswer,
    BankFileAnswer,
    BudgetAnswer,
    LedgerPage,
    RateAnswer,
    RateCorrections,
    RateCorrectionView,
)
from services.payment.application.allot_budget import allot_budget
from services.payment.application.answer_bank_file import answer_bank_file
from services.payment.application.create_bank_file import bank_file_content, create_bank_file
from services.payment.application.enter_rate import (
    decide_rate_correction,
    enter_rate,
    list_rate_corrections,
    propose_rate_correction,
)
from services.payment.application.ports import PaymentUnit
from services.payment.application.queries import ledger
from services.payment.domain.budget import BudgetKey
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, unkeyed_transaction, write_transaction

router = service_router("/payment/v1", tags=["资金"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]
Audited = Annotated[PaymentUnit, Depends(unkeyed_transaction)]
Read = Annotated[PaymentUnit, Depends(read_transaction)]


@router.post(
    "/rates",
    status_code=201,
    summary="录入补贴标准（只增不改）",
    dependencies=[requires(Role.POLICY_OFFICER, Role.FINANCE)],
    responses=responses("REGION_OUT_OF_SCOPE"),
)
async def post_rate(body: RateBody, unit: Write) -> RateAnswer:
    """Enter a rate with its source; what would change a standing rate backwards is a correction by two people."""
    return RateAnswer.of(await enter_rate(unit, body.to_rate()))


@router.post(
    "/rate-corrections",
    status_code=201,
    summary="提出补贴标准更正（须由他人确认）",
    dependencies=[requires(Role.POLICY_OFFICER, Role.FINANCE)],
    responses=responses("REGION_OUT_OF_SCOPE"),
)
async def post_rate_correction(body: RateCorrectionBody, unit: Write) -> RateCorrectionView:
    """Propose a rate that changes a standing one; nothing changes until an approver confirms it."""
    return RateCorrectionView.of(await propose_rate_correction(unit, rate=body.to_rate(), reason=body.reason))


@router.post(
    "/rate-corrections/{correction_id}/decision",
    summary="确认或不予确认补贴标准更正",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409),
)
async def post_rate_correction_decision(
    correction_id: str, body: RateCorrectionDecisionBody, unit: Write
) -> RateCorrectionView:
    """Decide a correction as another person; approved claims keep the rate they were approved at."""
    decided = await decide_rate_correction(
        unit, correction_id=correction_id, confirmed=body.decision == "confirm", reason=body.reason
    )
    return RateCorrectionView.of(decided)


@router.get(
    "/rate-corrections",
    summary="查询补贴标准更正",
    dependencies=[requires(Role.POLICY_OFFICER, Role.FINANCE, Role.APPROVER, Role.AUDITOR)],
)
async def get_rate_corrections(unit: Read) -> RateCorrections:
    """Give the corrections of the caller's region, oldest first."""
    return RateCorrections(items=[RateCorrectionView.of(each) for each in await list_rate_corrections(unit)])


@router.post(
    "/budgets",
    status_code=201,
    summary="下达预算指标（只增不改）",
    dependencies=[requires(Role.FINANCE)],
    responses=responses("REGION_OUT_OF_SCOPE"),
)
async def post_budget(body: BudgetBody, unit: Write) -> BudgetAnswer:
    """Add an allotment to a budget."""
    key = BudgetKey(region=body.region, funding_source=body.funding_source, year=body.year)
    allotted_fen = await allot_budget(unit, key=key, amount_fen=body.amount_fen, document=body.document)
    return BudgetAnswer(region=key.region, funding_source=key.funding_source, year=key.year, allotted_fen=allotted_fen)


@router.post(
    "/bank-files",
    status_code=201,
    summary="生成拨付文件",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 409, 422),
)
async def post_bank_file(body: BankFileBody, unit: Write) -> BankFileAnswer:
    """Put every order of a source that may be paid into one file."""
    return BankFileAnswer.of(await create_bank_file(unit, funding_source=body.funding_source))


@router.get(
    "/bank-files/{bank_file_id}/content",
    summary="下载拨付文件（CSV，留有审计记录）",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(404),
    response_class=Response,
)
async def get_bank_file_content(bank_file_id: str, unit: Audited) -> Response:
    """Give the file's bytes: UTF-8 with a byte order mark, every field quoted."""
    content = await bank_file_content(unit, bank_file_id=bank_file_id)
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{bank_file_id}.csv"'},
    )


@router.post(
    "/bank-files/{bank_file_id}/answers",
    summary="登记银行回执",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(403, 404),
)
async def post_answers(bank_file_id: str, body: AnswersBody, unit: Write) -> AnswersAnswer:
    """Apply the bank's answers row by row."""
    rows = await answer_bank_file(
        unit, bank_file_id=bank_file_id, answers=[answer.to_answer() for answer in body.answers]
    )
    return AnswersAnswer(rows=[AnswerRowView.of(row) for row in rows])


@router.get(
    "/ledger",
    summary="资金台账：每一分钱的依据",
    dependencies=[requires(Role.AUDITOR, Role.FINANCE)],
    responses=responses("REGION_OUT_OF_SCOPE"),
)
async def get_ledger(
    unit: Read,
    region: Annotated[str | None, Query(pattern=r"^[0-9]{6}$", description="默认为本人所属区划")] = None,
    canonical: Annotated[bool, Query(description="只含自然键、金额、规则与依据，排序后输出")] = False,
) -> LedgerPage:
    """Give every decided line of a region."""
    wanted = region or unit.actor.region
    return LedgerPage(items=[row async for row in ledger(unit, region=wanted, canonical=canonical)])
