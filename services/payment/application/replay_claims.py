"""Judge approved claims again under a draft, as many as there are: what they come to then is kept beside them.

A province's year is dealt out into parts, so that every processor can do one, and each is done in steps. A step is a
transaction that remembers how far its part came: whatever ends in between goes on behind the last step, and comes to
the same rows.
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

    async def begin(self, name: str, rulebook_id: str, limits: Sequence[str], *, at: datetime) -> tuple[str, int]:
        """Deal a new replay's claims out into parts that end at these limits; give its rulebook and its parts."""
        ...

    async def go_on(self, name: str, part: int) -> tuple[str, str | None]:
        """Keep every other writer of a part waiting; give the last claim it has come to, and the last it goes to."""
        ...

    async def add(self, name: str, part: int, found: Sequence[Replayed], *, reached: str) -> None:
        """Add claims judged again, and how far their part came."""
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


async def begin_replay(uow: ReplayUnit, name: str, draft: Rulebook, *, parts: int = 1) -> int:
    """Begin a replay of that name or find the one that was begun; give how many parts it has.

    Raise Refused REPLAY_OF_ANOTHER where the name stands for a replay under another rulebook.
    """
    ids = await uow.claims.ids_of(descendants(draft.region)) if parts > 1 else ()
    limits = [ids[len(ids) * part // parts - 1] for part in range(1, parts)] if len(ids) >= parts else []
    rulebook_id, dealt = await uow.replays.begin(name, draft.id, limits, at=uow.now)
    if rulebook_id != draft.id:
        raise Refused(
            code="REPLAY_OF_ANOTHER",
            message=f"名为 {name} 的试算使用的是另一册规则（{rulebook_id}）。",
            advice="草案修改后请另起名称；或用原来的草案继续。",
            field="name",
        )
    return dealt


async def replay_claims(uow: ReplayUnit, name: str, draft: Rulebook, *, part: int = 0, claims_max: int) -> int:
    """Take the next step of a part of a replay; give how many claims it looked at, 0 when none is left."""
    reached, until = await uow.replays.go_on(name, part)
    ids = await uow.claims.ids_of(descendants(draft.region), after=reached, until=until, limit=claims_max)
    if not ids:
        return 0
    found = [await judge_again(uow, claim_id, draft) for claim_id in ids]
    await uow.replays.add(name, part, [one for one in found if one is not None], reached=ids[-1])
    failpoints.hit(failpoints.INSIDE_CLAIM)
    return len(ids)
