"""How many heads the attendance supports (JY-SUP-05, JY-SUP-06) and what an inspection record lacks (JY-SUP-07)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.payment.domain.decision import Decision, latest, weigh
from shared.contracts.supervision import TrainingCompleted
from shared.domain.money import is_below_percent
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The attendance base in heads, with how it came about and what a reviewer must look at."""

    heads: int
    traces: tuple[Trace, ...]
    flags: tuple[Finding, ...]


def attendance_base(training: TrainingCompleted, *, rulebook: Rulebook, decisions: Sequence[Decision]) -> Base:
    """Give the opening headcount, or the floor of the checks' average where that is strictly below the limit.

    The comparison is exact: the sum of the checks against the limit's share of opening headcount times checks. Without
    a check nothing is cut and the class is flagged NO_SPOT_CHECK.
    """
    base_term, average_term = rulebook.payment.attendance_base, rulebook.payment.attendance_average
    opening = training.opening_headcount
    flags = _inspection_flags(training, rulebook, decisions)
    if base_term is None or average_term is None:
        return Base(heads=opening, traces=(), flags=flags)
    counts = _counts(training, average_term.checks)
    listed = ",".join(map(str, counts))
    if not counts:
        trace = base_term.trace(result=opening, unit="heads", inputs={"opening_headcount": opening, "checks": listed})
        missing = average_term.finding(
            code="NO_SPOT_CHECK",
            severity=Severity.WARN,
            message="培训过程中没有抽查记录，无法计算平均出勤人数，未作扣减。",
            advice="请审核人员结合签到与视频核实出勤情况。",
        )
        return Base(heads=opening, traces=(trace,), flags=(missing, *flags))
    total = sum(counts)
    below = is_below_percent(total, opening * len(counts), base_term.minimum_percent)
    inputs: dict[str, TraceValue] = {
        "opening_headcount": opening,
        "checks": listed,
        "checks_total": total,
        "minimum_percent": base_term.minimum_percent,
        "below": below,
    }
    if not below:
        return Base(heads=opening, traces=(base_term.trace(result=opening, unit="heads", inputs=inputs),), flags=flags)
    floor = total // len(counts)
    rounded = average_term.trace(
        result=floor,
        unit="heads",
        inputs={"checks_total": total, "checks_count": len(counts), "rounding": average_term.rounding},
    )
    return Base(heads=floor, traces=(base_term.trace(result=floor, unit="heads", inputs=inputs), rounded), flags=flags)


def _counts(training: TrainingCompleted, checks: Sequence[str]) -> tuple[int, ...]:
    opening = (training.opening_headcount,) if "opening" in checks else ()
    return opening + (tuple(training.spot_headcounts) if "spot" in checks else ())


def _inspection_flags(
    training: TrainingCompleted, rulebook: Rulebook, decisions: Sequence[Decision]
) -> tuple[Finding, ...]:
    term = rulebook.supervision.inspections
    if term is None:
        return ()
    decision = latest(decisions, term.rule)
    flags = []
    if training.opening_checks < term.opening_checks_min:
        flags.append(
            term.finding(
                code="OPENING_CHECK_MISSING",
                severity=Severity.ASK,
                message=f"开班当日检查记录 {training.opening_checks} 次，少于要求的 {term.opening_checks_min} 次。",
                advice="请审核人员核实后记录是否接受及理由。",
            )
        )
    spot = len(training.spot_headcounts)
    if spot < term.spot_checks_min:
        flags.append(
            term.finding(
                code="SPOT_CHECKS_LT_2",
                severity=Severity.ASK,
                message=f"过程抽查记录 {spot} 次，少于表格所列的 {term.spot_checks_min} 次。",
                advice="请审核人员核实后记录是否接受及理由。",
            )
        )
    return tuple(weigh(flag, decision) for flag in flags)
