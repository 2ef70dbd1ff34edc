"""Terms of registers: what a rulebook wants recorded beside classes, field by field, and what is reported of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from shared.policy.terms.term import Item, Programme, Term

FieldKind = Literal["text", "number", "whole", "amount_fen", "day", "truth", "choice", "enterprise", "village", "class"]
"""What a field holds: `number` is the number of somebody's paper, kept sealed; `enterprise` a credit code, `village` a
twelve-digit code of the statistical divisions, `class` a class id."""

ReportShape = Literal[
    "entries",
    "heads",
    "pairs",
    "coverage",
    "violations",
    "steps",
    "shares",
    "minutes",
    "rating",
    "enrolled",
    "evaluations",
]

REPORT_FIELDS: Final[Mapping[ReportShape, tuple[str, ...]]] = {
    "entries": (),
    "heads": ("participants",),
    "pairs": ("village_code",),
    "coverage": ("enterprise_code", "enterprise_name", "left_on"),
    "violations": ("enterprise_code", "assigned_on", "ended_on", "special_operation"),
    "steps": ("class_id",),
    "shares": (),
    "minutes": ("from_minute", "to_minute"),
    "rating": ("event", "appeal"),
    "enrolled": (),
    "evaluations": ("evaluated_on", "decision"),
}
"""The fields that a report of each shape reads, which its register therefore has."""

INCLUSION_FIELDS: Final = ("group", "valid_from", "valid_to")
"""The fields of a register of decisions that take groups of people in: which, from which day and up to which."""

PASS_FIELDS: Final = ("proof", "passed_on", "expires_on")
"""The fields of the register `against` which coverage and violations are reckoned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterField:
    """One field of a register's entries."""

    code: str
    name: str
    kind: FieldKind
    required: bool = True
    choices: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCheck:
    """Where the truth field `when` is set, `field` must be zero (`zero`) or filled in (`given`); else `code` objects.

    With `value`, `when` is a choice and must have that value instead. It binds institutions of `institution_kinds`, all
    when there are none.
    """

    shape: Literal["zero", "given"]
    code: str
    field: str
    when: str
    message: str
    advice: str
    institution_kinds: tuple[str, ...] = ()
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReport:
    """What is reported: `by` groups entries, `day` places them in a period, `against` names the register of passes.

    `training` and `certificate` are the values of its field `proof` that let a person start work and start a special
    operation. Shares compare the field `part` with `minimum_percent` of the field `total`, entry by entry.
    Counts of entries also add up the fields `sums`, show with `every_choice` what nobody entered yet, and warn where
    the entries of the group `band_of` are fewer than `entries_min` or more than `entries_max`: a goal.
    Entries whose day comes after `due` are counted as overdue.
    Evaluations are due again `every_months` after the last one, and of an institution whose last one decided
    `exit_choice` the running classes are shown.
    """

    shape: ReportShape
    by: str | None = None
    day: str | None = None
    due: date | None = None
    against: str | None = None
    training: str | None = None
    certificate: str | None = None
    part: str | None = None
    total: str | None = None
    minimum_percent: int | None = None
    sums: tuple[str, ...] = ()
    every_choice: bool = False
    every_months: int | None = None
    exit_choice: str | None = None
    band_of: str | None = None
    entries_min: int = 0
    entries_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLink:
    """An entry stands only on one of `register` that says the same in `field`; else `code` objects (LS-ENR-12)."""

    code: str
    field: str
    register: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Term):
    """One register: who writes it, what an entry says, by what two entries are the same, and its report.

    `of_institution` entries belong to an institution (one of `institution_kinds`, if any are named), others to a
    region; `person` entries name a person. `opened_by` are the programmes whose certificates open an entry.
    """

    code: str
    name: str
    roles: tuple[Literal["institution", "approver"], ...]
    of_institution: bool
    fields: tuple[RegisterField, ...]
    key: tuple[str, ...]
    report: RegisterReport
    person: bool = False
    institution_kinds: tuple[str, ...] = ()
    checks: tuple[RegisterCheck, ...] = ()
    opened_by: tuple[Programme, ...] = ()
    links: tuple[RegisterLink, ...] = ()

    def field(self, code: str) -> RegisterField | None:
        """Give the field of this code, or None."""
        return next((field for field in self.fields if field.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingEvent:
    """What one event of this code takes from an institution's points."""

    code: str
    points_off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGrade(Item):
    """A grade and the points from which it is reached."""

    points_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRating(Term):
    """The published formula of credit ratings (QJ-INS-02): points from the start less those of every event in a period.

    Events are entries of `register`; one whose `appeal` is `upheld` does not count. The first of `grades` whose points
    are reached is the grade that a person then decides on; a grade refuses nobody.
    """

    register: str
    points_start: int
    events: tuple[RatingEvent, ...]
    grades: tuple[RatingGrade, ...]
    upheld: str
