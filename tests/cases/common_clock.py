"""One legal time for several stories."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime


class CommonClock:
    """One legal time for several stories: when all wait, it moves to the earliest instant any of them waits for."""

    def __init__(self, stories: int) -> None:
        self._playing = stories
        self._waiting: list[tuple[datetime, asyncio.Event]] = []
        self._moving = asyncio.Lock()

    def join(self, stories: int) -> None:
        """Let so many more stories take part from now on; one that plays already says it."""
        self._playing += stories

    async def reach(self, instant: datetime, move: Callable[[datetime], Awaitable[None]]) -> None:
        """Return when legal time is `instant`; whoever comes last lets `move` carry it out."""
        reached = asyncio.Event()
        self._waiting.append((instant, reached))
        await self._go_on(move)
        await reached.wait()

    async def leave(self, move: Callable[[datetime], Awaitable[None]]) -> None:
        """Let the others go on without one that is over."""
        self._playing -= 1
        await self._go_on(move)

    async def _go_on(self, move: Callable[[datetime], Awaitable[None]]) -> None:
        async with self._moving:
            if not self._waiting or len(self._waiting) < self._playing:
                return
            instant = min(instant for instant, _ in self._waiting)
            await move(instant)
            for due, reached in self._waiting:
                if due == instant:
                    reached.set()
            self._waiting = [(due, reached) for due, reached in self._waiting if due > instant]
