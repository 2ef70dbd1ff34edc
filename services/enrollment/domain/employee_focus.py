"""Focus groups (重点对象) of employees: whom the document puts first, and at which level (JY-ENR-13)."""

from collections.abc import Iterator, Sequence
from typing import Final

from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.terms.participation import EmployeeFocus, Focus
from shared.policy.terms.term import Term

_FIELD: Final = "employee_focus"


def judge_focus(stated: Sequence[str], *, group: str, level: str | None, terms: EmployeeFocus | None) -> list[Finding]:
    """Stop a focus that is none, or of somebody who is no employee; ask and warn as the document says of each."""
    if not stated:
        return []
    known = {focus.code: focus for focus in terms.focuses} if terms else {}
    basis: Term = terms or CONSISTENCY
    if terms is not None and group not in terms.groups:
        message = "职工重点对象只适用于企业职工。"
        return [_finding(basis, "FOCUS_NOT_EMPLOYEE", Severity.STOP, message, "请删除重点对象，或改正人员类别。")]
    found: list[Finding] = []
    for code in dict.fromkeys(stated):
        if code in known:
            found += _judge_one(known[code], level, basis)
            continue
        advice = f"请从下列代码中选择：{'、'.join(known) or '无'}。"
        found.append(_finding(basis, "FOCUS_UNKNOWN", Severity.STOP, "职工重点对象不在规定的清单之内。", advice))
    return found


def _judge_one(focus: Focus, level: str | None, basis: Term) -> Iterator[Finding]:
    if focus.human_decision:
        message = f"“{focus.name}”只包括符合条件的人员，文件没有写明条件。"
        advice = "请当前审核环节的办理人员核实该职工是否符合条件，并记录决定。"
        yield _finding(basis, "FOCUS_DECISION", Severity.ASK, message, advice, focus.code)
    if focus.levels and level not in focus.levels:
        message = f"“{focus.name}”重点开展等级为 {'、'.join(focus.levels)} 的培训，本班等级为 {level or '无'}。"
        advice = "不影响受理；请核对重点对象或培训等级。"
        yield _finding(basis, "FOCUS_LEVEL", Severity.WARN, message, advice, focus.code)


def _finding(
    basis: Term, code: str, severity: Severity, message: str, advice: str, value: str | None = None
) -> Finding:
    return basis.finding(code=code, severity=severity, message=message, advice=advice, field=_FIELD, value=value)
