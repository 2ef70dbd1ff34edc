"""Classes that need, or must not have, an entry of a register: published lists, consents, measures, ratings, plans.

HB-INS-01, HB-INS-03, HB-ENR-05, HB-ENR-14, QJ-INS-01 to QJ-INS-03, QJ-ENR-01 and QJ-ENR-03 are tables of rulebooks;
here is only how a table is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from services.enrollment.domain.register import Values
from shared.policy.decision import Finding, Severity
from shared.policy.terms.enrollment import EnrollmentTerms, EntryMatch, RegisterCondition


class StatedClass(Protocol):
    """What a condition reads of an application."""

    @property
    def training_type(self) -> str:
        """The training type applied for."""

    @property
    def occupation(self) -> str:
        """The occupation's code."""

    @property
    def level(self) -> str | None:
        """The level, None where the class has none."""

    @property
    def opening_date(self) -> date:
        """The legal day on which the class opens."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the application says besides."""


def binding(plan: StatedClass, *, institution_kind: str, terms: EnrollmentTerms) -> Iterator[RegisterCondition]:
    """Give the conditions that bind the class."""
    for condition in terms.register_conditions:
        stated = plan.attributes.get(condition.attribute) if condition.attribute else None
        if (
            (not condition.training_types or plan.training_type in condition.training_types)
            and plan.training_type not in condition.except_types
            and (not condition.institution_kinds or institution_kind in condition.institution_kinds)
            and (condition.attribute is None or bool(stated))
            and (not condition.values or stated in condition.values)
        ):
            yield condition


def wanted(condition: RegisterCondition, plan: StatedClass) -> dict[str, str]:
    """Give what the fields of a fitting entry say; a fact that the class does not have is the empty text."""
    return {match.field: _said(match, plan) for match in condition.match}


def _said(match: EntryMatch, plan: StatedClass) -> str:
    if match.attribute is not None:
        return plan.attributes.get(match.attribute, "")
    facts = {"occupation": plan.occupation, "level": plan.level or "", "training_type": plan.training_type}
    return facts[match.fact] if match.fact else ""


def judge_conditions(
    plan: StatedClass, *, institution_kind: str, entries: Mapping[str, Sequence[Values]], terms: EnrollmentTerms
) -> list[Finding]:
    """Judge the class by the entries that fit it, the opening day aside, by the code of the condition."""
    found: list[Finding] = []
    for condition in binding(plan, institution_kind=institution_kind, terms=terms):
        found += _judge(condition, entries.get(condition.code, ()), plan.opening_date, terms)
    return found


def _judge(
    condition: RegisterCondition, entries: Sequence[Values], day: date, terms: EnrollmentTerms
) -> Iterator[Finding]:
    holding = [one for one in entries if _holds(condition, one, day)]
    if condition.forbidden:
        if holding:
            yield _objection(condition, condition.code, condition.severity, condition.message, day)
    elif holding:
        yield from _shown(condition, holding, terms)
    elif condition.early and (later := _first_day(condition, entries, after=day)):
        message = f"{condition.message}；相关记录自 {later.isoformat()} 起生效，晚于开班日期 {day.isoformat()}。"
        yield _objection(condition, condition.early, Severity.ASK, message, day)
    elif condition.early and condition.expected_by and day <= condition.expected_by:
        message = f"{condition.message}；规定的公布期限为 {condition.expected_by.isoformat()}，开班时可能尚未公布。"
        yield _objection(condition, condition.early, Severity.ASK, message, day)
    else:
        yield _objection(condition, condition.code, condition.severity, f"{condition.message}。", day)


def _holds(condition: RegisterCondition, values: Values, day: date) -> bool:
    first, last = _day(values, condition.first), _day(values, condition.last)
    return (first is None or first <= day) and (last is None or day <= last)


def _first_day(condition: RegisterCondition, entries: Iterable[Values], *, after: date) -> date | None:
    days = (_day(values, condition.first) for values in entries)
    return min((day for day in days if day is not None and day > after), default=None)


def _day(values: Values, field: str | None) -> date | None:
    value = values.get(field) if field else None
    return date.fromisoformat(value) if isinstance(value, str) else None


def _shown(condition: RegisterCondition, holding: Sequence[Values], terms: EnrollmentTerms) -> Iterator[Finding]:
    """Tell reviewers what the newest entry says, where the condition wants it told; of a truth only that it holds."""
    if condition.shown is None or condition.shown_code is None:
        return
    newest = max(holding, key=lambda values: _day(values, condition.first) or date.min)
    told = newest.get(condition.shown)
    if told is None or told is False:
        return
    value = "是" if told is True else str(told)
    register = terms.register(condition.register)
    field = register.field(condition.shown) if register else None
    name = next((item.name for item in field.choices if item.code == value), value) if field else value
    yield condition.finding(
        code=condition.shown_code,
        severity=Severity.WARN,
        message=f"{field.name if field else condition.shown}：{name}。",
        advice="供审核人员参考，不作为自动通过或不予通过的依据。",
        value=value,
    )


def _objection(condition: RegisterCondition, code: str, severity: Severity, message: str, day: date) -> Finding:
    return condition.finding(
        code=code,
        severity=severity,
        message=message if message.endswith("。") else f"{message}。",
        advice=condition.advice,
        field=f"attributes.{condition.attribute}" if condition.attribute else "opening_date",
        value=day.isoformat(),
    )
