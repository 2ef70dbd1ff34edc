"""How long others may take to answer, how attempts are spread, and when a receiver is given up."""

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a receiver may take, how attempts are spread, and when it is given up."""

    answer_seconds: float = 10.0
    first_pause_seconds: float = 5.0
    longest_pause_seconds: float = 300.0
    retry_after_seconds_max: float = 3_600.0
    poll_seconds: float = 2.0
    give_up_after: timedelta = timedelta(days=5)
    keep_delivered: timedelta = timedelta(days=30)
    prune_every: timedelta = timedelta(hours=1)

    def pause(self, failures: int) -> timedelta:
        """Give the pause after so many failures in a row: doubling, bounded, spread over its upper half."""
        step = min(self.longest_pause_seconds, self.first_pause_seconds * 2.0 ** min(failures - 1, 30))
        return timedelta(seconds=step * random.uniform(0.5, 1.0))  # noqa: S311 - spreads attempts, hides nothing
