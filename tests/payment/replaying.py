"""Run as a process of its own: judge the claims of an office again, one a step, and die where the test says.

python -m tests.payment.replaying URL NAME MINIMUM_PERCENT [DIE_AT]
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace

from services.payment.application.replay_claims import begin_replay, replay_claims
from shared import failpoints
from shared.clock import LegalClock
from shared.database.engine import Database, open_database
from shared.policy.rulebook import Rulebook
from tests.payment.office import Office
from tests.payment.sample import rulebook


def draft(minimum_percent: int) -> Rulebook:
    """Give Jiyuan's rulebook with another limit for the attendance average."""
    book = rulebook()
    base = book.payment.attendance_base
    assert base is not None
    changed = replace(book.payment, attendance_base=replace(base, minimum_percent=minimum_percent))
    return replace(book, id=f"draft/{minimum_percent}", payment=changed)


async def step(database: Database, name: str, under: Rulebook, *, claims_max: int = 1, part: int = 0) -> int:
    """Take one step of a replay of one part, or of another's part, and commit it."""
    async with Office(database).unit() as uow:
        await begin_replay(uow, name, under)
        looked_at = await replay_claims(uow, name, under, part=part, claims_max=claims_max)
        await uow.commit()
    return looked_at


async def kept(database: Database, name: str) -> list[Mapping[str, object]]:
    """Give every line that a replay has come to."""
    async with Office(database).unit() as uow:
        return [line async for line in uow.replays.lines(name)]


def die_at(passes: int) -> None:
    """Let the process end as by a power cut when it passes the inside of a step for the nth time."""
    left = passes

    def hit(name: str) -> None:
        nonlocal left
        left -= name == failpoints.INSIDE_CLAIM
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.hit = hit


async def _run(url: str, name: str, under: Rulebook) -> None:
    database = open_database("payment", url, clock=LegalClock())
    try:
        while await step(database, name, under):
            pass
    finally:
        await database.close()


if __name__ == "__main__":
    if sys.argv[4:]:
        die_at(int(sys.argv[4]))
    asyncio.run(_run(sys.argv[1], sys.argv[2], draft(int(sys.argv[3]))))
