"""Terms by which a class needs something beside its plan: a licence, an agreement, a listing, a season, a promise."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.contracts.enrollment import ClassKind
from shared.policy.terms.term import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRecord(Term):
    """A class needs an entry of `register`; without one `code` stops it, asks a person or warns (HL-INS-01, -03, -06).

    It binds classes of `class_kinds` and `training_types` of institutions of `institution_kinds` (all where none is
    named), but none of `except_class_kinds` and `except_training_types`, and with `if_stated` only those that state
    `attribute`.
    In the entry, the field `occupation` is the class's occupation, `provider` the institution's credit code,
    `enterprise` that of the enterprise the class is for, `stated` what the class says under `attribute`, and `choice`
    one of `choices`. It counts from the first day `since`, from the day after `after`, to the last day `until`;
    `covers` says which day or days those are asked of. With `bars` it is the other way round: such an entry stops.
    `override_by_decision` lets a person decide on what stops. With `newest`, a day field, of several entries only the
    last one speaks.

    Where entries are published (HB-INS-01), one that counts only from a later day, or none at all while the opening is
    not after `expected_by`, is a question for a person under `early`. Where one counts, its field `shown` is told to
    reviewers under `shown_code` (QJ-INS-02).
    """

    code: str
    name: str
    register: str
    message: str
    advice: str
    severity: Literal["stop", "ask", "warn"] = "stop"
    class_kinds: tuple[ClassKind, ...] = ()
    except_class_kinds: tuple[ClassKind, ...] = ()
    training_types: tuple[str, ...] = ()
    except_training_types: tuple[str, ...] = ()
    institution_kinds: tuple[str, ...] = ()
    occupation: str | None = None
    provider: str | None = None
    enterprise: str | None = None
    attribute: str | None = None
    stated: str | None = None
    if_stated: bool = False
    choice: str | None = None
    choices: tuple[str, ...] = ()
    since: str | None = None
    after: str | None = None
    until: str | None = None
    covers: Literal["opening_date", "whole_class", "application_date"] = "opening_date"
    bars: bool = False
    override_by_decision: bool = False
    newest: str | None = None
    expected_by: date | None = None
    early: str | None = None
    shown: str | None = None
    shown_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligatoryTopics(Term):
    """Topics (贯穿内容) that the plan of every class has, but of none of `except_class_kinds` (HL-ENR-16, LS-ENR-09).

    `topics` are attributes in which a class states the planned class hours. A person may accept a plan that lacks any,
    unless the document makes it a condition: then it stops (HB-ENR-11).
    """

    topics: tuple[str, ...]
    severity: Literal["stop", "ask"] = "ask"
    except_class_kinds: tuple[ClassKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HigherApproval(Term):
    """Classes of these types are approved, at `step`, by the office of the rulebook's own region (HL-ENR-03)."""

    training_types: tuple[str, ...]
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Season(Term):
    """Classes end by this day; of one that ends later a person decides, under `code` (HB-ENR-10)."""

    closes: date
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingAtOpening(Term):
    """The application names the funding source, which is fixed when the class opens (HB-ENR-08)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitments(Term):
    """Classes that state `attribute` open once the institution and everybody on the roster have committed (HB-ENR-15).

    Each commitment is an entry that names the class in its field `class_field` and was signed, by its field
    `signed_field`, before or on the opening day: of the institution in `institution_register`, of each trainee in
    `trainee_register`.
    """

    attribute: str
    institution_register: str
    trainee_register: str
    class_field: str
    signed_field: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerAgreements(Term):
    """In a class that states `attribute`, every row's employer has an agreement with the institution (HL-INS-09).

    It stands in `register` under the employer's credit code in `employer`, from its day `since` to its day `until`,
    both included. Of an employer in another region than the institution a person decides.
    """

    attribute: str
    register: str
    employer: str
    since: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUps(Term):
    """Learners sign up for classes in `register`, and nobody signs up for a full one (HB-ENR-22).

    A sign-up whose field `outcome` is one of `taking` takes a place of the class in its field `class_field`. Where
    every planned place is taken, its outcome is `waiting`, and its field `position` the next number of the class.
    """

    register: str
    class_field: str
    outcome: str
    taking: tuple[str, ...]
    waiting: str
    position: str
