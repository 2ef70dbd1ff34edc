"""Terms of enrollment (办班): who may train, what an application needs, who may be on a roster."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.contracts.enrollment import ClassKind
from shared.policy.terms.attribute import Attribute, ClassKindNeeds, EnterpriseProfile, ProfileCondition
from shared.policy.terms.class_plan import (
    ApplicationLead,
    ClassHour,
    ClassKindExemption,
    ClassSize,
    Documents,
    FormEntry,
    PracticeShare,
    Programmes,
    Ratio,
    Reasons,
    StartAfterApproval,
    SystemEntry,
)
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
from shared.policy.terms.institution import (
    BasicConditions,
    CentreApplication,
    CentreListing,
    Directory,
    EducationMoney,
    InstitutionKinds,
    OwnEmployees,
    PrivateSchool,
    Suspensions,
    TeacherFiling,
)
from shared.policy.terms.participation import (
    AssignmentConsent,
    ClassGroups,
    ConnectedSources,
    DispatchedStaff,
    EmployeeFocus,
    EntryQualification,
    EvidenceFromSources,
    GraduationYear,
    Group,
    GroupInclusion,
    Jobless,
    LocalEmployer,
    NewlyHired,
    OtherProof,
    PensionExclusion,
    PersonArchive,
    PlaceLinks,
    ReleaseLimit,
    Repeat,
    RosterFields,
    SpecialAccount,
)
from shared.policy.terms.register import CreditRating, Register, RegisterLink
from shared.policy.terms.term import FourEyes, Steps, Term


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
    person_archive: PersonArchive | None = None
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

    def links_to(self, code: str) -> Iterator[tuple[Register, RegisterLink]]:
        """Give the registers whose entries stand on one of the register of this code, with the link that says so."""
        for register in self.registers:
            yield from ((register, link) for link in register.links if link.register == code)
