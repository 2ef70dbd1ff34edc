"""A signed monthly report as a table (JY-INT-02): rows, signature, delivery and hash in one CSV."""

import csv
import io
import json

from services.payment.domain.monthly_report import MonthlyReport
from shared.domain.errors import NotFound
from shared.domain.money import yuan_text

_FEN = "fen"


def report_table(report: MonthlyReport) -> str:
    """Give the newest signed copy as CSV with a byte order mark, every field quoted; amounts are in yuan.

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
            "项目",
            "类型",
            "机构类别",
            *(f"本月{name}" for _, name, _ in measures),
            *(f"累计{name}" for _, name, _ in measures),
        ]
    ]
    for row in [*content["rows"], {**content["totals"], "project_name": "合计"}]:
        numbers = [
            yuan_text(row[span][code]) if unit == _FEN else str(row[span][code])
            for span in ("month", "cumulative")
            for code, _, unit in measures
        ]
        lines.append([row["project_name"], row.get("type_name", ""), row.get("provider_kind_name", ""), *numbers])
    stamp = copy.dispatch
    lines += [
        ["签发件", str(copy.number), copy.signed_by, copy.signed_at.isoformat(), copy.reason or ""],
        ["报送", stamp.recipient, stamp.at.isoformat(), stamp.proof] if stamp else ["报送", "尚未报送"],
        ["SHA-256", copy.sha256],
    ]
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [_harmless(text) for text in line] for line in lines
    )
    return "\ufeff" + written.getvalue()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from running what somebody typed."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
