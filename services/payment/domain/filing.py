"""What has to be filed, by whom and until when: pure.

Disclosures, plans and measures (HL-REP-06, -07, -11), plans and evaluations of cities (HB-REP-05, -06), what a leading
group signs (QJ-REP-03), what units plan and report on (LS-REP-02, LS-REP-04, LS-REP-06).
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.domain.errors import Refused
from shared.domain.jurisdiction import RegionTable
from shared.policy.rulebook import Rulebook
from shared.policy.terms.reporting import Filing, TaskRow

FilingState = Literal["open", "due", "overdue", "missing", "filed", "filed_late"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filer:
    """Who files: a region by its code or a department by its own, with the task row it reports on, if any."""

    unit: str
    name: str
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What was filed: `contents` say where each part is found, `content` is what was counted and sealed with it."""

    filing_id: str
    region: str
    code: str
    unit: str
    task: str
    filed_on: date
    filed_by: str
    contents: Mapping[str, str]
    assignment: str | None = None
    content: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingStand:
    """How one filer stands to one filing: `due` is the last day in time, `last` the newest filing."""

    filing: Filing
    filer: Filer
    state: FilingState
    due: date | None
    last: Filed | None


def filers(filing: Filing, book: Rulebook, regions: RegionTable) -> tuple[Filer, ...]:
    """Give everybody who has to file."""
    match filing.units:
        case "region":
            return (Filer(unit=book.region, name=regions.region(book.region).name),)
        case "regions_below":
            below = sorted(region.code for region in regions.regions.values() if region.parent == book.region)
            return tuple(Filer(unit=code, name=regions.region(code).name) for code in below)
        case "departments":
            return tuple(Filer(unit=code, name=name) for code, name in _departments(book).items())
        case "task_units":
            names = _departments(book)
            return tuple(
                Filer(unit=unit, name=names.get(unit, unit), task=row.code)
                for row in book.payment.reporting.task_rows
                for unit in row.units
            )


def _departments(book: Rulebook) -> dict[str, str]:
    organisers = book.payment.reporting.organisers
    return {item.code: item.name for item in organisers.departments} if organisers else {}


def board(book: Rulebook, filed: Sequence[Filed], regions: RegionTable, today: date) -> Iterator[FilingStand]:
    """Say of every filing and filer how it stands: who has not filed is listed, never left out."""
    for filing in book.payment.reporting.filings:
        for filer in filers(filing, book, regions):
            own = [each for each in filed if (each.code, each.unit, each.task) == (filing.code, filer.unit, filer.task)]
            yield _stand(filing, filer, sorted(own, key=lambda each: each.filed_on), book.valid_from, today)


def _stand(filing: Filing, filer: Filer, own: Sequence[Filed], begin: date, today: date) -> FilingStand:
    due: date | None = filing.due
    state: FilingState
    if filing.every_months is not None:
        due = interval_after(own[-1].filed_on if own else begin, filing.every_months)
        state = _awaited(due, today)
    elif due is not None:
        state = ("filed" if own[0].filed_on <= due else "filed_late") if own else _awaited(due, today)
    else:
        done = any(not filing.yearly or each.filed_on.year == today.year for each in own)
        state = "filed" if done else "missing"
    return FilingStand(filing=filing, filer=filer, state=state, due=due, last=own[-1] if own else None)


def _awaited(due: date, today: date) -> FilingState:
    if today > due:
        return "overdue"
    return "due" if today == due else "open"


def interval_after(day: date, months: int) -> date:
    """Give the day so many months later; of a last day of its month, a last day again.

    Other than `shared.domain.months`: an interval from the end of February ends at the end of May.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return date(year, month + 1, length if is_last else min(day.day, length))


def filing_of(book: Rulebook, code: str) -> Filing:
    """Give what the document says of a filing, or raise Refused FILING_UNKNOWN."""
    known = book.payment.reporting.filings
    found = next((filing for filing in known if filing.code == code), None)
    if found is None:
        raise Refused(
            code="FILING_UNKNOWN",
            message="本地政策文件没有规定该项报送。",
            advice=f"可报送：{'、'.join(f'{each.code}（{each.name}）' for each in known) or '无'}。",
            field="code",
            value=code,
        )
    return found


def require_filer(
    filing: Filing, book: Rulebook, regions: RegionTable, *, unit: str, task: str, assignment: str | None
) -> None:
    """Take a filing only from who has to file it; of a task row also from another unit, by a recorded assignment.

    Raise Refused UNIT_UNKNOWN, TASK_UNKNOWN, or NOT_RESPONSIBLE in the name of the row (HL-REP-09, LS-REP-06).
    """
    if filing.units != "task_units":
        if any(filer.unit == unit for filer in filers(filing, book, regions)):
            return
        raise _refused(filing, "UNIT_UNKNOWN", "该单位不是本项报送的填报单位。", "请核对填报单位的代码。", "unit")
    row = next((each for each in book.payment.reporting.task_rows if each.code == task), None)
    if row is None:
        raise _refused(filing, "TASK_UNKNOWN", "任务清单中没有该项任务。", "请核对任务代码。", "task")
    if unit not in row.units and assignment is None:
        raise _refused(
            row,
            "NOT_RESPONSIBLE",
            f"该单位不是“{row.name}”的责任单位。",
            "确由其办理的，请填写交办文件的文号。",
            "unit",
        )


def require_contents(filing: Filing, contents: Mapping[str, str]) -> None:
    """Take a filing only whole: raise Refused FILING_INCOMPLETE naming what is missing, ATTACHMENT_UNKNOWN for more."""
    missing = [item.name for item in filing.contents if not contents.get(item.code, "").strip()]
    if missing:
        raise _refused(
            filing, "FILING_INCOMPLETE", f"报送材料不齐，缺少：{'、'.join(missing)}。", "请补齐后重新报送。", "contents"
        )
    if set(contents) - {item.code for item in filing.contents}:
        known = "、".join(item.code for item in filing.contents)
        raise _refused(
            filing, "ATTACHMENT_UNKNOWN", "有不属于本项报送的材料。", f"只接受：{known or '无'}。", "contents"
        )


def _refused(term: Filing | TaskRow, code: str, message: str, advice: str, field: str) -> Refused:
    return Refused(
        code=code,
        message=message,
        advice=advice,
        field=field,
        rule=term.rule,
        clause=term.clause,
        document=term.document,
    )


def newest(filed: Iterable[Filed], code: str, unit: str) -> Filed | None:
    """Give the last filing of a unit."""
    own = [each for each in filed if (each.code, each.unit) == (code, unit)]
    return max(own, key=lambda each: each.filed_on, default=None)
