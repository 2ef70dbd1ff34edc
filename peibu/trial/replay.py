"""Past claims judged again under a draft: who would gain, who would lose, and how much in all. Reads, never writes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from services.payment.application.assessing import Case, assess_claim, open_case
from shared.domain.jurisdiction import descendants
from shared.policy.decision import Finding
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One claim: what its lines come to under its own rulebook and under the draft, by line number, in fen.

    `names` tell lines apart for people (masked); `stops` refuse the claim under the draft.
    """

    claim_id: str
    region: str
    names: dict[int, str]
    before: dict[int, int]
    after: dict[int, int]
    stops: tuple[Finding, ...]

    @property
    def changes(self) -> dict[int, int]:
        """Give what each line gains, or, below zero, loses; lines that stay are left out."""
        gained = {no: self.after.get(no, 0) - self.before.get(no, 0) for no in sorted({*self.before, *self.after})}
        return {no: fen for no, fen in gained.items() if fen}


async def replay(uow: Any, draft: Rulebook) -> AsyncIterator[Replayed]:
    """Judge every approved claim of the draft's region anew, whose class opened while the draft would hold.

    `uow` is a reading unit of work of payment. Facts, decisions and held slots are those of now, rates
    those that stood when the claim was first approved.
    """
    for claim_id in await uow.claims.ids_of(descendants(draft.region)):
        claim = await uow.claims.find(claim_id)
        case = await open_case(uow, claim.class_id)
        if not draft.holds_on(case.opened.fact.opening_date):
            continue
        found = await assess_claim(uow, Case(facts=case.facts, opened=case.opened, rulebook=draft), claim)
        yield Replayed(
            claim_id=claim_id,
            region=claim.region,
            names={line.line_no: line.masked_name or "班级" for line in (*claim.assessment.lines, *found.lines)},
            before={line.line_no: line.amount_fen for line in claim.assessment.lines if line.amount_fen},
            after={line.line_no: line.amount_fen for line in found.lines if line.amount_fen},
            stops=found.stops,
        )
