"""One row of the learner roster (花名册), and what its judgement needs besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from services.enrollment.domain.history import PastTraining
from services.enrollment.domain.institution import Institution
from shared.contracts.enrollment import ClassKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalFacts:
    """What a row states of a person that the rules of some groups, places or occupations look at; sealed at rest.

    A day that is None and a text that is empty were not stated. The group's proof holds from `evidence_from` to
    `evidence_until`, both included; `source_record` is what another office's `source` said of it on `sourced_on`.
    `pension_from` is the first day of a monthly pension, `release_on` that of release from prison, `qualified_on` that
    of the entry qualification `qualification_number`; `insured_months` were paid to unemployment insurance.
    `dispatched_to` is the credit code of the enterprise that uses somebody dispatched, `assigned_by` the third party
    that put the person forward.
    """

    group_kind: str = ""
    evidence_from: date | None = None
    evidence_until: date | None = None
    source: str = ""
    source_record: str = ""
    sourced_on: date | None = None
    place_links: tuple[str, ...] = ()
    pension_from: date | None = None
    release_on: date | None = None
    graduation_year: int | None = None
    employed_since: date | None = None
    qualification_number: str = ""
    qualified_on: date | None = None
    insured_months: int | None = None
    dispatched_to: str = ""
    assigned_by: str = ""
    consented_on: date | None = None

    def asked_by_payment(self) -> dict[str, str]:
        """Give what travels in ClassOpened, because payment asks for it: nothing else that was stated does."""
        months = None if self.insured_months is None else str(self.insured_months)
        told = {"dispatched_to": self.dispatched_to, "insured_months": months}
        return {code: value for code, value in told.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """Personal data of one row, as sent; sealed at rest."""

    name: str = field(repr=False)
    identity_number: str = field(repr=False)
    phone: str = field(repr=False)
    evidence: str = field(repr=False)
    facts: PersonalFacts = field(default=PersonalFacts(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One row as sent, and who it is.

    `person_id` is None while the identity number is none; `name_differs` says that the person is confirmed under
    another name; `malformed` names the fields that could not be read; `change` is the number of the approved change
    that brought the row, 0 for the application's own.
    """

    row: int
    particulars: Particulars
    group: str
    employer_name: str
    employer_credit_code: str
    employer_region: str
    fee_fen: int
    declares_ability_and_will: bool
    exclusions: tuple[str, ...] = ()
    employee_focus: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    person_id: str | None = None
    masked_name: str = "*"
    name_differs: bool = False
    change: int = 0

    @classmethod
    def of_person(cls, identity_number: str) -> Self:
        """Give a row that tells nothing but who it is."""
        return cls(
            row=1,
            particulars=Particulars(name="", identity_number=identity_number, phone="", evidence=""),
            group="",
            employer_name="",
            employer_credit_code="",
            employer_region="",
            fee_fen=0,
            declares_ability_and_will=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterContext:
    """What the judgement of a roster needs besides its rows; `history` leaves the class itself out.

    Only who asks about a person in general knows no institution. `kind` and `closing_date` are None, and
    `training_type` is empty, where nobody knows them; `enterprise` the credit code of the enterprise that the class is
    for; `included` are the groups that a standing decision takes in on the opening day; `agreed` the credit codes of
    the enterprises that have an agreement with the institution then, None where the class needs none.
    """

    institution: Institution | None
    funding_source: str
    opening_date: date
    closing_date: date | None = None
    occupation: str
    level: str | None
    history: Mapping[str, tuple[PastTraining, ...]]
    kind: ClassKind | None = None
    enterprise: str | None = None
    included: frozenset[str] = frozenset()
    agreed: frozenset[str] | None = None
    training_type: str = ""
