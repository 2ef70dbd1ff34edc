"""Months that people of a class worked (以工代训): stated by one person, confirmed by another, corrected by opposites.

Only what was confirmed and not reversed is paid. Nothing that was stated is ever edited.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from services.payment.domain.facts import WorkMonth
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Conflict, DomainError, Forbidden, Refused


class MonthState(StrEnum):
    """Waiting for the second person, counted, decided against, or taken back by an opposite entry."""

    STATED = "stated"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMonth:
    """A month as somebody states it, by its first day; `source` names the record that shows it (a payroll, a contract).

    `employer` is the id by which the person's employer is known, None for the one that the roster names.
    """

    person_id: str
    month: date
    full: bool
    source: str
    employer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEntry:
    """A stated month with what became of it; `reverses` makes it the opposite entry of an earlier one."""

    given: GivenMonth
    stated_by: str
    stated_on: date
    number: int = 0
    reverses: int | None = None
    state: MonthState = MonthState.STATED
    decided_by: str | None = None
    decided_on: date | None = None
    reason: str | None = None

    @property
    def key(self) -> tuple[str, date]:
        """Give whose month it is, and which."""
        return self.given.person_id, self.given.month

    @property
    def stands(self) -> bool:
        """Say whether the month is stated or confirmed, so that nobody states it again."""
        return self.reverses is None and self.state in (MonthState.STATED, MonthState.CONFIRMED)

    @property
    def counts(self) -> bool:
        """Say whether a benefit may read it."""
        return self.reverses is None and self.state is MonthState.CONFIRMED

    def fact(self) -> WorkMonth:
        """Give what a benefit reads of it; what a month is worth stands in the rates."""
        given = self.given
        return WorkMonth(person_id=given.person_id, month=given.month, full=given.full, employer=given.employer)


def standing_months(entries: Iterable[MonthEntry]) -> Mapping[tuple[str, date], MonthEntry]:
    """Give the months that nobody may state again, by person and month."""
    return {entry.key: entry for entry in entries if entry.stands}


def unstated(given: Sequence[GivenMonth], entries: Iterable[MonthEntry]) -> tuple[GivenMonth, ...]:
    """Give the months that are new; the same statement again is no statement."""
    known = standing_months(entries)
    return tuple(each for each in given if (each.person_id, each.month) not in known)


def month_objections(
    given: Sequence[GivenMonth],
    entries: Iterable[MonthEntry],
    opened: ClassOpened,
    *,
    persons: frozenset[str],
    today: date,
) -> Iterator[Refused]:
    """Give every reason against a statement: `persons` are those of whom the caller may speak."""
    known = standing_months(entries)
    for each in given:
        if each.person_id not in persons:
            yield _refused("PERSON_NOT_IN_CLASS", "所列人员不在该班级的花名册中。", "请核对学员编号。")
        if (each.month + timedelta(days=31)).replace(day=1) > today:
            yield _refused("MONTH_NOT_OVER", "所列月份尚未结束，不能登记。", "请在该月结束后登记。")
        if each.month < opened.opening_date.replace(day=1):
            yield _refused("MONTH_BEFORE_OPENING", "所列月份早于开班月份。", "请登记开班当月及以后的月份。")
        other = known.get((each.person_id, each.month))
        if other is not None and other.given != each:
            yield Conflict(
                code="MONTH_STANDS",
                message=f"该人员 {each.month:%Y-%m} 已登记（第 {other.number} 号），内容不同。",
                advice="登记有误的，请由他人不予确认；已确认的，请提出冲销后重新登记。",
                field="months",
            )
    if len({(each.person_id, each.month) for each in given}) < len(given):
        yield _refused("MONTH_TWICE", "同一人员的同一月份在本次登记中出现多次。", "请每人每月只登记一次。")


def decided_month(
    entry: MonthEntry, *, confirmed: bool, reason: str, by: str, on: date, paid_elsewhere: bool
) -> MonthEntry:
    """Give the entry as the second person decided it.

    Raise Conflict MONTH_DECIDED for one decided before, MONTH_TAKEN when a full month of the person is confirmed for
    another class, Forbidden SAME_REVIEWER for who stated it.
    """
    if entry.state is not MonthState.STATED:
        raise _conflict("MONTH_DECIDED", f"第 {entry.number} 号登记已经作出决定。", "请查询该班级的就业月份登记。")
    if entry.stated_by == by:
        raise Forbidden(
            code="SAME_REVIEWER",
            message="就业月份须由登记人以外的人员确认。",
            advice="请由另一名工作人员作出决定。",
        )
    if confirmed and paid_elsewhere:
        message = f"第 {entry.number} 号登记的人员该月已在其他班级确认为足月就业，不能重复确认。"
        raise _conflict("MONTH_TAKEN", message, "请核对两处登记；有误的，先冲销再确认。")
    state = MonthState.CONFIRMED if confirmed else MonthState.REFUSED
    return replace(entry, state=state, decided_by=by, decided_on=on, reason=reason)


def opposite(entry: MonthEntry, entries: Iterable[MonthEntry], *, reason: str, by: str, on: date) -> MonthEntry:
    """Give the opposite entry of a confirmed month, which another person has to confirm.

    Raise Conflict MONTH_NOT_CONFIRMED, or REVERSAL_WAITS while one waits already.
    """
    if not entry.counts:
        advice = "未确认的登记请不予确认；已冲销的无须再办。"
        raise _conflict("MONTH_NOT_CONFIRMED", f"第 {entry.number} 号登记不是已确认的就业月份。", advice)
    if any(other.reverses == entry.number and other.state is MonthState.STATED for other in entries):
        raise _conflict("REVERSAL_WAITS", f"第 {entry.number} 号登记已提出冲销。", "请由他人对该冲销作出决定。")
    given = replace(entry.given, source=reason)
    return MonthEntry(given=given, stated_by=by, stated_on=on, reverses=entry.number)


def _refused(code: str, message: str, advice: str) -> Refused:
    return Refused(code=code, message=message, advice=advice, field="months")


def _conflict(code: str, message: str, advice: str) -> DomainError:
    return Conflict(code=code, message=message, advice=advice, field="numbers")
