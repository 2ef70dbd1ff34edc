"""Jobs and months of work of a class's people as rows."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.class_record import Employment, standing
from services.payment.domain.facts import Spell
from services.payment.domain.work_month import GivenMonth, MonthEntry, MonthState
from services.payment.storage.tables import EMPLOYMENT, WORK_MONTH


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
        month = WORK_MONTH.c
        query = select(WORK_MONTH).where(month.class_id == class_id).order_by(month.number)
        return tuple(_entry(row) for row in await self._connection.execute(query))

    async def add_month(self, class_id: str, entry: MonthEntry) -> MonthEntry:
        """Add a stated month and give it with its number; the database refuses one that stands already."""
        given = entry.given
        row = {
            "class_id": class_id,
            "person_id": given.person_id,
            "month": given.month,
            "is_full": given.full,
            "employer": given.employer,
            "source": given.source,
            "stated_by": entry.stated_by,
            "stated_on": entry.stated_on,
            "reverses": entry.reverses,
            "state": entry.state.value,
        }
        added = insert(WORK_MONTH).values(row).returning(WORK_MONTH.c.number)
        return replace(entry, number=(await self._connection.execute(added)).scalar_one())

    async def save_month(self, entry: MonthEntry) -> None:
        """Store what became of a stated month."""
        changed = {
            "state": entry.state.value,
            "decided_by": entry.decided_by,
            "decided_on": entry.decided_on,
            "reason": entry.reason,
        }
        await self._connection.execute(update(WORK_MONTH).where(WORK_MONTH.c.number == entry.number).values(changed))

    async def confirmed_elsewhere(self, class_id: str, persons: Collection[str]) -> frozenset[tuple[str, date]]:
        """Give which full months of these people are confirmed for other classes."""
        month = WORK_MONTH.c
        query = select(month.person_id, month.month).where(
            month.person_id.in_(persons),
            month.class_id != class_id,
            month.reverses.is_(None),
            month.state == MonthState.CONFIRMED.value,
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


def _entry(row: Row[Any]) -> MonthEntry:
    return MonthEntry(
        given=GivenMonth(
            person_id=row.person_id, month=row.month, full=row.is_full, source=row.source, employer=row.employer
        ),
        stated_by=row.stated_by,
        stated_on=row.stated_on,
        number=row.number,
        reverses=row.reverses,
        state=MonthState(row.state),
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        reason=row.reason,
    )
