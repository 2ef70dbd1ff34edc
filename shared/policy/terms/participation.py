"""Terms of the people on a roster (花名册): groups and their proofs, ties to the place, how often, who is left out."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.enrollment import ClassKind
from shared.policy.terms.term import GroupCode, Item, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFields(Term):
    """Fields that every roster row carries (JY-ENR-04)."""

    required: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Term):
    """Subsidised trainings of one person in a period (JY-ENR-05); `override_by_decision`: a person may allow more."""

    trainings_max: int
    period: Literal["calendar_year", "lifetime"]
    scope: Literal["any_subsidised", "occupation_and_level"]
    override_by_decision: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialAccount(Term):
    """People whom the special account (专账) must not pay for (JY-ENR-12).

    Any one exclusion suffices. Rows of `declaration_groups` need a signed declaration of ability and will, and with
    `reviewer_tick` a reviewer's word that it was seen.
    """

    funding_source: str
    exclusions: tuple[Item, ...]
    declaration_groups: tuple[str, ...]
    reviewer_tick: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEmployer(Term):
    """Rows of these groups need an employer within the rulebook's region, else a person decides (JY-ENR-13).

    `bases` are the grounds on which an employer counts as local; the decision records which.
    """

    groups: tuple[str, ...]
    bases: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """Employees whose training the document puts first; at one of `levels`, if it names any.

    With `human_decision` the document means only some of them, whom a person recognises.
    """

    code: str
    name: str
    levels: tuple[str, ...] = ()
    human_decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeFocus(Term):
    """The focus groups (重点对象) of employees (JY-ENR-13): rows of `groups` state any number of them, or none."""

    groups: tuple[str, ...]
    focuses: tuple[Focus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Term):
    """One group of people (人员类别).

    `evidence` names the proof a row must carry, None when none is asked; `kinds` are those whom the group includes,
    one of which a row may state; `key_group` brings the lower class size; `fee_free` forbids any fee; `human_decision`
    sends every such row to a reviewer; `hidden_in_notice` keeps even the masked name off the public notice.
    """

    code: GroupCode
    name: str
    evidence: str | None = None
    kinds: tuple[Item, ...] = ()
    key_group: bool = False
    fee_free: bool = False
    human_decision: bool = False
    hidden_in_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherProof(Term):
    """A person may accept another proof of a group than the one that the group names (LS-ENR-03)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedSources(Term):
    """Sources of other offices with which what is stated of people is compared (HL-INT-01, HB-INT-02).

    A row that refers to one of them says which record it found there and on which day.
    """

    sources: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFromSources(Term):
    """A record in a connected source is proof enough: no paper is asked beside it (HL-DAT-04)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInclusion(Term):
    """Rows of `groups` count only while a decision in `register` takes their group in (LS-ENR-07).

    An entry of the register names the group, the first day and, once it is known, the last day of its inclusion; the
    opening day must lie within them.
    """

    groups: tuple[GroupCode, ...]
    register: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGroups(Term):
    """Classes of these kinds, and of these training types, are meant for these groups (HL-ENR-18, -21, QJ-ENR-06).

    With `others_by_decision` a person decides on rows of every other group; with `fee_free` these groups pay nothing
    in such a class, whatever holds elsewhere.
    """

    groups: tuple[GroupCode, ...]
    class_kinds: tuple[ClassKind, ...] = ()
    training_types: tuple[str, ...] = ()
    others_by_decision: bool = False
    fee_free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PensionExclusion(Term):
    """Who is entitled to a monthly pension on the opening day is in none of these groups (HL-ENR-06, LS-ENR-07)."""

    groups: tuple[GroupCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLimit(Term):
    """Rows of these groups are released less than so many years after the opening day, strictly (HL-ENR-07)."""

    groups: tuple[GroupCode, ...]
    years_below: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GraduationYear(Term):
    """Rows of these groups leave school in the calendar year of the opening day (HB-ENR-01, -03, QJ-ENR-08)."""

    groups: tuple[GroupCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobless(Term):
    """These groups are mainly people without work: of who has work on the opening day a person decides (HL-ENR-04)."""

    groups: tuple[GroupCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewlyHired(Term):
    """These groups, and everybody in classes of `training_types`, start work while the class runs (QJ-CLM-01).

    That is from the opening to the closing day; `days_before_max` widens the time before the opening. Of everybody else
    a person decides.
    """

    groups: tuple[GroupCode, ...]
    days_before_max: int
    training_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLink(Item):
    """One tie between a person and the place of training.

    It suffices by itself unless a person decides on who has no better one (`human_decision`) or it refuses under the
    code `refusal`, whatever else ties the person.
    """

    human_decision: bool = False
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLinks(Term):
    """What ties a person to the place of training (HL-ENR-09, HB-ENR-04, QJ-ENR-07, LS-ENR-06).

    With `required` a person decides on rows that state none; otherwise ties are kept as told.
    """

    links: tuple[PlaceLink, ...]
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryQualification(Term):
    """Work in these occupations needs a qualification, which trainees hold by the opening day (HB-ENR-09)."""

    occupations: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchedStaff(Term):
    """The enterprise that uses dispatched staff organises their training, never the agency (QJ-ENR-09)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonArchive(Term):
    """Everybody has an archive of classes, attendance, certificates and subsidies (职业培训电子档案, HL-DAT-02)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentConsent(Term):
    """Whom a third party enters on a roster has consented by the opening day: trainees choose freely (HL-ENR-20)."""
