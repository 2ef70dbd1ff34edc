"""The change log: what this service published, numbered without gaps in the order of publication, and never pruned."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Row, func, insert, literal, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.changes.tables import CHANGE
from shared.database.metadata import Instant
from shared.domain.errors import Refused
from shared.domain.jurisdiction import NATION, descendants
from shared.messaging.statements import among
from shared.messaging.tables import OUTBOX

_ONE_NUMBERER: Final = text('LOCK TABLE "change" IN EXCLUSIVE MODE')
"""Readers pass. Only a relay numbers, but the last of an old leader and the first of a new one may meet."""


async def number_changes(connection: AsyncConnection, seqs: Collection[int], *, published_at: datetime) -> None:
    """Mark outbox rows as published and append those that were not to the log, numbered on from its end.

    A row marked before, by a repeat or by another relay, changes nothing.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_ONE_NUMBERER)
    waiting = (among(connection, OUTBOX.c.seq, seqs), OUTBOX.c.published_at.is_(None))
    head = select(func.coalesce(func.max(CHANGE.c.number), 0)).scalar_subquery()
    numbered = select(
        head + func.row_number().over(order_by=OUTBOX.c.seq),
        OUTBOX.c.event_id,
        OUTBOX.c.region,
        OUTBOX.c.key,
        OUTBOX.c.type,
        OUTBOX.c.payload,
        literal(published_at, Instant),
    ).where(*waiting)
    columns = ["number", "event_id", "region", "key", "type", "payload", "published_at"]
    await connection.execute(insert(CHANGE).from_select(columns, numbered))
    await connection.execute(update(OUTBOX).where(*waiting).values(published_at=published_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some changes in order, the cursor after them, and whether more stand behind it."""

    rows: Sequence[Row[int, bytes]]
    next_after: int
    has_more: bool


async def head_of(connection: AsyncConnection) -> int:
    """Give the log's last number; 0 while it is empty."""
    number: int = (await connection.execute(select(func.coalesce(func.max(CHANGE.c.number), 0)))).scalar_one()
    return number


def in_region(connection: AsyncConnection, region: str) -> ColumnElement[bool]:
    """Say that a change lies in the region or under it."""
    return true() if region == NATION else among(connection, CHANGE.c.region, sorted(descendants(region)))


async def read_changes(connection: AsyncConnection, *, after: int, limit: int, region: str) -> Page:
    """Give up to `limit` changes of the region with a number above `after`.

    At the log's end `next_after` is its last number, whatever its region: numbers appear only in order, so nothing can
    come up behind it. Raise Refused CURSOR_UNKNOWN for a number that was never given.
    """
    head = await head_of(connection)
    if after > head:
        raise cursor_unknown(head)
    wanted = (CHANGE.c.number > after, CHANGE.c.number <= head, in_region(connection, region))
    query = select(CHANGE.c.number, CHANGE.c.payload).where(*wanted).order_by(CHANGE.c.number).limit(limit + 1)
    rows = (await connection.execute(query)).all()
    has_more = len(rows) > limit
    return Page(rows=rows[:limit], next_after=rows[limit - 1].number if has_more else head, has_more=has_more)


def cursor_unknown(head: int) -> Refused:
    """Give the refusal of a cursor beyond the log's end."""
    return Refused(
        code="CURSOR_UNKNOWN",
        message=f"本服务尚未发出该序号，目前最大序号为 {head}。",
        advice=(
            "请使用上一次答复中的 next_after；若确由本服务取得，说明数据库恢复过备份，"
            "请联系系统管理员核对后从较早的序号重新读取。"
        ),
        field="after",
    )
