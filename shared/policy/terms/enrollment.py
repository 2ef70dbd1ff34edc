"""Terms of enrollment (办班): who may train, what an application needs, who may be on a roster."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from shared.contracts.assessment import CertificateKind
from shared.contracts.enrollment import ClassKind
from shared.policy.terms.class_record import (
    ClassRecord,
    Commitments,
    EmployerAgreements,
    FundingAtOpening,
    HigherApproval,
    ObligatoryTopics,
    Season,
    SignUps,
)
from shared.policy.terms.register import CreditRating, Register
from shared.policy.terms.term import FourEyes, GroupCode, Item, Programme, Steps, Term


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
    """Classes of these kinds are meant for these groups (HL-ENR-18, -21).

    With `others_by_decision` a person decides on rows of every other group; with `fee_free` these groups pay nothing
    in such a class, whatever holds elsewhere.
    """

    class_kinds: tuple[ClassKind, ...]
    groups: tuple[GroupCode, ...]
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
    """These groups start work between the opening and the closing day of the class (QJ-CLM-01).

    `days_before_max` widens the time before the opening; of everybody else a person decides.
    """

    groups: tuple[GroupCode, ...]
    days_before_max: int


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
class AssignmentConsent(Term):
    """Whom a third party enters on a roster has consented by the opening day: trainees choose freely (HL-ENR-20)."""


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
class AttributeValue:
    """One value of an attribute.

    `needs` are attributes that must be stated with it, `wants` those without which a reviewer is warned. A person
    decides when the institution is of none of `institution_kinds`, and always with `human_decision`; `asks` is the code
    of that question and `question` its words, where the usual ones do not fit.
    """

    code: str
    name: str
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    institution_kinds: tuple[str, ...] = ()
    human_decision: bool = False
    asks: str | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(Term):
    """What an institution may say of a class besides its plan: one of `values`, or a text of `pattern` or `check`.

    `missing` is the code of the finding when another statement needs it; `published` ones travel in ClassOpened.
    """

    code: str
    name: str
    values: tuple[AttributeValue, ...] = ()
    pattern: str | None = None
    check: Literal["credit_code", "day"] | None = None
    missing: str | None = None
    published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassKindNeeds(Term):
    """Attributes that every class of a kind, or of one of these training types, must state (JY-ENR-26, HL-ENR-03)."""

    needs: tuple[str, ...]
    class_kind: ClassKind | None = None
    training_types: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseProfile(Term):
    """The register in which enterprises say what the judgement of their classes reads (JY-ENR-28).

    The attribute `employer` names the enterprise that a class is for; without it an institution of
    `institution_kinds` is that enterprise itself. Where the truth field `wanted`, if the document has such a goal, is
    not set, it is warned of.
    """

    register: str
    employer: str
    institution_kinds: tuple[str, ...]
    wanted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCondition(Term):
    """Classes of `class_kind`, of `training_types`, or that state `attribute` are for enterprises of such a profile.

    Its `field` must be one of `values`, or true when there are none, and `proof` filled in; the paper proves it to the
    last day `until`, where one is given. Of any other enterprise a person decides, under `code`. Classes of
    `class_kind` are the applicant's own, and one whose profile does not say so much stops under `missing`; of the
    others one without a profile may prove it by the attribute `shown_by`.
    """

    code: str
    field: str
    proof: str
    message: str
    advice: str
    class_kind: ClassKind | None = None
    attribute: str | None = None
    training_types: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    until: str | None = None
    missing: str | None = None
    shown_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentTerms:
    """The chapter of enrollment."""

    directory: Directory | None = None
    private_school: PrivateSchool | None = None
    own_employees: OwnEmployees | None = None
    teacher_filing: TeacherFiling | None = None
    institution_kinds: InstitutionKinds | None = None
    centre_application: CentreApplication | None = None
    centre_listing: CentreListing | None = None
    basic_conditions: BasicConditions | None = None
    suspensions: Suspensions | None = None
    education_money: EducationMoney | None = None
    registers: tuple[Register, ...] = ()
    application_lead: ApplicationLead | None = None
    documents: Documents | None = None
    roster_fields: RosterFields | None = None
    repeat: Repeat | None = None
    start_after_approval: StartAfterApproval | None = None
    system_entry: SystemEntry | None = None
    class_size: ClassSize | None = None
    class_hour: ClassHour | None = None
    practice_share: PracticeShare | None = None
    teacher_ratio: Ratio | None = None
    station_ratio: Ratio | None = None
    special_account: SpecialAccount | None = None
    local_employer: LocalEmployer | None = None
    employee_focus: EmployeeFocus | None = None
    groups: tuple[Group, ...] = ()
    other_proof: OtherProof | None = None
    connected_sources: ConnectedSources | None = None
    evidence_from_sources: EvidenceFromSources | None = None
    group_inclusion: GroupInclusion | None = None
    class_groups: tuple[ClassGroups, ...] = ()
    pension_exclusion: PensionExclusion | None = None
    release_limit: ReleaseLimit | None = None
    graduation_years: tuple[GraduationYear, ...] = ()
    jobless: Jobless | None = None
    newly_hired: NewlyHired | None = None
    place_links: PlaceLinks | None = None
    entry_qualification: EntryQualification | None = None
    dispatched_staff: DispatchedStaff | None = None
    assignment_consent: AssignmentConsent | None = None
    programmes: Programmes | None = None
    approval: Steps | None = None
    reasons: Reasons | None = None
    attributes: tuple[Attribute, ...] = ()
    class_kind_needs: tuple[ClassKindNeeds, ...] = ()
    form_entries: tuple[FormEntry, ...] = ()
    class_kind_exemptions: tuple[ClassKindExemption, ...] = ()
    enterprise_profile: EnterpriseProfile | None = None
    profile_conditions: tuple[ProfileCondition, ...] = ()
    season: Season | None = None
    funding_at_opening: FundingAtOpening | None = None
    commitments: Commitments | None = None
    credit_rating: CreditRating | None = None
    sign_ups: SignUps | None = None
    class_records: tuple[ClassRecord, ...] = ()
    obligatory_topics: ObligatoryTopics | None = None
    higher_approval: HigherApproval | None = None
    employer_agreements: EmployerAgreements | None = None
    four_eyes: FourEyes | None = None

    def group(self, code: str) -> Group | None:
        """Give the group with this code, or None when the rulebook does not know it."""
        return next((group for group in self.groups if group.code == code), None)

    def free_of_charge(self, code: str, kind: ClassKind | None) -> Term | None:
        """Give the term by which people of this group pay nothing in a class of this kind, None where they may."""
        group = self.group(code)
        if group is not None and group.fee_free:
            return group
        meant = (one for one in self.class_groups if one.fee_free and code in one.groups)
        return next((one for one in meant if kind in one.class_kinds), None)

    def register(self, code: str) -> Register | None:
        """Give the register of this code, or None when the rulebook keeps none."""
        return next((register for register in self.registers if register.code == code), None)
