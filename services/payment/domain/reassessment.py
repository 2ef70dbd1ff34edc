"""What a claim becomes when its facts, decisions or objections change: nothing, a new round, a supplement, a claw-back.

Before approval a changed amount begins a new round at first review. Afterwards what is due minus what is ordered
decides: money still to be paid becomes a supplement through the same reviews; money ordered beyond what the facts
support is only recorded, and holds every further payment until a person decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.payment.domain.claim import (
    Claim,
    back_to_claimant,
    back_to_first_review,
    deadlines,
    minus,
    submitted,
    withdrawn_notices,
)
from services.payment.domain.obstacles import CANCELLED
from services.payment.domain.past_subsidy import PAST_KEY_UNKNOWN
from services.payment.domain.rates import RATE_MISSING
from services.payment.domain.state import State
from services.payment.domain.subsidy import Assessment
from shared.contracts.contract import Contract
from shared.policy.decision import Finding
from shared.policy.rulebook import Rulebook


class DifferenceKind(StrEnum):
    """What becomes of a difference found after approval: an entry to review, a claw-back to decide, or nothing more."""

    SUPPLEMENT = "supplement"
    CLAWBACK_PENDING = "clawback_pending"
    DISSOLVED = "dissolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Payable minus decided, as found at one moment after an approval."""

    kind: DifferenceKind
    amount_fen: int
    amounts: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassessed:
    """The claim, what to publish in this order, and the difference to record."""

    claim: Claim
    events: tuple[Contract, ...] = ()
    difference: Difference | None = None


def reassess(
    claim: Claim,
    changed: Claim,
    *,
    ordered_fen: int,
    settled: bool,
    rulebook: Rulebook,
    on: date,
    by: str,
    cause: str,
) -> Reassessed:
    """Give what `claim` becomes now that it is as in `changed` (another assessment, decision or objection).

    `ordered_fen` is what stands ordered of the claim, `settled` says that the bank credited all of it; the limits of a
    new round are counted from `on`, so that facts which begin none need no calendar.
    """
    if claim.state is State.RETURNED:
        return Reassessed(claim=changed)
    changed = replace(changed, uncomputed=False)
    if changed.assessment.stops:
        standing = replace(changed, assessment=claim.assessment)  # no lines could be computed: the former ones stay
        return _stopped(
            standing,
            changed.assessment,
            former_clawback_fen=claim.clawback_fen,
            ordered_fen=ordered_fen,
            settled=settled,
            by=by,
        )

    def new_round(current: Claim) -> Reassessed:
        fresh, returned = back_to_first_review(current, deadlines(rulebook, on), code=cause, by=by)
        return Reassessed(claim=fresh, events=(returned, submitted(fresh)))

    if claim.entries:
        return _after_approval(claim, changed, ordered_fen, settled, new_round)
    return Reassessed(claim=changed) if claim.full == changed.full else new_round(changed)


def _stopped(
    claim: Claim, found: Assessment, *, former_clawback_fen: int, ordered_fen: int, settled: bool, by: str
) -> Reassessed:
    """Handle facts that stop the class.

    A cancellation is final. What nothing but a new rate can compute waits for it: before approval at the claimant's,
    afterwards marked, to be computed again when a rate is entered. What waits for the past of its people is marked too,
    to be computed again when that is imported. Everything else is asked again at each act.
    """
    codes = {stop.code for stop in found.stops}
    final = next((code for code in (CANCELLED, RATE_MISSING) if code in codes), None)
    if final is not None and not claim.entries:
        waiting, returned = back_to_claimant(claim, code=final, by=by)
        return Reassessed(claim=waiting, events=(returned,))
    if final != CANCELLED:
        return Reassessed(claim=replace(claim, uncomputed=not codes.isdisjoint((RATE_MISSING, PAST_KEY_UNKNOWN))))
    worthless = replace(claim, clawback_fen=ordered_fen, assessment=_without_lines(claim.assessment, found.stops))
    held = _out_of_review(worthless, ordered_fen=ordered_fen, settled=settled)
    if held.clawback_fen == former_clawback_fen:
        return Reassessed(claim=held)
    kind = DifferenceKind.CLAWBACK_PENDING if ordered_fen else DifferenceKind.DISSOLVED
    taken = minus({}, claim.decided)
    return Reassessed(claim=held, difference=Difference(kind=kind, amount_fen=-ordered_fen, amounts=taken))


def _without_lines(found: Assessment, stops: tuple[Finding, ...]) -> Assessment:
    """Give the assessment of a cancelled class: its people stand there, nobody of them is due anything."""
    cancelled = tuple(stop for stop in stops if stop.code == CANCELLED)
    lines = tuple(
        replace(line, amount_fen=0, recognised=False, findings=cancelled)
        for line in found.lines
        if line.person_id is not None
    )
    return replace(found, lines=lines, base=0, recognised=0, flags=())


def _after_approval(
    claim: Claim, changed: Claim, ordered_fen: int, settled: bool, new_round: Callable[[Claim], Reassessed]
) -> Reassessed:
    before, wanted = claim.difference, changed.difference
    payable_fen, change_fen = sum(changed.payable.values()), sum(wanted.values())
    clawback_fen = max(ordered_fen - payable_fen, 0)
    if wanted == before and clawback_fen == claim.clawback_fen:
        return Reassessed(claim=changed)
    current = replace(changed, clawback_fen=clawback_fen)
    if wanted and not clawback_fen:
        renewed = new_round(current)
        kind = DifferenceKind.SUPPLEMENT
    else:
        renewed = Reassessed(claim=_out_of_review(current, ordered_fen=ordered_fen, settled=settled))
        kind = DifferenceKind.CLAWBACK_PENDING if clawback_fen else DifferenceKind.DISSOLVED
    return replace(renewed, difference=Difference(kind=kind, amount_fen=change_fen, amounts=wanted))


def _out_of_review(claim: Claim, *, ordered_fen: int, settled: bool) -> Claim:
    """Give an approved claim where its money stands; the notice of a supplement that is gone is withdrawn."""
    state = money_state(claim, ordered_fen=ordered_fen, settled=settled)
    return replace(claim, state=state, notices=withdrawn_notices(claim))


def money_state(claim: Claim, *, ordered_fen: int, settled: bool) -> State:
    """Give where an approved claim stands when nothing of it is under review; `ordered_fen` is net of claw-backs."""
    if ordered_fen < sum(claim.decided.values()) or not (ordered_fen or settled):
        return State.APPROVED
    return State.PAID if settled else State.ORDERED
