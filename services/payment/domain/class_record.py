"""What reports count of one class, out of the facts that payment holds; every count is made anew from these."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property

from shared.contracts.assessment import AssessmentCompleted, CertificateIssued
from shared.contracts.enrollment import ClassOpened
from shared.contracts.supervision import TrainingCompleted
from shared.policy.terms.reporting import ClassMark, MeasureCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    def has(self, day: date | None) -> bool:
        """Say whether the day lies in the period."""
        return day is not None and self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Part of a line that the bank credited on a day.

    A class-level line has no person, money that came back no source. `programme` is the word under which it was paid,
    nothing where it is not of a line.
    """

    person_id: str | None
    amount_fen: int
    on: date
    funding_source: str = ""
    programme: str = ""


Job = tuple[str, str | None, date]
"""A job: person, employer where it is known, and first day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """Somebody took up a job on a day; `source` names the record that says so (a register, a contract).

    `last_day` is None while the job is held. A job is known by person, employer and first day; the newest record of it
    counts, and one that does not stand takes it back.
    """

    person_id: str
    employed_on: date
    source: str
    employer: str | None = None
    last_day: date | None = None
    stands: bool = True

    @property
    def job(self) -> Job:
        """Give what makes it one job."""
        return self.person_id, self.employer, self.employed_on


def standing(records: Iterable[Employment]) -> dict[Job, Employment]:
    """Give the newest record of each job, oldest first; what was taken back stands there as such."""
    return {record.job: record for record in records}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The measures of a report; what each of them counts, and by which rule, stands in the rulebook."""

    planned_persons: int = 0
    opened_classes: int = 0
    opened_persons: int = 0
    trained_persons: int = 0
    assessed_persons: int = 0
    certified_persons: int = 0
    paid_persons: int = 0
    paid_fen: int = 0

    def measure(self, code: MeasureCode) -> int:
        """Give one measure."""
        value: int = getattr(self, code)
        return value


@dataclass(frozen=True, kw_only=True)
class ClassRecord:
    """One opened class as reports see it.

    `certificates` are those that stand; `withdrawn` left the class; `exam_days` are the days of its exams; `employed`
    took up work elsewhere after the training. A cancelled class counts for nothing but the money that was paid.
    """

    opened: ClassOpened
    training: TrainingCompleted | None = None
    examination: AssessmentCompleted | None = None
    cancelled: bool = False
    exam_days: tuple[date, ...] = ()
    certificates: tuple[CertificateIssued, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    employed: frozenset[str] = frozenset()
    settlements: tuple[Settlement, ...] = ()

    @cached_property
    def trained(self) -> frozenset[str]:
        """Give who stayed, came to at least one session, and saw the class completed."""
        if self.training is None or self.cancelled:
            return frozenset()
        present = {totals.person_id for totals in self.training.trainees if totals.sessions_present}
        roster = {trainee.person_id for trainee in self.opened.trainees}
        return frozenset(present & roster - self.withdrawn)

    @property
    def trained_on(self) -> date | None:
        """Give the day on which the training was completed."""
        return None if self.training is None or self.cancelled else self.training.completed_on

    @property
    def assessed_on(self) -> date | None:
        """Give the day from which the class counts as trained and assessed: its last exam, never before its end.

        The day of the event would move whenever a result is published again; the day of an exam stays.
        """
        if self.examination is None or self.trained_on is None:
            return None
        return max(self.trained_on, max(self.exam_days, default=self.examination.completed_on))

    @cached_property
    def certified_on(self) -> dict[str, date]:
        """Give who holds a certificate of the class, with the day of the first that stands."""
        return {} if self.cancelled else _first((each.person_id, each.issued_on) for each in self.certificates)

    @cached_property
    def paid_on(self) -> dict[str, date]:
        """Give for whom the bank credited something, with the first day."""
        return _first((each.person_id, each.on) for each in self.settlements if each.person_id and each.amount_fen > 0)

    def is_marked(self, mark: ClassMark) -> bool:
        """Say whether the class bears a mark of the rulebook."""
        value = self.opened.attributes.get(mark.attribute)
        return value is not None and mark.value in (None, value)

    def counts(self, period: Period) -> Counts:
        """Count what happened to the class in the period, each fact on its own day."""
        opened = not self.cancelled and period.has(self.opened.opening_date)
        assessed = self.examination.examined if self.examination else 0
        return Counts(
            planned_persons=self.opened.planned if opened else 0,
            opened_classes=int(opened),
            opened_persons=len(self.opened.trainees) if opened else 0,
            trained_persons=len(self.trained) if period.has(self.trained_on) else 0,
            assessed_persons=assessed if period.has(self.assessed_on) else 0,
            certified_persons=sum(period.has(day) for day in self.certified_on.values()),
            paid_persons=sum(period.has(day) for day in self.paid_on.values()),
            paid_fen=sum(each.amount_fen for each in self.settlements if period.has(each.on)),
        )

    def counts_so_far(self) -> Counts:
        """Count everything that happened to the class until now."""
        return self.counts(ALL_TIME)


ALL_TIME = Period(first=date.min, last=date.max)


def total(parts: Iterable[Counts]) -> Counts:
    """Add counts up."""
    sums = {field.name: 0 for field in fields(Counts)}
    for part in parts:
        for name in sums:
            sums[name] += getattr(part, name)
    return Counts(**sums)


def _first(days: Iterable[tuple[str, date]]) -> dict[str, date]:
    first: dict[str, date] = {}
    for person_id, day in days:
        first[person_id] = min(day, first.get(person_id, day))
    return first
