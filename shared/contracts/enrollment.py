"""Events of enrollment (办班): who may train whom, where and when, and whether the class opened."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from shared.contracts.contract import EventType, published_by
from shared.contracts.entry import EntryChanged

ClassKind = Literal["class", "project", "apprenticeship", "work_for_training", "safety", "evaluation"]
SessionKind = Literal["theory", "practice"]


@published_by("enrollment", aggregate="institution", subject="institution_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionListed:
    """An institution stands in the directory (目录) from one day to another, for these occupations.

    The same `entry_id` again says that its end was moved: the later event replaces the earlier one.
    """

    EVENT: ClassVar[EventType]

    institution_id: str
    name: str
    credit_code: str
    kind: str
    region: str
    valid_from: date
    valid_to: date | None
    occupations: tuple[str, ...]
    entry_id: str | None = None


@published_by("enrollment", aggregate="institution", subject="institution_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionSuspended:
    """An institution may open no further classes until the suspension is lifted; running classes continue.

    `reason` is a code of the rulebook; faults are to be mended by `rectify_by`, that day included.
    """

    EVENT: ClassVar[EventType]

    institution_id: str
    region: str
    since: date
    until: date | None
    rule: str
    reason: str
    suspension_id: str | None = None
    rectify_by: date | None = None


@published_by("enrollment", aggregate="institution", subject="institution_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionReinstated:
    """A suspension was lifted after a rectification report and a decision (JY-QUA-02); another one may still hold.

    `reason` is a code of the rulebook.
    """

    EVENT: ClassVar[EventType]

    institution_id: str
    region: str
    on: date
    rule: str
    reason: str
    suspension_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionReference:
    """The institution as every later service needs it; a legal person's name and code are public."""

    institution_id: str
    name: str
    credit_code: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OccupationReference:
    """Occupation (工种) and the certificate kinds in which it can be certified on the opening date (JY-ASM-05).

    The ministry published it as a new occupation on `new_since`, null for one that is none; it counts as new until
    `new_until`, that day included, or without an end (HB-CLM-06).
    """

    code: str
    name: str
    certifiable: tuple[str, ...]
    new_since: date | None = None
    new_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord:
    """One recorded review step; `actor` is the reviewer's token subject, never a name."""

    step: str
    actor: str
    decided_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedTrainee:
    """A person for whom entitlement is asked, with the groups (人员类别) they were judged under.

    `repeat_by_decision` says that a recorded decision lets the person train once more than the cap (JY-ENR-05).
    """

    person_id: str
    groups: tuple[str, ...]
    repeat_by_decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliedRelease:
    """A release (class, person) that the roster judgement relied on: payment applies it before it answers."""

    class_id: str
    person_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRequest:
    """What payment is asked to reserve: one slot per person and the budget of the class.

    `kind`, `closing_date` and `attributes` (those that a class opens with) tell what its people may bring at most.
    """

    programme: str
    region: str
    rulebook_id: str
    occupation: str
    level: str | None
    certificate_kinds: tuple[str, ...]
    opening_date: date
    funding_source: str
    trainees: tuple[ReservedTrainee, ...]
    relies_on: tuple[ReliedRelease, ...] = ()
    kind: ClassKind | None = None
    closing_date: date | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassApplied:
    """An institution has applied for a class (开班申请) with plan, teaching plan and roster."""

    EVENT: ClassVar[EventType]

    class_id: str
    kind: ClassKind
    programme: str
    training_type: str
    region: str
    rulebook_id: str
    institution_id: str
    occupation: str
    level: str | None
    planned: int
    roster_accepted: int
    roster_refused: int
    opening_date: date
    closing_date: date
    funding_source: str
    applied_on: date


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassApproved:
    """All approval steps are recorded; payment is asked to reserve entitlement and budget."""

    EVENT: ClassVar[EventType]

    class_id: str
    kind: ClassKind
    institution_id: str
    planned: int
    closing_date: date
    reviews: tuple[ReviewRecord, ...]
    reservation: ReservationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSession:
    """One session of the approved timetable; instants are UTC, `class_hours` are 课时."""

    session_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    kind: SessionKind
    class_hours: int
    teacher_id: str
    venue_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerReference:
    """An enterprise that is registered here and sent its employee to the class; its name and code are public."""

    institution_id: str
    name: str
    credit_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedTrainee:
    """A person on the final roster; `employer` is null unless the roster names one that is registered.

    `masked_name` is surname and stars; `payee_check` is the keyed digest of name and identity number under the
    deployment key named by `payee_check_key`, by which payment compares a payee without knowing the identity;
    `identity_check`, under the same key, is that of the number alone, by which what somebody had elsewhere is found
    whatever the spelling of the name. Empty, it was not told.
    `fee_fen` is what the institution charges the person: nothing, where the document trains their group free of charge.
    `attributes` are what payment must know of the person by the rulebook's codes (dispatched to whom, insured months).
    """

    person_id: str
    groups: tuple[str, ...]
    masked_name: str
    payee_check: str
    payee_check_key: str
    fee_fen: int = 0
    employer: EmployerReference | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    identity_check: str = ""


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChanged:
    """An approved class changed; a `reservation` is there exactly when payment has to answer again.

    `sessions` and `teachers` are the whole timetable and everybody who teaches, as they stand from now on; null says
    that they did not change. `joined` describes those of `added` who come to a class that is open already.
    `exempt_by_decision` are the rules of which a decision exempts the class as it stands from now on, null where the
    change says nothing of them.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    change: Literal["opening_moved", "trainees_refused", "trainees_added", "teacher", "venue", "timetable"]
    opening_date: date
    closing_date: date
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    reservation: ReservationRequest | None = None
    sessions: tuple[PlannedSession, ...] | None = None
    teachers: tuple[str, ...] | None = None
    joined: tuple[OpenedTrainee, ...] = ()
    exempt_by_decision: tuple[str, ...] | None = None


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOpened:
    """The class opens today: everything supervision, assessment and payment will ever need about it.

    `planned` is the headcount applied for and frozen at approval (计划申报人数); `refused` counts its rows that were
    refused before opening. `rulebook_id` pins the rules that judge the class to its end; `programme` is the word that
    rates and entitlement use, `training_type` the document's own type (JY-ENR-17). `attributes` are what reports
    group classes by (village, campaign, training form and mode), value by the rulebook's code of the attribute.
    `exempt_by_decision` are the rules whose objection to the plan a recorded decision overruled (JY-ENR-09): whoever
    judges the class by them again does not object either. `applicant_sealed` says that the application form bears the
    applicant's seal, `batch` is its opening batch (JY-FLD-03, -08), null before they were asked for; contact person and
    telephone never leave enrollment.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    kind: ClassKind
    programme: str
    training_type: str
    region: str
    rulebook_id: str
    institution: InstitutionReference
    occupation: OccupationReference
    level: str | None
    delivery: Literal["offline", "online"]
    planned: int
    refused: int
    opening_date: date
    closing_date: date
    funding_source: str
    sessions: tuple[PlannedSession, ...]
    teachers: tuple[str, ...]
    trainees: tuple[OpenedTrainee, ...]
    reviews: tuple[ReviewRecord, ...]
    attributes: dict[str, str] = field(default_factory=dict)
    exempt_by_decision: tuple[str, ...] = ()
    applicant_sealed: bool | None = None
    batch: int | None = None


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class OccupationDated:
    """The register learnt after the class opened on which days its occupation counts as new (HB-CLM-06).

    The days stand in the ministry's list and count as if the opening had told them, whenever they were entered; a later
    event replaces an earlier one. `new_since` and `new_until` are those of the class's occupation.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    occupation: str
    new_since: date
    new_until: date | None = None


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class TraineeWithdrawn:
    """A person left the class; what was reserved for them is released."""

    EVENT: ClassVar[EventType]

    class_id: str
    person_id: str
    on: date
    reason: str


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassClosed:
    """The class is over for enrollment, and why."""

    EVENT: ClassVar[EventType]

    class_id: str
    reason: Literal["completed", "cancelled", "withdrawn", "not_opened"]
    on: date


@published_by("enrollment")
@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntryChanged(EntryChanged):
    """Whether the class's plan and roster are entered in the provincial system came to be otherwise (JY-INT-01).

    `entered` only when each of the `lines` has its receipt; `refused` counts those that the province turned down. No
    event means that nothing was entered yet.
    """
