"""What stands aside: listed for people, counted for gauges, re-driven or discarded by command."""

from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import machine_now
from shared.database.engine import Database
from shared.domain.actor import SYSTEM, Actor
from shared.messaging.delivery import read_dead
from shared.messaging.inbox import Inbox, Passage, Poisoned
from shared.messaging.inbox_state import InboxState, lock_keys
from shared.messaging.tables import DEAD_LETTER, HELD_EVENT

LIST_MAX: Final = 1_000
_TRIES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter as people see it; its content stays in the table."""

    seq: int
    consumer: str
    event_id: str
    topic: str
    key: str
    reason: str
    attempts: int
    buried_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEvent:
    """An event that waits for an earlier version or a missing fact."""

    seq: int
    consumer: str
    event_id: str
    key: str
    source: str
    aggregate_type: str
    aggregate_id: str
    version: int
    reason: str
    held_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """What re-driving did: events that left the dead letters, by key, and why each key that stopped did so."""

    events: dict[str, int]
    stopped: dict[str, str]


async def list_dead_letters(
    database: Database, *, consumer: str | None = None, key: str | None = None
) -> list[DeadLetter]:
    """Give the open dead letters in the order in which they would be re-driven, at most 1,000."""
    columns = [DEAD_LETTER.c[one.name] for one in fields(DeadLetter)]
    query = select(*columns).where(DEAD_LETTER.c.redriven_at.is_(None)).order_by(DEAD_LETTER.c.seq).limit(LIST_MAX)
    if consumer is not None:
        query = query.where(DEAD_LETTER.c.consumer == consumer)
    if key is not None:
        query = query.where(DEAD_LETTER.c.key == key)
    async with database.connect(write=False) as connection:
        return [DeadLetter(**row) for row in (await connection.execute(query)).mappings()]


async def list_held(database: Database, *, consumer: str | None = None, key: str | None = None) -> list[HeldEvent]:
    """Give the held events, oldest first, at most 1,000."""
    columns = [HELD_EVENT.c[one.name] for one in fields(HeldEvent)]
    query = select(*columns).order_by(HELD_EVENT.c.seq).limit(LIST_MAX)
    if consumer is not None:
        query = query.where(HELD_EVENT.c.consumer == consumer)
    if key is not None:
        query = query.where(HELD_EVENT.c.key == key)
    async with database.connect(write=False) as connection:
        return [HeldEvent(**row) for row in (await connection.execute(query)).mappings()]


async def dead_letter_count(database: Database) -> int:
    """Give the number of open dead letters."""
    query = select(func.count()).select_from(DEAD_LETTER).where(DEAD_LETTER.c.redriven_at.is_(None))
    async with database.connect(write=False) as connection:
        count: int = (await connection.execute(query)).scalar_one()
    return count


async def held_count(database: Database) -> int:
    """Give the number of held events."""
    async with database.connect(write=False) as connection:
        count: int = (await connection.execute(select(func.count()).select_from(HELD_EVENT))).scalar_one()
    return count


async def held_age_seconds(database: Database) -> float:
    """Give how long the oldest held event has waited; 0 when there is none."""
    async with database.connect(write=False) as connection:
        oldest = (await connection.execute(select(func.min(HELD_EVENT.c.held_at)))).scalar_one()
    return 0.0 if oldest is None else max(0.0, (machine_now() - oldest).total_seconds())


async def redrive(inbox: Inbox, *, key: str | None = None) -> Redriven:
    """Apply the dead letters of one key (or of every key) again, in order, one transaction each.

    A key stops at its first event that fails again, which then says why and counts one attempt more. An event that
    only lacks a fact or an earlier version is held like any other. Raise what the database raises when it fails.
    """
    events: dict[str, int] = {}
    stopped: dict[str, str] = {}
    for one in [key] if key is not None else await _open_keys(inbox):
        events[one] = 0
        while (reason := await _redrive_first(inbox, one)) is not None:
            if reason:
                stopped[one] = reason
                break
            events[one] += 1
    return Redriven(events=events, stopped=stopped)


async def discard(inbox: Inbox, *, seq: int, actor: Actor, reason_code: str) -> bool:
    """Give one dead letter up for good, with an audit row saying who did and why; give False when none is open there.

    For a record that never was an event of ours. What a discarded event of ours reported is lost to this service, and
    later versions of its aggregate are held as a gap.
    """
    async with inbox.open_unit(actor=actor) as uow:
        row = await _first(uow.connection, DEAD_LETTER.c.consumer == inbox.consumer, DEAD_LETTER.c.seq == seq)
        if row is None:
            return False
        await lock_keys(uow.connection, inbox.consumer, [row.key])
        if not await _close(uow.connection, row.seq):
            return False
        details = {"key": row.key, "reason": reason_code}
        await uow.audit(action="dead_letter_discarded", subject=row.event_id, details=details)
        await uow.commit()
    return True


async def _open_keys(inbox: Inbox) -> list[str]:
    query = (
        select(DEAD_LETTER.c.key)
        .where(DEAD_LETTER.c.consumer == inbox.consumer, DEAD_LETTER.c.redriven_at.is_(None))
        .group_by(DEAD_LETTER.c.key)
        .order_by(func.min(DEAD_LETTER.c.seq))
    )
    async with inbox.database.connect(write=False) as connection:
        return list((await connection.execute(query)).scalars())


async def _redrive_first(inbox: Inbox, key: str) -> str | None:
    """Re-drive the key's first dead letter: nothing said when it left, why when it failed, None when there is none.

    An event that waited for this one may turn out to be poison itself; it is tried a few times, then buried.
    """
    condemned: dict[str, str] = {}
    tries: Counter[str] = Counter()
    while True:
        try:
            return await _redrive_once(inbox, key, condemned)
        except Poisoned as poison:
            event_id = poison.delivery.event_id
            tries[event_id] += 1
            if tries[event_id] >= _TRIES_MAX:
                condemned[event_id] = poison.reason


async def _redrive_once(inbox: Inbox, key: str, condemned: dict[str, str]) -> str | None:
    async with inbox.open_unit(actor=SYSTEM) as uow:
        await lock_keys(uow.connection, inbox.consumer, [key])
        row = await _first(uow.connection, DEAD_LETTER.c.consumer == inbox.consumer, DEAD_LETTER.c.key == key)
        if row is None:
            return None
        delivery = read_dead(row)
        state = await InboxState.load(uow.connection, inbox.consumer, [delivery], [key])
        try:
            reason = await Passage(inbox, uow, state, condemned).redrive(delivery)
        except Poisoned as poison:
            if poison.delivery is not delivery:
                raise
            reason = poison.reason  # its savepoint was rolled back, and nothing else has happened yet
        if reason:
            await _say_why(uow.connection, row.seq, reason)
        else:
            await _close(uow.connection, row.seq)
            await state.store(uow.connection)
        await uow.commit()
        return reason


async def _first(connection: AsyncConnection, *where: Any) -> Row[Any] | None:
    query = select(DEAD_LETTER).where(*where, DEAD_LETTER.c.redriven_at.is_(None)).order_by(DEAD_LETTER.c.seq).limit(1)
    return (await connection.execute(query)).one_or_none()


async def _say_why(connection: AsyncConnection, seq: int, reason: str) -> None:
    await connection.execute(
        update(DEAD_LETTER).where(DEAD_LETTER.c.seq == seq).values(reason=reason, attempts=DEAD_LETTER.c.attempts + 1)
    )


async def _close(connection: AsyncConnection, seq: int) -> bool:
    """Let a dead letter be one no more; give False when it was none by now."""
    query = (
        update(DEAD_LETTER)
        .where(DEAD_LETTER.c.seq == seq, DEAD_LETTER.c.redriven_at.is_(None))
        .values(redriven_at=machine_now())
    )
    return (await connection.execute(query)).rowcount == 1
