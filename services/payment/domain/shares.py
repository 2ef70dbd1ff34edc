"""Shares that the document asks for without a threshold (JY-QUA-03, JY-QUA-07, JY-INS-09, JY-ENR-23). Pure counts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from services.payment.domain.benefit import is_for
from services.payment.domain.class_record import ClassRecord, Period
from shared.contracts.enrollment import OpenedTrainee
from shared.policy.terms.benefit import Benefit
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
class Count:
    """How many people something happened to, and how many times."""

    persons: int
    person_times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Had:
    """What one person had of one class; `waits` for an allowance that the class pays them."""

    trainee: OpenedTrainee
    subsidised: bool
    allowance: bool
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUse:
    """What a group had of the training (LS-CLM-09): trained, free of charge, subsidised, with a living allowance.

    `allowance` counts those to whom one was credited, `without_allowance` those whose class pays one that was not yet;
    both are None where the document pays no allowance by the day.
    """

    trained: Count
    free: Count
    subsidised: Count
    allowance: Count | None
    without_allowance: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShare:
    """A group's share of the trained; None where the roster cannot tell who belongs to it.

    `unpaid` of them had no subsidy credited yet: the gap (LS-CLM-09); `use` says what they had.
    """

    code: str
    name: str
    share: Share | None
    year_before: Share | None
    unpaid: int | None = None
    use: GroupUse | None = None


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
    records: Sequence[ClassRecord],
    period: Period,
    before: Period,
    term: GroupShares,
    benefits: Iterable[Benefit] = (),
) -> tuple[GroupShare, ...]:
    """Give each group's share of the person-times trained in a period, and in the period a year before (JY-QUA-03).

    `benefits` are the document's: those paid by the day are its living allowances.
    """
    allowances = tuple(benefit for benefit in benefits if benefit.basis == "day")
    return tuple(
        GroupShare(
            code=group.code,
            name=group.name,
            share=_share(records, period, group) if group.can_be_told else None,
            year_before=_share(records, before, group) if group.can_be_told else None,
            unpaid=_unpaid(records, period, group) if group.can_be_told else None,
            use=_use(records, period, group, allowances) if group.can_be_told else None,
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


def _use(records: Iterable[ClassRecord], period: Period, group: SharedGroup, allowances: Sequence[Benefit]) -> GroupUse:
    words = {benefit.programme for benefit in allowances}
    had = [
        one
        for record in records
        if period.has(record.trained_on)
        for one in _had(record, words, allowances)
        if _belongs(record, one.trainee, group)
    ]
    return GroupUse(
        trained=_heads(had),
        free=_heads([one for one in had if not one.trainee.fee_fen]),
        subsidised=_heads([one for one in had if one.subsidised]),
        allowance=_heads([one for one in had if one.allowance]) if allowances else None,
        without_allowance=_heads([one for one in had if one.waits]) if allowances else None,
    )


def _had(record: ClassRecord, words: Collection[str | None], allowances: Sequence[Benefit]) -> Iterator[_Had]:
    credited = [(each.person_id, each.programme in words) for each in record.settlements if each.amount_fen > 0]
    subsidised, allowed = ({person for person, is_one in credited if is_one == kind} for kind in (False, True))
    for trainee in _trained(record):
        has_one = trainee.person_id in allowed
        due = any(_pays(benefit, record, trainee) for benefit in allowances)
        yield _Had(
            trainee=trainee,
            subsidised=trainee.person_id in subsidised,
            allowance=has_one,
            waits=due and not has_one,
        )


def _pays(benefit: Benefit, record: ClassRecord, trainee: OpenedTrainee) -> bool:
    return benefit.is_earned_by(record.opened.programme, record.opened.kind) and is_for(benefit, trainee)


def _heads(found: Sequence[_Had]) -> Count:
    return Count(persons=len({one.trainee.person_id for one in found}), person_times=len(found))


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
