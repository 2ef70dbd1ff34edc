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
    submitted,
    withdrawn_notices,
)
from services.payment.domain.obstacles import CANCELLED
from services.payment.domain.rates import RATE_MISSING
from services.payment.domain.state import State
from services.payment.domain.subsidy import Assessment
from shared.contracts.contract import Contract
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
    if changed.assessment.stops:
        standing = replace(changed, assessment=claim.assessment)  # no lines could be computed: the former ones stay
        return _stopped(standing, changed.assessment, ordered_fen=ordered_fen, settled=settled, by=by)

    def new_round(current: Claim) -> Reassessed:
        fresh, returned = back_to_first_review(current, deadlines(rulebook, on), code=cause, by=by)
        return Reassessed(claim=fresh, events=(returned, submitted(fresh)))

    if claim.entries:
        return _after_approval(claim, changed, ordered_fen, settled, new_round)
    return Reassessed(claim=changed) if claim.full == changed.full else new_round(changed)


def _stopped(claim: Claim, found: Assessment, *, ordered_fen: int, settled: bool, by: str) -> Reassessed:
    """Handle facts that stop the class.

    A cancellation is final, and what nothing but a new rate can compute waits for it at the claimant's, because no
    event will tell that it is there. Everything else is asked again at each act.
    """
    codes = {stop.code for stop in found.stops}
    final = next((code for code in (CANCELLED, RATE_MISSING) if code in codes), None)
    if final is not None and not claim.entries:
        waiting, returned = back_to_claimant(claim, code=final, by=by)
        return Reassessed(claim=waiting, events=(returned,))
    if final != CANCELLED:
        return Reassessed(claim=claim)
    held = _out_of_review(replace(claim, clawback_fen=ordered_fen), ordered_fen=ordered_fen, settled=settled)
    if held.clawback_fen == claim.clawback_fen:
        return Reassessed(claim=held)
    taken = {line_no: -amount for line_no, amount in claim.decided.items()}
    return Reassessed(
        claim=held,
        difference=Difference(kind=DifferenceKind.CLAWBACK_PENDING, amount_fen=-ordered_fen, amounts=taken),
    )


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
    """Give where an approved claim stands when nothing of it is under review."""
    if not ordered_fen or ordered_fen < sum(claim.decided.values()):
        return State.APPROVED
    return State.PAID if settled else State.ORDERED
