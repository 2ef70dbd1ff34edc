"""People of a class of whom everything that a rule asks is the same: they are judged once, and each gets the answer.

In a class of fifty most people differ in nothing but their names and numbers. Whoever has several certificates is
judged alone; decisions speak alike of all whom the same of them name.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from services.payment.domain.caps import Use
from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known, Spell, WorkMonth
from shared.contracts.assessment import CertificateIssued
from shared.contracts.enrollment import ClassOpened, OpenedTrainee

IDENTITY: Final[dict[type[Any], frozenset[str]]] = {
    OpenedTrainee: frozenset(
        {"person_id", "masked_name", "payee_check", "payee_check_key", "identity_check", "fee_fen", "attributes"}
    ),
    CertificateIssued: frozenset({"class_id", "certificate_id", "person_id", "number"}),
    Spell: frozenset({"person_id"}),
    WorkMonth: frozenset({"person_id"}),
    Use: frozenset({"person_id"}),
}
"""What only tells people apart; every other field decides, one that is added later too.

`attributes` decide as well: they are compared by their content. How much a fee is decides nothing, that one was asked
for does (JY-ENR-15, HB-CLM-15).
"""


def _deciding(kind: type[Any]) -> Callable[[Any], Any]:
    return attrgetter(*(field.name for field in fields(kind) if field.name not in IDENTITY[kind]))


_OF_TRAINEE: Final = _deciding(OpenedTrainee)
_OF_CERTIFICATE: Final = _deciding(CertificateIssued)
_OF_SPELL: Final = _deciding(Spell)
_OF_MONTH: Final = _deciding(WorkMonth)
_OF_USE: Final = _deciding(Use)
_OF_EARLIER: Final = attrgetter("occupation", "kind", "issued_on", "class_id")
"""What of a certificate of another class decides whether one of this class is the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The people who are alike, by their places on the roster from 0 on, the first of them as their example.

    They were in as many `sessions`. `core` is the number that they share within the class with all who differ from them
    in nothing but what entitles to an award: sessions, a slot held, a withdrawal; what a benefit pays is the same for
    all of those. Who is judged alone is alone in it.
    """

    places: tuple[int, ...]
    example: OpenedTrainee
    sessions: int
    core: int
    is_alone: bool


def situations(
    facts: ClassFacts,
    opened: ClassOpened,
    *,
    entitled: Collection[str],
    decisions: Iterable[Decision],
    past: Sequence[Use] = (),
    held: Mapping[tuple[str, str], Use] = MappingProxyType({}),
    by_days: Callable[[str], Hashable] | None,
    by_work: bool,
    by_first: bool = False,
    each_alone: bool,
) -> tuple[Situation, ...]:
    """Put the people of a class together who are alike, in the order of the roster.

    `by_days` gives what a benefit asks of the days on which somebody came, `by_work` says that one asks where somebody
    worked, `by_first` which certificate was somebody's first, `each_alone` that one tells everybody apart.
    """
    spoken_of: dict[str, tuple[int, ...]] = {}
    for number, decision in enumerate(decisions):
        for person in decision.persons or ():
            spoken_of[person] = (*spoken_of.get(person, ()), number)
    withdrawn = {known.fact.person_id for known in facts.withdrawn}
    worked = _by_person(facts.spells, _OF_SPELL) if by_work else {}
    months = _by_person(facts.months, _OF_MONTH)
    had = _by_person(past, _OF_USE)
    holding: dict[str, list[tuple[str, Use]]] = {}
    for (person, award), use in held.items():
        holding.setdefault(person, []).append((award, use))
    cores: dict[Hashable, int] = {}
    alike: dict[tuple[int, bool, int, bool, bool], list[int]] = {}
    for place, trainee in enumerate(opened.trainees):
        person = trainee.person_id
        certificates = facts.standing_certificates(person)
        is_alone = each_alone or len(certificates) > 1
        content = (
            person
            if is_alone
            else (
                _OF_TRAINEE(trainee),
                trainee.fee_fen > 0,
                spoken_of.get(person),
                _OF_CERTIFICATE(certificates[0].fact) if certificates else None,
                worked.get(person),
                months.get(person),
                facts.paid_out(person),
                had.get(person),
                _held(holding[person], certificates) if person in holding else None,
                tuple(trainee.attributes.items()) if trainee.attributes else None,
                by_days(person) if by_days else None,
                tuple(map(_OF_EARLIER, facts.certificates_elsewhere(person))) if by_first else None,
            )
        )
        core = cores.setdefault(content, len(cores))
        key = core, is_alone, facts.sessions_present(person), person in entitled, person in withdrawn
        alike.setdefault(key, []).append(place)
    return tuple(
        Situation(
            places=tuple(places), example=opened.trainees[places[0]], sessions=sessions, core=core, is_alone=is_alone
        )
        for (core, is_alone, sessions, _, _), places in alike.items()
    )


def _held(holding: Iterable[tuple[str, Use]], certificates: Sequence[Known[CertificateIssued]]) -> Hashable:
    """Give what somebody holds places for; an award for the own certificate is everybody's award for theirs."""
    own = certificates[0].fact.certificate_id if certificates else ""
    return frozenset((award.removesuffix(own), award.endswith(own), _OF_USE(use)) for award, use in holding)


def _by_person(
    rows: Sequence[Spell] | Sequence[WorkMonth] | Sequence[Use], content: Callable[[Any], Any]
) -> dict[str, tuple[Hashable, ...]]:
    found: dict[str, tuple[Hashable, ...]] = {}
    for row in rows:
        found[row.person_id] = (*found.get(row.person_id, ()), content(row))
    return found
