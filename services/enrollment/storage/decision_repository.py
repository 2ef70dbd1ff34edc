"""Recorded decisions in storage: append-only, their reasons sealed."""

from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.decision import RecordedDecision
from services.enrollment.storage.tables import DECISION
from shared.database.encryption import Vault


class DecisionRepository:
    """Reads and adds decisions; the class row is locked by whoever adds."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, class_id: str, decision: RecordedDecision) -> None:
        """Add a decision; the database refuses it unless its author has the step's duty."""
        await self._connection.execute(
            insert(DECISION).values(
                class_id=class_id,
                number=decision.number,
                round=decision.round,
                change_no=decision.change,
                step=decision.step,
                actor=decision.actor,
                row_no=decision.row,
                code=decision.code,
                outcome=decision.outcome,
                basis=decision.basis,
                rule=decision.rule,
                document=decision.document,
                clause=decision.clause,
                sealed_reason=self._vault.seal(decision.reason, purpose=_purpose(class_id, decision.number)),
                decided_at=decision.decided_at,
            )
        )

    async def of_class(self, class_id: str) -> list[RecordedDecision]:
        """Give every decision of the class, in order."""
        found = await self._connection.execute(
            select(DECISION).where(DECISION.c.class_id == class_id).order_by(DECISION.c.number)
        )
        return [self._decision(row) for row in found]

    def _decision(self, row: Row[Any]) -> RecordedDecision:
        return RecordedDecision(
            number=row.number,
            round=row.round,
            change=row.change_no,
            step=row.step,
            actor=row.actor,
            row=row.row_no,
            code=row.code,
            outcome=row.outcome,
            basis=row.basis,
            rule=row.rule,
            document=row.document,
            clause=row.clause,
            reason=self._vault.open(row.sealed_reason, purpose=_purpose(row.class_id, row.number)),
            decided_at=row.decided_at,
        )


def _purpose(class_id: str, number: int) -> str:
    return f"decision.reason:{class_id}:{number}"
