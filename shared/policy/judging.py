"""What findings come to: stopping ones refuse, asking ones wait for a person, warnings are only shown."""

from collections.abc import Iterable
from typing import Final, Literal

from shared.domain.errors import DomainError, Refused, refused_by
from shared.policy.decision import Finding, Severity
from shared.policy.terms.term import Term

Verdict = Literal["accepted", "refused", "ask"]

CONSISTENCY: Final = Term(rule="PEIBU-CONSISTENT", clause="数据一致性", document="培补")
"""Speaks where data contradict themselves and the rulebook names no document rule that says so."""


def stopping(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give the findings that refuse."""
    return tuple(finding for finding in findings if finding.severity is Severity.STOP)


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Give `refused` when any finding stops, else `ask` when any asks, else `accepted`."""
    severities = {finding.severity for finding in findings}
    if Severity.STOP in severities:
        return "refused"
    return "ask" if Severity.ASK in severities else "accepted"


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
