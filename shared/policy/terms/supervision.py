"""Terms of supervision (监管): what counts as being there, what must be filmed, what inspectors write down."""

from dataclasses import dataclass
from typing import Literal

from shared.domain.actor import Role
from shared.policy.terms.term import GroupCode, Item, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInMethod:
    """One way to sign in: `strength` of its evidence from 0 to 100; some count only once a reviewer approved them."""

    code: str
    name: str
    strength: int
    approval_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Term):
    """Accepted sign-in methods and the window in which a sign-in counts (JY-SUP-01).

    A sign-in counts from `minutes_before_start` before the session to `minutes_after_end` after it; attendance of a
    session is closed `closes_hours_after_end` after it ends, later sign-ins raise a revision. A sign-in dated more than
    `clock_tolerance_seconds` after its reception is kept and flagged, never counted.
    """

    methods: tuple[SignInMethod, ...]
    minutes_before_start: int
    minutes_after_end: int
    closes_hours_after_end: int
    clock_tolerance_seconds: int

    def method(self, code: str) -> SignInMethod | None:
        """Give the method with this code, or None when the rulebook does not accept it."""
        return next((method for method in self.methods if method.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TheoryVideo(Term):
    """Share of a theory session that video must cover; gaps up to the tolerance are forgiven (JY-SUP-02)."""

    coverage_percent: int
    tolerance_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeVideo(Term):
    """Continuous minutes of video in every practice class hour; clips are not added up (JY-SUP-03)."""

    continuous_minutes_per_class_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningAttendance(Term):
    """Below this share of the planned headcount on the opening day the class is cancelled (JY-SUP-04)."""

    minimum_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspections(Term):
    """Signed inspection records a claim needs; fewer spot checks only warn (JY-SUP-07).

    A record has `photos_min` photographs at least (HL-SUP-01).
    """

    opening_checks_min: int
    spot_checks_min: int
    photos_min: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAsPlanned(Term):
    """What a check saw on site is held against the timetable: another venue, or a teacher who is not planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionOpinion(Term):
    """What waits for the bureau's inspection opinion (JY-SUP-08).

    Where it `verifies` everybody, it passes a class once as many were verified as its roster has, or a recorded
    decision lets a sample do (HB-SUP-05).
    """

    required_for: tuple[Literal["final_results", "claim"], ...]
    verifies: Literal["everybody"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cameras(Term):
    """Lessons are filmed where that is possible; not `required`, nothing waits for it (QJ-SUP-01).

    The departments switch it on by a recorded decision, which the rulebook then names; who has no camera is waived one
    by one.
    """

    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons(Term):
    """Data of these sources are held against attendance; who was elsewhere on a day raises a doubt (HB-SUP-02)."""

    sources: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing(Term):
    """These roles look at sessions, live or by replay, and every look is logged (QJ-SUP-02)."""

    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningCheck(Term):
    """Items the opening-day record must have (JY-SUP-09)."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyAttendance(Term):
    """People in custody may be on the custodian's own register where devices are not allowed (JY-ENR-16).

    Once a person has decided so for the class, sign-ins of these groups by these methods count without an approval of
    their own.
    """

    groups: tuple[GroupCode, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownClass(Term):
    """Sign-ins for a class that does not exist are flagged to the bureau after some calendar days (JY-ENR-06)."""

    flagged_after_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLag(Term):
    """How timely records are entered is reported (QJ-DAT-01).

    The lag is the legal days from the event to its entry; the report marks one of more than `alarm_after_days`.
    """

    alarm_after_days: int


Owner = Literal["inspector", "second_reviewer", "approver"]
"""The roles that may conclude a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Which role concludes what a check found, and within how many calendar days, the day of the find not counted."""

    code: str
    name: str
    owner: Owner
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Casework(Term):
    """Who concludes which findings by when; what is open keeps the inspection opinion incomplete (JY-SUP-08).

    The `superior` role may conclude in every owner's place; nobody else does, and never who recorded what it rests on.
    """

    duties: tuple[Duty, ...]
    superior: Owner | None = None

    def duty(self, code: str) -> Duty | None:
        """Give the duty that a check brings, or None when the region has set none."""
        return next((duty for duty in self.duties if duty.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionTerms:
    """The chapter of supervision."""

    sign_in: SignIn | None = None
    theory_video: TheoryVideo | None = None
    practice_video: PracticeVideo | None = None
    opening_attendance: OpeningAttendance | None = None
    inspections: Inspections | None = None
    venue_seen: SeenAsPlanned | None = None
    teachers_seen: SeenAsPlanned | None = None
    inspection_opinion: InspectionOpinion | None = None
    cameras: Cameras | None = None
    comparisons: Comparisons | None = None
    viewing: Viewing | None = None
    opening_check: OpeningCheck | None = None
    custody_attendance: CustodyAttendance | None = None
    unknown_class: UnknownClass | None = None
    entry_lag: EntryLag | None = None
    casework: Casework | None = None
