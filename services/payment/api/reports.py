"""Addresses of reports: the month, the year, shares, employments after training, and a claim's form."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from starlette.responses import Response

from services.payment.api.report_sheets import TABLE, XLSX, Format, as_workbook, shares_sheets, year_sheets
from services.payment.api.report_views import (
    DispatchBody,
    EmploymentsAnswer,
    EmploymentsBody,
    FormView,
    QueryDay,
    ReportItem,
    ReportsPage,
    ReportView,
    SealedReport,
    SharesView,
    SignatureBody,
)
from services.payment.api.year_views import YearView
from services.payment.application.dispatch_monthly_report import dispatch_monthly_report
from services.payment.application.ports import PaymentUnit
from services.payment.application.record_employment import record_employment
from services.payment.application.reports import read_form, read_report, read_reports, read_shares, read_year
from services.payment.application.scope import BUREAU
from services.payment.application.sign_monthly_report import sign_monthly_report
from services.payment.domain.monthly_report import Month
from services.payment.domain.report_table import report_rows, report_table
from shared.domain.actor import Role
from shared.spreadsheet import Sheet
from shared.web.authentication import requires
from shared.web.problems import merge_responses, responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction

router = service_router("/payment/v1", tags=["统计与月报"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]
Read = Annotated[PaymentUnit, Depends(read_transaction)]
Region = Annotated[str | None, Query(pattern=r"^[0-9]{6}$", description="默认为本人所属区划")]
As = Annotated[Format, Query(alias="format", description="json 或 xlsx（电子表格）")]
MonthText = Annotated[
    str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="月份，例如 2021-05", examples=["2021-05"])
]


@router.get(
    "/reports/monthly",
    summary="月报目录",
    dependencies=[requires(*BUREAU)],
    responses=responses("REGION_OUT_OF_SCOPE"),
)
async def get_reports(unit: Read, region: Region = None) -> ReportsPage:
    """Give the months that were or are to be reported, with their deadlines (JY-REP-06)."""
    found = await read_reports(unit, region=region)
    return ReportsPage(items=[ReportItem.of(report, overdue=overdue) for report, overdue in found])


@router.get(
    "/reports/monthly/{month}",
    summary="某月月报：现有数字、封存件与封存后的变化",
    dependencies=[requires(*BUREAU)],
    responses=responses(404, "REGION_OUT_OF_SCOPE"),
)
async def get_report(month: MonthText, unit: Read, region: Region = None) -> ReportView:
    """Give a month as counted now; what was signed stands beside it and never changes."""
    return ReportView.of_reading(await read_report(unit, region=region, month=Month.parse(month)))


@router.get(
    "/reports/monthly/{month}/table",
    summary="某月月报签发件的表格（CSV 或 xlsx，含签发与报送凭证）",
    dependencies=[requires(*BUREAU)],
    responses=merge_responses(responses(404, "REGION_OUT_OF_SCOPE"), TABLE),
    response_class=Response,
)
async def get_report_table(
    month: MonthText,
    unit: Read,
    region: Region = None,
    shape: Annotated[Literal["csv", "xlsx"], Query(alias="format", description="csv 或 xlsx（电子表格）")] = "csv",
) -> Response:
    """Give the newest signed copy as a table: a workbook, or CSV in UTF-8 with a byte order mark (JY-INT-02)."""
    reading = await read_report(unit, region=region, month=Month.parse(month))
    if shape == "xlsx":
        sheet = Sheet(title=month, rows=report_rows(reading.report))
        return as_workbook([sheet], f"{reading.report.region}-{month}")
    return Response(
        report_table(reading.report),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{reading.report.region}-{month}.csv"'},
    )


@router.post(
    "/reports/monthly/{month}/signature",
    status_code=201,
    summary="签发月报（写明更正原因的为更正件）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 409, 422, "REGION_OUT_OF_SCOPE"),
)
async def post_signature(month: MonthText, body: SignatureBody, unit: Write) -> ReportView:
    """Seal the month with its hash; from then on it is closed."""
    wanted = Month.parse(month)
    signed = await sign_monthly_report(
        unit, region=body.region, month=wanted, reason=body.reason, sign_offs=body.sign_offs
    )
    return ReportView.of_reading(signed)


@router.post(
    "/reports/monthly/{month}/dispatch",
    status_code=201,
    summary="登记月报的报送",
    dependencies=[requires(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)],
    responses=responses(404, 409, 422, "REGION_OUT_OF_SCOPE"),
)
async def post_dispatch(month: MonthText, body: DispatchBody, unit: Write) -> SealedReport:
    """Stamp the delivery of the signed copy; a second one is refused unless it is marked a correction."""
    report = await dispatch_monthly_report(
        unit, region=body.region, month=Month.parse(month), correction=body.correction, proof=body.proof
    )
    return SealedReport.of_report(report, overdue=report.is_overdue(unit.today))


@router.get(
    "/reports/years/{year}",
    summary="年度目标、计划与任务分解的完成情况",
    dependencies=[requires(*BUREAU)],
    responses=merge_responses(responses(422, "REGION_OUT_OF_SCOPE"), XLSX),
    response_model=YearView,
)
async def get_year(
    year: Annotated[int, Path(ge=2000, le=2099)], unit: Read, region: Region = None, shape: As = "json"
) -> YearView | Response:
    """Give target, done and gap of every goal, plan and allotments row by row, persons and person-times apart."""
    view = YearView.of(await read_year(unit, region=region, year=year))
    return view if shape == "json" else as_workbook(year_sheets(view), f"{view.region}-{year}")


@router.get(
    "/reports/shares",
    summary="占比统计：人群、转移就业、产业集聚区、整村推进",
    dependencies=[requires(*BUREAU)],
    responses=merge_responses(responses(422, "REGION_OUT_OF_SCOPE"), XLSX),
    response_model=SharesView,
)
async def get_shares(
    unit: Read,
    first: Annotated[QueryDay, Query(alias="from", description="起始日（含）")],
    last: Annotated[QueryDay, Query(alias="to", description="截止日（含）")],
    region: Region = None,
    shape: As = "json",
) -> SharesView | Response:
    """Give shares of a period."""
    view = SharesView.of(await read_shares(unit, region=region, first=first, last=last))
    return view if shape == "json" else as_workbook(shares_sheets(view), f"{view.region}-shares")


@router.post(
    "/classes/{class_id}/employments",
    status_code=201,
    summary="登记学员培训后的转移就业",
    dependencies=[requires(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.INSPECTOR)],
    responses=responses(404, 422),
)
async def post_employments(class_id: str, body: EmploymentsBody, unit: Write) -> EmploymentsAnswer:
    """Record who took up work elsewhere after the training."""
    recorded = await record_employment(unit, class_id=class_id, found=body.to_commands())
    return EmploymentsAnswer(class_id=class_id, recorded=recorded)


@router.get(
    "/claims/{claim_id}/form",
    summary="年度补贴性培训申请表（附件2）",
    dependencies=[requires(Role.INSTITUTION, *BUREAU)],
    responses=responses(404),
)
async def get_form(claim_id: str, unit: Read) -> FormView:
    """Give the form's 66 fields, filled from recorded facts alone; the rest says which service knows it."""
    form, filled = await read_form(unit, claim_id)
    return FormView.of_filled(claim_id, form, filled)
