"""Terms of institutions (培训机构): who may train at all, what they prove, and when they are suspended."""

from dataclasses import dataclass
from datetime import date

from shared.contracts.enrollment import ClassKind
from shared.policy.terms.term import Item, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory(Term):
    """The institution needs an active directory entry covering opening date and training scope (JY-INS-01).

    It binds institutions of `institution_kinds` (all, where none is named) but no class of `except_class_kinds`;
    `override_by_decision` where the document only draws the directory up and refuses nobody.
    """

    institution_kinds: tuple[str, ...] = ()
    except_class_kinds: tuple[ClassKind, ...] = ()
    override_by_decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateSchool(Term):
    """Entry conditions of private schools: no liability since a day, one year's inspection passed (JY-INS-05)."""

    institution_kinds: tuple[str, ...]
    no_liability_since: date
    inspection_year: int
    inspection_result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEmployees(Term):
    """Institutions of these kinds train only people they employ on the opening date (JY-INS-04).

    `override_by_decision`: a person decides on dispatched staff and affiliates, whom the document does not mention.
    """

    institution_kinds: tuple[str, ...]
    override_by_decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherFiling(Term):
    """Full-time teachers of institutions of these kinds must be filed with the bureau (JY-INS-07)."""

    institution_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionKind:
    """One kind of institution; `human_review` kinds are registered only after a person looked."""

    code: str
    name: str
    human_review: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionKinds(Term):
    """The closed list of institution kinds (JY-INS-12)."""

    kinds: tuple[InstitutionKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreApplication(Term):
    """Institutions of these kinds come into the directory by application with these proofs (JY-INS-02).

    Every one of `attachments` is mandatory; `further` ones may be handed in beside them.
    """

    institution_kinds: tuple[str, ...]
    attachments: tuple[Item, ...]
    further: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreListing(Term):
    """After the application experts assess on site and the bureau replies; then comes the entry (JY-INS-03)."""

    experts_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicConditions(Term):
    """Institutions of these kinds train an occupation only once all conditions were found met for it (JY-INS-08)."""

    institution_kinds: tuple[str, ...]
    conditions: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftingReason(Item):
    """Why a suspension is lifted; `report_required` asks for an accepted rectification report."""

    report_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspensions(Term):
    """Why openings are suspended, by when the institution rectifies, and why a suspension ends (JY-QUA-02).

    `on_low_satisfaction` is the reason under which a confirmed quality case suspends.
    """

    reasons: tuple[Item, ...]
    on_low_satisfaction: str
    rectification_working_days: int
    lifting_reasons: tuple[LiftingReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationMoney(Term):
    """Enterprises may set aside employee-education money up to this share of their wages (JY-FND-01)."""

    wages_percent_max: int
