"""A signed monthly report as a table (JY-INT-02): what it is, rows, signature, delivery and hash, as CSV or xlsx."""

import csv
import io
import json
from datetime import datetime

from services.payment.domain.monthly_report import MonthlyReport
from shared.clock import SHANGHAI
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import regions
from shared.domain.money import yuan_text

_FEN = "fen"


def report_table(report: MonthlyReport) -> str:
    """Give the newest signed copy as CSV with a byte order mark, every field quoted; see `report_rows`."""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [_harmless(text) for text in line] for line in report_rows(report)
    )
    return "\ufeff" + written.getvalue()


def report_rows(report: MonthlyReport) -> list[list[str]]:
    """Give the rows of the newest signed copy, as they go into CSV or a workbook; amounts in yuan, Beijing time.

    Raise NotFound NOT_SIGNED for a month that nobody signed: a draft is not for delivery.
    """
    if not report.copies:
        raise NotFound(
            code="NOT_SIGNED",
            message=f"{report.month} 的月报尚未签发。",
            advice="请先由审批人员签发，再导出表格。",
        )
    copy = report.copies[-1]
    content = json.loads(copy.content)
    measures = [(each["code"], each["name"], each["unit"]) for each in content["definitions"]]
    lines = [
        [
            "月报月份",
            content["month"],
            "自",
            content["covers"]["month"]["from"],
            "至",
            content["covers"]["month"]["to"],
        ],
        ["区划", content["region"], regions().region(content["region"]).name],
        ["依据", content["document"], content["clause"], content["rule"]],
        ["金额单位", "元", "时间", "北京时间"],
        [
            "项目",
            "类型",
            "机构类别",
            "机构",
            *(f"本月{name}" for _, name, _ in measures),
            *(f"累计{name}" for _, name, _ in measures),
        ],
    ]
    for row in [*content["rows"], {**content["totals"], "project_name": "合计"}]:
        numbers = [
            yuan_text(row[span][code]) if unit == _FEN else str(row[span][code])
            for span in ("month", "cumulative")
            for code, _, unit in measures
        ]
        about = (row.get(name, "") for name in ("project_name", "type_name", "provider_kind_name", "provider_name"))
        lines.append([*about, *numbers])
    stamp = copy.dispatch
    lines += [
        ["签发件", str(copy.number), copy.signed_by, _beijing(copy.signed_at), copy.reason or ""],
        ["报送", stamp.recipient, _beijing(stamp.at), stamp.proof] if stamp else ["报送", "尚未报送"],
        *(["会签", name, letter] for name, letter in content.get("sign_offs", {}).items()),
        ["SHA-256", copy.sha256],
    ]
    return lines


def _beijing(instant: datetime) -> str:
    """Write an instant as the clock on the bureau's wall shows it, by which the 6th ends (JY-REP-06)."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _harmless(text: str) -> str:
    """Keep a spreadsheet from running what somebody typed."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
