"""How rows of a batch fare, and refusals in the name of a term."""

from dataclasses import dataclass
from typing import Literal

from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.terms.term import Term


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
