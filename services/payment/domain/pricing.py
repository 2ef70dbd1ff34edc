"""What an award is worth (补贴金额): stated rates, the region's table, a standard by the day, the part that is paid."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from services.payment.domain.benefit import Award, Priced
from services.payment.domain.earned import unstated
from services.payment.domain.rates import RATE_MISSING, Rate, RateTable
from shared.domain.money import fen_from_yuan, floor_share, yuan_text
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit

_WHOLE: Final = 100
PAID_OUT_SHORT: Final = "PAID_OUT_SHORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The worth of one award; `missing` rates stop the whole claim, findings only the award.

    `short_fen` is what the person was not handed of it, where the payee hands it out first.
    """

    amount_fen: int = 0
    short_fen: int = 0
    traces: tuple[Trace, ...] = ()
    findings: tuple[Finding, ...] = ()
    missing: tuple[Finding, ...] = ()


def worth_of(award: Award, rulebook: Rulebook, rates: RateTable | None) -> Worth:
    """Give what an award comes to, and of that no more than was handed out where the payee does so first."""
    worth = _due_of(award, rulebook, rates)
    term, paid_fen = award.benefit.paid_out_first, award.paid_out_fen
    if term is None or paid_fen is None or worth.findings or worth.missing:
        return worth
    amount_fen = min(worth.amount_fen, paid_fen)
    inputs: dict[str, TraceValue] = {"due_fen": worth.amount_fen, "paid_out_fen": paid_fen}
    return replace(
        worth,
        amount_fen=amount_fen,
        short_fen=worth.amount_fen - amount_fen,
        traces=(*worth.traces, term.trace(result=amount_fen, unit="fen", inputs=inputs)),
    )


def paid_short(awards: Iterable[Award]) -> Iterator[Finding]:
    """Flag what people were not handed of an allowance that is paid to whoever advanced it (LS-CLM-04)."""
    short = [award for award in awards if award.short_fen and not award.findings]
    term = short[0].benefit.paid_out_first if short else None
    if term is not None:
        short_fen = sum(award.short_fen for award in short)
        yield term.finding(
            code=PAID_OUT_SHORT,
            severity=Severity.WARN,
            message=f"有 {len(short)} 名学员实际领到的低于应发金额，共少 {yuan_text(short_fen)} 元，按实发核算。",
            advice="请审核人员核对发放凭证；机构补发并经确认后，差额自动计入。",
            value=yuan_text(short_fen),
        )


def long_paid(awards: Iterable[Award]) -> Iterator[Finding]:
    """Show who is paid for more days than a class usually has, where the document sets no maximum (QJ-CLM-10)."""
    long: dict[str, list[Award]] = {}
    for award in awards:
        alarm = award.benefit.units_alarm
        if alarm is not None and not award.findings and sum(priced.times for priced in award.priced) > alarm:
            long.setdefault(award.benefit.code, []).append(award)
    for found in long.values():
        benefit = found[0].benefit
        yield benefit.finding(
            code="DAYS_MANY",
            severity=Severity.WARN,
            message=f"有 {len(found)} 名学员按日计算的补贴超过 {benefit.units_alarm} 天。",
            advice="文件没有规定上限，请审核人员核对签到记录。",
            value=str(benefit.units_alarm),
        )


def _due_of(award: Award, rulebook: Rulebook, rates: RateTable | None) -> Worth:
    """Give what an award comes to, floored to the fen once: its rates times their numbers, then the part paid."""
    benefit, total_fen = award.benefit, 0
    traces: list[Trace] = []
    for priced in _together(award.priced):
        one = _priced(priced, benefit, rulebook, rates)
        if one.findings or one.missing:
            return one
        total_fen += one.amount_fen
        traces += one.traces
    if award.percent == _WHOLE:
        return Worth(amount_fen=total_fen, traces=tuple(traces))
    amount_fen = floor_share(total_fen, award.percent, _WHOLE)
    inputs: dict[str, TraceValue] = {"rate_fen": total_fen, "percent": award.percent}
    return Worth(amount_fen=amount_fen, traces=(*traces, benefit.trace(result=amount_fen, unit="fen", inputs=inputs)))


def _together(priced: tuple[Priced, ...]) -> Iterator[Priced]:
    """Give what follows each other at the same standard as one."""
    for standard_fen, alike in groupby(priced, key=lambda each: each.standard_fen):
        if standard_fen is None:
            yield from alike
        else:
            first, *others = alike
            yield replace(first, times=first.times + sum(other.times for other in others))


def _priced(priced: Priced, benefit: Benefit, rulebook: Rulebook, rates: RateTable | None) -> Worth:
    wanted, times = priced.wanted, priced.times
    if priced.standard_fen is not None:
        return _times(benefit, priced.standard_fen, times, {"from": wanted.on.isoformat()})
    if benefit.rates:
        stated = next((rate for rate in benefit.rates if rate.fits(wanted.level, wanted.certificate_kind)), None)
        if stated is None:
            return Worth(findings=(unstated(benefit, wanted.level),))
        inputs: dict[str, TraceValue] = {"level": wanted.level, "certificate_kind": wanted.certificate_kind}
        return _times(benefit, fen_from_yuan(stated.amount_yuan), times, inputs, per=priced.per)
    if rates is None:
        return Worth(missing=(without_rates(rulebook),))
    rate = rates.rate(wanted)
    if rate is None:
        return Worth(missing=(rates.missing(wanted, benefit),))
    divisor = days_of_standard(benefit, rate) * priced.per
    if times == divisor == 1:
        return Worth(amount_fen=rate.amount_fen, traces=(rates.trace(rate, wanted, benefit),))
    amount_fen = floor_share(rate.amount_fen, times, divisor)
    step = benefit.trace(
        result=amount_fen, unit="fen", inputs={"rate_fen": rate.amount_fen, "times": times, "divisor": divisor}
    )
    return Worth(amount_fen=amount_fen, traces=(rates.trace(rate, wanted, benefit), step))


def _times(benefit: Benefit, rate_fen: int, times: int, inputs: dict[str, TraceValue], *, per: int = 1) -> Worth:
    amount_fen = floor_share(rate_fen, times, per)
    inputs = {**inputs, "rate_fen": rate_fen, "times": times}
    if per > 1:
        inputs["per"] = per
    return Worth(amount_fen=amount_fen, traces=(benefit.trace(result=amount_fen, unit="fen", inputs=inputs),))


def days_of_standard(benefit: Benefit, rate: Rate) -> int:
    """Give by how much a standard per month or year is divided for one day."""
    days = {"month": benefit.days_of_month, "year": benefit.days_of_year}.get(rate.unit)
    return days or 1


def without_rates(rulebook: Rulebook) -> Finding:
    return Finding(
        code=RATE_MISSING,
        rule="",
        document=rulebook.document,
        clause="",
        severity=Severity.STOP,
        message="规则册没有规定补贴标准的来源，不能计算金额。",
        advice="请由政策管理员在规则册中写明补贴标准的来源。",
    )
