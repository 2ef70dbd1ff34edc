"""Occupations in storage: append-only rows by region and first day."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.occupation import Occupation
from services.enrollment.storage.tables import OCCUPATION


class OccupationRepository:
    """Reads and adds occupations."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, occupation: Occupation) -> None:
        """Add a row; it replaces earlier rows of its region from its first day on."""
        await self._connection.execute(
            insert(OCCUPATION).values(
                region=occupation.region,
                code=occupation.code,
                name=occupation.name,
                certifiable=list(occupation.certifiable),
                levels=list(occupation.levels),
                valid_from=occupation.valid_from,
                new_since=occupation.new_since,
                new_until=occupation.new_until,
            )
        )

    async def lock(self, code: str, *, alone: bool) -> None:
        """Keep openings of classes of an occupation and its registration (`alone`) apart until the end."""
        rows = select(OCCUPATION.c.seq).where(OCCUPATION.c.code == code).order_by(OCCUPATION.c.seq)
        await self._connection.execute(rows.with_for_update(read=not alone))

    async def valid_on(self, code: str, day: date, regions: Sequence[str]) -> Occupation | None:
        """Give the occupation on the day as the nearest of the regions lists it, the first region being the nearest."""
        column = OCCUPATION.c
        found = await self._connection.execute(
            select(OCCUPATION)
            .where(column.code == code, column.region.in_(regions), column.valid_from <= day)
            .order_by(column.valid_from, column.seq)
        )
        latest = {row.region: row for row in found}
        row = next((latest[region] for region in regions if region in latest), None)
        if row is None:
            return None
        return Occupation(
            code=row.code,
            name=row.name,
            region=row.region,
            certifiable=tuple(row.certifiable),
            levels=tuple(row.levels),
            valid_from=row.valid_from,
            new_since=row.new_since,
            new_until=row.new_until,
        )
