"""What enrollment's use-cases about institutions need from storage: directory, centres, quality, registers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from services.enrollment.domain.centre import ApplicationState, ConditionFinding, ListingApplication
from services.enrollment.domain.institution import DirectoryEntry, Institution, Teacher
from services.enrollment.domain.quality_case import CaseState, QualityCase
from services.enrollment.domain.register import RegisterEntry
from services.enrollment.domain.suspension import RectificationReport, Suspension
from services.enrollment.domain.timetable import Venue


class Institutions(Protocol):
    """Institutions and what belongs to them."""

    async def add(self, institution: Institution) -> bool:
        """Add an institution; give False when its credit code is registered already."""

    async def get(self, institution_id: str) -> Institution | None:
        """Give the institution, or None."""

    async def page(
        self, *, institution_id: str | None, regions: Sequence[str] | None, after: str | None, limit: int
    ) -> list[Institution]:
        """Give institutions by id: one, or those of the regions."""

    async def registered(self, credit_codes: Collection[str]) -> Mapping[str, Institution]:
        """Give the institutions that bear these credit codes, by code."""

    async def next_version(self, institution_id: str) -> int:
        """Raise the version by one, which locks the institution, and give the new one."""

    async def save_records(self, institution: Institution) -> None:
        """Store the institution's annual inspections and liability incidents."""

    async def add_entry(self, institution_id: str, entry: DirectoryEntry) -> None:
        """Add a directory entry."""

    async def end_entry(self, entry: DirectoryEntry, *, reason: str) -> None:
        """Store the entry's new last day and why it ends."""

    async def entries(self, institution_id: str) -> tuple[DirectoryEntry, ...]:
        """Give the directory entries."""

    async def add_suspension(self, institution_id: str, suspension: Suspension) -> None:
        """Add a suspension."""

    async def save_suspension(self, suspension: Suspension) -> None:
        """Store what became of a suspension."""

    async def suspensions(self, institution_id: str) -> tuple[Suspension, ...]:
        """Give the suspensions."""

    async def suspended(self, suspension_id: str) -> tuple[str, Suspension] | None:
        """Give a suspension and the id of its institution, or None."""

    async def add_teacher(self, teacher: Teacher) -> bool:
        """Add a teacher; give False when the institution has filed this person already."""

    async def teachers(self, institution_id: str, teacher_ids: Collection[str]) -> tuple[Teacher, ...]:
        """Give those of the named teachers whom the institution has filed."""

    async def all_teachers(self, institution_id: str) -> list[tuple[Teacher, str]]:
        """Give every filed teacher with masked name."""

    async def all_venues(self, institution_id: str) -> list[Venue]:
        """Give every registered venue."""

    async def add_venue(self, institution_id: str, venue: Venue, *, address: str) -> None:
        """Add a venue."""

    async def venues(self, institution_id: str, venue_ids: Collection[str]) -> dict[str, Venue]:
        """Give those of the named venues that are the institution's."""


class Centres(Protocol):
    """Training centres' applications to be listed, and what was found about their conditions."""

    async def add(self, application: ListingApplication) -> bool:
        """Add an application; give False while another one of the institution is under way."""

    async def get(self, application_id: str, *, lock: bool = False) -> ListingApplication | None:
        """Give the application, locked when asked, or None."""

    async def standing(self, institution_id: str) -> ListingApplication | None:
        """Give, locked, the institution's application under way, else its newest one, or None."""

    async def save(self, application: ListingApplication) -> int:
        """Store the application under its next version and give that."""

    async def page(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: ApplicationState | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> list[ListingApplication]:
        """Give applications by day and id."""

    async def add_findings(self, institution_id: str, findings: Sequence[ConditionFinding]) -> None:
        """Add findings on conditions."""

    async def findings(self, institution_id: str) -> tuple[ConditionFinding, ...]:
        """Give what was found about the institution's conditions, oldest first."""


class Quality(Protocol):
    """Cases of low satisfaction and rectification reports."""

    async def add_case(self, case: QualityCase) -> None:
        """Add a case."""

    async def case(self, case_id: str, *, lock: bool = False) -> QualityCase | None:
        """Give the case, locked when asked, or None."""

    async def case_of_class(self, class_id: str) -> QualityCase | None:
        """Give, locked, the case of a class, or None."""

    async def save_case(self, case: QualityCase) -> int:
        """Store the case under its next version and give that."""

    async def cases(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: CaseState | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> list[QualityCase]:
        """Give cases by the day they were opened and id."""

    async def add_report(self, report: RectificationReport) -> None:
        """Add a report."""

    async def save_decision(self, report: RectificationReport) -> None:
        """Store what was decided on a report."""

    async def reports(self, suspension_id: str) -> tuple[RectificationReport, ...]:
        """Give the reports on a suspension, oldest first."""


class Registers(Protocol):
    """Register entries."""

    async def add(self, entry: RegisterEntry, *, natural_key: str, sealed: Collection[str], by: str) -> bool:
        """Add an entry; give False when one with the same key stands in the register."""

    async def save(self, entry: RegisterEntry, *, sealed: Collection[str], on: date, by: str) -> RegisterEntry:
        """Store the entry under its next version and give it."""

    async def get(self, register: str, entry_id: str) -> RegisterEntry | None:
        """Give, locked, the entry of the register, or None."""

    async def find(self, register: str, natural_key: str) -> RegisterEntry | None:
        """Give the standing entry of this key, or None."""

    async def entries(
        self,
        register: str,
        *,
        institution_id: str | None = None,
        regions: Sequence[str] | None = None,
        stating: Mapping[str, str] | None = None,
        after: tuple[date, str] | None = None,
        limit: int | None = None,
    ) -> list[RegisterEntry]:
        """Give the standing entries by day and id, those that meet every condition given.

        `saying` are texts that open fields of the entries hold.
        """
