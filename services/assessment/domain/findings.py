"""What a judgement comes to: stopping findings refuse, asking ones wait for a reviewer, warnings are only shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from shared.domain.errors import DomainError, Refused, refused_by
from shared.policy.decision import Finding, Severity
from shared.policy.terms.term import Term

CONSISTENCY: Final = Term(rule="PEIBU-CONSISTENT", clause="数据一致性", document="培补")
"""Speaks where data contradict themselves and the rulebook names no document rule that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVerdict:
    """How one row of a batch fared: `duplicate` means that it stands already and changed nothing."""

    verdict: Literal["accepted", "duplicate", "refused"]
    findings: tuple[Finding, ...] = ()


def stop(
    term: Term | None, *, code: str, message: str, advice: str, field: str | None = None, value: str | None = None
) -> Finding:
    """Give a refusing finding in the name of a term; consistency speaks where the document is silent."""
    return (term or CONSISTENCY).finding(
        code=code, severity=Severity.STOP, message=message, advice=advice, field=field, value=value
    )


def stopping(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give the findings that refuse."""
    return tuple(finding for finding in findings if finding.severity is Severity.STOP)


def refuse_stopped(findings: Iterable[Finding]) -> None:
    """Raise what stops: one error as itself, several as a group, so that an answer lists all of them at once."""
    refuse_all(refused_by(finding) for finding in stopping(findings))


def refuse_all(errors: Iterable[Refused]) -> None:
    """Raise one error as itself, several as a group; nothing when there is none."""
    raised: list[DomainError] = list(errors)
    if len(raised) == 1:
        raise raised[0]
    if raised:
        raise ExceptionGroup("refused by several rules", raised)
