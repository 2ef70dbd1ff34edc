"""Reports as workbooks: the same numbers as in JSON, under Chinese headings; persons and person-times apart."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal

from starlette.responses import Response

from services.payment.api.report_views import SharesView
from services.payment.api.statistics_views import BoardView, FundTableView, FundView, IndicatorView, QualityView
from services.payment.api.year_views import HeadsView, YearView
from services.payment.domain.class_record import Counts
from shared.domain.jurisdiction import regions
from shared.spreadsheet import MEDIA_TYPE, Cell, Sheet, workbook
from shared.web.problems import Responses

Format = Literal["json", "xlsx"]

XLSX: Final[Responses] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}
"""What an address that also answers with a workbook says of it."""

TABLE: Final[Responses] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}, **XLSX[200]["content"]}}}
"""What an address says that answers with CSV, or with a workbook."""

_MET: Final = {True: "已完成", False: "未完成", None: "目标或数字未知"}
_UNITS: Final = {"person_times": "人次", "persons": "人", "certificates": "本"}
_STATES: Final = {
    "open": "未到期",
    "due": "今日到期",
    "overdue": "逾期",
    "missing": "未报送",
    "filed": "已报送",
    "filed_late": "逾期报送",
}
_HEADS: Final = {"funding_source": "资金来源", "training_type": "培训类型", "institution": "机构"}


def as_workbook(sheets: Sequence[Sheet], name: str) -> Response:
    """Give a workbook to save under a name of letters, digits and dashes."""
    disposition = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(workbook(sheets), media_type=MEDIA_TYPE, headers=disposition)


def year_sheets(year: YearView) -> list[Sheet]:
    """Give a year's goals, allotments, stages and heads."""
    goals: list[list[Cell]] = [
        ["目标", "单位", "目标数", "完成数", "差额", "完成比例（%）", "是否完成", "规则", "条款", "文件"]
    ]
    goals += [
        [
            goal.name,
            _UNITS.get(goal.unit, goal.unit),
            goal.target,
            goal.done,
            goal.gap,
            goal.percent,
            _MET[goal.met],
            goal.rule,
            goal.clause,
            goal.document,
        ]
        for goal in year.goals
    ]
    heads = "目标 数字 占比的分母 占比（%，只舍不入） 数量下限 比例下限（%） 截止日期 是否完成 来源 规则 条款"
    figures: list[list[Cell]] = [[*heads.split()]]
    figures += [
        [
            each.name,
            each.figure.number if each.figure else None,
            each.whole.number if each.whole else None,
            each.percent,
            each.number_min,
            each.percent_min,
            each.by.isoformat(),
            _MET[each.met],
            each.figure.source if each.figure else None,
            each.rule,
            each.clause,
        ]
        for each in year.figures
    ]
    sheets = [
        Sheet(title="目标", rows=[*_about(year.region, f"{year.year} 年"), *goals]),
        Sheet(title="人次与人数", rows=_heads_rows(year)),
    ]
    if year.figures:
        sheets.append(Sheet(title="统计数字目标", rows=figures))
    if year.allotments:
        sheets.append(Sheet(title="任务分解", rows=list(_allotment_rows(year))))
    if year.stages:
        sheets.append(Sheet(title="工作阶段", rows=list(_stage_rows(year))))
    if year.plan:
        sheets.append(Sheet(title="年度计划", rows=list(_plan_rows(year))))
    return sheets


def _about(region: str, period: str) -> list[list[Cell]]:
    return [["区划", region, regions().region(region).name], ["期间", period], []]


def _heads_rows(year: YearView) -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        ["组织部门", "班级数", *_heads_title(year.heads)],
        ["全部", None, *_heads_cells(year.heads)],
    ]
    rows += [[row.name, row.classes, *_heads_cells(row.heads)] for row in year.organisers]
    return rows


def _heads_title(heads: Iterable[HeadsView]) -> list[Cell]:
    return [text for each in heads for text in (f"{each.name}人次", f"{each.name}人数")]


def _heads_cells(heads: Iterable[HeadsView]) -> list[Cell]:
    return [number for each in heads for number in (each.person_times, each.persons)]


def _allotment_rows(year: YearView) -> Iterable[list[Cell]]:
    for allotment in year.allotments:
        yield [allotment.title, allotment.document, allotment.rule, allotment.clause, *allotment.basis]
        yield ["单位", "任务（人次）", "完成（人次）", "完成比例（%）", "是否完成"]
        for row in allotment.rows:
            yield [row.name, row.person_times, row.done, row.percent, _MET[row.met]]
        yield ["合计", allotment.person_times, sum(row.done for row in allotment.rows)]


def _stage_rows(year: YearView) -> Iterable[list[Cell]]:
    yield ["阶段", "起始日", "截止日", "计划", "完成", "完成比例（%）", "已过天数比例（%）", "剩余天数", "规则", "条款"]
    for each in year.stages:
        yield [
            each.name,
            each.first.isoformat(),
            each.last.isoformat(),
            each.planned,
            each.done,
            each.percent,
            each.days_gone_percent,
            each.days_left,
            each.rule,
            each.clause,
        ]


def _plan_rows(year: YearView) -> Iterable[list[Cell]]:
    yield ["类型", "计划人数", "开班人次", "结业人次", "考核人次", "取证人次", "到账人次", "到账金额（元）"]
    for row in year.plan:
        counts = Counts(**row.counts.model_dump())
        yield [
            row.name,
            row.persons,
            counts.opened_persons,
            counts.trained_persons,
            counts.assessed_persons,
            counts.certified_persons,
            counts.paid_persons,
            _yuan(counts.paid_fen),
        ]


def quality_sheets(quality: QualityView) -> list[Sheet]:
    """Give the indicators: of the region and those below it, and of every institution."""
    head: list[Cell] = [each.name for each in quality.indicators]
    told = _about(quality.region, f"{quality.first} 至 {quality.last}")
    told.append(["区划", "区划代码", *_parts(head)])
    told.append([regions().region(quality.region).name, quality.region, *_indicator_cells(quality.indicators)])
    told += [[row.name, row.region, *_indicator_cells(row.indicators)] for row in quality.regions]
    providers: list[list[Cell]] = [["机构", "区划代码", *_parts(head)]]
    providers += [[row.institution, row.region, *_indicator_cells(row.indicators)] for row in quality.providers]
    meanings: list[list[Cell]] = [["指标", "口径"]]
    meanings += [[each.name, each.definition] for each in quality.indicators]
    return [
        Sheet(title="质量评价指标", rows=told),
        Sheet(title="按机构", rows=providers),
        Sheet(title="口径", rows=meanings),
    ]


def _parts(names: Iterable[Cell]) -> list[Cell]:
    return [f"{name}{part}" for name in names for part in ("（人次）", "（总人次）", "（%）")]


def _indicator_cells(indicators: Iterable[IndicatorView]) -> list[Cell]:
    return [cell for each in indicators for cell in (each.share.part, each.share.whole, each.share.percent)]


def fund_sheets(fund: FundView) -> list[Sheet]:
    """Give the use of the money, a sheet for every kind of head."""
    return [Sheet(title=f"按{_HEADS[table.by]}", rows=_fund_rows(fund, table)) for table in fund.tables]


def _fund_rows(fund: FundView, table: FundTableView) -> list[list[Cell]]:
    rows = _about(fund.region, f"{fund.first} 至 {fund.last}")
    rows.append([_HEADS[table.by], "金额（元）", "人次", "人数"])
    rows += [[row.head or "追回资金", _yuan(row.amount_fen), row.person_times, row.persons] for row in table.rows]
    rows.append(["合计", _yuan(table.amount_fen)])
    return rows


def board_sheets(board: BoardView) -> list[Sheet]:
    """Give who has filed what, and who has not."""
    rows: list[list[Cell]] = [["报送事项", "任务", "单位", "期限", "状态", "最近报送日期", "规则", "条款"]]
    rows += [
        [
            each.name,
            each.task,
            each.unit_name,
            each.due.isoformat() if each.due else None,
            _STATES[each.state],
            each.last.filed_on.isoformat() if each.last else None,
            each.rule,
            each.clause,
        ]
        for each in board.items
    ]
    return [Sheet(title="报送情况", rows=rows)]


def shares_sheets(shares: SharesView) -> list[Sheet]:
    """Give the shares of a period."""
    rows: list[list[Cell]] = [
        *_about(shares.region, f"{shares.first} 至 {shares.last}"),
        ["人员类别", "人次", "总人次", "占比（%）", "上年同期（%）", "变化（百分点）"],
    ]
    rows += [
        [
            each.name,
            each.share.part if each.share else None,
            each.share.whole if each.share else None,
            each.share.percent if each.share else None,
            each.year_before.percent if each.year_before else None,
            each.change_points,
        ]
        for each in shares.groups
    ]
    employment = shares.transfer_employment.total
    rows.append(["转移就业", employment.part, employment.whole, employment.percent])
    if shares.cluster:
        rows.append(["产业集聚区", shares.cluster.part, shares.cluster.whole, shares.cluster.percent])
    villages: list[list[Cell]] = [["村代码", "班级数", "人次", "整村推进人次", "新型职业农民人次"]]
    villages += [
        [each.village, each.classes, each.person_times, each.campaign_person_times, each.new_farmer_person_times]
        for each in shares.villages
    ]
    return [Sheet(title="占比", rows=rows), _use_sheet(shares), Sheet(title="按村", rows=villages)]


def _use_sheet(shares: SharesView) -> Sheet:
    """Give what each group had, persons and person-times apart."""
    counted = ("培训", "免费", "培训补贴已到账", "生活费补贴已到账", "生活费补贴未到账")
    rows: list[list[Cell]] = [["人员类别", *(f"{name}{unit}" for name in counted for unit in ("人数", "人次"))]]
    for each in shares.groups:
        use = each.use
        heads = (use.trained, use.free, use.subsidised, use.allowance, use.without_allowance) if use else ()
        told = [cell for one in heads for cell in ((one.persons, one.person_times) if one else (None, None))]
        rows.append([each.name, *told])
    return Sheet(title="人数与人次", rows=rows)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100
