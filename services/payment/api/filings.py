"""Addresses of quality, money and filings: what a bureau reads and files, and what the public sees."""

from typing import Annotated

from fastapi import Depends, Path, Query
from starlette.responses import Response

from services.payment.api.report_sheets import XLSX, as_workbook, board_sheets, fund_sheets, quality_sheets
from services.payment.api.report_views import QueryDay
from services.payment.api.reports import As, Region
from services.payment.api.statistics_views import (
    AgeingView,
    BoardView,
    FigureAnswer,
    FigureBody,
    FiledView,
    FilingBody,
    FundView,
    PublicPageView,
    QualityView,
    StandView,
)
from services.payment.application.enter_figure import enter_figure
from services.payment.application.file_document import file_document
from services.payment.application.filings import read_board, read_public_page
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import BUREAU
from services.payment.application.statistics import read_ageing, read_fund_use, read_quality
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import merge_responses, responses
from shared.web.routes import service_router
from shared.web.transactions import public_transaction, read_transaction, write_transaction

router = service_router("/payment/v1", tags=["统计与报送"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]
Read = Annotated[PaymentUnit, Depends(read_transaction)]
PublicRead = Annotated[PaymentUnit, Depends(public_transaction)]
First = Annotated[QueryDay, Query(alias="from", description="起始日（含）")]
Last = Annotated[QueryDay, Query(alias="to", description="截止日（含）")]


@router.get(
    "/reports/quality",
    summary="培训质量评价指标（按区划、按机构）",
    dependencies=[requires(*BUREAU)],
    responses=merge_responses(responses(422, "REGION_OUT_OF_SCOPE"), XLSX),
    response_model=QualityView,
)
async def get_quality(
    unit: Read, first: First, last: Last, region: Region = None, shape: As = "json"
) -> QualityView | Response:
    """Give placement, retention, pass rate and whatever else the document names, with exact parts and wholes."""
    view = QualityView.of(await read_quality(unit, region=region, first=first, last=last))
    return view if shape == "json" else as_workbook(quality_sheets(view), f"{view.region}-quality")


@router.get(
    "/reports/fund-use",
    summary="资金使用情况（按来源、类型、机构）",
    dependencies=[requires(*BUREAU)],
    responses=merge_responses(responses(422, "REGION_OUT_OF_SCOPE"), XLSX),
    response_model=FundView,
)
async def get_fund_use(
    unit: Read, first: First, last: Last, region: Region = None, shape: As = "json"
) -> FundView | Response:
    """Give what the bank credited in a period, and never for whom."""
    view = FundView.of(await read_fund_use(unit, region=region, first=first, last=last))
    return view if shape == "json" else as_workbook(fund_sheets(view), f"{view.region}-fund-use")


@router.get(
    "/reports/ageing",
    summary="待申领、待拨付时效清单",
    dependencies=[requires(*BUREAU)],
    responses=responses(422, "REGION_OUT_OF_SCOPE"),
)
async def get_ageing(unit: Read, region: Region = None) -> AgeingView:
    """Give what waits for its claim or its money today, the longest first."""
    return AgeingView.of(await read_ageing(unit, region=region))


@router.post(
    "/reports/figures",
    status_code=201,
    summary="填报统计数字（注明来源和截止日期）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(422, "REGION_OUT_OF_SCOPE"),
)
async def post_figure(body: FigureBody, unit: Write) -> FigureAnswer:
    """Enter a figure that no record here can give; a later one for the same day corrects it and both stay."""
    figure = body.to_figure()
    await enter_figure(unit, region=body.region, figure=figure)
    return FigureAnswer(code=figure.code, number=figure.number, on=figure.on)


@router.get(
    "/reports/filings",
    summary="报送情况：方案、评估报告、公开和任务进展",
    dependencies=[requires(*BUREAU)],
    responses=merge_responses(responses(422, "REGION_OUT_OF_SCOPE"), XLSX),
    response_model=BoardView,
)
async def get_filings(unit: Read, region: Region = None, shape: As = "json") -> BoardView | Response:
    """Give unit by unit what has to be filed, until when, and what is missing."""
    view = BoardView(items=[StandView.of(stand) for stand in await read_board(unit, region=region)])
    return view if shape == "json" else as_workbook(board_sheets(view), "filings")


@router.post(
    "/reports/filings",
    status_code=201,
    summary="报送方案、报告或公开资金使用情况",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(422, "REGION_OUT_OF_SCOPE"),
)
async def post_filing(body: FilingBody, unit: Write) -> FiledView:
    """Take a filing, whole; what is counted for it is sealed with it."""
    return FiledView.of(await file_document(unit, region=body.region, given=body.to_command()))


@router.get("/public/{region}", summary="政策咨询与公开（无须登录）", responses=responses(422))
async def get_public_page(
    region: Annotated[str, Path(pattern=r"^[0-9]{6}$", description="区划代码")], unit: PublicRead
) -> PublicPageView:
    """Give the document in force, where to ask about it, and what was disclosed of the use of the money."""
    return PublicPageView.of(await read_public_page(unit, region=region))
