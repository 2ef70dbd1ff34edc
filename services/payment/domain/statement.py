"""What somebody states of a class's people: decided by a second person, corrected by opposites, never edited.

Only what was confirmed and not reversed is paid on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from shared.domain.errors import Conflict, DomainError, Forbidden, NotFound


class StatementState(StrEnum):
    """Waiting for the second person, counted, decided against, or taken back by an opposite entry."""

    STATED = "stated"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is stated of a person; `source` names the record that shows it."""

    person_id: str
    source: str

    @property
    def key(self) -> tuple[str, date]:
        """Give of whom it is, and when: what stands under one key is stated once."""
        raise NotImplementedError


G = TypeVar("G", bound=Given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Generic[G]):
    """A statement with what became of it; `reverses` makes it the opposite entry of an earlier one."""

    given: G
    stated_by: str
    stated_on: date
    number: int = 0
    reverses: int | None = None
    state: StatementState = StatementState.STATED
    decided_by: str | None = None
    decided_on: date | None = None
    reason: str | None = None

    @property
    def stands(self) -> bool:
        """Say whether it is stated or confirmed, so that nobody states it again."""
        return self.reverses is None and self.state in (StatementState.STATED, StatementState.CONFIRMED)

    @property
    def counts(self) -> bool:
        """Say whether a benefit may read it."""
        return self.reverses is None and self.state is StatementState.CONFIRMED


def standing_by_key(statements: Iterable[Statement[G]]) -> dict[tuple[str, date], Statement[G]]:
    """Give the statements that nobody may make again, by their keys."""
    return {statement.given.key: statement for statement in statements if statement.stands}


def unstated(given: Sequence[G], statements: Iterable[Statement[G]]) -> tuple[G, ...]:
    """Give what is new; the same statement again is no statement."""
    known = standing_by_key(statements)
    return tuple(each for each in given if each.key not in known)


def decided(statement: Statement[G], *, confirmed: bool, reason: str, by: str, on: date) -> Statement[G]:
    """Give the statement as the second person decided it.

    Raise Conflict STATEMENT_DECIDED for one decided before, Forbidden SAME_REVIEWER for who stated it.
    """
    if statement.state is not StatementState.STATED:
        raise _conflict("STATEMENT_DECIDED", f"第 {statement.number} 号登记已经作出决定。", "请查询该班级的登记。")
    if statement.stated_by == by:
        raise Forbidden(
            code="SAME_REVIEWER",
            message="登记须由登记人以外的人员确认。",
            advice="请由另一名工作人员作出决定。",
        )
    state = StatementState.CONFIRMED if confirmed else StatementState.REFUSED
    return replace(statement, state=state, decided_by=by, decided_on=on, reason=reason)


def opposite(
    statement: Statement[G], statements: Iterable[Statement[G]], *, reason: str, by: str, on: date
) -> Statement[G]:
    """Give the opposite entry of a confirmed statement, which another person has to confirm.

    Raise Conflict STATEMENT_NOT_CONFIRMED, or REVERSAL_WAITS while one waits already.
    """
    number = statement.number
    if not statement.counts:
        advice = "未确认的登记请不予确认；已冲销的无须再办。"
        raise _conflict("STATEMENT_NOT_CONFIRMED", f"第 {number} 号登记不是已确认的登记。", advice)
    if any(other.reverses == number and other.state is StatementState.STATED for other in statements):
        raise _conflict("REVERSAL_WAITS", f"第 {number} 号登记已提出冲销。", "请由他人对该冲销作出决定。")
    given = replace(statement.given, source=reason)
    return Statement(given=given, stated_by=by, stated_on=on, reverses=number)


def numbered(
    statements: Mapping[int, Statement[G]], numbers: Collection[int], persons: Collection[str] | None = None
) -> list[Statement[G]]:
    """Give the statements of these numbers, of these persons alone where they are named, or raise STATEMENT_UNKNOWN."""
    found = []
    for number in sorted(set(numbers)):
        statement = statements.get(number)
        if statement is None or (persons is not None and statement.given.person_id not in persons):
            raise NotFound(
                code="STATEMENT_UNKNOWN",
                message="该班级没有这个编号的登记。",
                advice="请核对登记时返回的编号。",
                field="numbers",
            )
        found.append(statement)
    return found


def _conflict(code: str, message: str, advice: str) -> DomainError:
    return Conflict(code=code, message=message, advice=advice, field="numbers")
