"""What the use-cases need from storage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, NotRequired, Protocol, TypedDict

from services.supervision.domain.attendance import SignedIn
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.device import Device
from services.supervision.domain.entry_lag import Entries, LateEntries
from services.supervision.domain.sign_in import Verdict
from services.supervision.domain.training_class import Session, State, TrainingClass
from services.supervision.domain.unknown_class import UnknownClassCase
from shared.contracts.contract import Contract
from shared.domain.actor import Actor
from shared.policy.decision import TraceValue
from shared.policy.rulebook import Shelf


class SignInRow(TypedDict):
    """One sign-in as a device reports it; a plain mapping, because thousands come at once."""

    sequence: int
    class_id: str
    person_id: str
    signed_at: datetime
    method: str
    score: NotRequired[int | None]


class StoredSignIn(NamedTuple):
    """What stands under a sequence that was used before, and whether it says the same."""

    same: bool
    code: str | None


class WaitingSignIn(NamedTuple):
    """A sign-in whose class was not known when it came."""

    device_id: str
    sequence: int
    person_id: str
    signed_at: datetime
    method: str
    received_at: datetime


class ManualSignIn(NamedTuple):
    """A sign-in that counts once a reviewer approves it."""

    sequence: int
    session_id: str


class AwaitingSignIn(NamedTuple):
    """A sign-in as the reviewer sees it who may let it count."""

    device_id: str
    sequence: int
    person_id: str
    session_id: str
    method: str
    signed_at: datetime
    received_at: datetime


class PlacedSignIn(NamedTuple):
    """A sign-in whose fate the class's roster and timetable decided."""

    device_id: str
    sequence: int
    person_id: str
    signed_at: datetime
    method: str
    session_id: str | None
    code: str | None
    approved_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSummary:
    """A line of the list of classes."""

    class_id: str
    institution_id: str
    region: str
    state: State
    planned: int
    refused: int
    opening_date: date
    closing_date: date
    sessions: int
    sessions_closed: int
    findings_open: int
    findings_blocking: int
    opinion_given: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that waits for somebody's conclusion: an open finding, or sign-ins for an unknown class.

    `name` is the Chinese name that the region's rulebook gives the check, None where it gives none.
    """

    kind: Literal["finding", "unknown_class"]
    task_id: str
    owner: str | None
    due_on: date | None
    check: str
    rule: str
    clause: str
    blocking: bool
    class_id: str
    institution_id: str
    region: str
    seen: str
    raised_at: datetime
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtHours:
    """Class hours one teacher taught for one institution."""

    institution_id: str
    teacher_id: str
    sessions: int
    theory_class_hours: int
    practice_class_hours: int

    @property
    def class_hours(self) -> int:
        """Give theory and practice together."""
        return self.theory_class_hours + self.practice_class_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesWanted:
    """Whose entries are read: of what happened from `since` to before `until` in classes under some rulebooks."""

    institution_id: str | None
    regions: Sequence[str] | None
    rulebook_ids: Collection[str]
    since: datetime
    until: datetime


class ClassFiles(Protocol):
    """The files of classes, each loaded and saved whole; only what changed is written."""

    async def lock(self, class_ids: Collection[str]) -> None:
        """Let no other transaction change these classes, known or not yet known, until this one ends."""
        ...

    async def add(self, file: ClassFile) -> None:
        """Store a class that has just opened."""
        ...

    async def find(self, class_id: str) -> ClassFile | None:
        """Give the whole file, None for a class not known here."""
        ...

    async def add_unopened(self, class_id: str) -> None:
        """Remember that a class ended before it opened."""
        ...

    async def unopened(self, class_ids: Collection[str]) -> Collection[str]:
        """Give those of the classes that ended before they opened."""
        ...

    async def rolls(self, class_ids: Collection[str]) -> Mapping[str, tuple[TrainingClass, tuple[Session, ...]]]:
        """Give what sign-ins are judged by, without attendance, for those of the classes that are known."""
        ...

    async def class_of_finding(self, finding_id: str) -> str | None:
        """Give the class of a finding, None for an unknown one."""
        ...

    async def save(self, before: ClassFile, after: ClassFile) -> ClassFile:
        """Write what changed and give the file with its new version; raise Conflict when the stored one moved on."""
        ...


class SignIns(Protocol):
    """The sign-ins of all devices."""

    async def keep(
        self, device_id: str, rows: Sequence[SignInRow], verdicts: Sequence[Verdict], received_at: datetime
    ) -> Mapping[int, StoredSignIn | None]:
        """Store rows with sequences all different, and give per sequence None when it is new, else what stands."""
        ...

    async def keep_reused(self, device_id: str, rows: Sequence[SignInRow], received_at: datetime) -> None:
        """Keep, once per content, what came under a sequence that says something else."""
        ...

    async def counted(self, class_id: str, session_ids: Collection[str]) -> Mapping[str, SignedIn]:
        """Give for each of the sessions who signed in by which methods, counted sign-ins only."""
        ...

    async def waiting(self, class_id: str) -> Sequence[WaitingSignIn]:
        """Give the pending sign-ins of a class."""
        ...

    async def placed(self, class_id: str) -> Sequence[PlacedSignIn]:
        """Give the sign-ins of a class whose fate its roster and timetable decided."""
        ...

    async def decide(self, verdicts: Mapping[tuple[str, int], Verdict]) -> None:
        """Store what became of pending sign-ins, by device and sequence."""
        ...

    async def refuse_waiting(self, class_id: str, code: str) -> int:
        """Refuse every pending sign-in of a class that will never open, and give their number."""
        ...

    async def unapproved(self, class_id: str, device_id: str, sequences: Collection[int]) -> Sequence[ManualSignIn]:
        """Give those of the sign-ins that wait for a reviewer's approval."""
        ...

    async def awaiting(self, class_id: str, *, after: tuple[int, str] | None, limit: int) -> Sequence[AwaitingSignIn]:
        """Give what waits in a class for a reviewer's approval, by sequence and device."""
        ...

    async def approve(self, device_id: str, verdicts: Mapping[int, Verdict], *, approved_by: str, reason: str) -> None:
        """Store the approval and what becomes of the sign-ins by it."""
        ...


class Devices(Protocol):
    """The registered devices."""

    async def add(self, device: Device) -> None:
        """Store a device; raise Conflict SERIAL_TAKEN when its serial number is that of a device in use."""
        ...

    async def save(self, before: Device, after: Device) -> None:
        """Store what changed; raise Conflict DEVICE_CHANGED when the stored one moved on."""
        ...

    async def find(self, device_id: str) -> Device | None:
        """Give a device, None for an unknown one."""
        ...

    async def among(self, device_ids: Collection[str]) -> Mapping[str, Device]:
        """Give those of the devices that are known."""
        ...

    async def page(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        after: tuple[str, str] | None,
        limit: int,
    ) -> Sequence[Device]:
        """Give devices by institution and id within institution and regions; None sets no limit."""
        ...


class UnknownClasses(Protocol):
    """The cases of sign-ins for classes that are not known here."""

    async def add(self, case: UnknownClassCase) -> bool:
        """Store the case unless one of its device and class is open; say whether it was stored."""
        ...

    async def find(self, case_id: str) -> UnknownClassCase | None:
        """Give a case, None for an unknown one."""
        ...

    async def open_of(self, class_id: str) -> Sequence[UnknownClassCase]:
        """Give the open cases of a class."""
        ...

    async def save(self, case: UnknownClassCase) -> None:
        """Store a case that changed."""
        ...


class Reports(Protocol):
    """What is read across classes, page by page within institution and regions; None sets no limit."""

    async def classes(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: State | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> Sequence[ClassSummary]:
        """Give classes by opening date and id."""
        ...

    async def tasks(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        owners: Sequence[str] | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> Sequence[Task]:
        """Give what waits for a conclusion by last day and id, what has no last day at the end."""
        ...

    async def taught_hours(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        since: datetime,
        until: datetime,
        after: tuple[str, str] | None,
        limit: int,
    ) -> Sequence[TaughtHours]:
        """Give what was taught in sessions that began from `since` to before `until`, by institution and teacher."""
        ...

    async def entries(self, wanted: EntriesWanted) -> Sequence[Entries]:
        """Count what was entered, whenever that was, by rulebook, event day and entry day."""
        ...

    async def late_entries(
        self, wanted: EntriesWanted, *, after: tuple[date, str] | None, limit: int
    ) -> Sequence[LateEntries]:
        """Give what was entered on a later day than it happened, by event day and place."""
        ...


class SupervisionUnit(Protocol):
    """The open transaction in which a use-case of supervision works."""

    now: datetime
    actor: Actor
    shelf: Shelf
    files: ClassFiles
    sign_ins: SignIns
    devices: Devices
    unknown_classes: UnknownClasses
    reports: Reports

    @property
    def today(self) -> date:
        """Give the legal day of the act."""
        ...

    async def publish(self, fact: Contract) -> int:
        """Put the event into the outbox and give the aggregate's version."""
        ...

    async def schedule(self, *, due: datetime, kind: str, key: str) -> None:
        """Let a timer fire the use-case `kind` at a legal instant."""
        ...

    async def unschedule(self, *, kind: str, key: str) -> None:
        """Forget a timer."""
        ...

    async def audit(self, *, action: str, subject: str, details: Mapping[str, TraceValue] | None = None) -> None:
        """Record who did what to what; codes and counts only."""
        ...
