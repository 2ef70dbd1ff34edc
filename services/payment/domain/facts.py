"""What the events of one class said, gathered in any order; nothing here was asserted by a claimant."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Generic, TypeVar

from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    CertificateIssued,
    CertificateVoided,
    SatisfactionMeasured,
)
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened, OccupationDated, TraineeWithdrawn
from shared.contracts.entry import EntryChanged
from shared.contracts.supervision import (
    AttendanceChecked,
    ClassCancelled,
    FindingClosed,
    FindingRaised,
    SpotCheckRecorded,
    TrainingCompleted,
)

F = TypeVar("F", bound=Contract)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Generic[F]):
    """One fact and the id of the event that proves it."""

    event_id: str
    fact: F


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Where a person worked from a day on, to a last day or still."""

    person_id: str
    employer: str
    start: date
    end: date | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether the person worked there on the day."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkMonth:
    """A month that a person worked, by its first day; `standard_fen` is the minimum wage that held in it, if known."""

    person_id: str
    month: date
    full: bool
    employer: str | None = None
    standard_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What a person was handed of an allowance that somebody else claims (LS-CLM-04)."""

    person_id: str
    amount_fen: int


@dataclass(frozen=True, kw_only=True)  # without slots: what is asked of every person is looked through once a class
class ClassFacts:
    """Everything known of a class, the newest revision of each; a part that has not arrived yet is None or empty.

    `payouts` are None in a trial that says nothing of them, and so in order. `dated` is what the register learnt after
    the opening of the days on which the occupation counts as new; `opened` says them already. `elsewhere` are standing
    certificates that its people earned in other classes, told where the document asks for the first (HB-CLM-09).
    """

    class_id: str
    opened: Known[ClassOpened] | None = None
    dated: Known[OccupationDated] | None = None
    training: Known[TrainingCompleted] | None = None
    examination: Known[AssessmentCompleted] | None = None
    cancelled: Known[ClassCancelled] | None = None
    attendance: tuple[Known[AttendanceChecked], ...] = ()
    checks: tuple[Known[SpotCheckRecorded], ...] = ()
    exams: tuple[Known[AssessmentScheduled], ...] = ()
    certificates: tuple[Known[CertificateIssued], ...] = ()
    voided: tuple[Known[CertificateVoided], ...] = ()
    raised: tuple[Known[FindingRaised], ...] = ()
    closed: tuple[Known[FindingClosed], ...] = ()
    withdrawn: tuple[Known[TraineeWithdrawn], ...] = ()
    survey: Known[SatisfactionMeasured] | None = None
    entries: tuple[Known[EntryChanged], ...] = ()
    spells: tuple[Spell, ...] = ()
    months: tuple[WorkMonth, ...] = ()
    payouts: tuple[Payout, ...] | None = ()
    elsewhere: tuple[CertificateIssued, ...] = ()

    def completed(self, event: str) -> bool:
        """Say whether a completion event that a programme's evidence names has arrived."""
        parts = {
            "ClassOpened": self.opened,
            "TrainingCompleted": self.training,
            "AssessmentCompleted": self.examination,
        }
        return parts.get(event) is not None

    def entry(self, checkpoint: str) -> EntryChanged | None:
        """Give how far a checkpoint is entered in the provincial system, None while nothing was heard of it."""
        return next((known.fact for known in self.entries if known.fact.checkpoint == checkpoint), None)

    def has_to_enter(self, checkpoint: str) -> bool:
        """Say whether there is anything of the class to be entered: without an inspection there is no record of one."""
        return checkpoint != "inspections" or bool(self.checks)

    def standing_certificates(self, person_id: str) -> tuple[Known[CertificateIssued], ...]:
        """Give the person's certificates that were not voided."""
        return self._certificates.get(person_id, ())

    def certificates_elsewhere(self, person_id: str) -> Sequence[CertificateIssued]:
        """Give the certificates that the person earned in other classes."""
        return self._elsewhere.get(person_id, ())

    @cached_property
    def agreed(self) -> frozenset[str]:
        """Give the people of whom a standing certificate names the agreement that its exam was free (HB-CLM-12)."""
        return frozenset(
            person_id
            for person_id, standing in self._certificates.items()
            if any(known.fact.agreement_on is not None for known in standing)
        )

    def attended(self, person_id: str) -> tuple[Known[AttendanceChecked], ...]:
        """Give the attendance of every session in which the person was present, by session."""
        if person_id not in self._present:
            return ()
        missed = self._missed.get(person_id)
        if missed is None:
            return self._sessions
        return tuple(known for place, known in enumerate(self._sessions) if place not in missed)

    def attended_by(self, person_id: str) -> tuple[str, ...]:
        """Give the ids of the events that say in which sessions the person was, by session."""
        if person_id in self._present and person_id not in self._missed:
            return self._session_events
        return tuple(known.event_id for known in self.attended(person_id))

    def days_of(self, person_id: str) -> tuple[date, ...]:
        """Give the days on which the person was in a session, each once, the earliest first."""
        if person_id not in self._present:
            return ()
        missed = self._missed.get(person_id)
        return (
            tuple(self._days)
            if missed is None
            else tuple(day for day, each in self._days.items() if not each <= missed)
        )

    def days_present(self, person_id: str) -> int:
        """Give on how many days the person was in a session."""
        return len(self.days_of(person_id))

    def sessions_present(self, person_id: str) -> int:
        """Give in how many sessions the person was."""
        return len(self._sessions) - len(self._missed.get(person_id, ())) if person_id in self._present else 0

    def paid_out(self, person_id: str) -> int | None:
        """Give what the person was handed in fen, None where a trial says nothing of it."""
        if self.payouts is None:
            return None
        return self._handed_out.get(person_id, 0)

    def spells_of(self, person_id: str) -> Sequence[Spell]:
        """Give where the person worked."""
        return self._spells.get(person_id, ())

    @cached_property
    def _elsewhere(self) -> Mapping[str, Sequence[CertificateIssued]]:
        found: dict[str, list[CertificateIssued]] = {}
        for certificate in self.elsewhere:
            found.setdefault(certificate.person_id, []).append(certificate)
        return found

    @cached_property
    def _spells(self) -> Mapping[str, Sequence[Spell]]:
        found: dict[str, list[Spell]] = {}
        for spell in self.spells:
            found.setdefault(spell.person_id, []).append(spell)
        return found

    @cached_property
    def _handed_out(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for payout in self.payouts or ():
            found[payout.person_id] = found.get(payout.person_id, 0) + payout.amount_fen
        return found

    @cached_property
    def _certificates(self) -> Mapping[str, tuple[Known[CertificateIssued], ...]]:
        void = {known.fact.certificate_id for known in self.voided}
        found: dict[str, tuple[Known[CertificateIssued], ...]] = {}
        for known in self.certificates:
            certificate = known.fact
            if certificate.certificate_id not in void:
                before = found.get(certificate.person_id)
                found[certificate.person_id] = (*before, known) if before else (known,)
        return found

    @cached_property
    def _sessions(self) -> tuple[Known[AttendanceChecked], ...]:
        return tuple(sorted(self.attendance, key=lambda known: (known.fact.held_on, known.fact.session_id)))

    @cached_property
    def _session_events(self) -> tuple[str, ...]:
        return tuple(known.event_id for known in self._sessions)

    @cached_property
    def _days(self) -> Mapping[date, frozenset[int]]:
        """The days on which sessions were held, with their sessions by place."""
        found: dict[date, set[int]] = {}
        for place, known in enumerate(self._sessions):
            found.setdefault(known.fact.held_on, set()).add(place)
        return {day: frozenset(places) for day, places in found.items()}

    @cached_property
    def _by_session(self) -> tuple[frozenset[str], ...]:
        """Who was in each session."""
        return tuple(frozenset([each.person_id for each in known.fact.present]) for known in self._sessions)

    @cached_property
    def _present(self) -> frozenset[str]:
        """Everybody who was in a session."""
        found: frozenset[str] = frozenset()
        for present in self._by_session:
            if not present <= found:
                found |= present
        return found

    @cached_property
    def _missed(self) -> Mapping[str, frozenset[int]]:
        """The sessions in which somebody was not, by place, of whoever was in one but not in all."""
        found: dict[str, list[int]] = {}
        for place, present in enumerate(self._by_session):
            if len(present) < len(self._present):
                for person_id in self._present - present:
                    found.setdefault(person_id, []).append(place)
        return {person_id: frozenset(places) for person_id, places in found.items()}

    def exam_day(self, assessment_id: str) -> date | None:
        """Give the day of an exam, None while nothing was heard of it."""
        return next((known.fact.exam_on for known in self.exams if known.fact.assessment_id == assessment_id), None)

    def has_withdrawn(self, person_id: str) -> bool:
        """Say whether the person left the class."""
        return any(known.fact.person_id == person_id for known in self.withdrawn)

    def open_findings(self) -> Iterator[FindingRaised]:
        """Give the blocking doubts on which nobody has concluded."""
        concluded = {known.fact.finding_id for known in self.closed}
        for known in self.raised:
            if known.fact.blocking and known.fact.finding_id not in concluded:
                yield known.fact

    def confirmed_findings(self) -> Iterator[FindingRaised]:
        """Give the blocking doubts that a person confirmed."""
        confirmed = {known.fact.finding_id for known in self.closed if known.fact.conclusion == "confirmed"}
        for known in self.raised:
            if known.fact.blocking and known.fact.finding_id in confirmed:
                yield known.fact


def dated(opened: Known[ClassOpened], later: Known[OccupationDated] | None) -> Known[ClassOpened]:
    """Give the opening with the days of a new occupation as the register came to know them (HB-CLM-06)."""
    if later is None:
        return opened
    occupation = replace(opened.fact.occupation, new_since=later.fact.new_since, new_until=later.fact.new_until)
    return replace(opened, fact=replace(opened.fact, occupation=occupation))
