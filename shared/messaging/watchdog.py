"""Notice a subscription that is stuck: a client library may lose its connection for good without a word."""

from typing import Final

import structlog

from shared.clock import monotonic
from shared.messaging.bus import Subscription
from shared.messaging.failures import describe

CHECK_EVERY_SECONDS: Final = 15.0
REPLACE_AFTER: Final = 2
GIVE_UP_AFTER: Final = 5

_log = structlog.get_logger(__name__)


class Watchdog:
    """Asks for the end of the log now and then and compares it with what arrives.

    A check fails when there is no subscription, when the bus does not answer within its deadline, and when records
    wait although none has come since the last check.
    """

    def __init__(
        self,
        *,
        every_seconds: float = CHECK_EVERY_SECONDS,
        replace_after: int = REPLACE_AFTER,
        give_up_after: int = GIVE_UP_AFTER,
    ) -> None:
        self.failures = 0
        self._every_seconds = every_seconds
        self._replace_after = replace_after
        self._give_up_after = give_up_after
        self._moved = False
        self._due_at = monotonic() + every_seconds

    @property
    def due(self) -> bool:
        """Say whether it is time for a check."""
        return monotonic() >= self._due_at

    @property
    def wants_replacement(self) -> bool:
        """Say whether the subscription failed often enough to be replaced."""
        return self.failures >= self._replace_after

    @property
    def gives_up(self) -> bool:
        """Say whether replacing it did not help either."""
        return self.failures >= self._give_up_after

    def fetched(self, records: int) -> None:
        """Note a fetch that was answered."""
        self._moved = self._moved or records > 0

    async def check(self, subscription: Subscription | None) -> None:
        """Check once, and count a failure or forget the earlier ones."""
        moved, self._moved = self._moved, False
        self._due_at = monotonic() + self._every_seconds
        problem = await self._problem(subscription, moved)
        if not problem:
            self.failures = 0
            return
        self.failures += 1
        _log.warning("subscription_silent", reason=problem, failures=self.failures)

    async def _problem(self, subscription: Subscription | None, moved: bool) -> str:
        if subscription is None:
            return "no subscription could be opened"
        try:
            lag = await subscription.lag()
        except Exception as error:  # whatever it is, the bus has not answered
            return describe(error)
        return f"{lag} records wait and none arrives" if lag and not moved else ""
