"""Stop clients whose `stop()` may hang, without hanging."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

_log = structlog.get_logger(__name__)


class Closing:
    """What is being stopped in the background; kept, so that it can be waited for at the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def stop(self, name: str, stopping: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin to stop a client in the background."""

        async def quietly() -> None:
            try:
                await stopping
            except Exception as error:  # it is thrown away; what matters was said when it failed
                _log.info("a client did not stop cleanly", client=name, reason=type(error).__name__)

        task = asyncio.create_task(quietly(), name=f"stop {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def wait(self, *tasks: asyncio.Task[None]) -> None:
        """Wait for these, within the deadline; what needs longer goes on in the background."""
        if tasks:
            await asyncio.wait(tasks, timeout=self._seconds)

    async def end(self) -> None:
        """Wait for all, within the deadline, and cancel what needs longer."""
        await self.wait(*self._tasks)
        for task in list(self._tasks):
            task.cancel()
