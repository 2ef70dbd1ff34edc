"""Classes of the other documents as their events would tell them, and who works in their bureaus."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened, EmployerReference
from shared.domain.actor import Actor, Role
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook, Shelf
from tests.payment.office import person
from tests.payment.sample import (
    assessment_completed,
    attendance,
    certificate,
    class_opened,
    rulebook,
    scheduled,
    shelf,
    training_completed,
)

FIRST_DAYS: Mapping[str, tuple[str, date]] = {
    "HL": ("211400", date(2020, 5, 6)),
    "HB": ("130000", date(2024, 3, 4)),
    "QJ": ("341124", date(2020, 6, 1)),
    "LS": ("371329", date(2020, 9, 1)),
}
"""A region of each document and an opening day under it."""


def book_of(place: str) -> Rulebook:
    """Give the rulebook of a document."""
    region, opening = FIRST_DAYS[place]
    return shelf().in_force(region, opening)


def with_claims(place: str) -> Shelf:
    """Give the shelf with a way of claiming in a document that names none: which limit, whose claim, which steps.

    What is paid stays the document's own.
    """
    book, jiyuan = book_of(place), rulebook().payment
    own = book.payment
    claiming = replace(
        own,
        review_limit=own.review_limit or jiyuan.review_limit,
        claimants=own.claimants or jiyuan.claimants,
        steps=own.steps or jiyuan.steps,
    )
    others = [one for one in shelf().current if one.id != book.id]
    return Shelf([*others, replace(book, payment=claiming)], [], regions())


def official(place: str, name: str, *roles: Role) -> Actor:
    """Give somebody of the document's bureau."""
    return person(name, *roles, region=FIRST_DAYS[place][0])


def opened(
    place: str,
    people: Iterable[str],
    *,
    class_id: str = "class-1",
    group: str = "employment_difficult",
    employer: str | None = None,
    **told: Any,
) -> ClassOpened:
    """Give the opening of a class of the document."""
    region, opening = FIRST_DAYS[place]
    plain = class_opened(class_id, trainees=people, opening=opening)
    works_for = EmployerReference(institution_id=employer, name="样例企业", credit_code="") if employer else None
    trainees = tuple(replace(each, groups=(group,), employer=works_for) for each in plain.trainees)
    return replace(plain, region=region, rulebook_id=book_of(place).id, trainees=trainees, **told)


def finished(of: ClassOpened, *, kind: Any = "level") -> tuple[Contract, ...]:
    """Give what made the class trained and certified, ten days after its end."""
    people = [trainee.person_id for trainee in of.trainees]
    certified_on = of.closing_date + timedelta(days=10)
    issued = [
        certificate(each, kind, class_id=of.class_id, issued=certified_on, level="4" if kind == "level" else None)
        for each in people
    ]
    training = training_completed(class_id=of.class_id, opening=len(people), spot=(len(people),) * 2)
    return (
        replace(attendance(people, class_id=of.class_id), held_on=of.opening_date),
        replace(training, completed_on=of.closing_date),
        scheduled(kind, class_id=of.class_id, exam_on=certified_on),
        *issued,
        replace(assessment_completed(issued, class_id=of.class_id), completed_on=certified_on),
    )
