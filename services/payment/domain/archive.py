"""What payment adds to a person's archive: the subsidies decided for the person (HL-DAT-02)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.payment.domain.claim import Claim
from services.payment.domain.order import OrderState, PaymentOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidy:
    """What was approved of one line for the person and what of it the bank has paid, to the claimant; all in fen.

    The class-level cut is nobody's and stands in nobody's archive.
    """

    claim_id: str
    claimant: str
    programme: str
    certificate_kind: str | None
    approved_on: date
    amount_fen: int
    settled_fen: int


def subsidies_of(person_id: str, claim: Claim, orders: Sequence[PaymentOrder]) -> tuple[Subsidy, ...]:
    """Give the person's lines of a claim that were approved at least once, by line number."""
    lines = (line for line in claim.assessment.lines if line.person_id == person_id)
    return tuple(
        Subsidy(
            claim_id=claim.claim_id,
            claimant=claim.claimant,
            programme=line.programme,
            certificate_kind=line.certificate_kind,
            approved_on=min(approved),
            amount_fen=claim.decided.get(line.line_no, 0),
            settled_fen=_settled(line.line_no, orders),
        )
        for line in lines
        if (approved := [entry.approved_on for entry in claim.entries if line.line_no in entry.amounts])
    )


def _settled(line_no: int, orders: Iterable[PaymentOrder]) -> int:
    settled = (order for order in orders if order.state is OrderState.SETTLED)
    return sum(entry.amount_fen for order in settled for entry in order.entries if entry.line_no == line_no)
