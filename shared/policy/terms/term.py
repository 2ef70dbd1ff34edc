"""What every term has in common: the rule it carries out, the clause it comes from, and how it speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from shared.domain.actor import Role
from shared.policy.decision import Finding, Severity, Trace, TraceValue

Programme = Literal[
    "training",
    "upskilling",
    "pre_job",
    "job_change",
    "safety",
    "free_group_training",
    "poverty_relief",
    "project_training",
    "graduate_training",
    "entrepreneurship",
    "apprenticeship",
    "work_for_training",
    "work_for_training_poor",
    "evaluation",
    "appraisal",
    "insurance_skill",
    "self_paid_technician",
    "technician",
    "living_allowance",
    "living_allowance_difficult",
    "graduate_living_allowance",
]
"""What is paid for; rates are filed under these words."""

GroupCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
"""A group of people (人员类别): each rulebook defines its own under `enrollment.groups` and names them in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One table of a rulebook.

    `rule` is the catalogue id, `clause` the place in `document` (its number; the loader puts the rulebook's in unless
    the table names another). `local` names the values that the document does not state and the region has set.
    A term that a document does not name is None in its chapter: the feature is off (HL-QUA-04, LS-PAY-03).
    """

    rule: str
    clause: str
    document: str
    local: tuple[str, ...] = ()

    def finding(
        self,
        *,
        code: str,
        severity: Severity,
        message: str,
        advice: str,
        field: str | None = None,
        value: str | None = None,
    ) -> Finding:
        """Object to an input in the name of this term's rule and clause."""
        return Finding(
            code=code,
            rule=self.rule,
            document=self.document,
            clause=self.clause,
            severity=severity,
            message=message,
            advice=advice,
            field=field,
            value=value,
        )

    def trace(
        self,
        *,
        result: TraceValue,
        inputs: Mapping[str, TraceValue],
        note: str | None = None,
        unit: Literal["fen", "heads"] | None = None,
    ) -> Trace:
        """Record a decision in the name of this term's rule and clause."""
        return Trace(
            rule=self.rule,
            document=self.document,
            clause=self.clause,
            result=result,
            inputs=dict(inputs),
            note=note,
            unit=unit,
        )


class Quote(TypedDict):
    """Where a rule stands, as an error names it: all three or none."""

    rule: str | None
    clause: str | None
    document: str | None


def quote(term: Term | None) -> Quote:
    """Give the rule, clause and document of a term for a refusal; nothing where the document names no such term."""
    if term is None:
        return {"rule": None, "clause": None, "document": None}
    return {"rule": term.rule, "clause": term.clause, "document": term.document}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a closed list: the code that software stores and the Chinese name that people read."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an ordered procedure and the role that takes it."""

    code: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps(Term):
    """An ordered procedure (JY-ENR-25, JY-CLM-07): no step may be skipped or taken before its predecessor."""

    steps: tuple[Step, ...]

    def after(self, taken: int) -> Step | None:
        """Give the step that is due when `taken` steps are recorded, or None when all are."""
        return self.steps[taken] if taken < len(self.steps) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FourEyes(Term):
    """One person holds at most one duty in a file, whatever round it is in (JY-REP-07)."""
