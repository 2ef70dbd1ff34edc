"""The one place that asks what time it is.

Legal time decides rules, deadlines and domain timestamps and can be moved in a sandbox; machine time decides tokens,
leases, retries and metrics and never moves. Instants are UTC; legal days are counted in Asia/Shanghai.
"""

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from uuid import uuid4
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def machine_now() -> datetime:
    """Give the machine's own instant in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Give seconds that never run backwards, for deadlines and metrics."""
    return time.monotonic()


class LegalClock:
    """Legal time: the machine's time plus a sandbox's offset, which its databases let only grow."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    @property
    def offset(self) -> timedelta:
        """Give how far legal time runs ahead of (or, at the start of a sandbox year, behind) the machine's."""
        return self._offset

    def set_offset(self, offset: timedelta) -> None:
        """Set the offset that a sandbox clock event carried."""
        self._offset = offset

    def legal_now(self) -> datetime:
        """Give the legal instant in UTC."""
        return machine_now() + self._offset


def legal_day(instant: datetime) -> date:
    """Give the legal day (Asia/Shanghai) on which an instant falls; one without a zone is a ValueError."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")  # Python would take it for the machine's
    return instant.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """Give the UTC instant at which a legal day begins."""
    return datetime.combine(day, day_time.min, SHANGHAI).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Give the UTC instant at which a legal day has passed: the beginning of the next."""
    return start_of_day(day + timedelta(days=1))


def new_id() -> str:
    """Give a fresh opaque id (UUID text); domains receive ids, they never make them."""
    return str(uuid4())
