"""A case as the classes that the services would have had: a file may speak of several trainings of the same people.

Certificates of another programme or occupation come from a class of their own, months of work from a placement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from shared.policy.case_file import Case
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
    programme: Programme | None
    kind: str
    occupation: str | None
    new_occupation_published: date | None


def parts_of(case: Case, book: Rulebook) -> tuple[Part, ...]:
    """Give the classes of a case by the day on which the first thing came of them; everybody is in one at least."""
    groups = {person: people.group for people in case.person for person in people.ids}
    members: dict[_Key, set[str]] = {}
    begins: dict[_Key, date] = {}
    for key, persons, day in _facts(case, book, groups):
        members.setdefault(key, set()).update(persons)
        begins[key] = min(day, begins.get(key, day))
    named = set().union(*members.values()) if members else set()
    for person in case.people:
        if person not in named:
            key = _own(case, book, groups[person])
            members.setdefault(key, set()).add(person)
            begins.setdefault(key, case.opened)
    ordered = sorted(members, key=lambda key: begins[key])
    return tuple(
        Part(programme=key.programme, case=_narrowed(case, book, groups, key, members[key]), begins=begins[key])
        for key in ordered
    )


def _facts(case: Case, book: Rulebook, groups: Mapping[str, str]) -> Iterator[tuple[_Key, tuple[str, ...], date]]:
    for certificate in case.certificate:
        for person in certificate.persons:
            own = _own(case, book, groups[person])
            key = _Key(
                programme=certificate.programme or own.programme,
                kind=case.kind,
                occupation=certificate.occupation or case.occupation,
                new_occupation_published=certificate.new_occupation_published or case.new_occupation_published,
            )
            yield key, (person,), certificate.issued
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


def _narrowed(case: Case, book: Rulebook, groups: Mapping[str, str], key: _Key, members: set[str]) -> Case:
    """Give the case with the people and the facts of one class only."""
    placed = key.kind == _PLACEMENT
    own = {person: _own(case, book, groups[person]) for person in members}
    certificates = []
    for row in case.certificate:
        mine = tuple(
            person
            for person in row.persons
            if person in members
            and (row.programme or own[person].programme) == key.programme
            and (row.occupation or case.occupation) == key.occupation
            and (row.new_occupation_published or case.new_occupation_published) == key.new_occupation_published
        )
        if mine:
            certificates.append(replace(row, persons=mine))
    people = [replace(row, ids=tuple(one for one in row.ids if one in members)) for row in case.person]
    here = {person for person, its in own.items() if its == key}
    days = [replace(row, persons=tuple(one for one in row.persons if one in here)) for row in case.allowance_day]
    return case.model_copy(
        update={
            "kind": key.kind,
            "occupation": key.occupation,
            "new_occupation_published": key.new_occupation_published,
            "person": tuple(row for row in people if row.ids),
            "certificate": () if placed else tuple(certificates),
            "allowance_day": () if placed else tuple(row for row in days if row.persons),
            "month": case.month if placed else (),
        }
    )
