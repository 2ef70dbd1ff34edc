"""What enrollment's use-cases need from storage."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from services.enrollment.application.institution_ports import Centres, Institutions, Quality, Registers
from services.enrollment.domain.archive import ArchivedClass
from services.enrollment.domain.change import ClassChange
from services.enrollment.domain.decision import RecordedDecision
from services.enrollment.domain.history import PastTraining
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.person import Checks, Identity, Person
from services.enrollment.domain.queue import Waiting
from services.enrollment.domain.quota import Place, Use, UseState
from services.enrollment.domain.review import Review
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.timetable import Booking
from services.enrollment.domain.training_class import State, TrainingClass
from shared.contracts.contract import Contract
from shared.domain.actor import Actor
from shared.policy.decision import TraceValue
from shared.policy.rulebook import Shelf
from shared.policy.targets import TargetTable
from shared.province.record import Line


class Occupations(Protocol):
    """Occupations by region and first day."""

    async def add(self, occupation: Occupation) -> None:
        """Add a row."""

    async def valid_on(self, code: str, day: date, regions: Sequence[str]) -> Occupation | None:
        """Give the occupation on the day as the nearest of the regions lists it."""

    async def lock(self, code: str, *, alone: bool) -> None:
        """Keep openings of classes of an occupation and its registration (`alone`) apart until the end."""


class Persons(Protocol):
    """Real-name persons."""

    async def identify(self, identities: Iterable[Identity]) -> dict[Identity, Person]:
        """Give the person of every identity, registering those not yet known."""

    async def find(self, identity_number: str) -> str | None:
        """Give the id of the person with this number, or None; nobody is registered."""

    async def identity_number_of(self, person_id: str) -> str | None:
        """Give the number of a registered person, or None."""

    async def confirm(self, names: Mapping[str, str]) -> None:
        """Make these the confirmed names, by person id."""

    def checks(self, identity: Identity) -> Checks:
        """Give the keyed checks by which payment recognises a person."""


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

    async def opened_of(self, occupation: str, regions: Collection[str]) -> Sequence[tuple[str, str]]:
        """Give the classes of an occupation in these regions that opened and were not cancelled, with their region."""

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

    async def batches(self, training_class: TrainingClass) -> frozenset[int]:
        """Give the batches of the opening's year under which the institution has applied for other classes."""


class Rosters(Protocol):
    """Rosters and what they say of a person's other classes."""

    async def entries(self, class_id: str) -> list[RosterEntry]:
        """Give the whole roster by row number."""

    async def tally(self, class_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """Give how many rows of each class have which verdict, and how many people left (`withdrawn`)."""

    async def replace(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Store this as the whole roster."""

    async def add(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Add the rows that an approved change brings."""

    async def save_judgements(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Store verdicts, findings and withdrawals of rows that stand."""

    async def history(self, person_ids: Collection[str], *, besides: str) -> dict[str, tuple[PastTraining, ...]]:
        """Give the persons' places in other classes."""

    async def places_of(self, person_id: str) -> tuple[ArchivedClass, ...]:
        """Give the person's places in classes that were applied for, by opening date."""


class Decisions(Protocol):
    """Recorded decisions."""

    async def add(self, class_id: str, decision: RecordedDecision) -> None:
        """Add a decision."""

    async def of_class(self, class_id: str) -> list[RecordedDecision]:
        """Give every decision of the class, in order."""


class Changes(Protocol):
    """Proposed changes of approved classes."""

    async def add(self, change: ClassChange) -> None:
        """Add a proposed change."""

    async def settle(self, change: ClassChange) -> None:
        """Store how the change ended."""

    async def of_class(self, class_id: str) -> list[ClassChange]:
        """Give every change of the class, in order."""


class Quotas(Protocol):
    """What classes take of the annual plan."""

    async def used(self, place: Place, *, besides: str) -> int:
        """Give how many people other classes take of the place."""

    async def take(self, use: Use) -> None:
        """Store what the class takes, in place of what it took before."""

    async def settle(self, class_id: str, *, persons: int, state: UseState) -> None:
        """Let a class that has a place take that many people of it from now on."""

    async def totals(self, region: str, document: str) -> dict[tuple[str, str, UseState], int]:
        """Give the people of a plan in use, by training type, provider and state."""


class Queue(Protocol):
    """What waits for reviewers."""

    async def waiting(self, regions: Sequence[str]) -> list[Waiting]:
        """Give every application and proposed change of the regions that waits for a step."""

    async def duties_of(self, actor: str, class_ids: Sequence[str]) -> dict[str, str]:
        """Give the person's own duty by class."""


class UnitOfWork(Protocol):
    """One transaction of enrollment."""

    now: datetime
    actor: Actor
    shelf: Shelf
    targets: Sequence[TargetTable]

    @property
    def today(self) -> date:
        """Give the legal day of the act."""

    async def lines_received(self, checkpoint: str, class_id: str, lines: Sequence[Line]) -> int | None:
        """Give how many lines have the province's receipt; None where the deployment enters nothing there."""

    @property
    def occupations(self) -> Occupations:
        """Give the occupations."""

    @property
    def institutions(self) -> Institutions:
        """Give the institutions."""

    @property
    def centres(self) -> Centres:
        """Give the training centres' applications."""

    @property
    def quality(self) -> Quality:
        """Give the quality cases and rectification reports."""

    @property
    def registers(self) -> Registers:
        """Give the registers."""

    @property
    def persons(self) -> Persons:
        """Give the persons."""

    @property
    def classes(self) -> Classes:
        """Give the classes."""

    @property
    def rosters(self) -> Rosters:
        """Give the rosters."""

    @property
    def decisions(self) -> Decisions:
        """Give the recorded decisions."""

    @property
    def changes(self) -> Changes:
        """Give the proposed changes."""

    @property
    def quotas(self) -> Quotas:
        """Give what classes take of the annual plan."""

    @property
    def queue(self) -> Queue:
        """Give what waits for reviewers."""

    async def publish(self, fact: Contract) -> int:
        """Put an event into the outbox and give its aggregate version."""

    async def schedule(self, *, due: datetime, kind: str, key: str) -> None:
        """Let a timer fire, or move it."""

    async def unschedule(self, *, kind: str, key: str) -> None:
        """Forget a timer."""

    async def audit(self, *, action: str, subject: str, details: Mapping[str, TraceValue] | None = None) -> None:
        """Record who did what."""
