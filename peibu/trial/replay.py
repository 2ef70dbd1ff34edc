"""Past claims judged again under a draft: who would gain, who would lose, and how much in all."""

from collections.abc import AsyncIterator
from typing import Any, Final

from services.payment.application.replay_claims import begin_replay, judge_again, replay_claims
from services.payment.domain.replay import Replayed
from shared.domain.jurisdiction import descendants
from shared.policy.rulebook import Rulebook

CLAIMS_OF_A_STEP: Final = 100
"""So many claims are judged and kept in one transaction: what a kill costs at most."""


async def replay(uow: Any, draft: Rulebook) -> AsyncIterator[Replayed]:
    """Judge every approved claim of the draft's region anew, whose class opened while the draft would hold.

    `uow` is a reading unit of work of payment; nothing is written.
    """
    for claim_id in await uow.claims.ids_of(descendants(draft.region)):
        found = await judge_again(uow, claim_id, draft)
        if found is not None:
            yield found


async def begin_to_keep(wired: Any, draft: Rulebook, name: str, *, parts: int) -> int:
    """Begin a replay to be kept, or find the one of that name that was begun; give how many parts it has."""
    async with wired.writing() as uow:
        dealt = await begin_replay(uow, name, draft, parts=parts)
        await uow.commit()
    return dealt


async def keep_replay(
    wired: Any, draft: Rulebook, name: str, part: int, *, claims_max: int = CLAIMS_OF_A_STEP
) -> AsyncIterator[int]:
    """Judge a part of the same claims and keep what they come to, step by step; give how many each step looked at.

    What ended in between goes on where it was. `wired` is the opened payment service.
    """
    while True:
        async with wired.writing() as uow:
            looked_at = await replay_claims(uow, name, draft, part=part, claims_max=claims_max)
            await uow.commit()
        if not looked_at:
            return
        yield looked_at
