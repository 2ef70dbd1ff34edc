"""Forget idempotency keys: a request that is sent again after a month is a new one."""

import asyncio
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from shared.clock import machine_now
from shared.database.engine import Database
from shared.messaging.backoff import wait_for_any
from shared.messaging.statements import among
from shared.web.tables import IDEMPOTENCY_KEY

KEEP_ANSWERS: Final = timedelta(days=30)
EVERY_SECONDS: Final = 3600.0
_ROWS: Final = 500


class AnswerPruner:
    """Deletes what was answered longer ago than `keep`, every hour; a duty of the leader."""

    def __init__(self, database: Database, *, keep: timedelta = KEEP_ANSWERS) -> None:
        self._database = database
        self._keep = keep

    async def run(self, stop: asyncio.Event) -> None:
        """Prune until `stop` is set; what a database refuses is raised, and the worker begins again."""
        while not stop.is_set():
            while await self.prune() == _ROWS and not stop.is_set():
                pass
            await wait_for_any(stop, timeout_seconds=EVERY_SECONDS)

    async def prune(self) -> int:
        """Delete the oldest rows past their time, a bounded number in one short transaction, and give how many."""
        row = IDEMPOTENCY_KEY.c
        old = select(row.id).where(row.created_at < machine_now() - self._keep).order_by(row.created_at).limit(_ROWS)
        async with self._database.connect(write=False) as connection:
            ids = (await connection.execute(old)).scalars().all()
        if ids:
            async with self._database.connect() as connection, connection.begin():
                await connection.execute(delete(IDEMPOTENCY_KEY).where(among(connection, row.id, ids)))
        return len(ids)
