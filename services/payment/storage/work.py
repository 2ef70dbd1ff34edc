"""Jobs and months of work of a class's people, and what they were handed of an allowance, as rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Row, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.class_record import Employment, standing
from services.payment.domain.facts import Spell
from services.payment.domain.payout import GivenPayout, PayoutEntry
from services.payment.domain.statement import G, Statement, StatementState
from services.payment.domain.work_month import GivenMonth, MonthEntry
from services.payment.storage.tables import ALLOWANCE_PAYOUT, EMPLOYMENT, WORK_MONTH


class StoredWork:
    """The work of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def employments(self, class_id: str) -> tuple[Employment, ...]:
        """Give every record of the class's people, oldest first."""
        employment = EMPLOYMENT.c
        query = select(EMPLOYMENT).where(employment.class_id == class_id).order_by(employment.number)
        return tuple(_employment(row) for row in await self._connection.execute(query))

    async def record_employment(self, class_id: str, found: Employment, *, by: str, on: date) -> None:
        """Add a record of a job."""
        row = {
            "class_id": class_id,
            "person_id": found.person_id,
            "employer": found.employer,
            "employed_on": found.employed_on,
            "last_day": found.last_day,
            "stands": found.stands,
            "source": found.source,
            "recorded_by": by,
            "recorded_on": on,
        }
        await self._connection.execute(insert(EMPLOYMENT).values(row))

    async def spells(self, class_id: str) -> tuple[Spell, ...]:
        """Give the jobs that stand, by person and first day."""
        stand = [found for found in standing(await self.employments(class_id)).values() if found.stands]
        return tuple(
            Spell(person_id=found.person_id, employer=found.employer or "", start=found.employed_on, end=found.last_day)
            for found in sorted(stand, key=lambda found: (found.person_id, found.employed_on, found.employer or ""))
        )

    async def months(self, class_id: str) -> tuple[MonthEntry, ...]:
        """Give every stated month of the class, in the order of statement."""
        rows = await self._statements(WORK_MONTH, class_id)
        return tuple(_statement(row, _given_month(row)) for row in rows)

    async def add_month(self, class_id: str, entry: MonthEntry) -> MonthEntry:
        """Add a stated month and give it with its number; the database refuses one that stands already."""
        given = entry.given
        stated = {"month": given.month, "is_full": given.full, "employer": given.employer}
        return await self._add(WORK_MONTH, class_id, entry, stated)

    async def save_month(self, entry: MonthEntry) -> None:
        """Store what became of a stated month."""
        await self._save(WORK_MONTH, entry)

    async def payouts(self, class_id: str) -> tuple[PayoutEntry, ...]:
        """Give every stated payout of the class, in the order of statement."""
        rows = await self._statements(ALLOWANCE_PAYOUT, class_id)
        return tuple(_statement(row, _given_payout(row)) for row in rows)

    async def add_payout(self, class_id: str, entry: PayoutEntry) -> PayoutEntry:
        """Add a stated payout and give it with its number; the database refuses one that stands already."""
        stated = {"amount_fen": entry.given.amount_fen, "paid_on": entry.given.paid_on}
        return await self._add(ALLOWANCE_PAYOUT, class_id, entry, stated)

    async def save_payout(self, entry: PayoutEntry) -> None:
        """Store what became of a stated payout."""
        await self._save(ALLOWANCE_PAYOUT, entry)

    async def _statements(self, table: Table, class_id: str) -> Sequence[Row[Any]]:
        query = select(table).where(table.c.class_id == class_id).order_by(table.c.number)
        return (await self._connection.execute(query)).all()

    async def _add(
        self, table: Table, class_id: str, entry: Statement[G], stated: Mapping[str, object]
    ) -> Statement[G]:
        row = {
            "class_id": class_id,
            "person_id": entry.given.person_id,
            "source": entry.given.source,
            **stated,
            "stated_by": entry.stated_by,
            "stated_on": entry.stated_on,
            "reverses": entry.reverses,
            "state": entry.state.value,
        }
        added = insert(table).values(row).returning(table.c.number)
        return replace(entry, number=(await self._connection.execute(added)).scalar_one())

    async def _save(self, table: Table, entry: Statement[Any]) -> None:
        changed = {
            "state": entry.state.value,
            "decided_by": entry.decided_by,
            "decided_on": entry.decided_on,
            "reason": entry.reason,
        }
        await self._connection.execute(update(table).where(table.c.number == entry.number).values(changed))

    async def confirmed_elsewhere(self, class_id: str, persons: Collection[str]) -> frozenset[tuple[str, date]]:
        """Give which full months of these people are confirmed for other classes."""
        month = WORK_MONTH.c
        query = select(month.person_id, month.month).where(
            month.person_id.in_(persons),
            month.class_id != class_id,
            month.reverses.is_(None),
            month.state == StatementState.CONFIRMED.value,
            month.is_full,
        )
        return frozenset((row.person_id, row.month) for row in await self._connection.execute(query))


def _employment(row: Row[Any]) -> Employment:
    return Employment(
        person_id=row.person_id,
        employed_on=row.employed_on,
        source=row.source,
        employer=row.employer,
        last_day=row.last_day,
        stands=row.stands,
    )


def _given_month(row: Row[Any]) -> GivenMonth:
    return GivenMonth(
        person_id=row.person_id, month=row.month, full=row.is_full, source=row.source, employer=row.employer
    )


def _given_payout(row: Row[Any]) -> GivenPayout:
    return GivenPayout(person_id=row.person_id, amount_fen=row.amount_fen, paid_on=row.paid_on, source=row.source)


def _statement(row: Row[Any], given: G) -> Statement[G]:
    return Statement(
        given=given,
        stated_by=row.stated_by,
        stated_on=row.stated_on,
        number=row.number,
        reverses=row.reverses,
        state=StatementState(row.state),
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        reason=row.reason,
    )
