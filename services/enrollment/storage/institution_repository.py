"""Institutions in storage, with what belongs to them: directory entries, suspensions, teachers and venues."""

from collections.abc import Collection
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.institution import (
    AnnualInspection,
    DirectoryEntry,
    Institution,
    LiabilityIncident,
    Suspension,
    Teacher,
)
from services.enrollment.domain.timetable import Venue
from services.enrollment.storage.tables import DIRECTORY_ENTRY, INSTITUTION, SUSPENSION, TEACHER, VENUE
from shared.database.upsert import insert_or_ignore

_INCIDENTS = TypeAdapter(tuple[LiabilityIncident, ...])
_INSPECTIONS = TypeAdapter(tuple[AnnualInspection, ...])


class InstitutionRepository:
    """Reads and writes institutions and what belongs to them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, institution: Institution) -> bool:
        """Add an institution; give False when its credit code is registered already."""
        values = {
            "institution_id": institution.institution_id,
            "name": institution.name,
            "credit_code": institution.credit_code,
            "kind": institution.kind,
            "region": institution.region,
            "ownership": institution.ownership,
            "liability_incidents": _INCIDENTS.dump_python(institution.liability_incidents, mode="json"),
            "annual_inspections": _INSPECTIONS.dump_python(institution.annual_inspections, mode="json"),
            "version": institution.version,
        }
        statement = insert_or_ignore(self._connection, INSTITUTION, values).returning(INSTITUTION.c.institution_id)
        return (await self._connection.execute(statement)).first() is not None

    async def get(self, institution_id: str) -> Institution | None:
        """Give the institution, or None."""
        found = await self._connection.execute(
            select(INSTITUTION).where(INSTITUTION.c.institution_id == institution_id)
        )
        row = found.one_or_none()
        return None if row is None else _institution(row)

    async def next_version(self, institution_id: str) -> int:
        """Raise the institution's version by one, which locks it, and give the new one."""
        raised = await self._connection.execute(
            update(INSTITUTION)
            .where(INSTITUTION.c.institution_id == institution_id)
            .values(version=INSTITUTION.c.version + 1)
            .returning(INSTITUTION.c.version)
        )
        return int(raised.scalar_one())

    async def add_entry(self, institution_id: str, entry: DirectoryEntry) -> None:
        """Add a directory entry."""
        await self._connection.execute(
            insert(DIRECTORY_ENTRY).values(
                institution_id=institution_id,
                valid_from=entry.valid_from,
                valid_to=entry.valid_to,
                occupations=list(entry.occupations),
            )
        )

    async def entries(self, institution_id: str) -> tuple[DirectoryEntry, ...]:
        """Give the institution's directory entries, oldest first."""
        found = await self._connection.execute(
            select(DIRECTORY_ENTRY)
            .where(DIRECTORY_ENTRY.c.institution_id == institution_id)
            .order_by(DIRECTORY_ENTRY.c.seq)
        )
        return tuple(
            DirectoryEntry(valid_from=row.valid_from, valid_to=row.valid_to, occupations=tuple(row.occupations))
            for row in found
        )

    async def add_suspension(self, institution_id: str, suspension: Suspension) -> None:
        """Add a suspension."""
        await self._connection.execute(
            insert(SUSPENSION).values(
                institution_id=institution_id,
                since=suspension.since,
                until=suspension.until,
                reason=suspension.reason,
            )
        )

    async def suspensions(self, institution_id: str) -> tuple[Suspension, ...]:
        """Give the institution's suspensions, oldest first."""
        found = await self._connection.execute(
            select(SUSPENSION).where(SUSPENSION.c.institution_id == institution_id).order_by(SUSPENSION.c.seq)
        )
        return tuple(Suspension(since=row.since, until=row.until, reason=row.reason) for row in found)

    async def add_teacher(self, teacher: Teacher) -> bool:
        """Add a filed teacher; give False when the institution has filed this person already."""
        values = {
            "teacher_id": teacher.teacher_id,
            "institution_id": teacher.institution_id,
            "person_id": teacher.person_id,
            "specialty": teacher.specialty,
            "qualification": teacher.qualification,
            "full_time": teacher.full_time,
            "filed_on": teacher.filed_on,
        }
        statement = insert_or_ignore(self._connection, TEACHER, values).returning(TEACHER.c.teacher_id)
        return (await self._connection.execute(statement)).first() is not None

    async def teachers(self, institution_id: str, teacher_ids: Collection[str]) -> tuple[Teacher, ...]:
        """Give those of the named teachers whom the institution has filed."""
        found = await self._connection.execute(
            select(TEACHER)
            .where(TEACHER.c.institution_id == institution_id, TEACHER.c.teacher_id.in_(teacher_ids))
            .order_by(TEACHER.c.teacher_id)
        )
        return tuple(Teacher(**row) for row in found.mappings())

    async def add_venue(self, institution_id: str, venue: Venue, *, address: str) -> None:
        """Add a venue."""
        await self._connection.execute(
            insert(VENUE).values(
                venue_id=venue.venue_id,
                institution_id=institution_id,
                name=venue.name,
                address=address,
                stations=dict(venue.stations),
            )
        )

    async def venues(self, institution_id: str, venue_ids: Collection[str]) -> dict[str, Venue]:
        """Give those of the named venues that are the institution's, by id."""
        found = await self._connection.execute(
            select(VENUE).where(VENUE.c.institution_id == institution_id, VENUE.c.venue_id.in_(venue_ids))
        )
        return {row.venue_id: Venue(venue_id=row.venue_id, name=row.name, stations=row.stations) for row in found}


def _institution(row: Row[Any]) -> Institution:
    return Institution(
        institution_id=row.institution_id,
        name=row.name,
        credit_code=row.credit_code,
        kind=row.kind,
        region=row.region,
        ownership=row.ownership,
        liability_incidents=_INCIDENTS.validate_python(row.liability_incidents),
        annual_inspections=_INSPECTIONS.validate_python(row.annual_inspections),
        version=row.version,
    )
