"""Run as a process of its own: decide claims into a database, and die as by a power cut inside of a step.

python -m tests.bench.dying URL PERSONS STEP
"""

import asyncio
import os
import signal
import sys
from typing import Any

from bench.claims import run
from services.payment.storage.replays import StoredReplays

CLASSES_OF_A_STEP = 2


def die_in_step(number: int) -> None:
    """Let the process end after the rows of the nth step were written, before they are committed."""
    add, left = StoredReplays.add, number

    async def added(self: StoredReplays, *given: Any, **named: Any) -> None:
        nonlocal left
        await add(self, *given, **named)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    StoredReplays.add = added  # type: ignore[method-assign]


if __name__ == "__main__":
    die_in_step(int(sys.argv[3]))
    asyncio.run(run(sys.argv[1], int(sys.argv[2]), classes_of_a_step=CLASSES_OF_A_STEP))
