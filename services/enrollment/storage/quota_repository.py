"""Places of the annual plan in use, one row per class."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.quota import Place, Use, UseState
from services.enrollment.storage.tables import QUOTA_USE
from shared.database.upsert import upsert


class QuotaRepository:
    """Reads and writes what classes take of the annual plan."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def used(self, place: Place, *, besides: str) -> int:
        """Give how many people other classes take of the place.

        Two approvals at the same moment may both see the place free: a plan is exceeded then without a question, which
        the targets show; nobody's right hangs on it.
        """
        column = QUOTA_USE.c
        found = await self._connection.execute(
            select(func.coalesce(func.sum(column.persons), 0)).where(
                column.region == place.region,
                column.document == place.document,
                column.training_type == place.training_type,
                column.provider == place.provider,
                column.class_id != besides,
            )
        )
        return int(found.scalar_one())

    async def take(self, use: Use) -> None:
        """Store what the class takes, in place of what it took before."""
        values = {
            "class_id": use.class_id,
            "region": use.place.region,
            "document": use.place.document,
            "training_type": use.place.training_type,
            "provider": use.place.provider,
            "persons": use.persons,
            "state": use.state,
        }
        await self._connection.execute(upsert(self._connection, QUOTA_USE, values))

    async def settle(self, class_id: str, *, persons: int, state: UseState) -> None:
        """Let a class that has a place take that many people of it from now on."""
        this = update(QUOTA_USE).where(QUOTA_USE.c.class_id == class_id)
        await self._connection.execute(this.values(persons=persons, state=state))

    async def totals(self, region: str, document: str) -> dict[tuple[str, str, UseState], int]:
        """Give the people of a plan in use, by training type, provider and state."""
        column = QUOTA_USE.c
        found = await self._connection.execute(
            select(column.training_type, column.provider, column.state, func.sum(column.persons))
            .where(column.region == region, column.document == document)
            .group_by(column.training_type, column.provider, column.state)
        )
        return {(row[0], row[1], row[2]): int(row[3]) for row in found}
