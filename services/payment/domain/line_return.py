"""One trainee's line given back to the claimant while the rest of the claim goes on.

A returned line leaves the sum, never base or recognised heads, until the claimant hands it in again or gives it up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.payment.domain.duty import Duty
from shared.domain.errors import Conflict, Refused
from shared.policy.terms.payment import ReturnReasons
from shared.policy.terms.term import quote


class LineAnswer(StrEnum):
    """What the claimant made of a returned line: handed in again, or given up for good."""

    RESUBMITTED = "resubmitted"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReturn:
    """One return of one line, for a standard reason; `answer` is None while it waits for the claimant."""

    number: int
    line_no: int
    round: int
    reason_code: str
    note: str
    returned_by: str
    duty: Duty
    returned_on: date
    answer: LineAnswer | None = None
    statement: str | None = None
    answered_by: str | None = None
    answered_on: date | None = None


def waiting_lines(returns: Iterable[LineReturn]) -> frozenset[int]:
    """Give the lines that wait for the claimant."""
    return frozenset(each.line_no for each in returns if each.answer is None)


def given_up_lines(returns: Iterable[LineReturn]) -> frozenset[int]:
    """Give the lines that the claimant gave up."""
    return frozenset(each.line_no for each in returns if each.answer is LineAnswer.GIVEN_UP)


def require_standard_reason(term: ReturnReasons | None, code: str) -> None:
    """Raise Refused REASON_UNKNOWN unless the rulebook lists the reason."""
    if term is not None and any(reason.code == code for reason in term.reasons):
        return
    listed = "、".join(f"{reason.code}（{reason.name}）" for reason in term.reasons) if term else ""
    raise Refused(
        code="REASON_UNKNOWN",
        message="退回原因不在规则册所列的标准原因之内。",
        advice=f"请选择：{listed}。" if listed else "请由政策管理员在规则册中补充标准退回原因。",
        field="reason_code",
        value=code,
        **quote(term),
    )


def answered(
    returns: Iterable[LineReturn], line_no: int, *, answer: LineAnswer, statement: str, by: str, on: date
) -> tuple[LineReturn, ...]:
    """Give the returns with the waiting one of a line answered; raise Conflict LINE_NOT_RETURNED when none waits."""
    known = tuple(returns)
    if line_no not in waiting_lines(known):
        raise Conflict(
            code="LINE_NOT_RETURNED",
            message="该条目没有待答复的退回记录。",
            advice="请查询申领，核对已退回的条目。",
            field="line_no",
            value=str(line_no),
        )
    return tuple(
        replace(each, answer=answer, statement=statement, answered_by=by, answered_on=on)
        if each.line_no == line_no and each.answer is None
        else each
        for each in known
    )
