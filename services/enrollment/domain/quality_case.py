"""Cases of low satisfaction (JY-QUA-02): a class measured below the share opens one, and a person decides on it.

open -> confirmed (the institution is suspended) | dismissed | cleared (a later measure is not below any more)
A later measure below the share reopens a cleared case, and a dismissed one when it is worse than what was dismissed.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from shared.contracts.assessment import SatisfactionMeasured
from shared.domain.errors import Conflict
from shared.policy.decision import Trace
from shared.policy.terms.assessment import Satisfaction

CaseState = Literal["open", "confirmed", "dismissed", "cleared"]
CASE_STATES: tuple[CaseState, ...] = ("open", "confirmed", "dismissed", "cleared")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDecision:
    """What a person decided on a case, when and why; `suspension_id` is there when it was confirmed."""

    on: date
    by: str
    remark: str = field(repr=False)
    suspension_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCase:
    """The newest measure of one class, below or once below the share that its rulebook asks."""

    case_id: str
    class_id: str
    institution_id: str
    region: str
    rulebook_id: str
    opened_on: date
    revision: int
    satisfied: int
    valid_responses: int
    state: CaseState = "open"
    decision: CaseDecision | None = None
    version: int = 1

    def trace(self, terms: Satisfaction) -> Trace:
        """Record what was compared and what came out."""
        return terms.trace(
            result=is_below(self.satisfied, self.valid_responses, terms),
            inputs={
                "satisfied": self.satisfied,
                "valid_responses": self.valid_responses,
                "minimum_percent": terms.minimum_percent,
            },
            note="满意份数×100 < 有效份数×最低百分比",
        )


def is_below(satisfied: int, valid_responses: int, terms: Satisfaction) -> bool:
    """Say whether the share lies strictly below the minimum; without a valid answer nothing is."""
    return satisfied * 100 < terms.minimum_percent * valid_responses


def measured_again(case: QualityCase, fact: SatisfactionMeasured, terms: Satisfaction) -> QualityCase:
    """Put a newer measure into the case; an older or known revision changes nothing."""
    if fact.revision <= case.revision:
        return case
    below = is_below(fact.satisfied, fact.valid_responses, terms)
    worse = fact.satisfied * case.valid_responses < case.satisfied * fact.valid_responses
    newer = replace(case, revision=fact.revision, satisfied=fact.satisfied, valid_responses=fact.valid_responses)
    match case.state:
        case "open" if not below:
            return replace(newer, state="cleared")
        case "cleared" if below:
            return replace(newer, state="open")
        case "dismissed" if below and worse:
            return replace(newer, state="open", decision=None)
        case _:
            return newer


def decide(case: QualityCase, decision: CaseDecision) -> QualityCase:
    """Confirm (the decision names a suspension) or dismiss an open case; raise Conflict CASE_DECIDED otherwise."""
    if case.state != "open":
        raise Conflict(
            code="CASE_DECIDED",
            message="该满意度个案已不待处理。",
            advice="请刷新个案，按当前状态办理；暂停开班的解除请在该暂停下办理。",
            field="state",
            value=case.state,
        )
    return replace(case, state="confirmed" if decision.suspension_id else "dismissed", decision=decision)
