"""A breach of the truthfulness undertaking (JY-CLM-11) or a suspicion of fraud (HL-QUA-01, LS-QUA-01).

It stops review and payment until a person decided it. Whoever confirms it may name the people for whom money was
claimed wrongly: their lines are never paid, and what was paid comes back by a claw-back (HB-ENR-15, LS-QUA-01).

Any other sanction lies outside the document and is not computed.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Finding, Severity
from shared.policy.terms.payment import Breach as BreachTerm
from shared.policy.terms.term import quote


class BreachConclusion(StrEnum):
    """What a person found: there was a breach, there was none, or it was an error in the work and no fraud."""

    CONFIRMED = "confirmed"
    UNFOUNDED = "unfounded"
    WORK_ERROR = "work_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One case: what is alleged, on which evidence, by whom; `conclusion` is None while it is open.

    `line_nos` are the lines that were claimed wrongly, as the person found who confirmed it.
    """

    breach_id: str
    claim_id: str
    facts: str = field(repr=False)
    evidence: str = field(repr=False)
    opened_by: str
    opened_on: date
    conclusion: BreachConclusion | None = None
    reason: str | None = None
    closed_by: str | None = None
    closed_on: date | None = None
    line_nos: frozenset[int] = frozenset()

    def closed(
        self, conclusion: BreachConclusion, *, reason: str, line_nos: frozenset[int], by: str, on: date
    ) -> "Breach":
        """Give the case as it is decided; raise Conflict BREACH_CLOSED when it was before."""
        if self.conclusion is not None:
            raise Conflict(
                code="BREACH_CLOSED",
                message="该承诺违反事项已经作出决定，不能重复办理。",
                advice="如有新的情况，请另行登记。",
            )
        return replace(self, conclusion=conclusion, reason=reason, line_nos=line_nos, closed_by=by, closed_on=on)


def wrong_lines(breaches: Iterable[Breach]) -> frozenset[int]:
    """Give the lines that were claimed wrongly, as confirmed breaches say."""
    return frozenset(number for breach in breaches for number in breach.line_nos)


def require_lines(
    line_nos: frozenset[int], conclusion: BreachConclusion, people: Collection[int], term: BreachTerm | None
) -> None:
    """Take lines only of people and with a breach that is confirmed; raise Refused LINE_NOT_OF_BREACH."""
    if not line_nos or (conclusion is BreachConclusion.CONFIRMED and line_nos <= set(people)):
        return
    raise Refused(
        code="LINE_NOT_OF_BREACH",
        message="不予支付的条目只能在认定属实时列出，且须为本申领的学员条目。",
        advice="请按申领明细填写学员条目的序号；认定不属实的，不填。",
        field="line_nos",
        **quote(term),
    )


def require_conclusion(conclusion: BreachConclusion, term: BreachTerm | None) -> None:
    """Take an error in the work only where the document tells it from fraud; raise Refused CONCLUSION_NOT_OFFERED."""
    if conclusion is BreachConclusion.WORK_ERROR and (term is None or not term.work_error):
        raise Refused(
            code="CONCLUSION_NOT_OFFERED",
            message="本地政策文件没有区分工作失误，不能以此结案。",
            advice="请按核实情况选择属实或不属实，并写明理由。",
            field="conclusion",
            **quote(term),
        )


def open_breaches(breaches: Iterable[Breach], term: BreachTerm | None) -> Iterator[Finding]:
    """Give a stopping finding for every case that nobody decided yet."""
    for breach in breaches:
        if breach.conclusion is None and term is not None:
            yield term.finding(
                code="BREACH_OPEN",
                severity=Severity.STOP,
                message=f"申领有 {breach.opened_on.isoformat()} 登记、尚未处理的承诺违反事项，审核和拨付均须等待。",
                advice="请人社部门核实后记录决定，再继续办理。",
                value=breach.breach_id,
            )
