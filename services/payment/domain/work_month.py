"""Months that people of a class worked (以工代训), as they are stated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.payment.domain.facts import WorkMonth
from services.payment.domain.statement import Given, Statement, standing_by_key
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Conflict, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMonth(Given):
    """A month as somebody states it, by its first day; `source` names a payroll, a contract.

    `employer` is the id by which the person's employer is known, None for the one that the roster names.
    """

    month: date
    full: bool
    employer: str | None = None

    @property
    def key(self) -> tuple[str, date]:
        """Give whose month it is, and which."""
        return self.person_id, self.month

    def fact(self) -> WorkMonth:
        """Give what a benefit reads of it; what a month is worth stands in the rates."""
        return WorkMonth(person_id=self.person_id, month=self.month, full=self.full, employer=self.employer)


MonthEntry = Statement[GivenMonth]


def month_objections(
    given: Sequence[GivenMonth],
    entries: Iterable[MonthEntry],
    opened: ClassOpened,
    *,
    persons: frozenset[str],
    today: date,
) -> Iterator[Refused]:
    """Give every reason against a statement: `persons` are those of whom the caller may speak."""
    known = standing_by_key(entries)
    for each in given:
        if each.person_id not in persons:
            yield _refused("PERSON_NOT_IN_CLASS", "所列人员不在该班级的花名册中。", "请核对学员编号。")
        if (each.month + timedelta(days=31)).replace(day=1) > today:
            yield _refused("MONTH_NOT_OVER", "所列月份尚未结束，不能登记。", "请在该月结束后登记。")
        if each.month < opened.opening_date.replace(day=1):
            yield _refused("MONTH_BEFORE_OPENING", "所列月份早于开班月份。", "请登记开班当月及以后的月份。")
        other = known.get(each.key)
        if other is not None and other.given != each:
            yield Conflict(
                code="MONTH_STANDS",
                message=f"该人员 {each.month:%Y-%m} 已登记（第 {other.number} 号），内容不同。",
                advice="登记有误的，请由他人不予确认；已确认的，请提出冲销后重新登记。",
                field="months",
            )
    if len({each.key for each in given}) < len(given):
        yield _refused("MONTH_TWICE", "同一人员的同一月份在本次登记中出现多次。", "请每人每月只登记一次。")


def require_untaken(entry: MonthEntry, taken: frozenset[tuple[str, date]]) -> None:
    """Raise Conflict MONTH_TAKEN when a full month of the person is confirmed for another class."""
    if entry.reverses is None and entry.given.full and entry.given.key in taken:
        raise Conflict(
            code="MONTH_TAKEN",
            message=f"第 {entry.number} 号登记的人员该月已在其他班级确认为足月就业，不能重复确认。",
            advice="请核对两处登记；有误的，先冲销再确认。",
            field="numbers",
        )


def _refused(code: str, message: str, advice: str) -> Refused:
    return Refused(code=code, message=message, advice=advice, field="months")
