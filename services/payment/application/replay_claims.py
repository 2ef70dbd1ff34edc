"""Judge approved claims again under a draft, as many as there are: what they come to then is kept beside them.

A province's year is done in steps, each a transaction that remembers how far it came: whatever ends in between goes on
behind the last step, and comes to the same rows.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.payment.application.assessing import Case, decide_claim, open_case
from services.payment.application.ports import PaymentUnit
from services.payment.domain.replay import Replayed, replayed
from shared import failpoints
from shared.domain.errors import Refused
from shared.domain.jurisdiction import descendants
from shared.policy.rulebook import Rulebook


class Replays(Protocol):
    """What was judged again, by the name of the replay."""

    async def begin(self, name: str, rulebook_id: str, *, at: datetime) -> tuple[str, str]:
        """Keep every other writer of this replay waiting; give its rulebook, and the last claim it has come to."""
        ...

    async def add(self, name: str, found: Sequence[Replayed], *, reached: str) -> None:
        """Add claims judged again, and how far the replay came."""
        ...

    def lines(self, name: str) -> AsyncIterator[Mapping[str, object]]:
        """Give every line of a replay with its reasons, by claim and number."""
        ...


class ReplayUnit(PaymentUnit, Protocol):
    """One transaction of payment in which a replay goes on."""

    @property
    def replays(self) -> Replays: ...


async def judge_again(uow: PaymentUnit, claim_id: str, draft: Rulebook) -> Replayed | None:
    """Judge a claim anew under a draft; None where the draft would not hold on the day its class opened.

    Facts, decisions and held slots are those of now, rates those that stood when the claim was first approved.
    """
    claim = await uow.claims.find(claim_id)
    if claim is None:
        raise LookupError(f"claim {claim_id} is gone")
    case = await open_case(uow, claim.class_id)
    if not draft.holds_on(case.opened.fact.opening_date):
        return None
    found = await decide_claim(uow, Case(facts=case.facts, opened=case.opened, rulebook=draft), claim)
    return replayed(claim_id, claim.region, before=claim.assessment.lines, found=found)


async def replay_claims(uow: ReplayUnit, name: str, draft: Rulebook, *, claims_max: int) -> int:
    """Take the next step of a replay of that name; give how many claims it looked at, 0 when none is left.

    Raise Refused REPLAY_OF_ANOTHER where the name stands for a replay under another rulebook.
    """
    rulebook_id, reached = await uow.replays.begin(name, draft.id, at=uow.now)
    if rulebook_id != draft.id:
        raise Refused(
            code="REPLAY_OF_ANOTHER",
            message=f"名为 {name} 的试算使用的是另一册规则（{rulebook_id}）。",
            advice="草案修改后请另起名称；或用原来的草案继续。",
            field="name",
        )
    ids = await uow.claims.ids_of(descendants(draft.region), after=reached, limit=claims_max)
    if not ids:
        return 0
    found = [await judge_again(uow, claim_id, draft) for claim_id in ids]
    await uow.replays.add(name, [one for one in found if one is not None], reached=ids[-1])
    failpoints.hit(failpoints.INSIDE_CLAIM)
    return len(ids)
