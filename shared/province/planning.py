"""Which lines of a class are to be entered, which are, and whether the checkpoint is (JY-INT-01)."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, case, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import machine_now
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.database.metadata import Instant
from shared.database.unit_of_work import UnitOfWork
from shared.database.upsert import insert_or_ignore
from shared.province.record import Line, ProvincialRecord
from shared.province.tables import PROVINCIAL_PUSH


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredLine:
    """A line that is to be entered, with its push, None while it is not planned yet."""

    line: Line
    push: Row[Any] | None

    @property
    def is_received(self) -> bool:
        """Say whether the province gave a receipt for the line as it is now."""
        return self.push is not None and self.push.state == "received"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointStatus:
    """A class's checkpoint: entered only when every line as it is now has its receipt: 40 of 40, 39 is no."""

    lines: Sequence[EnteredLine]

    @property
    def received(self) -> int:
        """Count the lines with a receipt."""
        return sum(line.is_received for line in self.lines)

    @property
    def entered(self) -> bool:
        """Say whether the checkpoint is entered in the system; nothing to enter is not entered."""
        return bool(self.lines) and self.received == len(self.lines)


def push_id_of(checkpoint: str, class_id: str, line: str, content_hash: str) -> str:
    """Give the idempotency key of one content of one line."""
    return hashlib.sha256("\0".join((checkpoint, class_id, line, content_hash)).encode()).hexdigest()


def content_hash_of(vault: Vault, checkpoint: str, line: Line) -> str:
    """Give the keyed hash of a line's content."""
    return vault.lookup(line.canonical(), purpose=f"province.{checkpoint}")


async def plan(connection: AsyncConnection, vault: Vault, checkpoint: str, class_id: str, lines: Sequence[Line]) -> int:
    """Let every line be pushed whose present content is not entered, and nothing else; give how many that adds.

    Content that was superseded and holds again is pushed again: the province answers with its old receipt.
    """
    row, now = PROVINCIAL_PUSH.c, machine_now()
    wanted = {}
    for line in lines:
        digest = content_hash_of(vault, checkpoint, line)
        wanted[push_id_of(checkpoint, class_id, line.line, digest)] = (line, digest)
    this_class = (row.checkpoint == checkpoint, row.class_id == class_id)
    known = {one.push_id: one for one in await connection.execute(select(PROVINCIAL_PUSH).where(*this_class))}
    dropped = [push_id for push_id, one in known.items() if push_id not in wanted and one.state != "superseded"]
    if dropped:
        values = {"state": "superseded"}
        await connection.execute(update(PROVINCIAL_PUSH).where(row.push_id.in_(dropped)).values(values))
    again = [push_id for push_id in wanted if push_id in known and known[push_id].state == "superseded"]
    if again:
        retry = {"state": "waiting", "attempts": 0, "waiting_since": now, "next_attempt_at": now}
        await connection.execute(update(PROVINCIAL_PUSH).where(row.push_id.in_(again)).values(retry))
    new = [
        {
            "push_id": push_id,
            "checkpoint": checkpoint,
            "class_id": class_id,
            "line": line.line,
            "content_hash": digest,
            "state": "waiting",
            "waiting_since": now,
            "next_attempt_at": now,
        }
        for push_id, (line, digest) in wanted.items()
        if push_id not in known
    ]
    if new:
        await connection.execute(insert_or_ignore(connection, PROVINCIAL_PUSH, new))
    return len(new) + len(again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many lines of a class's checkpoint are planned, received and refused."""

    lines: int
    received: int
    refused: int

    @property
    def entered(self) -> bool:
        """Say whether every line that is to be entered has its receipt."""
        return 0 < self.lines == self.received


async def progress_of(connection: AsyncConnection, checkpoint: str, class_id: str) -> Progress:
    """Count the lines of a class's checkpoint as they are planned now."""
    row = PROVINCIAL_PUSH.c
    this = (row.checkpoint == checkpoint, row.class_id == class_id, row.state != "superseded")
    query = select(row.state, func.count()).where(*this).group_by(row.state)
    counts = {state: int(count) for state, count in await connection.execute(query)}
    received, refused = counts.get("received", 0), counts.get("refused", 0)
    return Progress(lines=sum(counts.values()), received=received, refused=refused)


@asynccontextmanager
async def announcing(unit: UnitOfWork, record: ProvincialRecord, class_id: str) -> AsyncIterator[None]:
    """Publish, in the transaction that changes the pushes of a class, what came to be otherwise of their entry."""
    # Who changes pushes of the same class at the same time waits, or neither would see what both come to.
    row = PROVINCIAL_PUSH.c
    mine = select(row.push_id).where(row.checkpoint == record.checkpoint, row.class_id == class_id)
    await unit.connection.execute(mine.order_by(row.push_id).with_for_update())
    before = await progress_of(unit.connection, record.checkpoint, class_id)
    yield
    after = await progress_of(unit.connection, record.checkpoint, class_id)
    if (before.entered, before.refused) == (after.entered, after.refused):
        return
    await unit.publish(
        record.entry(
            class_id=class_id,
            checkpoint=record.checkpoint,
            entered=after.entered,
            lines=after.lines,
            received=after.received,
            refused=after.refused,
        )
    )


async def push_again(connection: AsyncConnection, checkpoint: str, class_id: str) -> int:
    """Let the refused lines of a class be tried again, and what waits at once; give how many."""
    row, now = PROVINCIAL_PUSH.c, machine_now()
    waiting_since = case((row.state == "waiting", row.waiting_since), else_=literal(now, Instant))
    again = {"state": "waiting", "waiting_since": waiting_since, "next_attempt_at": now, "attempts": 0}
    statement = (
        update(PROVINCIAL_PUSH)
        .where(row.checkpoint == checkpoint, row.class_id == class_id, row.state.in_(("refused", "waiting")))
        .values(**again, refusal_code=None, refusal=None)
    )
    return int((await connection.execute(statement)).rowcount)


async def status_of(
    connection: AsyncConnection, vault: Vault, checkpoint: str, class_id: str, lines: Sequence[Line]
) -> CheckpointStatus:
    """Give how the lines as they are now stand with the province."""
    row = PROVINCIAL_PUSH.c
    query = select(PROVINCIAL_PUSH).where(row.checkpoint == checkpoint, row.class_id == class_id)
    found = {one.push_id: one for one in await connection.execute(query.where(row.state != "superseded"))}

    def push_of(line: Line) -> Row[Any] | None:
        digest = content_hash_of(vault, checkpoint, line)
        return found.get(push_id_of(checkpoint, class_id, line.line, digest))

    return CheckpointStatus(lines=[EnteredLine(line=line, push=push_of(line)) for line in lines])


async def waiting_count(database: Database) -> int:
    """Give the number of lines that the province has neither received nor refused yet."""
    return await _count(database, "waiting")


async def refused_count(database: Database) -> int:
    """Give the number of lines that the province refused and nobody has corrected yet."""
    return await _count(database, "refused")


async def waiting_age_seconds(database: Database) -> float:
    """Give for how long the line that waits longest has waited; 0 when none waits."""
    query = select(func.min(PROVINCIAL_PUSH.c.waiting_since)).where(PROVINCIAL_PUSH.c.state == "waiting")
    async with database.connect(write=False) as connection:
        since = (await connection.execute(query)).scalar_one()
    return 0.0 if since is None else max(0.0, (machine_now() - since).total_seconds())


async def _count(database: Database, state: str) -> int:
    query = select(func.count()).select_from(PROVINCIAL_PUSH).where(PROVINCIAL_PUSH.c.state == state)
    async with database.connect(write=False) as connection:
        count: int = (await connection.execute(query)).scalar_one()
    return count
