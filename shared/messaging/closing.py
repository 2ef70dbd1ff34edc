"""Stop clients whose `stop()` may hang, without hanging and without leaving their connections open."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog

_LAST_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class Closing:
    """What is being stopped in the background; kept, so that it can be waited for at the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._tasks: dict[asyncio.Task[None], Callable[[], Awaitable[None]]] = {}

    def stop(
        self, name: str, stopping: Coroutine[Any, Any, None], disconnect: Callable[[], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """Begin to stop a client in the background; `disconnect` closes its connections, for when it hangs."""

        async def quietly() -> None:
            try:
                await stopping
            except Exception as error:  # it is thrown away; what matters was said when it failed
                _log.info("client_stopped_badly", client=name, reason=type(error).__name__)

        task = asyncio.create_task(quietly(), name=f"stop {name}")
        self._tasks[task] = disconnect
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    async def wait(self, *tasks: asyncio.Task[None]) -> None:
        """Wait for these, within the deadline; what needs longer goes on in the background."""
        if tasks:
            await asyncio.wait(tasks, timeout=self._seconds)

    async def end(self) -> None:
        """Wait for all, within the deadline; disconnect what needs longer, then cancel it."""
        await self.wait(*self._tasks)
        hanging = dict(self._tasks)
        if not hanging:
            return
        await _all(disconnect() for disconnect in hanging.values())  # what it waits for fails now
        await asyncio.wait(hanging, timeout=_LAST_SECONDS)
        for task in hanging:
            task.cancel()
        await asyncio.wait(hanging, timeout=_LAST_SECONDS)
        await _all(disconnect() for disconnect in hanging.values())  # it may have connected anew meanwhile


async def _all(disconnecting: Any) -> None:
    tasks = [asyncio.ensure_future(one) for one in disconnecting]
    await asyncio.wait(tasks, timeout=_LAST_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
