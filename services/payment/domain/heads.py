"""Persons and person-times apart (LS-REP-03, HL-REP-08), by organiser and stage: every number out of records. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.payment.domain.class_record import ClassRecord, Period, total
from services.payment.domain.shares import Share
from shared.policy.targets import Allotment, AllotmentRow
from shared.policy.terms.reporting import MeasureCode, Organisers, PersonTimes, Stage

HEADS: Final[tuple[tuple[MeasureCode, str], ...]] = (
    ("opened_persons", "开班"),
    ("trained_persons", "结业"),
    ("certified_persons", "取证"),
    ("paid_persons", "补贴到账"),
)
"""The measures of which it is recorded who they were; of exams only how many sat them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """One measure of some classes: each person counted once per class, and once at all."""

    code: MeasureCode
    name: str
    person_times: int
    persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganiserRow:
    """What one organiser's classes did; `classes` were opened."""

    code: str
    name: str
    classes: int
    heads: tuple[Heads, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllotmentProgress:
    """What was done of one row of an allotment, or of the whole; the number is unknown while nobody gave it."""

    name: str
    person_times: int | None
    done: int

    @property
    def met(self) -> bool | None:
        """Say whether the number is reached; None while it is unknown."""
        return None if self.person_times is None else self.done >= self.person_times

    @property
    def share(self) -> Share:
        """Give what was done as a share of the number."""
        return Share(part=self.done, whole=self.person_times or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBoard:
    """How far a stage is: done of what is planned, against the days of it that are gone (HB-REP-08)."""

    stage: Stage
    planned: int | None
    done: int
    days: Share
    days_left: int

    @property
    def share(self) -> Share:
        """Give what was done as a share of what was planned."""
        return Share(part=self.done, whole=self.planned or 0)


def heads(records: Iterable[ClassRecord]) -> tuple[Heads, ...]:
    """Count person-times and distinct persons of these classes, measure by measure."""
    listed = list(records)
    found = []
    for code, name in HEADS:
        each = [_who(record, code) for record in listed]
        people = frozenset().union(*each)
        found.append(Heads(code=code, name=name, person_times=sum(map(len, each)), persons=len(people)))
    return tuple(found)


def _who(record: ClassRecord, code: MeasureCode) -> frozenset[str]:
    match code:
        case "trained_persons":
            return record.trained
        case "certified_persons":
            return frozenset(record.certified_on)
        case "paid_persons":
            return frozenset(record.paid_on)
        case _:
            return frozenset() if record.cancelled else frozenset(each.person_id for each in record.opened.trainees)


def organiser_of(record: ClassRecord, term: Organisers) -> str:
    """Give who organised a class; one of which nothing is said is the bureau's own."""
    return record.opened.attributes.get(term.attribute, term.own)


def by_organiser(records: Iterable[ClassRecord], term: Organisers) -> tuple[OrganiserRow, ...]:
    """Give the classes of every department, those of one that the rulebook does not name too (HB-REP-07, HL-ENR-12)."""
    names = {item.code: item.name for item in term.departments}
    of: dict[str, list[ClassRecord]] = {code: [] for code in names}
    for record in records:
        of.setdefault(organiser_of(record, term), []).append(record)
    return tuple(
        OrganiserRow(
            code=code,
            name=names.get(code, code),
            classes=sum(not record.cancelled for record in found),
            heads=heads(found),
        )
        for code, found in of.items()
    )


def allotment_progress(
    records: Sequence[ClassRecord], allotment: Allotment, term: PersonTimes, organisers: Organisers | None
) -> tuple[AllotmentProgress, ...]:
    """Give row by row what was done of an allotment, by the measure of the goal that it allots (HL-REP-03)."""
    return tuple(
        AllotmentProgress(
            name=row.name,
            person_times=row.person_times,
            done=total(record.counts_so_far() for record in records if _is_of(record, row, organisers)).measure(
                term.counted
            ),
        )
        for row in allotment.rows
    )


def _is_of(record: ClassRecord, row: AllotmentRow, organisers: Organisers | None) -> bool:
    if row.organiser is not None and (organisers is None or organiser_of(record, organisers) != row.organiser):
        return False
    return record.opened.region in row.regions


def stage_board(records: Sequence[ClassRecord], stage: Stage, planned: int | None, today: date) -> StageBoard:
    """Tell what happened in a stage's own days against the plan, and how many of its days are gone and left."""
    days = (stage.last - stage.first).days + 1
    gone = min(max((today - stage.first).days + 1, 0), days)
    period = Period(first=stage.first, last=stage.last)
    return StageBoard(
        stage=stage,
        planned=planned,
        done=total(record.counts(period) for record in records).measure(stage.counted),
        days=Share(part=gone, whole=days),
        days_left=days - gone,
    )
