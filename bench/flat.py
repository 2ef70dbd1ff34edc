"""The same arithmetic without reasons: rows as flat as a statistician would want them, and sums in plain Python.

It knows what the generated year has in it and nothing else; it is what the rule engine is measured against, and what
its answers are checked by.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from bench.province_year import SHAPES, Claimed
from services.payment.domain.facts import ClassFacts
from shared.domain.months import months_later

_DOCUMENTS: Final = tuple(shape.jurisdiction for shape in SHAPES)
_ENTERED: Final = {
    shape.jurisdiction: {programme: amount for programme, amount, _ in shape.entered} for shape in SHAPES
}
_SPECIAL: Final = frozenset(f"occupation-{number}" for number in range(3))
LEVEL_FOUR_FEN: Final = 200_000
DAY_FEN: Final = 5_000
ALLOWANCE_DAYS_MAX: Final = 30
BASE_PERCENT: Final = 90
UNEMPLOYED_PERCENT: Final = 80
HELD_PERCENT: Final = 60
EMPLOYED_PERCENT_MIN: Final = 85
WINDOW_MONTHS: Final = 3


class Person(NamedTuple):
    """One person of a class: what decides the amount."""

    class_no: int
    place: int
    person_id: str
    group: str
    certified: bool
    employed: bool
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """One class: document, rates in fen and heads; `works` are those who worked on the day it was measured."""

    class_no: int
    claim_id: str
    document: str
    programme: str
    heads: int
    rate_fen: int
    allowance_fen: int
    opening: int
    counted: int
    checks: int
    works: int | None


Amount = tuple[str, int, int]
"""Claim, line and fen."""


def flattened(year: Iterable[Claimed]) -> Iterator[tuple[Class, list[Person]]]:
    """Give every class with its people as flat rows."""
    for number, claimed in enumerate(year):
        opened, facts = claimed.case.opened.fact, claimed.case.facts
        document = claimed.case.rulebook.id.split("/")[0]
        issued = {known.fact.person_id: known.fact.issued_on for known in facts.certificates}
        begun = {spell.person_id: spell.start for spell in facts.spells}
        days = _days(facts)
        people = [
            Person(
                class_no=number,
                place=place,
                person_id=one.person_id,
                group=one.groups[0],
                certified=one.person_id in issued,
                employed=_employed(issued.get(one.person_id), begun.get(one.person_id)),
                days=days[one.person_id],
            )
            for place, one in enumerate(opened.trainees)
        ]
        rates = _ENTERED[document]
        extra = 1_000 * (1 + int(opened.occupation.code[-1])) if opened.occupation.code in _SPECIAL else 0
        training = facts.training.fact if facts.training else None
        yield (
            Class(
                class_no=number,
                claim_id=opened.class_id,
                document=document,
                programme=opened.programme,
                heads=len(people),
                rate_fen=rates[opened.programme] + extra if opened.programme in rates else 0,
                allowance_fen=rates["living_allowance"] + extra if "living_allowance" in rates else DAY_FEN,
                opening=training.opening_headcount if training else 0,
                counted=sum(training.spot_headcounts) if training else 0,
                checks=len(training.spot_headcounts) if training else 0,
                works=_works(claimed),
            ),
            people,
        )


def amounts(one: Class, people: Sequence[Person]) -> list[Amount]:
    """Compute the lines of a class: everybody's, then what is cut or held back of it."""
    document, rate_fen, claim_id, heads = one.document, one.rate_fen, one.claim_id, one.heads
    lines: list[Amount] = []
    allowances: list[Amount] = []
    total = recognised = 0
    for person in people:
        if not person.certified:
            fen = 0
        elif document == "huludao":
            fen = LEVEL_FOUR_FEN
        elif document == "hebei" and person.group != "employee" and not person.employed:
            fen = rate_fen * UNEMPLOYED_PERCENT // 100
        else:
            fen = rate_fen
        recognised += person.certified
        total += fen
        lines.append((claim_id, person.place + 1, fen))
        if document == "quanjiao" and person.group == "employment_difficult":
            allowances.append((claim_id, heads + person.place + 1, person.days * DAY_FEN))
        elif document == "linshu" and person.group == "poor_worker":
            fen = min(person.days, ALLOWANCE_DAYS_MAX) * one.allowance_fen
            allowances.append((claim_id, heads + person.place + 1, fen))
    lines += allowances
    if cut := _cut(one, total, recognised):
        lines.append((claim_id, lines[-1][1] + 1, cut))
    return lines


def _cut(one: Class, total: int, recognised: int) -> int:
    if one.document == "jiyuan":
        below = one.counted * 100 < one.opening * one.checks * BASE_PERCENT
        base = one.counted // one.checks if below else one.opening
        return total * base // recognised - total if recognised and base < recognised else 0
    if one.document == "linshu" and (one.works is None or one.works * 100 < one.heads * EMPLOYED_PERCENT_MIN):
        return total * HELD_PERCENT // 100 - total
    return 0


def _days(facts: ClassFacts) -> dict[str, int]:
    came: dict[str, set[date]] = {}
    for known in facts.attendance:
        session = known.fact
        for presence in session.present:
            came.setdefault(presence.person_id, set()).add(session.held_on)
    return {person: len(days) for person, days in came.items()}


def _employed(issued: date | None, begun: date | None) -> bool:
    return issued is not None and begun is not None and issued <= begun <= months_later(issued, WINDOW_MONTHS)


def _works(claimed: Claimed) -> int | None:
    measured = next((decision.valid_from for decision in claimed.decisions if decision.valid_from), None)
    if measured is None:
        return None
    return sum(spell.holds_on(measured) for spell in claimed.case.facts.spells)
