"""Shares that the document asks for without a threshold (JY-QUA-03, JY-QUA-07, JY-INS-09, JY-ENR-23). Pure counts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from services.payment.domain.class_record import ClassRecord, Period
from shared.contracts.enrollment import OpenedTrainee
from shared.policy.terms.reporting import ClusterShare, GroupShares, SharedGroup, TransferEmployment, VillageReport

_TWO_PLACES = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole; the exact numbers decide, the text is for reading."""

    part: int
    whole: int

    @property
    def percent(self) -> str | None:
        """Write the share in percent with two decimals, rounded half up; None when there is no whole."""
        if not self.whole:
            return None
        return str((Decimal(self.part * 100) / self.whole).quantize(_TWO_PLACES, rounding=ROUND_HALF_UP))

    @property
    def percent_reached(self) -> str | None:
        """Write the share in percent with two decimals, cut off: what is below a goal never reads as the goal."""
        if not self.whole:
            return None
        return str((Decimal(self.part * 100) / self.whole).quantize(_TWO_PLACES, rounding=ROUND_DOWN))

    def points_since(self, before: "Share") -> str | None:
        """Write the change in percentage points with two decimals; None when either has no whole."""
        if not self.whole or not before.whole:
            return None
        change = Decimal(self.part * 100) / self.whole - Decimal(before.part * 100) / before.whole
        return str(change.quantize(_TWO_PLACES, rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShare:
    """A group's share of the trained; None where the roster cannot tell who belongs to it.

    `unpaid` of them had no subsidy credited yet: the gap (LS-CLM-09).
    """

    code: str
    name: str
    share: Share | None
    year_before: Share | None
    unpaid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEmployment:
    """Of a class's certified rural learners, how many took up work elsewhere."""

    class_id: str
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """Training in one village: classes and person-times, those of the whole-village campaign and of new farmers."""

    village: str
    classes: int
    person_times: int
    campaign_person_times: int
    new_farmer_person_times: int


def group_shares(
    records: Sequence[ClassRecord], period: Period, before: Period, term: GroupShares
) -> tuple[GroupShare, ...]:
    """Give each group's share of the person-times trained in a period, and in the period a year before (JY-QUA-03)."""
    return tuple(
        GroupShare(
            code=group.code,
            name=group.name,
            share=_share(records, period, group) if group.can_be_told else None,
            year_before=_share(records, before, group) if group.can_be_told else None,
            unpaid=_unpaid(records, period, group) if group.can_be_told else None,
        )
        for group in term.shares
    )


def _share(records: Iterable[ClassRecord], period: Period, group: SharedGroup) -> Share:
    belongs = [
        _belongs(record, trainee, group)
        for record in records
        if period.has(record.trained_on)
        for trainee in _trained(record)
    ]
    return Share(part=sum(belongs), whole=len(belongs))


def _unpaid(records: Iterable[ClassRecord], period: Period, group: SharedGroup) -> int:
    return sum(
        _belongs(record, trainee, group) and trainee.person_id not in record.paid_on
        for record in records
        if period.has(record.trained_on)
        for trainee in _trained(record)
    )


def _belongs(record: ClassRecord, trainee: OpenedTrainee, group: SharedGroup) -> bool:
    return (group.classes is not None and record.is_marked(group.classes)) or _is_of(trainee, group.groups)


def _trained(record: ClassRecord) -> list[OpenedTrainee]:
    return [trainee for trainee in record.opened.trainees if trainee.person_id in record.trained]


def _is_of(trainee: OpenedTrainee, groups: tuple[str, ...]) -> bool:
    return not set(groups).isdisjoint(trainee.groups)


def transfer_employment(
    records: Sequence[ClassRecord], period: Period, term: TransferEmployment
) -> tuple[ClassEmployment, ...]:
    """Give per class with rural learners certified in the period how many have a recorded employment (JY-QUA-07)."""
    found = []
    for record in records:
        rural = {trainee.person_id for trainee in record.opened.trainees if _is_of(trainee, term.groups)}
        certified = {person for person, day in record.certified_on.items() if person in rural and period.has(day)}
        if certified:
            share = Share(part=len(certified & record.employed), whole=len(certified))
            found.append(ClassEmployment(class_id=record.opened.class_id, share=share))
    return tuple(found)


def cluster_share(records: Sequence[ClassRecord], period: Period, term: ClusterShare) -> Share:
    """Give the share of cluster classes among those that the colleges opened in the period (JY-INS-09)."""
    classes = [
        record
        for record in records
        if record.opened.institution.kind in term.institution_kinds and record.counts(period).opened_classes
    ]
    return Share(part=sum(record.is_marked(term.cluster) for record in classes), whole=len(classes))


def villages(records: Sequence[ClassRecord], period: Period, term: VillageReport) -> tuple[Village, ...]:
    """Give the person-times opened in the period by village (JY-ENR-23)."""
    by_village: dict[str, list[ClassRecord]] = defaultdict(list)
    for record in records:
        village = record.opened.attributes.get(term.village_attribute)
        if village and record.counts(period).opened_classes:
            by_village[village].append(record)
    return tuple(
        Village(
            village=village,
            classes=len(classes),
            person_times=_person_times(classes),
            campaign_person_times=_person_times(each for each in classes if each.is_marked(term.campaign)),
            new_farmer_person_times=_person_times(each for each in classes if each.is_marked(term.new_farmer)),
        )
        for village, classes in sorted(by_village.items())
    )


def _person_times(records: Iterable[ClassRecord]) -> int:
    return sum(len(record.opened.trainees) for record in records)


def whole(shares: Iterable[Share]) -> Share:
    """Add shares of disjoint wholes up."""
    listed = list(shares)
    return Share(part=sum(each.part for each in listed), whole=sum(each.whole for each in listed))
