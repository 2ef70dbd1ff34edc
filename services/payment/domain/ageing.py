"""What has waited and for how long: classes for their claim (HB-CLM-14), claims for their money (HL-PAY-04). Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.payment.domain.class_record import ClassRecord
from services.payment.domain.state import State
from shared.policy.terms.reporting import Ageing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStand:
    """How far a claim is; `approved_on` is the day of its first approval, None before, of `approved_fen`.

    An assessment body's is for what it examined, not for the training (HB-CLM-14).
    """

    claim_id: str
    class_id: str
    state: State
    approved_on: date | None
    approved_fen: int
    of_assessor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One class or claim that waits; `late` where it waits longer than the document's or the region's days."""

    class_id: str
    claim_id: str | None
    institution: str
    since: date
    days: int
    late: bool


def ageing(
    term: Ageing, records: Iterable[ClassRecord], claims: Sequence[ClaimStand], today: date
) -> tuple[Waiting, ...]:
    """Give what waits on a day, the longest first; a cancelled class waits for no claim."""
    known = {record.opened.class_id: record for record in records}
    started = _unclaimed(known.values(), claims) if term.waits_for == "claim" else _unpaid(claims)
    found = [
        Waiting(
            class_id=class_id,
            claim_id=claim_id,
            institution=known[class_id].opened.institution.name,
            since=since,
            days=(today - since).days,
            late=term.days_max is not None and (today - since).days > term.days_max,
        )
        for class_id, claim_id, since in started
        if class_id in known
    ]
    return tuple(sorted(found, key=lambda each: (each.since, each.class_id, each.claim_id or "")))


def _unclaimed(records: Iterable[ClassRecord], claims: Sequence[ClaimStand]) -> Iterator[tuple[str, str | None, date]]:
    by_anybody = {claim.class_id for claim in claims}
    for_training = {claim.class_id for claim in claims if not claim.of_assessor}
    for record in records:
        claimed = by_anybody if record.opened.kind == "evaluation" else for_training
        if record.certificates and not record.cancelled and record.opened.class_id not in claimed:
            yield record.opened.class_id, None, max(each.issued_on for each in record.certificates)


def _unpaid(claims: Iterable[ClaimStand]) -> Iterator[tuple[str, str | None, date]]:
    for claim in claims:
        if claim.approved_on is not None and claim.approved_fen > 0 and claim.state is not State.PAID:
            yield claim.class_id, claim.claim_id, claim.approved_on
