"""Human decisions recorded on a claim: what a rule leaves to a person, with who, when and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.policy.decision import Finding, Severity, Trace
from shared.policy.terms.benefit import Funder
from shared.policy.terms.term import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision: `persons` are those it speaks of, None when it speaks of the whole class.

    `kinds`, `valid_from` and `valid_until` belong to a transitional exception (JY-ASM-06): the certificate kinds that
    cannot be had yet, and the first and last exam day it covers. `funder` says who paid for the training of those it
    speaks of (HL-CLM-04): a fact that the class did not state, and no answer to any other question of the rule.
    """

    rule: str
    accepted: bool
    reason: str
    decided_by: str
    decided_on: date
    persons: frozenset[str] | None = None
    kinds: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    funder: Funder | None = None


def latest(decisions: Iterable[Decision], rule: str, person_id: str | None = None) -> Decision | None:
    """Give the last decision under a rule about a person, or about the class where no person is named."""
    found = None
    for decision in decisions:
        if decision.rule != rule or decision.funder is not None:
            continue
        about = decision.persons is None if person_id is None else person_id in (decision.persons or ())
        found = decision if about else found
    return found


def decided_funder(decisions: Iterable[Decision], rule: str, person_id: str) -> Funder | None:
    """Give who paid for a person's training as it was decided last under a rule, None while nobody decided."""
    found = None
    for decision in decisions:
        if decision.rule == rule and decision.funder is not None and person_id in (decision.persons or ()):
            found = decision.funder
    return found


def is_accepted(decisions: Iterable[Decision], term: Term | None) -> bool:
    """Say whether the last decision about the class under a term accepts what it asks; without a term none does."""
    decision = latest(decisions, term.rule) if term else None
    return decision is not None and decision.accepted


def weigh(finding: Finding, decision: Decision | None) -> Finding:
    """Give the finding as it weighs after the decision: accepted it only informs, refused it stops, else it asks."""
    if decision is None:
        return finding
    return Finding(
        code=finding.code,
        rule=finding.rule,
        document=finding.document,
        clause=finding.clause,
        severity=Severity.WARN if decision.accepted else Severity.STOP,
        message=finding.message,
        advice=f"已于 {decision.decided_on.isoformat()} 作出人工决定：{'接受' if decision.accepted else '不予接受'}。",
    )


def decision_trace(term: Term, decision: Decision) -> Trace:
    """Record that a person decided; the reason itself stays with the claim, it may name people."""
    inputs = {"decided_by": decision.decided_by, "decided_on": decision.decided_on.isoformat()}
    return term.trace(result=decision.accepted, inputs=inputs)
