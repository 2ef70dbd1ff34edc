"""Institutions in storage, with what belongs to them: directory entries, suspensions, teachers and venues."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.institution import (
    AnnualInspection,
    DirectoryEntry,
    Institution,
    LiabilityIncident,
    Teacher,
)
from services.enrollment.domain.suspension import Lifting, Suspension
from services.enrollment.domain.timetable import Venue
from services.enrollment.storage.tables import DIRECTORY_ENTRY, INSTITUTION, PERSON, SUSPENSION, TEACHER, VENUE
from shared.database.encryption import Vault
from shared.database.upsert import insert_or_ignore

_INCIDENTS = TypeAdapter(tuple[LiabilityIncident, ...])
_INSPECTIONS = TypeAdapter(tuple[AnnualInspection, ...])


class InstitutionRepository:
    """Reads and writes institutions and what belongs to them."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, institution: Institution) -> bool:
        """Add an institution; give False when its credit code is registered already."""
        values = {
            "institution_id": institution.institution_id,
            "name": institution.name,
            "credit_code": institution.credit_code,
            "kind": institution.kind,
            "region": institution.region,
            "ownership": institution.ownership,
            "sealed_incidents": self._sealed_incidents(institution),
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
        return None if row is None else self._institution(row)

    async def registered(self, credit_codes: Collection[str]) -> Mapping[str, Institution]:
        """Give the institutions that bear these credit codes, by code."""
        query = select(INSTITUTION).where(INSTITUTION.c.credit_code.in_(credit_codes))
        return {row.credit_code: self._institution(row) for row in await self._connection.execute(query)}

    async def next_version(self, institution_id: str) -> int:
        """Raise the institution's version by one, which locks it, and give the new one."""
        raised = await self._connection.execute(
            update(INSTITUTION)
            .where(INSTITUTION.c.institution_id == institution_id)
            .values(version=INSTITUTION.c.version + 1)
            .returning(INSTITUTION.c.version)
        )
        return int(raised.scalar_one())

    async def page(
        self, *, institution_id: str | None, regions: Sequence[str] | None, after: str | None, limit: int
    ) -> list[Institution]:
        """Give institutions by id: one, or those of the regions."""
        column = INSTITUTION.c
        query = select(INSTITUTION).order_by(column.institution_id).limit(limit)
        if institution_id is not None:
            query = query.where(column.institution_id == institution_id)
        if regions is not None:
            query = query.where(column.region.in_(regions))
        if after is not None:
            query = query.where(column.institution_id > after)
        return [self._institution(row) for row in await self._connection.execute(query)]

    async def save_records(self, institution: Institution) -> None:
        """Store the institution's annual inspections and liability incidents; whoever does holds its lock."""
        await self._connection.execute(
            update(INSTITUTION)
            .where(INSTITUTION.c.institution_id == institution.institution_id)
            .values(
                sealed_incidents=self._sealed_incidents(institution),
                annual_inspections=_INSPECTIONS.dump_python(institution.annual_inspections, mode="json"),
            )
        )

    async def add_entry(self, institution_id: str, entry: DirectoryEntry) -> None:
        """Add a directory entry."""
        await self._connection.execute(
            insert(DIRECTORY_ENTRY).values(
                entry_id=entry.entry_id,
                institution_id=institution_id,
                valid_from=entry.valid_from,
                valid_to=entry.valid_to,
                occupations=list(entry.occupations),
            )
        )

    async def end_entry(self, entry: DirectoryEntry, *, reason: str) -> None:
        """Store the entry's new last day and, sealed, why it ends."""
        sealed = self._vault.seal(reason, purpose=f"directory_entry.end_reason:{entry.entry_id}")
        await self._connection.execute(
            update(DIRECTORY_ENTRY)
            .where(DIRECTORY_ENTRY.c.entry_id == entry.entry_id)
            .values(valid_to=entry.valid_to, sealed_end_reason=sealed)
        )

    async def entries(self, institution_id: str) -> tuple[DirectoryEntry, ...]:
        """Give the institution's directory entries, oldest first."""
        found = await self._connection.execute(
            select(DIRECTORY_ENTRY)
            .where(DIRECTORY_ENTRY.c.institution_id == institution_id)
            .order_by(DIRECTORY_ENTRY.c.seq)
        )
        return tuple(
            DirectoryEntry(
                entry_id=row.entry_id,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                occupations=tuple(row.occupations),
            )
            for row in found
        )

    async def add_suspension(self, institution_id: str, suspension: Suspension) -> None:
        """Add a suspension."""
        await self._connection.execute(
            insert(SUSPENSION).values(
                suspension_id=suspension.suspension_id, institution_id=institution_id, **self._suspended(suspension)
            )
        )

    async def save_suspension(self, suspension: Suspension) -> None:
        """Store what became of a suspension."""
        await self._connection.execute(
            update(SUSPENSION)
            .where(SUSPENSION.c.suspension_id == suspension.suspension_id)
            .values(self._suspended(suspension))
        )

    async def suspensions(self, institution_id: str) -> tuple[Suspension, ...]:
        """Give the institution's suspensions, oldest first."""
        found = await self._connection.execute(
            select(SUSPENSION).where(SUSPENSION.c.institution_id == institution_id).order_by(SUSPENSION.c.seq)
        )
        return tuple(self._suspension(row) for row in found)

    async def suspended(self, suspension_id: str) -> tuple[str, Suspension] | None:
        """Give a suspension and the id of its institution, or None."""
        found = await self._connection.execute(select(SUSPENSION).where(SUSPENSION.c.suspension_id == suspension_id))
        row = found.one_or_none()
        return None if row is None else (row.institution_id, self._suspension(row))

    def _suspended(self, suspension: Suspension) -> dict[str, Any]:
        lifting, own = suspension.lifting, suspension.suspension_id
        return {
            "since": suspension.since,
            "until": suspension.until,
            "rulebook_id": suspension.rulebook_id,
            "reason": suspension.reason,
            "sealed_remark": self._vault.seal(suspension.remark, purpose=f"suspension.remark:{own}"),
            "rectify_by": suspension.rectify_by,
            "overdue": suspension.overdue,
            "lifted_on": lifting.on if lifting else None,
            "lifted_by": lifting.by if lifting else None,
            "lifting_reason": lifting.reason if lifting else None,
            "sealed_lifting_remark": self._vault.seal(lifting.remark, purpose=f"suspension.lifting_remark:{own}")
            if lifting
            else None,
        }

    def _suspension(self, row: Row[Any]) -> Suspension:
        own = row.suspension_id
        lifting = None
        if row.lifted_on is not None:
            lifting = Lifting(
                on=row.lifted_on,
                by=row.lifted_by,
                reason=row.lifting_reason,
                remark=self._vault.open(row.sealed_lifting_remark, purpose=f"suspension.lifting_remark:{own}"),
            )
        return Suspension(
            suspension_id=own,
            since=row.since,
            until=row.until,
            rulebook_id=row.rulebook_id,
            reason=row.reason,
            remark=self._vault.open(row.sealed_remark, purpose=f"suspension.remark:{own}"),
            rectify_by=row.rectify_by,
            overdue=row.overdue,
            lifting=lifting,
        )

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

    async def all_teachers(self, institution_id: str) -> list[tuple[Teacher, str]]:
        """Give every teacher whom the institution has filed, in order of filing, with masked name."""
        found = await self._connection.execute(
            select(TEACHER, PERSON.c.masked_name)
            .join(PERSON, PERSON.c.person_id == TEACHER.c.person_id)
            .where(TEACHER.c.institution_id == institution_id)
            .order_by(TEACHER.c.filed_on, TEACHER.c.teacher_id)
        )
        return [
            (Teacher(**{name: value for name, value in row.items() if name != "masked_name"}), row["masked_name"])
            for row in found.mappings()
        ]

    async def all_venues(self, institution_id: str) -> list[Venue]:
        """Give every venue that the institution has registered, by name."""
        column = VENUE.c
        found = await self._connection.execute(
            select(VENUE).where(column.institution_id == institution_id).order_by(column.name, column.venue_id)
        )
        return [Venue(venue_id=row.venue_id, name=row.name, stations=row.stations) for row in found]

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

    def _sealed_incidents(self, institution: Institution) -> bytes:
        # What people found is told in their words, which may name somebody.
        text = _INCIDENTS.dump_json(institution.liability_incidents).decode()
        return self._vault.seal(text, purpose=_incidents(institution.institution_id))

    def _institution(self, row: Row[Any]) -> Institution:
        incidents = self._vault.open(row.sealed_incidents, purpose=_incidents(row.institution_id))
        return Institution(
            institution_id=row.institution_id,
            name=row.name,
            credit_code=row.credit_code,
            kind=row.kind,
            region=row.region,
            ownership=row.ownership,
            liability_incidents=_INCIDENTS.validate_json(incidents),
            annual_inspections=_INSPECTIONS.validate_python(row.annual_inspections),
            version=row.version,
        )


def _incidents(institution_id: str) -> str:
    return f"institution.incidents:{institution_id}"
