"""Proposed changes of approved classes in storage; who is to join stands sealed."""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.change import ClassChange, Question
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.domain.timetable import Session
from services.enrollment.storage.tables import CLASS_CHANGE
from shared.database.encryption import Vault

_SESSIONS = TypeAdapter(tuple[Session, ...] | None)
_ROWS = TypeAdapter(tuple[RosterRow, ...])
_QUESTIONS = TypeAdapter(tuple[Question, ...])


class ChangeRepository:
    """Reads and writes changes; the class row is locked by whoever writes."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, change: ClassChange) -> None:
        """Add a proposed change; the database refuses a second one of the class."""
        added = _ROWS.dump_json(change.added).decode()
        await self._connection.execute(
            insert(CLASS_CHANGE).values(
                class_id=change.class_id,
                number=change.number,
                state=change.state,
                opening_date=change.opening_date,
                closing_date=change.closing_date,
                sessions=_SESSIONS.dump_python(change.sessions, mode="json"),
                removed=list(change.removed),
                sealed_added=self._vault.seal(added, purpose=_purpose(change.class_id, change.number, "added")),
                sealed_reason=self._vault.seal(
                    change.reason, purpose=_purpose(change.class_id, change.number, "reason")
                ),
                questions=_QUESTIONS.dump_python(change.questions, mode="json"),
                proposed_by=change.proposed_by,
                proposed_at=change.proposed_at,
            )
        )

    async def settle(self, change: ClassChange) -> None:
        """Store how the change ended; the database refuses any later word."""
        this = (CLASS_CHANGE.c.class_id == change.class_id, CLASS_CHANGE.c.number == change.number)
        await self._connection.execute(update(CLASS_CHANGE).where(*this).values(state=change.state))

    async def of_class(self, class_id: str) -> list[ClassChange]:
        """Give every change of the class, in order."""
        found = await self._connection.execute(
            select(CLASS_CHANGE).where(CLASS_CHANGE.c.class_id == class_id).order_by(CLASS_CHANGE.c.number)
        )
        return [self._change(row) for row in found]

    def _change(self, row: Row[Any]) -> ClassChange:
        added = self._vault.open(row.sealed_added, purpose=_purpose(row.class_id, row.number, "added"))
        return ClassChange(
            class_id=row.class_id,
            number=row.number,
            state=row.state,
            opening_date=row.opening_date,
            closing_date=row.closing_date,
            sessions=_SESSIONS.validate_python(row.sessions),
            removed=tuple(row.removed),
            added=_ROWS.validate_json(added),
            reason=self._vault.open(row.sealed_reason, purpose=_purpose(row.class_id, row.number, "reason")),
            questions=_QUESTIONS.validate_python(row.questions),
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
        )


def _purpose(class_id: str, number: int, column: str) -> str:
    return f"class_change.{column}:{class_id}:{number}"
