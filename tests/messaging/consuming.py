"""A consumer that runs until it has read everything."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from shared.messaging.bus import Record
from shared.messaging.consumer import Consumer
from tests.messaging.conftest import eventually


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[asyncio.Task[None]]:
    """Run a consumer for the length of a block."""
    stop = asyncio.Event()
    task = asyncio.create_task(consumer.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task])
        task.exception()


async def send(bus: Any, records: Sequence[Record]) -> None:
    """Send, and see everything acknowledged."""
    assert set(await bus.publisher().send(records)) == {None}


async def finish(consumer: Consumer) -> None:
    """Run until everything sent is consumed."""
    async with running(consumer) as task:

        async def idle() -> bool:
            if task.done():
                await task
            return await consumer.is_idle()

        await eventually(idle)
