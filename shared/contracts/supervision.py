"""Events of supervision (监管): who was there, what inspectors saw, and what the training came to."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from shared.contracts.contract import EventType, published_by
from shared.contracts.entry import EntryChanged

CheckKind = Literal["opening", "spot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One person present in a session: the sign-in methods used and the strength of that evidence (0 to 100)."""

    person_id: str
    methods: tuple[str, ...]
    strength: int


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceChecked:
    """The attendance of one session (课次) as known at `revision`; a higher revision replaces a lower one."""

    EVENT: ClassVar[EventType]

    class_id: str
    session_id: str
    revision: int
    held_on: date
    kind: Literal["theory", "practice"]
    class_hours: int
    present: tuple[Presence, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSignIns:
    """What one batch brought for one class of `SignInsReceived.classes`."""

    class_id: str
    accepted: int
    late: int
    refused: int


@published_by("supervision", aggregate="device", subject="device_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignInsReceived:
    """One batch of sign-ins was committed: counts for boards, never evidence; repeats are not counted."""

    EVENT: ClassVar[EventType]

    device_id: str
    accepted: int
    late: int
    pending: int
    refused: int
    classes: tuple[str, ...]
    by_class: tuple[ClassSignIns, ...] = ()


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheckRecorded:
    """Inspectors counted heads on the opening day or during the course (JY-SUP-07).

    `venue_id` is the filed venue where it was, `teachers_seen` whom they found teaching by teacher id,
    `sign_in_in_order` and `records_retained` what they found of sign-in and training records (JY-SUP-09); null says
    that nobody looked, or that it was not said.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    check_id: str
    kind: CheckKind
    held_on: date
    headcount: int
    inspectors: tuple[str, ...]
    venue_id: str | None = None
    teachers_seen: tuple[str, ...] = ()
    sign_in_in_order: bool | None = None
    records_retained: bool | None = None


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheckVoided:
    """An inspection record turned out wrong and no longer counts; somebody who had not signed it declared it void.

    `reason` is empty: what the person wrote stays with supervision.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    check_id: str
    kind: CheckKind
    voided_on: date
    voided_by: str
    reason: str


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCancelled:
    """Too few came on the opening day and a person confirmed it; final, everything reserved is released.

    `reason` is a sentence of the system with the numbers; what the person wrote stays with supervision.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    on: date
    rule: str
    clause: str
    attended: int
    planned: int
    confirmed_by: str
    reason: str


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRaised:
    """A doubt (疑点) about a class stands as a case; `blocking` findings stop the claim until they are closed.

    `owner` is the role that concludes it and `due_on` the last day for that, null where the region has set neither.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    finding_id: str
    check: str
    rule: str | None
    clause: str | None
    blocking: bool
    seen: str
    owner: str | None = None
    due_on: date | None = None


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class FindingClosed:
    """A case ended: a person waived it with a reason, or it was confirmed or found baseless.

    `reason` is the system's where it closed the case itself, else empty: what a person wrote stays with supervision.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    finding_id: str
    conclusion: Literal["confirmed", "waived", "unfounded"]
    closed_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraineeTotals:
    """What one person attended: sessions and class hours (课时)."""

    person_id: str
    sessions_present: int
    class_hours_present: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionOpinion:
    """The bureau's opinion on the class (检查意见, JY-SUP-08); in an event `remark` is empty: the words stay behind.

    `verified` counts the people whose training was verified, None where nobody counted; `sampled` says that a person
    decided that this sample does (HB-SUP-05).
    """

    passed: bool
    given_by: str
    given_on: date
    remark: str
    verified: int | None = None
    sampled: bool = False


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCompleted:
    """The last session is closed: totals per person and class; republished with a higher revision when they change.

    `opening_headcount` is who attended on the opening day (开班人数); `spot_headcounts` are the in-course counts.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    revision: int
    completed_on: date
    sessions: int
    theory_class_hours: int
    practice_class_hours: int
    opening_headcount: int
    opening_checks: int
    spot_headcounts: tuple[int, ...]
    trainees: tuple[TraineeTotals, ...]
    opinion: InspectionOpinion | None


@published_by("supervision")
@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionEntryChanged(EntryChanged):
    """Whether the class's inspections are entered in the provincial system came to be otherwise (JY-INT-01).

    `entered` only when each of the `lines` has its receipt; `refused` counts those that the province turned down. No
    event means that nothing was entered yet.
    """
