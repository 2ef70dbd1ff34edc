"""The outbox of every webhook: filled from the change log, and emptied in order per key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.changes.log import head_of, in_region
from shared.changes.tables import CHANGE, WEBHOOK, WEBHOOK_ATTEMPT, WEBHOOK_DELIVERY
from shared.clock import machine_now
from shared.database.engine import Database
from shared.database.upsert import insert_or_ignore

FILL_ROWS: Final = 500
COUNTED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The first waiting message of a key; a ping, which is in no log, has no body yet."""

    seq: int
    message_id: str
    body: bytes | None
    attempts: int
    failing_since: datetime | None


async def fill(connection: AsyncConnection, webhook: Row[Any]) -> None:
    """Write down the next deliveries from the log and move the cursor of the locked webhook, together."""
    head = await head_of(connection)
    wanted = _wanted(connection, webhook, head)
    query = select(CHANGE.c.number, CHANGE.c.event_id, CHANGE.c.key).where(*wanted)
    changes = (await connection.execute(query.order_by(CHANGE.c.number).limit(FILL_ROWS))).all()
    if changes:
        now = machine_now()
        rows = [
            {
                "webhook_id": webhook.webhook_id,
                "number": one.number,
                "message_id": one.event_id,
                "key": one.key,
                "next_attempt_at": now,
            }
            for one in changes
        ]
        await connection.execute(insert_or_ignore(connection, WEBHOOK_DELIVERY, rows))
    cursor = changes[-1].number if len(changes) == FILL_ROWS else head
    await connection.execute(update(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook.webhook_id).values(cursor=cursor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What active receivers have not taken yet: how many messages, and since when the oldest was published."""

    messages: int
    oldest_at: datetime | None


async def backlog(connection: AsyncConnection) -> Backlog:
    """Count what is written down and not delivered, and what the log still holds for each active receiver.

    Of the log at most 10,000 messages are counted per receiver: the age tells how far behind a longer one is.
    """
    head = await head_of(connection)
    row = WEBHOOK_DELIVERY.c
    counts: list[tuple[int, datetime | None]] = []
    for webhook in (await connection.execute(select(WEBHOOK).where(WEBHOOK.c.state == "active"))).all():
        written = (
            select(func.count(row.seq), func.min(CHANGE.c.published_at))
            .select_from(WEBHOOK_DELIVERY.outerjoin(CHANGE, CHANGE.c.number == row.number))
            .where(row.webhook_id == webhook.webhook_id, row.delivered_at.is_(None))
        )
        unwritten = select(CHANGE.c.published_at).where(*_wanted(connection, webhook, head))
        some = unwritten.order_by(CHANGE.c.number).limit(COUNTED_MAX).subquery()
        for query in (written, select(func.count(), func.min(some.c.published_at))):
            count, oldest_at = (await connection.execute(query)).one()
            counts.append((count, oldest_at))
    published = [published_at for _, published_at in counts if published_at is not None]
    return Backlog(messages=sum(count for count, _ in counts), oldest_at=min(published, default=None))


async def backlog_depth(database: Database) -> int:
    """Give the number of messages that active receivers have not taken yet."""
    async with database.connect(write=False) as connection:
        return (await backlog(connection)).messages


async def backlog_age_seconds(database: Database) -> float:
    """Give the age of the oldest message that an active receiver has not taken yet; 0 when there is none."""
    async with database.connect(write=False) as connection:
        oldest_at = (await backlog(connection)).oldest_at
    return 0.0 if oldest_at is None else max(0.0, (machine_now() - oldest_at).total_seconds())


async def due(connection: AsyncConnection, webhook_id: str, *, limit: int) -> Sequence[Message]:
    """Give the first waiting message of each key whose time has come, longest waiting first."""
    row, earlier = WEBHOOK_DELIVERY.c, WEBHOOK_DELIVERY.alias("earlier")
    in_front = exists(
        select(earlier.c.seq).where(
            earlier.c.webhook_id == row.webhook_id,
            earlier.c.key == row.key,
            earlier.c.number < row.number,
            earlier.c.delivered_at.is_(None),
        )
    )
    query = (
        select(row.seq, row.message_id, row.attempts, row.failing_since, CHANGE.c.payload)
        .select_from(WEBHOOK_DELIVERY.outerjoin(CHANGE, CHANGE.c.number == row.number))
        .where(row.webhook_id == webhook_id, row.delivered_at.is_(None))
        .where(row.next_attempt_at <= machine_now(), ~in_front)
        .order_by(row.next_attempt_at, row.seq)
        .limit(limit)
    )
    rows = (await connection.execute(query)).all()
    return [
        Message(
            seq=one.seq,
            message_id=one.message_id,
            body=None if one.payload is None else bytes(one.payload),
            attempts=one.attempts,
            failing_since=one.failing_since,
        )
        for one in rows
    ]


async def failing_keys(connection: AsyncConnection, webhook_id: str) -> int:
    """Count the keys that stand still behind a failure."""
    row = WEBHOOK_DELIVERY.c
    query = select(func.count(row.failing_since)).where(row.webhook_id == webhook_id, row.delivered_at.is_(None))
    failing: int = (await connection.execute(query)).scalar_one()
    return failing


async def wake(connection: AsyncConnection, webhook_id: str) -> None:
    """Let everything that waits for its next attempt be tried now."""
    row, now = WEBHOOK_DELIVERY.c, machine_now()
    waiting = (row.webhook_id == webhook_id, row.delivered_at.is_(None), row.next_attempt_at > now)
    await connection.execute(update(WEBHOOK_DELIVERY).where(*waiting).values(next_attempt_at=now))


async def forget(connection: AsyncConnection, *, before: datetime) -> None:
    """Forget what was delivered or attempted before; the log itself is kept, so it can be wished for again."""
    await connection.execute(delete(WEBHOOK_DELIVERY).where(WEBHOOK_DELIVERY.c.delivered_at < before))
    await connection.execute(delete(WEBHOOK_ATTEMPT).where(WEBHOOK_ATTEMPT.c.attempted_at < before))


def _wanted(connection: AsyncConnection, webhook: Row[Any], head: int) -> list[ColumnElement[bool]]:
    """Give which of the log's messages a receiver is still to have written down."""
    wanted = [CHANGE.c.number > webhook.cursor, CHANGE.c.number <= head, in_region(connection, webhook.region)]
    if webhook.types:
        wanted.append(CHANGE.c.type.in_(webhook.types))
    return wanted
