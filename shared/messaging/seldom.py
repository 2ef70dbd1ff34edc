"""Keep a library from filling the disk with its complaints."""

import logging
from typing import Final

from shared.clock import monotonic

EVERY_SECONDS: Final = 10.0


class Seldom(logging.Filter):
    """Lets each message of a logger through once in ten seconds, and says how often it was kept back meanwhile.

    While a broker was down, one client wrote the same two errors two thousand times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether this one is let through."""
        template = str(record.msg)
        written_at, kept_back = self._seen.get(template, (float("-inf"), 0))
        if monotonic() - written_at < EVERY_SECONDS:
            self._seen[template] = (written_at, kept_back + 1)
            return False
        if kept_back:
            record.msg = f"{template} (and {kept_back} times more before)"
        self._seen[template] = (monotonic(), 0)
        return True
