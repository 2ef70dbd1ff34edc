"""What a claim comes to when it is judged again, beside what it came to."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.payment.domain.subsidy import Assessment, Line
from shared.policy.decision import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One claim judged again: every line with its reasons, and what lines of that number came to before, in fen.

    `names` tell lines apart for people (masked); `stops` refuse the claim.
    """

    claim_id: str
    region: str
    lines: tuple[Line, ...]
    before: dict[int, int]
    names: dict[int, str]
    stops: tuple[Finding, ...] = ()

    @property
    def after(self) -> dict[int, int]:
        """Give what each line comes to now; lines of nothing are left out."""
        return {line.line_no: line.amount_fen for line in self.lines if line.amount_fen}

    @property
    def changes(self) -> dict[int, int]:
        """Give what each line gains, or, below zero, loses; lines that stay are left out."""
        after = self.after
        gained = {no: after.get(no, 0) - self.before.get(no, 0) for no in sorted({*self.before, *after})}
        return {no: fen for no, fen in gained.items() if fen}


def replayed(claim_id: str, region: str, *, before: Iterable[Line], found: Assessment) -> Replayed:
    """Give a claim as it was found when judged again, beside the lines it had."""
    stood = [*before]
    return Replayed(
        claim_id=claim_id,
        region=region,
        lines=found.lines,
        before={line.line_no: line.amount_fen for line in stood if line.amount_fen},
        names={line.line_no: line.masked_name or "班级" for line in (*stood, *found.lines)},
        stops=found.stops,
    )
