"""What the bureau decided for a region, in the database: exam windows and transitional exceptions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.domain.ruling import ExamWindow, Revocation, TransitionalException
from services.assessment.storage.tables import EXAM_WINDOW, TRANSITIONAL_EXCEPTION
from shared.database.upsert import insert_or_ignore


class StoredRulings:
    """The rulings on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_window(self, window: ExamWindow, *, set_by: str) -> bool:
        """Add an exam window; give False when one of the region opens on that day already."""
        row = {
            "region": window.region,
            "opens": window.opens,
            "closes": window.closes,
            "source": window.source,
            "set_by": set_by,
        }
        statement = insert_or_ignore(self._connection, EXAM_WINDOW, row).returning(EXAM_WINDOW.c.seq)
        return (await self._connection.execute(statement)).first() is not None

    async def windows(self, regions: Sequence[str]) -> Sequence[ExamWindow]:
        """Give the exam windows of these regions."""
        query = select(EXAM_WINDOW).where(EXAM_WINDOW.c.region.in_(regions)).order_by(EXAM_WINDOW.c.seq)
        return [
            ExamWindow(region=row.region, opens=row.opens, closes=row.closes, source=row.source)
            for row in await self._connection.execute(query)
        ]

    async def add_exception(self, exception: TransitionalException) -> None:
        """Add a transitional exception."""
        await self._connection.execute(insert(TRANSITIONAL_EXCEPTION).values(_values(exception)))

    async def exception(self, exception_id: str) -> TransitionalException | None:
        """Give, locked, a transitional exception, or None."""
        this = TRANSITIONAL_EXCEPTION.c.exception_id == exception_id
        found = await self._exceptions(select(TRANSITIONAL_EXCEPTION).where(this).with_for_update())
        return found[0] if found else None

    async def exceptions(self, regions: Sequence[str], *, occupation: str | None = None) -> list[TransitionalException]:
        """Give the exceptions of these regions, revoked ones included, for all occupations or one."""
        column = TRANSITIONAL_EXCEPTION.c
        query = select(TRANSITIONAL_EXCEPTION).where(column.region.in_(regions))
        if occupation is not None:
            query = query.where(column.occupation == occupation)
        return await self._exceptions(query.order_by(column.occupation, column.starts_on, column.exception_id))

    async def save_revoked(self, exception: TransitionalException) -> None:
        """Store that an exception was revoked."""
        this = TRANSITIONAL_EXCEPTION.c.exception_id == exception.exception_id
        await self._connection.execute(update(TRANSITIONAL_EXCEPTION).where(this).values(_values(exception)))

    async def _exceptions(self, query: Select[Any]) -> list[TransitionalException]:
        return [_exception(row) for row in await self._connection.execute(query)]


def _values(exception: TransitionalException) -> dict[str, Any]:
    revocation = exception.revocation
    return {
        "exception_id": exception.exception_id,
        "region": exception.region,
        "occupation": exception.occupation,
        "certificate_kind": exception.kind,
        "starts_on": exception.starts_on,
        "ends_on": exception.ends_on,
        "document": exception.document,
        "reason": exception.reason,
        "decided_by": exception.decided_by,
        "decided_on": exception.decided_on,
        "revoked_from": None if revocation is None else revocation.on,
        "revoked_by": None if revocation is None else revocation.by,
        "revocation_reason": None if revocation is None else revocation.reason,
    }


def _exception(row: Row[Any]) -> TransitionalException:
    revoked = row.revoked_from is not None
    return TransitionalException(
        exception_id=row.exception_id,
        region=row.region,
        occupation=row.occupation,
        kind=row.certificate_kind,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        document=row.document,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        revocation=Revocation(on=row.revoked_from, by=row.revoked_by, reason=row.revocation_reason)
        if revoked
        else None,
    )
