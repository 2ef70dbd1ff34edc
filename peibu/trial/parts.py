"""A case as the classes that the services would have had: a file may speak of several trainings of the same people.

Certificates of another programme, occupation or level come from a class of their own, as does a second certificate of
the same; months of work come from a placement.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from shared.policy.case_file import Case, Certificate
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit
from shared.policy.terms.term import Programme

_PLACEMENT: Final = "work_for_training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One class of a case: its own programme (None: what the document's types say), people and facts."""

    programme: Programme | None
    case: Case
    begins: date


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells classes apart: a class leads to one level, and nobody has two certificates of a kind from it."""

    programme: Programme | None
    kind: str
    occupation: str | None
    new_occupation_published: date | None
    level: str | None = None
    turn: int = 0

    @property
    def subject(self) -> tuple[str | None, ...]:
        """Give what is taught, whatever the level."""
        return (self.programme, self.kind, self.occupation, str(self.new_occupation_published))


@dataclass(slots=True)
class _Members:
    """Who is in one class, since when, and which certificates came of it."""

    begins: date
    persons: set[str] = field(default_factory=set)
    certificates: list[Certificate] = field(default_factory=list)

    def join(self, persons: tuple[str, ...], day: date) -> None:
        self.begins = min(day, self.begins)
        self.persons.update(persons)


def parts_of(case: Case, book: Rulebook) -> tuple[Part, ...]:
    """Give the classes of a case by the day on which the first thing came of them; everybody is in one at least."""
    groups = {person: people.group for people in case.person for person in people.ids}
    found: dict[_Key, _Members] = {}
    for key, row in _certified(case, book, groups):
        found.setdefault(key, _Members(row.issued)).join(row.persons, row.issued)
        found[key].certificates.append(row)
    for key, persons, day in _other_facts(case, book, groups):
        found.setdefault(key, _Members(day)).join(persons, day)
    named = {person for members in found.values() for person in members.persons}
    for person in case.people:
        if person not in named:
            own = _own(case, book, groups[person])
            alike = next((key for key in found if key.subject == own.subject), own)
            found.setdefault(alike, _Members(case.opened)).persons.add(person)
    return tuple(
        Part(programme=key.programme, case=_narrowed(case, book, groups, key, members), begins=members.begins)
        for key, members in sorted(found.items(), key=lambda item: item[1].begins)
    )


def _certified(case: Case, book: Rulebook, groups: Mapping[str, str]) -> Iterator[tuple[_Key, Certificate]]:
    """Give every certificate with its class, people of one class together."""
    had: Counter[tuple[str, str, _Key]] = Counter()
    for row in case.certificate:
        rows: dict[_Key, list[str]] = {}
        for person in row.persons:
            key = _Key(
                programme=row.programme or _own(case, book, groups[person]).programme,
                kind=case.kind,
                occupation=row.occupation or case.occupation,
                new_occupation_published=row.new_occupation_published or case.new_occupation_published,
                level=row.level or case.level,
            )
            turn = had[person, row.kind, key]
            had[person, row.kind, key] += 1
            rows.setdefault(replace(key, turn=turn), []).append(person)
        for key, persons in rows.items():
            yield key, replace(row, persons=tuple(persons))


def _other_facts(case: Case, book: Rulebook, groups: Mapping[str, str]) -> Iterator[tuple[_Key, tuple[str, ...], date]]:
    for month in case.month:
        for person in month.persons:
            yield _placement(case, book, groups[person]), (person,), date.fromisoformat(f"{month.month}-01")
    for days in case.allowance_day:
        for person in days.persons:
            yield _own(case, book, groups[person]), (person,), case.opened


def _own(case: Case, book: Rulebook, group: str) -> _Key:
    """Give the class in which somebody of the group would be trained: under the first benefit that pays them there."""
    fitting = [benefit for benefit in _benefits(case, book, group) if benefit.basis in ("person", "certificate")]
    return _Key(
        programme=fitting[0].programme if fitting else None,
        kind=case.kind,
        occupation=case.occupation,
        new_occupation_published=case.new_occupation_published,
        level=case.level,
    )


def _placement(case: Case, book: Rulebook, group: str) -> _Key:
    paid = [one for one in book.payment.benefits if one.basis == "month" and _is_for(one, case, group)]
    programme: Programme | None = paid[0].programme if paid else _PLACEMENT
    return _Key(programme=programme, kind=_PLACEMENT, occupation=None, new_occupation_published=None)


def _benefits(case: Case, book: Rulebook, group: str) -> Iterator[Benefit]:
    for benefit in book.payment.benefits:
        fits_kind = not benefit.class_kinds or case.kind in benefit.class_kinds
        if fits_kind and _is_for(benefit, case, group):
            yield benefit


def _is_for(benefit: Benefit, case: Case, group: str) -> bool:
    hired = case.hirer is None or not benefit.hirers or case.hirer in benefit.hirers
    return hired and (not benefit.groups or group in benefit.groups)


def _narrowed(case: Case, book: Rulebook, groups: Mapping[str, str], key: _Key, members: _Members) -> Case:
    """Give the case with the people and the facts of one class only."""
    placed = key.kind == _PLACEMENT
    people = [replace(row, ids=tuple(one for one in row.ids if one in members.persons)) for row in case.person]
    here = {person for person in members.persons if _own(case, book, groups[person]) == key}
    days = [replace(row, persons=tuple(one for one in row.persons if one in here)) for row in case.allowance_day]
    return case.model_copy(
        update={
            "kind": key.kind,
            "occupation": key.occupation,
            "level": key.level,
            "new_occupation_published": key.new_occupation_published,
            "person": tuple(row for row in people if row.ids),
            "certificate": tuple(members.certificates),
            "allowance_day": () if placed else tuple(row for row in days if row.persons),
            "month": case.month if placed else (),
        }
    )
