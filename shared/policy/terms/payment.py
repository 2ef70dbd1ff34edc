"""Terms of payment (资金): what is due, who looks at it, when it may be paid and from which money."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from shared.policy.terms.benefit import Advance, Benefit, Cap, EmploymentRelease, Exclusion, Share
from shared.policy.terms.reporting import ReportingTerms
from shared.policy.terms.term import FourEyes, Item, Programme, Steps, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement(Term):
    """Slots of one person within a period and scope (JY-ENR-05); `counted_on` picks the period."""

    slots_max: int
    period: Literal["calendar_year", "lifetime"]
    scope: Literal["any_subsidised", "occupation_and_level"]
    counted_on: Literal["opening_date", "certificate_date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeEvidence:
    """Events to which every line of a programme must trace, and the completion events a claim waits for."""

    programme: Programme
    events: tuple[str, ...]
    completion: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Term):
    """No system record, no subsidy (JY-ENR-01)."""

    programmes: tuple[ProgrammeEvidence, ...]

    def of(self, programme: str) -> ProgrammeEvidence | None:
        """Give what a line of this programme must trace to, or None when the rulebook does not pay it."""
        return next((evidence for evidence in self.programmes if evidence.programme == programme), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEntry(Term):
    """What of a class must be entered in the provincial system, by receipt and never by word (JY-INT-01).

    It is asked for where the deployment enters anything there; without it the class gets nothing (JY-ENR-01).
    """

    checkpoints: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimants(Term):
    """Who may claim and with which documents; a (person, class) is claimed once over all kinds (JY-CLM-01).

    `enterprise_kinds` are the kinds of institutions that train their own people and so may claim as an enterprise;
    `commissioned` lets an enterprise also claim for its employees in somebody else's class for whose training it paid,
    once a reviewer accepted its proof.
    """

    kinds: tuple[Item, ...]
    documents: tuple[Item, ...]
    enterprise_kinds: tuple[str, ...] = ()
    commissioned: bool = False

    def admits(self, kind: str) -> bool:
        """Say whether the document lets this kind of claimant claim."""
        return any(each.code == kind for each in self.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualForm(Term):
    """The blocks that an individual's application needs; everything else of the form is left out (JY-CLM-08)."""

    required_blocks: tuple[Literal["person", "institution", "evaluation_body"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches(Term):
    """Several batches may stand in one application, a claim for each class (JY-CLM-09)."""

    batches_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLimit(Term):
    """Working days for the review; the day of its start is not counted (JY-CLM-02, JY-CLM-03)."""

    working_days: int
    starts_on: Literal["receipt", "acceptance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Term):
    """Shortest public notice in working days; payable from the calendar day after its end (JY-CLM-04).

    Only what is paid under `programmes` is shown (empty: everything); a recorded decision adds the rest (HB-CLM-13).
    """

    working_days_min: int
    start_day_counts: bool
    place: str
    programmes: tuple[Programme, ...] = ()

    def shows(self, programme: str) -> bool:
        """Say whether what is paid under this programme is shown without anybody deciding so."""
        return not self.programmes or programme in self.programmes


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking(Term):
    """What a public notice shows, out of what is not sensitive; `hidden` says what it never shows (JY-CLM-05)."""

    shown: tuple[Literal["institution", "class", "occupation", "level", "headcount", "amount", "masked_name"], ...]
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking(Term):
    """The version of the truthfulness undertaking that a claimant signs (JY-CLM-06)."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach(Term):
    """An open breach or suspicion of fraud stops review and payment until a recorded decision (JY-CLM-11, HL-QUA-01).

    With `work_error` the document tells an error in the work from fraud, and a person may find that it was one.
    """

    work_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceBase(Term):
    """Average of the checks strictly below this share of the opening headcount: pay on the average (JY-SUP-05)."""

    minimum_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceAverage(Term):
    """Which checks make the average, how it becomes a base, and what holds without any check (JY-SUP-06)."""

    checks: tuple[Literal["opening", "spot"], ...]
    rounding: Literal["floor"]
    without_checks: Literal["no_cut_and_flag"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headcount(Term):
    """Pay the smaller of attendance base and recognised certificates (JY-CLM-10).

    `mixed_rates`: the cut of a class with different rates is in proportion and is flagged until decided.
    """

    formula: Literal["smaller_of_base_and_recognised"]
    mixed_rates: Literal["pro_rata_by_decision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection(Term):
    """What an open objection keeps from payment (JY-PAY-01)."""

    freezes: Literal["lines", "class", "claim"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionRegister(Term):
    """What closing an objection must record (JY-PAY-02)."""

    required: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord(Term):
    """Unit in which the form shows a payment (JY-PAY-03)."""

    unit: Literal["wan_yuan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee(Term):
    """The account's holder is the applicant; a later change needs a new approval (JY-PAY-04).

    Where account kinds are named, a person's account and an organisation's must be of one of theirs (QJ-PAY-01).
    """

    holder: Literal["applicant"]
    person_accounts: tuple[Item, ...] = ()
    organisation_accounts: tuple[Item, ...] = ()

    def accounts(self, *, individual: bool) -> tuple[Item, ...]:
        """Give the kinds of accounts that may be paid to, none where the document names none."""
        return self.person_accounts if individual else self.organisation_accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSeason(Term):
    """The days, both included, on which money is paid; on another a person decides (HB-PAY-03)."""

    opens: date
    closes: date

    def holds_on(self, day: date) -> bool:
        """Say whether the day lies in the season."""
        return self.opens <= day <= self.closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates(Term):
    """What no benefit states comes from the region's table; a rate missing there is RATE_MISSING, never zero.

    With `by_benefit` the document says of each subsidy in its own clause whose rate it is, and that clause is quoted.
    """

    by_benefit: bool = False


Feature = Literal[
    "advance",
    "living_allowance",
    "evaluation",
    "work_for_training",
    "employment_link",
    "three_times_cap",
    "credit_rating",
    "attendance",
    "opening_attendance",
    "class_size",
    "satisfaction",
    "video",
    "online_share",
    "payout_channel",
    "review_limit",
    "notice",
    "exit",
]
"""Switches (待遇和要求) that some documents name and others do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesOff(Term):
    """Features the document does not provide for (JY-PAY-06); no address offers any of them."""

    features: tuple[Feature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingSource:
    """One source of money; `special_account` brings the exclusions with it, `human_decision` a reviewer."""

    code: str
    name: str
    special_account: bool = False
    human_decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingSources(Term):
    """The sources a payment may name; a split over several must add up exactly (JY-FND-02)."""

    sources: tuple[FundingSource, ...]

    def source(self, code: str) -> FundingSource | None:
        """Give the source with this code, or None when the rulebook does not know it."""
        return next((source for source in self.sources if source.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingOrder(Term):
    """In classes of `programmes` the source `first` pays first, the others together only what it left (HL-FND-05).

    The attributes `cost` and `spent` of a class say in yuan what it costs and what of it the first source bore.
    """

    programmes: tuple[Programme, ...]
    first: str
    cost: str
    spent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChoice(Term):
    """Whoever may still find work in time is paid when that time is over, or at once and for good (HB-PAY-05).

    The claimant chooses once, and a recorded decision says what; a supplement afterwards needs another.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialAccountRecheck(Term):
    """Exclusions are checked again when money leaves the special account (JY-FND-03)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReasons(Term):
    """The standard reasons for which a reviewer gives one trainee's line back (JY-CLM-07)."""

    reasons: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAClass(Term):
    """Classes whose `attribute` is one of `values` are activities; a person decides if they are paid (JY-ENR-18)."""

    attribute: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """The chapter of payment."""

    benefits: tuple[Benefit, ...] = ()
    caps: tuple[Cap, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    advance: Advance | None = None
    employment_release: EmploymentRelease | None = None
    window_choice: WindowChoice | None = None
    entitlement: Entitlement | None = None
    evidence: Evidence | None = None
    system_entry: SystemEntry | None = None
    claimants: Claimants | None = None
    individual_form: IndividualForm | None = None
    batches: Batches | None = None
    review_limit: ReviewLimit | None = None
    review_limit_outer: ReviewLimit | None = None
    notice: Notice | None = None
    masking: Masking | None = None
    undertaking: Undertaking | None = None
    breach: Breach | None = None
    steps: Steps | None = None
    four_eyes: FourEyes | None = None
    return_reasons: ReturnReasons | None = None
    attendance_base: AttendanceBase | None = None
    attendance_average: AttendanceAverage | None = None
    headcount: Headcount | None = None
    objection: Objection | None = None
    objection_register: ObjectionRegister | None = None
    payment_record: PaymentRecord | None = None
    payee: Payee | None = None
    payment_season: PaymentSeason | None = None
    rates: Rates | None = None
    features_off: FeaturesOff | None = None
    funding_sources: FundingSources | None = None
    funding_order: FundingOrder | None = None
    special_account: SpecialAccountRecheck | None = None
    not_a_class: NotAClass | None = None
    reporting: ReportingTerms = field(default_factory=ReportingTerms)

    @property
    def limits_uses(self) -> bool:
        """Say whether the document says how often a person is paid by what they are paid for."""
        return bool(self.caps or self.exclusions or self.asks_for_first)

    @property
    def asks_for_first(self) -> bool:
        """Say whether a benefit is only for somebody's first certificate of an occupation (HB-CLM-09)."""
        return any(condition.first_certificate for benefit in self.benefits for condition in benefit.conditions)

    @property
    def payee_rules(self) -> frozenset[str]:
        """Give the rules under which a person says who paid for the training or decides who is paid for it.

        There is one answer for all claims of a class.
        """
        rows = (row for benefit in self.benefits for row in benefit.payees)
        return frozenset(row.rule for row in rows if row.by_decision or row.funders)

    @property
    def window_shares(self) -> tuple[Share, ...]:
        """Give the shares that depend on employment within some time of the certificate (HB-CLM-03)."""
        return tuple(row for benefit in self.benefits for row in benefit.shares if row.employed_within_months)
