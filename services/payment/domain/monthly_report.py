"""The monthly report (月报, JY-REP-06, JY-INT-02): drafted on the 1st, dispatched by the 6th, closed for good.

    drafted -> signed -> dispatched [-> signed -> dispatched, as a correction, ...]

A draft holds no number: it is counted from the facts whenever it is read. Signing seals a copy with its hash. What
changes afterwards is never written into the closed month: it is shown beside it, and a correction is a further copy.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final

from services.payment.domain.class_record import ClassRecord, Counts, Period, total
from services.payment.domain.progress_table import named, table
from shared.clock import legal_day
from shared.domain.errors import Conflict, Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.reporting import MonthlyReport as MonthlyReportTerm

_MONTH: Final = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])")
_ROW_KEY: Final = ("project", "type", "provider_kind", "provider")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read `2021-05`, or raise Refused MONTH_INVALID."""
        found = _MONTH.fullmatch(text)
        if found is None:
            raise Refused(
                code="MONTH_INVALID",
                message="月份的格式不对。",
                advice="请按 YYYY-MM 填写月份，例如 2021-05。",
                field="month",
            )
        return cls(year=int(found[1]), month=int(found[2]))

    @classmethod
    def of(cls, day: date) -> "Month":
        """Give the month of a day."""
        return cls(year=day.year, month=day.month)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def next(self) -> "Month":
        """Give the month after it."""
        return Month.of(self.period.last + timedelta(days=1))

    @property
    def period(self) -> Period:
        """Give its days."""
        first = date(self.year, self.month, 1)
        return Period(first=first, last=(first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    @property
    def year_so_far(self) -> Period:
        """Give the days from the beginning of its year."""
        return Period(first=date(self.year, 1, 1), last=self.period.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The stamp of a delivery: when, by whom, to whom, and the proof (a letter's or receipt's number)."""

    at: datetime
    by: str
    recipient: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCopy:
    """What was signed: `content` is the canonical text, `sha256` its hash; number 0 is the report itself.

    A higher number is a correction and says why it was made.
    """

    number: int
    content: str
    sha256: str
    signed_by: str
    signed_at: datetime
    reason: str | None = None
    dispatch: Dispatch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyReport:
    """One region's report of one month; `due` is the last day on which it is dispatched in time."""

    region: str
    month: Month
    rulebook_id: str
    drafted_on: date
    due: date
    copies: tuple[SealedCopy, ...] = ()

    @property
    def state(self) -> str:
        """Give `drafted`, `signed` or `dispatched`, of the newest copy."""
        if not self.copies:
            return "drafted"
        return "dispatched" if self.copies[-1].dispatch else "signed"

    def is_overdue(self, today: date) -> bool:
        """Say whether the report was dispatched after its last day, or that day has passed without."""
        first = self.copies[0].dispatch if self.copies else None
        return (legal_day(first.at) if first else today) > self.due


def last_day(month: Month, term: MonthlyReportTerm) -> date:
    """Give the last day for a month's report: a calendar day of the next month, whatever weekday it is."""
    return month.next.period.first.replace(day=term.day_of_month_max)


def content_of(
    report: MonthlyReport, records: Sequence[ClassRecord], rulebook: Rulebook, *, earlier: Sequence[MonthlyReport] = ()
) -> dict[str, Any]:
    """Count the report's month and its year so far, with the definition of every measure.

    `earlier` are the year's reports before it: what has changed in the closed ones since is told, because the year so
    far is counted anew and differs from the sum of what was sealed by just that.
    """
    term = term_of(rulebook)
    rows = table(records, report.month.period, report.month.year_so_far, rulebook)
    return {
        "earlier_months": [
            {"month": str(before.month), "changes": changed}
            for before in earlier
            if (changed := changes_since(before, records, rulebook))
        ],
        "region": report.region,
        "month": str(report.month),
        "document": term.document,
        "rule": term.rule,
        "clause": term.clause,
        "rulebook_id": report.rulebook_id,
        "covers": {
            "month": _days(report.month.period),
            "cumulative": _days(report.month.year_so_far),
        },
        "rows": [
            {**named(row, rulebook), "month": asdict(row.month), "cumulative": asdict(row.cumulative)} for row in rows
        ],
        "totals": {
            "month": asdict(total(row.month for row in rows)),
            "cumulative": asdict(total(row.cumulative for row in rows)),
        },
        "definitions": [
            {
                "code": measure.code,
                "name": measure.name,
                "unit": measure.unit,
                "definition": measure.definition,
                "rule": measure.rule,
                "clause": measure.clause,
            }
            for measure in term.measures
        ],
    }


def changes_since(report: MonthlyReport, records: Sequence[ClassRecord], rulebook: Rulebook) -> list[dict[str, Any]]:
    """Give what stands beside a closed month: measures that count differently now than in its newest copy."""
    if not report.copies:
        return []
    return changes(json.loads(report.copies[-1].content), content_of(report, records, rulebook))


def changes(sealed: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give which measures of the month count differently now than in the sealed copy, row by row."""
    return list(_changes(_rows(sealed), _rows(now)))


def _changes(
    before: Mapping[tuple[str, ...], Mapping[str, int]], after: Mapping[tuple[str, ...], Mapping[str, int]]
) -> Iterator[dict[str, Any]]:
    for key in sorted({*before, *after}):
        old, new = before.get(key, {}), after.get(key, {})
        for measure in (field.name for field in fields(Counts)):
            if old.get(measure, 0) != new.get(measure, 0):
                about = dict(zip(_ROW_KEY, key, strict=True))
                yield {**about, "measure": measure, "sealed": old.get(measure, 0), "now": new.get(measure, 0)}


def _rows(content: Mapping[str, Any]) -> dict[tuple[str, ...], Mapping[str, int]]:
    return {tuple(row[part] for part in _ROW_KEY): row["month"] for row in content["rows"]}


def sign(report: MonthlyReport, content: Mapping[str, Any], *, by: str, at: datetime, reason: str | None) -> SealedCopy:
    """Give the sealed copy that the signature makes: the report, or with a reason a correction of it.

    Raise Conflict MONTH_CLOSED for a signed month without a reason, NOT_DISPATCHED while the copy before has not left
    the house, Refused NOTHING_TO_CORRECT when the month counts as it was sealed, or was never signed.
    """
    if not report.copies and reason is not None:
        raise _nothing_to_correct("本月月报尚未签发，没有可更正的内容。")
    if report.copies:
        last = report.copies[-1]
        if reason is None:
            raise Conflict(
                code="MONTH_CLOSED",
                message=f"{report.month} 的月报已签发封存，不能重新签发。",
                advice="事后变化列于封存数字之旁；需要更正的，请写明更正原因后签发更正件。",
                field="reason",
            )
        if last.dispatch is None:
            raise Conflict(
                code="NOT_DISPATCHED",
                message="上一份签发件尚未报送，不能再签发更正件。",
                advice="请先登记上一份的报送时间和凭证。",
            )
        if not changes(json.loads(last.content), content):
            raise _nothing_to_correct("按现有记录统计，本月数字与封存件一致，没有可更正的内容。")
    text = canonical(content)
    return SealedCopy(
        number=len(report.copies),
        content=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        signed_by=by,
        signed_at=at,
        reason=reason,
    )


def dispatch(report: MonthlyReport, *, correction: bool) -> int:
    """Give the number of the copy that is dispatched; a second dispatch must be marked a correction (JY-INT-02).

    Raise Conflict SIGNATURE_MISSING without a signed copy that waits, ALREADY_DISPATCHED for a second dispatch that is
    not marked, Refused NOTHING_TO_CORRECT when the report itself is marked a correction.
    """
    waiting = report.copies[-1] if report.copies and report.copies[-1].dispatch is None else None
    if not correction and any(copy.dispatch for copy in report.copies):
        raise Conflict(
            code="ALREADY_DISPATCHED",
            message=f"{report.month} 的月报已经报送，不能重复报送。",
            advice="确需再次报送的，请先签发更正件，并在报送时注明为更正。",
            field="correction",
        )
    if waiting is None:
        raise Conflict(
            code="SIGNATURE_MISSING",
            message="没有已签发、待报送的月报。",
            advice="请先由审批人员签发，再登记报送。",
        )
    if correction and waiting.number == 0:
        raise _nothing_to_correct("本月月报是首次报送，不是更正。")
    return waiting.number


def consents(term: MonthlyReportTerm, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Give whose consent the document wants under the report (LS-REP-04), each with its letter, as it is sealed.

    Raise Refused SIGN_OFF_MISSING naming who has not consented, SIGN_OFF_UNKNOWN for whom nobody asked; a document that
    wants nobody's gets nothing added.
    """
    missing = [item.name for item in term.sign_offs if not given.get(item.code, "").strip()]
    unknown = set(given) - {item.code for item in term.sign_offs}
    if missing or unknown:
        names = "、".join(f"{item.code}（{item.name}）" for item in term.sign_offs)
        raise Refused(
            code="SIGN_OFF_MISSING" if missing else "SIGN_OFF_UNKNOWN",
            message=f"月报尚缺会签：{'、'.join(missing)}。" if missing else "所填会签单位不是本月报的会签单位。",
            advice=f"须会签：{names or '无'}；请填写会签文号。",
            field="sign_offs",
            rule=term.rule,
            clause=term.clause,
            document=term.document,
        )
    return {"sign_offs": {item.name: given[item.code] for item in term.sign_offs}} if term.sign_offs else {}


def term_of(rulebook: Rulebook) -> MonthlyReportTerm:
    """Give what the document says of the monthly report, or raise Refused FEATURE_OFF."""
    term = rulebook.payment.reporting.monthly_report
    if term is None:
        raise Refused(
            code="FEATURE_OFF",
            message="本地政策文件没有规定月报。",
            advice="请核对规则册；确有要求的，由政策管理员补充条款。",
        )
    return term


def canonical(content: Mapping[str, Any]) -> str:
    """Give the text that is hashed: JSON, keys sorted, no blanks."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _days(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _nothing_to_correct(message: str) -> Refused:
    return Refused(
        code="NOTHING_TO_CORRECT",
        message=message,
        advice="请核对月份；首次签发和报送不必注明更正。",
    )
