"""A benefit (补贴项目) as a class and its people meet it: which the class can earn, for whom, and what is awarded."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from services.payment.domain.caps import Use
from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.rates import Wanted
from services.payment.domain.shortfall import Stating
from shared.contracts.assessment import CertificateIssued
from shared.contracts.enrollment import ClassOpened, OpenedTrainee, ReservedTrainee
from shared.policy.decision import Finding, Trace
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit, PayeeKind

AGREED_MONTHS: Final = "agreed_months"
ENTERPRISE: Final = "employer_credit_code"
FUNDER: Final = "funder"
HIRER: Final = "hirer"
DISPATCHED_TO: Final = "dispatched_to"
INSURED_MONTHS: Final = "insured_months"
"""Codes under which a class's and a person's attributes tell payment what its benefits ask for."""
GIVER: Final[PayeeKind] = "institution"
"""Who is paid where the document leaves it open: who gave the class."""
EMPLOYMENT_AWAITED: Final = "EMPLOYMENT_AWAITED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """How often a rate is paid, in parts of it where `per` says so.

    `standard_fen` is the amount where the fact itself brings it.
    """

    wanted: Wanted
    times: int = 1
    per: int = 1
    standard_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """One thing a benefit pays a person for; any finding refuses it.

    It is worth `percent` of what its rates come to, `amount_fen` once they are
    looked up, and no more than `paid_out_fen` where the payee hands it out
    first; `short_fen` is what was not handed out. `use` is what it takes up of
    the person's caps.
    """

    benefit: Benefit
    use: Use
    priced: tuple[Priced, ...]
    percent: int = 100
    amount_fen: int = 0
    paid_out_fen: int | None = None
    short_fen: int = 0
    certificate: Known[CertificateIssued] | None = None
    traces: tuple[Trace, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def key(self) -> str:
        """Give what tells it from every other award of the person in the class."""
        if self.certificate:
            return f"{self.use.programme}/{self.certificate.fact.certificate_id}"
        spell = f"/{self.use.employer}" if self.benefit.basis == "month" and self.use.employer else ""
        return f"{self.use.programme}/{self.benefit.code}{spell}"

    def worth(
        self, amount_fen: int, findings: tuple[Finding, ...], traces: tuple[Trace, ...], *, short_fen: int
    ) -> "Award":
        """Give the award with what was found out about it."""
        return Award(
            benefit=self.benefit,
            use=self.use,
            priced=self.priced,
            percent=self.percent,
            amount_fen=amount_fen,
            paid_out_fen=self.paid_out_fen,
            short_fen=short_fen,
            certificate=self.certificate,
            traces=traces,
            findings=findings,
        )

    def of(self, person_id: str, certificate: Known[CertificateIssued] | None) -> "Award":
        """Give the same award of somebody else in the same situation, by their own certificate."""
        use = self.use
        return Award(
            benefit=self.benefit,
            use=Use(
                person_id=person_id,
                programme=use.programme,
                on=use.on,
                occupation=use.occupation,
                level=use.level,
                employer=use.employer,
                imported=use.imported,
                days=use.days,
            ),
            priced=self.priced,
            percent=self.percent,
            amount_fen=self.amount_fen,
            paid_out_fen=self.paid_out_fen,
            short_fen=self.short_fen,
            certificate=certificate if self.certificate else None,
            traces=self.traces,
            findings=self.findings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything that is known when a benefit is judged for a person; without `today` every window counts as over.

    `past` is what the class's people are paid for elsewhere; `beside` asks for what is paid beside the class's own.
    """

    facts: ClassFacts
    opened: ClassOpened
    rulebook: Rulebook
    decisions: Sequence[Decision]
    past: Sequence[Use] = ()
    today: date | None = None
    beside: bool = False


class Earning(Stating, Protocol):
    """A class as far as its benefits depend on it, planned or opened; of a `kind` None nothing is told yet."""

    @property
    def programme(self) -> str:
        """Give its programme."""

    @property
    def kind(self) -> str | None:
        """Give its kind."""


def benefits_of(earning: Earning, rulebook: Rulebook, *, beside: bool = False) -> tuple[Benefit, ...]:
    """Give the benefits that the class can earn, in the document's order, or those that are paid `beside` them."""
    benefits = (benefit for benefit in rulebook.payment.benefits if benefit.beside == beside)
    found = (benefit for benefit in benefits if benefit.is_earned_by(earning.programme, earning.kind))
    hirer = earning.attributes.get(HIRER)
    return tuple(benefit for benefit in found if not benefit.hirers or hirer is None or hirer in benefit.hirers)


def is_for(benefit: Benefit, trainee: OpenedTrainee | ReservedTrainee, facts: ClassFacts | None = None) -> bool:
    """Say whether one of the person's groups is paid by the benefit, and whether they agreed where it asks for that."""
    if benefit.where_agreed and (facts is None or trainee.person_id not in facts.agreed):
        return False
    return not benefit.groups or not set(trainee.groups).isdisjoint(benefit.groups)


def first_by_word(
    benefits: Sequence[Benefit],
    programme: str,
    trainee: OpenedTrainee | ReservedTrainee,
    facts: ClassFacts | None = None,
) -> Mapping[str, int]:
    """Give the places of the benefits that pay the person in a class of this programme, by the word of each.

    Whoever belongs to two groups that are paid under one word has the benefit that stands first.
    """
    found: dict[str, int] = {}
    for place, benefit in enumerate(benefits):
        if is_for(benefit, trainee, facts):
            found.setdefault(benefit.paid_as(programme), place)
    return found


def is_paid_beside(opened: ClassOpened, persons: Collection[str], rulebook: Rulebook) -> bool:
    """Say whether somebody of these is paid something beside what the class earns (QJ-CLM-05)."""
    benefits = benefits_of(opened, rulebook, beside=True)
    people = [trainee for trainee in opened.trainees if trainee.person_id in persons]
    return any(is_for(benefit, trainee) for benefit in benefits for trainee in people)


def employer_of(trainee: OpenedTrainee, ground: Ground) -> str | None:
    """Give the credit code of whom the person works for: who uses them, the roster's employer, the class's.

    An enterprise that gave the class trains its own, unless it says otherwise: its people are not nobody's, of whom
    each class would count for itself.
    """
    opened, terms = ground.opened, ground.rulebook.payment
    employer = trainee.employer.credit_code if trainee.employer else None
    stated = trainee.attributes.get(DISPATCHED_TO) or employer or opened.attributes.get(ENTERPRISE)
    enterprises = terms.claimants.enterprise_kinds if terms.claimants and terms.limits_uses else ()
    return stated or (opened.institution.credit_code if opened.institution.kind in enterprises else None)
