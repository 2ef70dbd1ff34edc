"""Seal committed audit entries into the hash chain, in batches, by the service's leader.

Chaining inside each effect's transaction would make all of them wait for one row. An entry's place is the order of
sealing, not its seq: one that commits late with a lower seq still waits in `audit_pending` and is sealed then.
"""

import asyncio
from typing import Any, Final

import structlog
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.audit.chain import Anchor, entry_document, genesis, link
from shared.audit.tables import AUDIT_ENTRY, AUDIT_PENDING, AUDIT_SEAL
from shared.database.engine import Database
from shared.messaging.backoff import wait_for_any
from shared.messaging.failures import describe

_log = structlog.get_logger(__name__)

BATCH_ENTRIES: Final = 500
INTERVAL_SECONDS: Final = 5.0
"""How long a quiet service's entry may wait for its seal."""


class Sealer:
    """Seals one service's entries; two by mistake do no harm, because positions are unique."""

    def __init__(self, database: Database, *, interval_seconds: float = INTERVAL_SECONDS) -> None:
        self._database = database
        self._interval_seconds = interval_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Seal what is pending until `stop` is set; a database that does not answer is tried again."""
        while not stop.is_set():
            try:
                await self.seal_pending()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("audit_sealing_failed", service=self._database.service, error=describe(error))
            await wait_for_any(stop, timeout_seconds=self._interval_seconds)

    async def seal_pending(self) -> int:
        """Seal every entry that is committed now, batch after batch, and give their number."""
        sealed = 0
        while await self._anything_pending():
            sealed += await self._seal_batch()
        return sealed

    async def _anything_pending(self) -> bool:
        async with self._database.connect(write=False) as connection:
            return bool((await connection.execute(select(exists(select(AUDIT_PENDING.c.entry))))).scalar())

    async def _seal_batch(self) -> int:
        async with self._database.connect() as connection, connection.begin():
            head = await read_head(connection, self._database.service)
            waiting = select(AUDIT_ENTRY).join(AUDIT_PENDING).order_by(AUDIT_ENTRY.c.seq).limit(BATCH_ENTRIES)
            seals: list[dict[str, Any]] = []
            for row in await connection.execute(waiting):
                position, previous = head.position + 1, head.hash
                head = Anchor(position=position, hash=link(position, previous, entry_document(row._asdict())))
                seals.append({"position": position, "entry": row.seq, "previous_hash": previous, "hash": head.hash})
            if seals:
                await connection.execute(insert(AUDIT_SEAL), seals)
                done = [seal["entry"] for seal in seals]
                await connection.execute(delete(AUDIT_PENDING).where(AUDIT_PENDING.c.entry.in_(done)))
            return len(seals)


async def read_head(connection: AsyncConnection, service: str) -> Anchor:
    """Give the chain's head: the anchor to keep somewhere else, for `verify`."""
    last = select(AUDIT_SEAL.c.position, AUDIT_SEAL.c.hash).order_by(AUDIT_SEAL.c.position.desc()).limit(1)
    row = (await connection.execute(last)).one_or_none()
    return Anchor(position=row.position, hash=row.hash) if row else Anchor(position=0, hash=genesis(service))
