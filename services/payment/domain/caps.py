"""How often one person is paid (次数限制): by the document's caps and exclusions, in the order of the days.

Whoever organised a training, its subsidy is a use like every other (HL-PAY-05).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.payment.domain.decision import Decision, decision_trace, latest
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Cap, Exclusion

NO_LEVEL: Final = "none"
_CREDIT_CODE: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One subsidy of a person, had or asked for: under which programme, for what, on which day, working for whom.

    `on` is the day that counts for a calendar year: the certificate's, the first day of work, the opening.
    `imported` was had where no place of ours was taken for it; it counts against what is held here, too.
    """

    person_id: str
    programme: str
    on: date
    occupation: str | None = None
    level: str | None = None
    employer: str | None = None
    imported: bool = False


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
        had = sum(1 for other in before if cap.counts(other.programme) and _key(cap, other) == _key(cap, use))
        traces.append(cap.trace(result=had + 1, inputs={"slots_max": cap.slots_max, "had": had, "on": f"{use.on}"}))
        if had < cap.slots_max:
            continue
        decision = _override(cap, use, decisions)
        if decision is not None and decision.accepted:
            traces.append(decision_trace(cap, decision))
        elif decision is not None or not held:
            findings.append(_beyond(cap, had))
    for exclusion in () if held else terms.exclusions:
        findings += [_excluded(exclusion, other) for other in _rivals(exclusion, use, before)][:1]
    return Admission(findings=tuple(findings), traces=tuple(traces))


def places_of(use: Use, rulebook: Rulebook, decisions: Sequence[Decision]) -> tuple[Place, ...]:
    """Give the places that a use takes, for example `huludao/three_a_year/2020`."""
    jurisdiction = rulebook.id.split("/")[0]
    found = []
    for cap in rulebook.payment.caps:
        if cap.counts(use.programme):
            decision = _override(cap, use, decisions)
            scope = "/".join((jurisdiction, cap.code, *map(str, _key(cap, use))))
            beyond = decision is not None and decision.accepted
            found.append(Place(scope=scope, slots_max=cap.slots_max, beyond=beyond))
    return tuple(found)


def _override(cap: Cap, use: Use, decisions: Sequence[Decision]) -> Decision | None:
    return latest(decisions, cap.rule, use.person_id) if cap.override_by_decision else None


def _key(cap: Cap, use: Use) -> tuple[object, ...]:
    """Give what two uses must share to count together."""
    period = use.on.year if cap.period == "calendar_year" else None
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


def _excluded(exclusion: Exclusion, other: Use) -> Finding:
    return exclusion.finding(
        code="EXCLUSIVE_PROGRAMME",
        severity=Severity.STOP,
        message=f"该学员在同一用人单位已于 {other.on.isoformat()} 享受 {other.programme} 补贴，两项不得同时享受。",
        advice="请核对先享受的补贴；已退回的，在追回办结后重新申领。",
        value=other.programme,
    )
