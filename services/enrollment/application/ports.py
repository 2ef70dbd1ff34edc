"""What enrollment's use-cases need from storage."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from services.enrollment.domain.history import PastTraining
from services.enrollment.domain.institution import DirectoryEntry, Institution, Suspension, Teacher
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.person import Identity, Person
from services.enrollment.domain.review import Review
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.timetable import Booking, Venue
from services.enrollment.domain.training_class import State, TrainingClass
from shared.contracts.contract import Contract
from shared.domain.actor import Actor
from shared.policy.decision import TraceValue
from shared.policy.rulebook import Shelf


class Occupations(Protocol):
    """Occupations by region and first day."""

    async def add(self, occupation: Occupation) -> None:
        """Add a row."""

    async def valid_on(self, code: str, day: date, regions: Sequence[str]) -> Occupation | None:
        """Give the occupation on the day as the nearest of the regions lists it."""


class Institutions(Protocol):
    """Institutions and what belongs to them."""

    async def add(self, institution: Institution) -> bool:
        """Add an institution; give False when its credit code is registered already."""

    async def get(self, institution_id: str) -> Institution | None:
        """Give the institution, or None."""

    async def next_version(self, institution_id: str) -> int:
        """Raise the version by one and give the new one."""

    async def add_entry(self, institution_id: str, entry: DirectoryEntry) -> None:
        """Add a directory entry."""

    async def entries(self, institution_id: str) -> tuple[DirectoryEntry, ...]:
        """Give the directory entries."""

    async def add_suspension(self, institution_id: str, suspension: Suspension) -> None:
        """Add a suspension."""

    async def suspensions(self, institution_id: str) -> tuple[Suspension, ...]:
        """Give the suspensions."""

    async def add_teacher(self, teacher: Teacher) -> bool:
        """Add a teacher; give False when the institution has filed this person already."""

    async def teachers(self, institution_id: str, teacher_ids: Collection[str]) -> tuple[Teacher, ...]:
        """Give those of the named teachers whom the institution has filed."""

    async def add_venue(self, institution_id: str, venue: Venue, *, address: str) -> None:
        """Add a venue."""

    async def venues(self, institution_id: str, venue_ids: Collection[str]) -> dict[str, Venue]:
        """Give those of the named venues that are the institution's."""


class Persons(Protocol):
    """Real-name persons."""

    async def identify(self, identities: Iterable[Identity]) -> dict[Identity, Person]:
        """Give the person of every identity, registering those not yet known."""

    async def confirm(self, names: Mapping[str, str]) -> None:
        """Make these the confirmed names, by person id."""

    def payee_check(self, identity: Identity) -> tuple[str, str]:
        """Give the keyed check of a payee and the id of its key."""


class Classes(Protocol):
    """Classes with sessions, reviews and duties."""

    async def add(self, training_class: TrainingClass) -> None:
        """Add a new class."""

    async def get(self, class_id: str, *, lock: bool = False) -> TrainingClass | None:
        """Give the class, locked when asked, or None."""

    async def page(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: State | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> list[TrainingClass]:
        """Give classes by opening date and id."""

    async def save(self, training_class: TrainingClass, *, new_sessions: bool = False) -> TrainingClass:
        """Store the class under its next version and give it."""

    async def duties(self, class_id: str) -> dict[str, str]:
        """Give who has which duty, by person."""

    async def assign_duty(self, class_id: str, actor: str, duty: str) -> None:
        """Give a person a duty in the case for ever."""

    async def add_review(self, class_id: str, review: Review, *, position: int) -> None:
        """Add a recorded step."""

    async def bookings(self, training_class: TrainingClass) -> tuple[Booking, ...]:
        """Give the times at which other live classes have this class's teachers or venues, which nobody else books."""


class Rosters(Protocol):
    """Rosters and what they say of a person's other classes."""

    async def entries(self, class_id: str) -> list[RosterEntry]:
        """Give the whole roster by row number."""

    async def tally(self, class_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """Give how many rows of each class have which verdict, and how many people left (`withdrawn`)."""

    async def replace(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Store this as the whole roster."""

    async def save_judgements(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Store verdicts, findings and withdrawals of rows that stand."""

    async def history(self, person_ids: Collection[str], *, besides: str) -> dict[str, tuple[PastTraining, ...]]:
        """Give the persons' places in other classes."""


class UnitOfWork(Protocol):
    """One transaction of enrollment."""

    now: datetime
    actor: Actor
    shelf: Shelf

    @property
    def today(self) -> date:
        """Give the legal day of the act."""

    @property
    def occupations(self) -> Occupations:
        """Give the occupations."""

    @property
    def institutions(self) -> Institutions:
        """Give the institutions."""

    @property
    def persons(self) -> Persons:
        """Give the persons."""

    @property
    def classes(self) -> Classes:
        """Give the classes."""

    @property
    def rosters(self) -> Rosters:
        """Give the rosters."""

    async def publish(self, fact: Contract) -> int:
        """Put an event into the outbox and give its aggregate version."""

    async def schedule(self, *, due: datetime, kind: str, key: str) -> None:
        """Let a timer fire, or move it."""

    async def unschedule(self, *, kind: str, key: str) -> None:
        """Forget a timer."""

    async def audit(self, *, action: str, subject: str, details: Mapping[str, TraceValue] | None = None) -> None:
        """Record who did what."""
