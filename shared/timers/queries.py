"""What stands in the timer table: what can fire, what comes next and what keeps failing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.timers.tables import TIMER

WAITED_ATTEMPTS: Final = 3
"""After so many failures nobody waits for a timer any longer: it is reported, and goes on being tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One use-case that falls due at a legal instant."""

    due: datetime
    kind: str
    key: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingTimer(Timer):
    """A timer nobody waits for: on what it failed and when it is tried again (machine time)."""

    last_error: str | None
    retry_at: datetime | None


_EARLIER: Final = TIMER.alias("earlier")
_BEFORE_IT_IN_ITS_KEY: Final = and_(
    _EARLIER.c.key == TIMER.c.key,
    or_(_EARLIER.c.due < TIMER.c.due, and_(_EARLIER.c.due == TIMER.c.due, _EARLIER.c.kind < TIMER.c.kind)),
)
_IN_ORDER: Final = select(TIMER.c.due, TIMER.c.kind, TIMER.c.key, TIMER.c.attempts).order_by(
    TIMER.c.due, TIMER.c.kind, TIMER.c.key
)


async def next_to_fire(connection: AsyncConnection, *, until: datetime, machine_now: datetime) -> Timer | None:
    """Give the first timer due by `until` that may be tried now; one behind another of its key waits for it."""
    may_be_tried = or_(TIMER.c.retry_at.is_(None), TIMER.c.retry_at <= machine_now)
    first_of_its_key = ~exists().where(_BEFORE_IT_IN_ITS_KEY)
    query = _IN_ORDER.where(TIMER.c.due <= until, may_be_tried, first_of_its_key).limit(1)
    row = (await connection.execute(query)).first()
    return Timer(**row._asdict()) if row else None


async def next_due(connection: AsyncConnection) -> datetime | None:
    """Give the legal instant to which a sandbox clock may move next, None when no timer stands.

    A timer that failed `WAITED_ATTEMPTS` times is passed over, and so are those behind it in its key: a broken one
    must not hold the clock for ever. `failing` reports it.
    """
    given_up = exists().where(_BEFORE_IT_IN_ITS_KEY, _EARLIER.c.attempts >= WAITED_ATTEMPTS)
    row = (await connection.execute(_IN_ORDER.where(TIMER.c.attempts < WAITED_ATTEMPTS, ~given_up).limit(1))).first()
    return row.due if row else None


async def failing(connection: AsyncConnection) -> list[FailingTimer]:
    """Give the timers that `next_due` passes over because they keep failing, in order."""
    query = _IN_ORDER.add_columns(TIMER.c.last_error, TIMER.c.retry_at).where(TIMER.c.attempts >= WAITED_ATTEMPTS)
    return [FailingTimer(**row._asdict()) for row in await connection.execute(query)]
