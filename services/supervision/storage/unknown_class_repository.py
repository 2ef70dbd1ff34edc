"""Cases of sign-ins for unknown classes in the database."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.supervision.domain.unknown_class import UnknownClassCase
from services.supervision.storage.rows import unknown_class_of, unknown_class_row
from services.supervision.storage.tables import UNKNOWN_CLASS
from shared.database.upsert import insert_or_ignore


class StoredUnknownClasses:
    """The cases on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, case: UnknownClassCase) -> bool:
        """Store the case unless one of its device and class is open; say whether it was stored."""
        statement = insert_or_ignore(self._connection, UNKNOWN_CLASS, unknown_class_row(case))
        stored = await self._connection.execute(statement.returning(UNKNOWN_CLASS.c.case_id))
        return stored.first() is not None

    async def find(self, case_id: str) -> UnknownClassCase | None:
        """Give a case, None for an unknown one."""
        row = (await self._connection.execute(select(UNKNOWN_CLASS).where(UNKNOWN_CLASS.c.case_id == case_id))).first()
        return None if row is None else unknown_class_of(row)

    async def open_of(self, class_id: str) -> Sequence[UnknownClassCase]:
        """Give the open cases of a class."""
        query = select(UNKNOWN_CLASS).where(UNKNOWN_CLASS.c.class_id == class_id, UNKNOWN_CLASS.c.closed_at.is_(None))
        return [unknown_class_of(row) for row in await self._connection.execute(query)]

    async def save(self, case: UnknownClassCase) -> None:
        """Store a case that changed."""
        this = UNKNOWN_CLASS.c.case_id == case.case_id
        await self._connection.execute(update(UNKNOWN_CLASS).where(this).values(unknown_class_row(case)))
