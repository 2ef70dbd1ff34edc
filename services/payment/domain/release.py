"""What of a class is held back until enough of its people work (LS-CLM-05)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.payment.domain.decision import Decision, latest
from services.payment.domain.facts import ClassFacts
from shared.contracts.enrollment import ClassOpened
from shared.domain.money import is_below_percent
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Of what is due under `programmes` only `percent` is paid for now."""

    percent: int
    programmes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingBack:
    """Whether something is held, with the traces of how that came about and what a reviewer is told."""

    held: Held | None
    traces: tuple[Trace, ...]
    flags: tuple[Finding, ...] = ()


def hold_back(
    facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook, decisions: Sequence[Decision]
) -> HoldingBack | None:
    """Say what is held of a class, None where its document holds nothing back.

    The share is of the roster without those who left the class, on the day that a recorded decision set
    (`valid_from`); compared in integers.
    """
    term = rulebook.payment.employment_release
    if term is None or (term.class_kinds and opened.kind not in term.class_kinds):
        return None
    held = Held(percent=term.first_percent, programmes=term.programmes)
    decision = latest(decisions, term.rule)
    measured_on = decision.valid_from if decision is not None and decision.accepted else None
    if measured_on is None:
        flag = term.finding(
            code="EMPLOYMENT_NOT_MEASURED",
            severity=Severity.WARN,
            message=f"尚未确定就业率的核定日期，先按 {term.first_percent}% 计算，其余暂不拨付。",
            advice="请在确定核定日期后记录决定，系统按当日就业人数重新计算。",
        )
        return HoldingBack(held=held, traces=(term.trace(result="held", inputs={}),), flags=(flag,))
    trained = {each.person_id for each in opened.trainees if not facts.has_withdrawn(each.person_id)}
    employed = {spell.person_id for spell in facts.spells if spell.holds_on(measured_on)} & trained
    inputs: dict[str, TraceValue] = {
        "measured_on": measured_on.isoformat(),
        "employed": len(employed),
        "trained": len(trained),
    }
    if not is_below_percent(len(employed), len(trained), term.employed_percent_min):
        return HoldingBack(held=None, traces=(term.trace(result="released", inputs=inputs),))
    flag = term.finding(
        code="EMPLOYMENT_NOT_MET",
        severity=Severity.WARN,
        message=f"参训 {len(trained)} 人、就业 {len(employed)} 人，未达 {term.employed_percent_min}%，其余暂不拨付。",
        advice="文件没有规定未达到时如何处理，其余部分保留，由审核人员书面说明。",
    )
    return HoldingBack(held=held, traces=(term.trace(result="held", inputs=inputs),), flags=(flag,))
