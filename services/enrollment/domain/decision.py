"""Recorded human decisions (JY-ENR-05, -09 to -16, JY-INS-04): what a person says to a question of the rules.

A question is a finding that asks, or one that stops where the rulebook lets a person decide otherwise. A decision never
removes a finding: it stands beside it, and both are shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from shared.domain.errors import Conflict, NotFound, Refused
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.judging import Verdict, stopping, verdict_of
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.term import Item, Term, quote

Outcome = Literal["allow", "refuse", "return"]

ROW_RETURNED: Final = "ROW_RETURNED"
"""The finding of a row that a reviewer gave back, alone and for a standard reason; the class goes on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """What one person decided on the finding `code` of a row, or of the plan when `row` is None.

    `round` and `change` say in which case: a submission, or the change of that number (0 is the submission itself).
    `basis` is a code of the rulebook: the ground of a decision or the standard reason of a return.
    """

    number: int
    round: int
    change: int
    step: str
    actor: str
    row: int | None
    code: str
    outcome: Outcome
    basis: str | None
    rule: str
    document: str
    clause: str
    reason: str = field(repr=False)
    decided_at: datetime

    def trace(self) -> Trace:
        """Give the decision as a step of the judgement, under the rule that left it to a person."""
        return Trace(
            rule=self.rule,
            document=self.document,
            clause=self.clause,
            result=self.outcome,
            inputs={"code": self.code, "row": self.row, "basis": self.basis, "step": self.step, "actor": self.actor},
        )


def is_decidable(finding: Finding, terms: EnrollmentTerms) -> bool:
    """Say whether a person may decide on the finding: it asks, or the rulebook lets its stop be overridden."""
    if finding.severity is Severity.ASK or finding.code == ROW_RETURNED:
        return True
    return finding.severity is Severity.STOP and finding.code in overridable(terms)


def overridable(terms: EnrollmentTerms) -> frozenset[str]:
    """Give the codes of stopping findings that a recorded decision may override."""
    permitted = {
        "REPEAT_IN_YEAR": terms.repeat and terms.repeat.override_by_decision,
        "PRACTICE_SHARE_TOO_LOW": terms.practice_share and terms.practice_share.exempt_by_decision,
        "TEACHER_RATIO": terms.teacher_ratio and terms.teacher_ratio.override_by_decision,
        "STATION_RATIO": terms.station_ratio and terms.station_ratio.override_by_decision,
        "NOT_INTERNAL_EMPLOYEE": terms.own_employees and terms.own_employees.override_by_decision,
        "EVIDENCE_MISSING": terms.other_proof is not None,
        "EVIDENCE_NOT_VALID": terms.other_proof is not None,
        "NOT_IN_DIRECTORY": terms.directory and terms.directory.override_by_decision,
        **{record.code: record.override_by_decision for record in terms.class_records},
    }
    return frozenset(code for code, is_permitted in permitted.items() if is_permitted)


def asked_for(findings: Iterable[Finding], codes: Iterable[str], terms: EnrollmentTerms) -> list[Finding]:
    """Let what stops become a question where the institution asked for a decision and the rulebook provides for one."""
    asked = overridable(terms).intersection(codes)
    return [
        replace(
            finding,
            severity=Severity.ASK,
            advice="机构已申请例外：请当前审核环节的办理人员核实理由并作出书面决定，未作决定的不能同意开班。",
        )
        if finding.severity is Severity.STOP and finding.code in asked
        else finding
        for finding in findings
    ]


def weigh(findings: Iterable[Finding], decisions: Sequence[RecordedDecision]) -> list[Finding]:
    """Give what still stands: what was allowed is gone, what was decided against stops; the last decision counts."""
    last = {decision.code: decision.outcome for decision in sorted(decisions, key=lambda one: one.number)}
    standing = []
    for finding in findings:
        match last.get(finding.code):
            case "allow":
                continue
            case "refuse" | "return":
                standing.append(replace(finding, severity=Severity.STOP))
            case None:
                standing.append(finding)
    return standing


def verdict_under(findings: Iterable[Finding], decisions: Sequence[RecordedDecision]) -> Verdict:
    """Give the verdict that findings and decisions together come to."""
    return verdict_of(weigh(findings, decisions))


def exempt_rules(findings: Iterable[Finding], decisions: Sequence[RecordedDecision]) -> tuple[str, ...]:
    """Give the rules whose objection a decision overruled, so that nobody later objects by them again (JY-ENR-09)."""
    objections = list(findings)
    standing = {finding.code for finding in weigh(objections, decisions)}
    return tuple(sorted({finding.rule for finding in objections if finding.code not in standing}))


def require_question(findings: Iterable[Finding], code: str, terms: EnrollmentTerms, *, row: int | None) -> Finding:
    """Give the finding to decide on; raise NotFound QUESTION_NOT_FOUND, or Refused NOT_DECIDABLE for a plain stop."""
    where = "开班申请" if row is None else f"第 {row} 行"
    finding = next((one for one in findings if one.code == code), None)
    if finding is None:
        raise NotFound(
            code="QUESTION_NOT_FOUND",
            message=f"{where}没有“{code}”这一问题。",
            advice="请刷新后按当前列出的问题代码办理。",
            field="code",
            value=code,
        )
    if not is_decidable(finding, terms):
        raise Refused(
            code="NOT_DECIDABLE",
            message=f"{where}的问题“{code}”由规定直接得出，不能以人工决定改变。",
            advice="请退回机构改正，或办理不予通过。",
            field="code",
            value=code,
            rule=finding.rule,
            clause=finding.clause,
            document=finding.document,
        )
    return finding


def require_basis(basis: str | None, allowed: Sequence[Item], *, field: str = "basis") -> str:
    """Give the code when it stands in the rulebook's list; raise Refused BASIS_UNKNOWN otherwise."""
    if basis is not None and any(item.code == basis for item in allowed):
        return basis
    choices = "、".join(f"{item.code}（{item.name}）" for item in allowed)
    raise Refused(
        code="BASIS_UNKNOWN",
        message="没有填写规定的依据或原因代码，或代码不在规定的清单内。",
        advice=f"请从下列代码中选择：{choices or '本地规则册没有规定清单'}。",
        field=field,
    )


def bases_for(code: str, terms: EnrollmentTerms) -> tuple[Item, ...]:
    """Give the grounds among which whoever allows this finding names one; none when the rulebook asks for no ground."""
    return terms.local_employer.bases if code == "EMPLOYER_NOT_LOCAL" and terms.local_employer else ()


def require_answers(
    plan: Iterable[Finding],
    plan_decisions: Sequence[RecordedDecision],
    asking_rows: Sequence[int],
    *,
    basis: Term | None,
) -> None:
    """Raise Conflict DECISIONS_MISSING while a question is open, and what was decided against the plan (JY-ENR-06).

    `basis` is the term by which nothing starts before its approval.
    """
    standing = weigh(plan, plan_decisions)
    if against := stopping(standing):
        raise Conflict(
            code="DECIDED_AGAINST",
            message=f"对“{against[0].code}”已作出不予同意的决定，不能同意开班。",
            advice="请退回机构修改后重新申报，或办理不予批准。",
            field="decision",
            rule=against[0].rule,
            clause=against[0].clause,
            document=against[0].document,
        )
    codes = [finding.code for finding in standing if finding.severity is Severity.ASK]
    if not codes and not asking_rows:
        return
    parts = [f"开班申请：{'、'.join(codes)}"] if codes else []
    parts += [f"花名册第 {'、'.join(map(str, asking_rows))} 行"] if asking_rows else []
    raise Conflict(
        code="DECISIONS_MISSING",
        message=f"尚有须人工决定的问题：{'；'.join(parts)}。",
        advice="请逐项核实并记录决定和理由后再同意。",
        field="decisions",
        **quote(basis),
    )
