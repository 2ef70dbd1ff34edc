"""People of a class of whom everything that a rule asks is the same: they are judged once, and each gets the answer.

In a class of fifty most people differ in nothing but their names and numbers. Whomever a decision names, or who has
several certificates, is judged alone.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The people who are alike, by their places on the roster from 0 on, the first of them as their example.

    They were in as many `sessions`. `core` is shared with all who differ from them in nothing but what entitles to an
    award: sessions, a slot held, a withdrawal; what a benefit pays is the same for all of those.
    """

    places: tuple[int, ...]
    example: OpenedTrainee
    sessions: int
    core: Hashable

    @property
    def is_alone(self) -> bool:
        """Say whether the person is judged alone, whoever else may be like them."""
        return self.core == self.example.person_id


def situations(
    facts: ClassFacts,
    opened: ClassOpened,
    *,
    entitled: Collection[str],
    decisions: Iterable[Decision],
    past: Sequence[Use] = (),
    held: Mapping[tuple[str, str], Use] = MappingProxyType({}),
    by_days: Callable[[str], Hashable] | None,
    each_alone: bool,
) -> tuple[Situation, ...]:
    """Put the people of a class together who are alike, in the order of the roster.

    `by_days` gives what a benefit asks of the days on which somebody came, `each_alone` says that one tells everybody
    apart.
    """
    alone = {person for decision in decisions for person in decision.persons or ()}
    withdrawn = {known.fact.person_id for known in facts.withdrawn}
    worked = _by_person(facts.spells, _OF_SPELL)
    months = _by_person(facts.months, _OF_MONTH)
    had = _by_person(past, _OF_USE)
    holding: dict[str, list[tuple[str, Use]]] = {}
    for (person, award), use in held.items():
        holding.setdefault(person, []).append((award, use))
    alike: dict[tuple[Hashable, int, bool, bool], list[int]] = {}
    for place, trainee in enumerate(opened.trainees):
        person = trainee.person_id
        sessions = facts.sessions_present(person)
        certificates = facts.standing_certificates(person)
        core: Hashable
        if each_alone or person in alone or len(certificates) > 1:
            core = person
        else:
            core = (
                _OF_TRAINEE(trainee),
                trainee.fee_fen > 0,
                _OF_CERTIFICATE(certificates[0].fact) if certificates else None,
                worked.get(person),
                months.get(person),
                facts.paid_out(person),
                had.get(person),
                _held(holding[person], certificates) if person in holding else None,
                tuple(trainee.attributes.items()),
                by_days(person) if by_days else None,
            )
        alike.setdefault((core, sessions, person in entitled, person in withdrawn), []).append(place)
    return tuple(
        Situation(places=tuple(places), example=opened.trainees[places[0]], sessions=key[1], core=key[0])
        for key, places in alike.items()
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
