"""Terms of a class's application: its lead and documents, its size and hours, its type and its form."""

from dataclasses import dataclass, replace
from typing import Literal

from shared.contracts.assessment import CertificateKind
from shared.contracts.enrollment import ClassKind
from shared.policy.terms.term import Item, Programme, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationLead(Term):
    """Working days between application and opening; the day of applying never counts (JY-ENR-02)."""

    working_days_min: int
    opening_day_counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents(Term):
    """Documents without which an application is not submitted (JY-ENR-03)."""

    required: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEntry(Term):
    """Plan and roster are entered in the provincial system, by receipt, before a class is approved (JY-FLD-17).

    It is asked for where the deployment enters anything there.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAfterApproval(Term):
    """Training counts only after the last approval and as approved; changes need approval (JY-ENR-06)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSize(Term):
    """Largest headcount of a class and of one with key groups (JY-ENR-07).

    Classes of `key_group_projects` have the lower cap whoever is on the roster; `mixed_class` says when any other class
    has it: with any key-group trainee, or with a majority of them.
    """

    trainees_max: int
    key_group_trainees_max: int
    key_group_projects: tuple[str, ...] = ()
    mixed_class: Literal["any", "majority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassHour(Term):
    """Shortest class hour (课时), in minutes (JY-ENR-08)."""

    minutes_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeShare(Term):
    """Least share of practice in all class hours (JY-ENR-09); a programme is exempt only by recorded decision."""

    minimum_percent: int
    exempt_by_decision: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Term):
    """Trainees per teacher or per work-station: above the first number warn, above the second stop (JY-ENR-10, 11)."""

    warn_above_trainees: int
    stop_above_trainees: int
    override_by_decision: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeType:
    """One training type (类型): its project, the class kind, and the programme word under which rates are filed.

    `levels` is empty when the type is bound to none; `certificate_kinds` are those it may end with. A type that the
    document names in another place than the list has its own `rule` and `clause`.
    """

    code: str
    name: str
    project: str
    project_name: str
    class_kind: ClassKind
    programme: Programme
    certificate_kinds: tuple[CertificateKind, ...]
    levels: tuple[str, ...] = ()
    rule: str | None = None
    clause: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programmes(Term):
    """The training projects and types a class may be applied for (JY-ENR-17)."""

    types: tuple[ProgrammeType, ...]

    def basis_of(self, kind: ProgrammeType) -> Term:
        """Give the term in whose name a type speaks: this list, or the type's own rule and clause."""
        if kind.rule is None:
            return self
        return replace(self, rule=kind.rule, clause=kind.clause or self.clause, document=kind.document or self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons(Term):
    """Standard reasons, by which acts on an application are told, counted and audited without anybody's words."""

    trainee_return: tuple[Item, ...]
    class_withdrawal: tuple[Item, ...]
    trainee_withdrawal: tuple[Item, ...]
    reveal: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormEntry(Term):
    """An entry of the application form's head that an application must have; without it stops `missing` (JY-FLD-03)."""

    code: Literal["applicant_seal", "contact_person", "contact_phone", "batch"]
    name: str
    missing: str


ClassRule = Literal[
    "directory",
    "application_lead",
    "class_size",
    "class_hour",
    "practice_share",
    "teacher_filing",
    "teacher_ratio",
    "station_ratio",
]
"""Terms of this chapter that speak of classes, and that a kind of class may be exempt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassKindExemption(Term):
    """Classes of a kind that the rules of classes were not written for are exempt from them (JY-ENR-27).

    A person confirms it for every class, under `code` where there is one; such a class has a timetable only if it
    states one.
    """

    class_kind: ClassKind
    code: str | None = None
    exempt: tuple[ClassRule, ...] = ()
