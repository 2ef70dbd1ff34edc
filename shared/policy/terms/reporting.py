"""Terms of reporting (统计与月报): what is counted, by which rule, and against which goal."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.contracts.assessment import CertificateKind
from shared.policy.terms.term import Item, Term

MeasureCode = Literal[
    "planned_persons",
    "opened_classes",
    "opened_persons",
    "trained_persons",
    "assessed_persons",
    "certified_persons",
    "paid_persons",
    "paid_fen",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Term):
    """One column of a report: what it counts, in which unit, and the rule from which the count follows."""

    code: MeasureCode
    name: str
    unit: Literal["persons", "person_times", "classes", "fen"]
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyReport(Term):
    """The monthly report (月报, JY-REP-06): to whom, and by which day of the next month (24:00, no roll-forward).

    `sign_offs` are whose consent the signature names besides the bureau's own (LS-REP-04).
    """

    day_of_month_max: int
    recipient: str
    measures: tuple[Measure, ...]
    sign_offs: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTimes(Term):
    """Person-times of a year (JY-REP-01) or of several (HL-REP-01): one per learner and class, by measure `counted`.

    Without `first_year` and `last_year` every year has the goal anew; with them one goal runs over all of them. Without
    `person_times_min` the number is the superior's to give (LS-REP-01): it stands in the table of allotments, and until
    it does the goal is unknown, never zero.
    """

    code: str
    name: str
    counted: MeasureCode
    year_of: Literal["opening_date"]
    person_times_min: int | None = None
    first_year: int | None = None
    last_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateGoal(Term):
    """Certificates of a year, of these kinds and levels (any level, where none are named).

    `counted` says what of them: people whose first such certificate is of the year (JY-REP-02), or every certificate
    issued in it (HB-REP-02). `figure` names what people enter of certificates that no class here led to.
    """

    code: str
    name: str
    number_min: int
    counted: Literal["new_holders", "certificates"]
    certificate_kinds: tuple[CertificateKind, ...]
    levels: tuple[str, ...] = ()
    figure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Term):
    """A number of official statistics that no record here can give: people enter it with its source and day."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureGoal(Term):
    """A figure against a number, or against a share of another figure, until a day (HL-REP-05, QJ-REP-02)."""

    code: str
    name: str
    figure: str
    by: date
    number_min: int | None = None
    share_of: str | None = None
    percent_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMark:
    """What marks a class in `ClassOpened.attributes`: an attribute, with any value or with this one."""

    attribute: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Apprentices(Term):
    """Apprentices of a year (JY-REP-03): new-type ones against `persons_min`, with modern ones `clause_persons_min`.

    Classes of `types` train new-type apprentices unless `modern` marks them.
    """

    persons_min: int
    clause_persons_min: int
    types: tuple[str, ...]
    modern: ClassMark


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGroup:
    """A group that the document wants more of: people of these groups, or everybody in classes so marked.

    Without either, no record can tell who belongs to it.
    """

    code: str
    name: str
    groups: tuple[str, ...] = ()
    classes: ClassMark | None = None

    @property
    def can_be_told(self) -> bool:
        """Say whether anything recorded tells who belongs to the group."""
        return bool(self.groups) or self.classes is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShares(Term):
    """Groups whose share of the trained is to rise (JY-QUA-03): a goal without a threshold."""

    shares: tuple[SharedGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEmployment(Term):
    """Rural learners (these groups) and how many of them took up work elsewhere afterwards (JY-QUA-07)."""

    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterShare(Term):
    """Share of classes for key enterprises of the industrial cluster among these institutions' (JY-INS-09)."""

    institution_kinds: tuple[str, ...]
    cluster: ClassMark


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageReport(Term):
    """Whole-village training by village, and new-type farmers (JY-ENR-23)."""

    village_attribute: str
    campaign: ClassMark
    new_farmer: ClassMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A quality indicator: of the person-times trained in classes of `types` (in all of them), those that are `part`.

    `employed` have a recorded employment, `certified` a certificate that stands, `of_levels` a class of `levels`. Only
    people of `groups` are looked at, if there are any, and only certificates of `certificate_kinds` (LS-ASM-02).
    """

    code: str
    name: str
    part: Literal["employed", "certified", "of_levels"]
    definition: str
    types: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    certificate_kinds: tuple[CertificateKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityIndicators(Term):
    """Indicators of quality by provider and region (HB-QUA-01); a document that names no threshold sets none."""

    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundUse(Term):
    """How the money was used, told by these heads and never by person (HL-REP-06, LS-FND-01)."""

    by: tuple[Literal["funding_source", "training_type", "institution"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing(Term):
    """What has waited, the longest first: for its claim since the last certificate (HB-CLM-14), or for its payment.

    Payment waits since the approval (HL-PAY-04). More than `days_max` calendar days are a reminder; without them
    everything is shown and nothing is late.
    """

    waits_for: Literal["claim", "payment"]
    days_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisers(Term):
    """Who organised a class, as its `attribute` says; without it the bureau itself (HB-REP-07, LS-REP-03).

    With `own_rules` the others train under rules of their own: their classes are counted here, and paid nothing.
    """

    attribute: str
    own: str
    departments: tuple[Item, ...]
    own_rules: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Term):
    """A stage of the year's work (HB-REP-09) and the measure by which it is told how far it is (HB-REP-08)."""

    code: str
    name: str
    first: date
    last: date
    counted: MeasureCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing(Term):
    """What has to be filed (a plan, an evaluation, a disclosure), by whom, with which parts, and until when.

    `units` say who files: the region itself, every region right below it, the departments that organise classes, or the
    units of each task row. `due` is a day of a year; `every_months` runs from the filing before, at first from the
    rulebook's first day; `yearly` asks for one in every calendar year; none of them asks for it once, without a day.
    `contents` names what a filing consists of: nothing of it may be missing. `encloses` is counted and sealed with it;
    `preliminary` says that it comes before what it reports has ended.
    """

    code: str
    name: str
    units: Literal["region", "regions_below", "departments", "task_units"]
    contents: tuple[Item, ...] = ()
    due: date | None = None
    every_months: int | None = None
    yearly: bool = False
    encloses: Literal["quality_indicators", "fund_use"] | None = None
    preliminary: bool = False
    published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow(Term):
    """A task of the document and the units that are responsible for it and report on it (HL-REP-09, LS-REP-06)."""

    code: str
    name: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Term):
    """Where the document says that people may ask about it (LS-DAT-03)."""

    phone: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingTerms:
    """The part of payment's chapter that says what is reported."""

    monthly_report: MonthlyReport | None = None
    person_times: tuple[PersonTimes, ...] = ()
    certificates: tuple[CertificateGoal, ...] = ()
    figures: tuple[Figure, ...] = ()
    figure_goals: tuple[FigureGoal, ...] = ()
    quality_indicators: QualityIndicators | None = None
    fund_use: FundUse | None = None
    ageing: Ageing | None = None
    organisers: Organisers | None = None
    stages: tuple[Stage, ...] = ()
    filings: tuple[Filing, ...] = ()
    task_rows: tuple[TaskRow, ...] = ()
    contact: Contact | None = None
    apprentices: Apprentices | None = None
    group_shares: GroupShares | None = None
    transfer_employment: TransferEmployment | None = None
    cluster_share: ClusterShare | None = None
    village_report: VillageReport | None = None
