"""Terms of reporting (统计与月报): what is counted, by which rule, and against which goal."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.assessment import CertificateKind
from shared.policy.terms.term import Term

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
    """The monthly report (月报, JY-REP-06): to whom, and by which day of the next month (24:00, no roll-forward)."""

    day_of_month_max: int
    recipient: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTimes(Term):
    """Person-times of a year (JY-REP-01): one per learner and class of the year, by the measure `counted`."""

    person_times_min: int
    counted: MeasureCode
    year_of: Literal["opening_date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HighSkilled(Term):
    """New high-skilled talents of a year (JY-REP-02): people whose first certificate of these levels is of the year."""

    persons_min: int
    levels: tuple[str, ...]
    certificate_kinds: tuple[CertificateKind, ...]


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
class ReportingTerms:
    """The part of payment's chapter that says what is reported."""

    monthly_report: MonthlyReport | None = None
    person_times: PersonTimes | None = None
    high_skilled: HighSkilled | None = None
    apprentices: Apprentices | None = None
    group_shares: GroupShares | None = None
    transfer_employment: TransferEmployment | None = None
    cluster_share: ClusterShare | None = None
    village_report: VillageReport | None = None
