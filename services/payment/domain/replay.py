"""What a claim comes to when it is judged again, beside what it came to."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.payment.domain.deciding import Answer, Decided, answer_of
from services.payment.domain.subsidy import Assessment, Line
from shared.policy.decision import Finding

_OF_THE_CLASS = "班级"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One claim judged again: what its lines come to with the reasons, and what each came to before, in fen.

    `stops` refuse the claim.
    """

    claim_id: str
    region: str
    answers: tuple[Answer, ...]
    before: dict[int, int]
    stood: tuple[Line, ...] = ()
    stops: tuple[Finding, ...] = ()

    @property
    def names(self) -> dict[int, str]:
        """Give the names, masked, by which people tell lines apart."""
        stood = {line.line_no: line.masked_name or _OF_THE_CLASS for line in self.stood}
        return stood | {no: name or _OF_THE_CLASS for answer in self.answers for no, _, name in answer.people}

    @property
    def after(self) -> dict[int, int]:
        """Give what each line comes to now; lines of nothing are left out."""
        return {no: each.line.amount_fen for each in self.answers if each.line.amount_fen for no, _, _ in each.people}

    @property
    def changes(self) -> dict[int, int]:
        """Give what each line gains, or, below zero, loses; lines that stay are left out."""
        after = self.after
        gained = {no: after.get(no, 0) - self.before.get(no, 0) for no in sorted({*self.before, *after})}
        return {no: fen for no, fen in gained.items() if fen}


def replayed(claim_id: str, region: str, *, before: Iterable[Line], found: Decided | Assessment) -> Replayed:
    """Give a claim as it was found when judged again, beside the lines it had."""
    stood = tuple(before)
    if isinstance(found, Decided):
        answers, stops = tuple(found.answers()), found.of_class.stops
    else:
        answers, stops = tuple(map(answer_of, found.lines)), found.stops
    return Replayed(
        claim_id=claim_id,
        region=region,
        answers=answers,
        before={line.line_no: line.amount_fen for line in stood if line.amount_fen},
        stood=stood,
        stops=stops,
    )
