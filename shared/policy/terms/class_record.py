"""Terms by which a class needs something recorded beside it: a licence, an agreement, a listing, a won tender."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.enrollment import ClassKind
from shared.policy.terms.term import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRecord(Term):
    """A class needs an entry of `register`; without one `code` stops it, asks a person or warns (HL-INS-01, -03, -06).

    It binds classes of `class_kinds` and `training_types` of institutions of `institution_kinds` (all where none is
    named), but none of `except_class_kinds`, and with `if_stated` only those that state `attribute`.
    In the entry, the field `occupation` is the class's occupation, `provider` the institution's credit code,
    `enterprise` that of the enterprise the class is for, `stated` what the class says under `attribute`, and `choice`
    one of `choices`. It counts from the first day `since`, from the day after `after`, to the last day `until`;
    `covers` says which day or days those are asked of. With `bars` it is the other way round: such an entry stops.
    `override_by_decision` lets a person decide on what stops.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligatoryTopics(Term):
    """Topics (贯穿内容) that the plan of every class has; a person accepts one that lacks any (HL-ENR-16, LS-ENR-09).

    `topics` are attributes in which a class states the planned class hours.
    """

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HigherApproval(Term):
    """Classes of these types are approved, at `step`, by the office of the rulebook's own region (HL-ENR-03)."""

    training_types: tuple[str, ...]
    step: str
