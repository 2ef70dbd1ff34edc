"""A process to be killed: `python -m tests.messaging.leading URL` says when it leads, and leads until then."""

import asyncio
import sys

from shared.clock import LegalClock
from shared.database.engine import open_database
from shared.database.leader import Leader


async def lead() -> None:
    """Lead until killed."""
    database = open_database("test", sys.argv[1], clock=LegalClock())
    stop = asyncio.Event()
    async with Leader(database).lead(stop):
        print("leading", flush=True)  # noqa: T201
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(lead())
