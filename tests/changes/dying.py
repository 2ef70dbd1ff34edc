"""A worker that is killed after its messages were taken and before they are marked: `python -m tests.changes.dying`."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from shared.changes.answers import new_client
from shared.changes.delivery import WebhookSender, webhook_sender
from shared.clock import LegalClock
from shared.database.engine import open_database
from shared.settings import ServiceSettings


async def main(url: str, home: str, webhook_id: str) -> None:
    """Deliver once and die."""

    async def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    WebhookSender._record = die  # type: ignore[method-assign]
    settings = ServiceSettings(service="enrollment", home=Path(home), sandbox=True)
    database = open_database("enrollment", url, clock=LegalClock())
    async with new_client() as http:
        await webhook_sender(database, settings).serve(webhook_id, http, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
