"""How often one person is paid (次数限制): by the document's caps and exclusions, in the order of the days.

Whoever organised a training, its subsidy is a use like every other (HL-PAY-05).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from services.payment.domain.decision import Decision, decision_trace, latest
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Cap, Exclusion

NO_LEVEL: Final = "none"
DAYS_TAKEN: Final = "DAYS_TAKEN"
_A_DAY: Final = timedelta(days=1)
_CREDIT_CODE: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One subsidy of a person, had or asked for: under which programme, for what, on which day, working for whom.

    `on` is the day that counts for a calendar year: the certificate's, the first day of work, the opening.
    `imported` was had where no place of ours was taken for it; it counts against what is held here, too. What is paid
    by the day names its `days`; it takes up each of them.
    """

    person_id: str
    programme: str
    on: date
    occupation: str | None = None
    level: str | None = None
    employer: str | None = None
    imported: bool = False
    days: tuple[date, ...] = ()

    @property
    def taken_days(self) -> tuple[date, ...]:
        """Give the days that it takes up: those it names, else the one that counts for it."""
        return self.days or (self.on,)

    def with_days(self, days: Iterable[date]) -> "Use":
        """Give it with these days besides its own."""
        return replace(self, days=tuple(sorted({*self.days, *days})))


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysLeft:
    """The days of an award by the day that are not paid yet; findings and traces say which are, and by which rule."""

    days: tuple[date, ...]
    findings: tuple[Finding, ...] = ()
    traces: tuple[Trace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place that a use takes under one cap: of `slots_max` in a scope, the database gives each once.

    A person may have let the use go `beyond`.
    """

    scope: str
    slots_max: int
    beyond: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What caps and exclusions say of one use: findings refuse it, traces let it pass."""

    findings: tuple[Finding, ...] = ()
    traces: tuple[Trace, ...] = ()


def admit(
    use: Use, before: Sequence[Use], *, rulebook: Rulebook, decisions: Sequence[Decision], held: bool = False
) -> Admission:
    """Judge one more use of a person after those `before`, which were all admitted.

    One that is `held` keeps its places whatever is learnt of elsewhere, until a person decides against it.
    """
    terms = rulebook.payment
    findings: list[Finding] = []
    traces: list[Trace] = []
    for cap in terms.caps:
        if not cap.counts(use.programme):
            continue
        had = max(_had(cap, key, before) for key in _keys(cap, use))
        if cap.period != "day":  # which days are left of an award by the day was judged before it was priced
            traces.append(cap.trace(result=had + 1, inputs={"slots_max": cap.slots_max, "had": had, "on": f"{use.on}"}))
        if had < cap.slots_max:
            continue
        decision = _override(cap, use, decisions)
        if decision is not None and decision.accepted:
            traces.append(decision_trace(cap, decision))
        elif decision is not None or not held:
            findings.append(_beyond(cap, had))
    for exclusion in () if held else terms.exclusions:
        findings += [_excluded(exclusion, other, rulebook) for other in _rivals(exclusion, use, before)][:1]
    return Admission(findings=tuple(findings), traces=tuple(traces))


def days_left(asked: Use, before: Sequence[Use], *, rulebook: Rulebook, decisions: Sequence[Decision]) -> DaysLeft:
    """Give which days of an award by the day no use `before` has taken: of one that was nothing is paid twice."""
    days, findings, traces = asked.taken_days, [], []
    for cap in rulebook.payment.caps:
        if cap.period != "day" or not cap.counts(asked.programme):
            continue
        decision = _override(cap, asked, decisions)
        if decision is not None and decision.accepted:
            traces.append(decision_trace(cap, decision))
            continue
        taken = tuple(day for day in days if _had(cap, _key(cap, asked, day), before) >= cap.slots_max)
        days = tuple(day for day in days if day not in taken)
        counted = {"slots_max": cap.slots_max, "days_asked": len(days) + len(taken)}
        traces.append(cap.trace(result=len(days), inputs={**counted, "days_taken": spans(taken)}))
        if taken:
            findings.append(_taken(cap, taken, left=len(days)))
    return DaysLeft(days=days, findings=tuple(findings), traces=tuple(traces))


def spans(days: Iterable[date]) -> str:
    """Write days down with those in a row as first and last, for example `2020-06-01..2020-06-03,2020-06-08`."""
    rows: list[list[date]] = []
    for day in sorted(days):
        if rows and day - rows[-1][-1] == _A_DAY:
            rows[-1].append(day)
        else:
            rows.append([day])
    return ",".join(f"{row[0]}" if len(row) == 1 else f"{row[0]}..{row[-1]}" for row in rows)


def places_of(use: Use, rulebook: Rulebook, decisions: Sequence[Decision]) -> tuple[Place, ...]:
    """Give the places that a use takes, for example `huludao/three_a_year/2020`: under a cap by day one for each."""
    jurisdiction = rulebook.id.split("/")[0]
    found = []
    for cap in rulebook.payment.caps:
        if cap.counts(use.programme):
            decision = _override(cap, use, decisions)
            beyond = decision is not None and decision.accepted
            for key in _keys(cap, use):
                scope = "/".join((jurisdiction, cap.code, *map(str, key)))
                found.append(Place(scope=scope, slots_max=cap.slots_max, beyond=beyond))
    return tuple(found)


def _override(cap: Cap, use: Use, decisions: Sequence[Decision]) -> Decision | None:
    return latest(decisions, cap.rule, use.person_id) if cap.override_by_decision else None


def _had(cap: Cap, key: tuple[object, ...], before: Iterable[Use]) -> int:
    return sum(1 for other in before if cap.counts(other.programme) and key in _keys(cap, other))


def _keys(cap: Cap, use: Use) -> tuple[tuple[object, ...], ...]:
    """Give what two uses must share to count together, by the day one of several."""
    if cap.period == "day":
        return tuple(_key(cap, use, day) for day in use.taken_days)
    return (_key(cap, use, use.on.year if cap.period == "calendar_year" else None),)


def _key(cap: Cap, use: Use, period: date | int | None) -> tuple[object, ...]:
    match cap.scope:
        case "any":
            return (period,)
        case "occupation":
            return period, use.occupation
        case "occupation_and_level":
            return period, use.occupation, use.level or NO_LEVEL
        case "employer":
            return period, use.employer


def _rivals(exclusion: Exclusion, use: Use, before: Iterable[Use]) -> Iterator[Use]:
    """Give earlier uses of another of the programmes, unless they were surely for another employer."""
    if use.programme not in exclusion.programmes:
        return
    for other in before:
        rival = other.programme in exclusion.programmes and other.programme != use.programme
        if rival and not _are_others(other.employer, use.employer):
            yield other


def _are_others(one: str | None, other: str | None) -> bool:
    """Say whether two employers are surely not the same: a credit code and an id of this system tell nothing."""
    if one is None or other is None or (len(one) == _CREDIT_CODE) != (len(other) == _CREDIT_CODE):
        return False
    return one != other


def _beyond(cap: Cap, had: int) -> Finding:
    override = "确需享受的，由审核人员记录决定及理由。" if cap.override_by_decision else "本项不计入补贴。"
    return cap.finding(
        code="CAP_REACHED",
        severity=Severity.STOP,
        message=f"已享受 {had} 次，达到规定的 {cap.slots_max} 次，不能再享受。",
        advice=f"请核对该学员已享受补贴的记录；{override}",
        value=cap.code,
    )


def _taken(cap: Cap, taken: Sequence[date], *, left: int) -> Finding:
    """Say which days are not paid again; whoever has others left is paid for those."""
    rest = f"，其余 {left} 天照常计发" if left else "，没有可计发的天数"
    return cap.finding(
        code=DAYS_TAKEN,
        severity=Severity.WARN if left else Severity.STOP,
        message=f"该学员以下日期已在其他班级计发，同一日期不重复计发（{len(taken)} 天）：{spans(taken)}{rest}。",
        advice="请核对学员在各班级的签到记录；前次计发撤销或退回后，该日期自动重新计算。",
        value=spans(taken),
    )


def _excluded(exclusion: Exclusion, other: Use, rulebook: Rulebook) -> Finding:
    called = dict.fromkeys(one.name for one in rulebook.payment.benefits if one.programme == other.programme)
    rival = "或".join(called) or other.programme
    return exclusion.finding(
        code="EXCLUSIVE_PROGRAMME",
        severity=Severity.STOP,
        message=f"该学员在同一用人单位已于 {other.on.isoformat()} 享受“{rival}”，两项不得同时享受。",
        advice="请核对先享受的补贴；已退回的，在追回办结后重新申领。",
        value=other.programme,
    )
