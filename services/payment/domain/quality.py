"""Quality indicators by provider (HB-QUA-01, HB-REP-06): exact parts of wholes, no threshold where none is named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.payment.domain.class_record import ClassRecord, Period
from services.payment.domain.shares import Share
from shared.policy.terms.reporting import Indicator, QualityIndicators


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorShare:
    """One indicator and its share of person-times."""

    indicator: Indicator
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderQuality:
    """The indicators of one institution's classes in one region."""

    institution_id: str
    institution: str
    region: str
    shares: tuple[IndicatorShare, ...]


def indicators(records: Iterable[ClassRecord], period: Period, term: QualityIndicators) -> tuple[IndicatorShare, ...]:
    """Give every indicator of the classes whose training was completed in the period."""
    ended = [record for record in records if period.has(record.trained_on)]
    return tuple(IndicatorShare(indicator=each, share=_share(ended, each)) for each in term.indicators)


def by_provider(records: Sequence[ClassRecord], period: Period, term: QualityIndicators) -> tuple[ProviderQuality, ...]:
    """Give the indicators of every institution that completed a class in the period, region by region."""
    of: dict[tuple[str, str], list[ClassRecord]] = {}
    for record in records:
        if period.has(record.trained_on):
            of.setdefault((record.opened.region, record.opened.institution.institution_id), []).append(record)
    return tuple(
        ProviderQuality(
            institution_id=institution_id,
            institution=max(found, key=lambda record: record.opened.opening_date).opened.institution.name,
            region=region,
            shares=indicators(found, period, term),
        )
        for (region, institution_id), found in sorted(of.items())
    )


def _share(records: Iterable[ClassRecord], indicator: Indicator) -> Share:
    part = whole = 0
    for record in records:
        if indicator.types and record.opened.training_type not in indicator.types:
            continue
        people = record.trained & _of_groups(record, indicator) if indicator.groups else record.trained
        whole += len(people)
        part += len(people & _part(record, indicator))
    return Share(part=part, whole=whole)


def _part(record: ClassRecord, indicator: Indicator) -> frozenset[str]:
    match indicator.part:
        case "employed":
            return record.employed
        case "certified" if indicator.certificate_kinds and not record.cancelled:
            kinds = indicator.certificate_kinds
            return frozenset(issued.person_id for issued in record.certificates if issued.kind in kinds)
        case "certified":
            return frozenset(record.certified_on)
        case "of_levels":
            return record.trained if record.opened.level in indicator.levels else frozenset()


def _of_groups(record: ClassRecord, indicator: Indicator) -> frozenset[str]:
    """Give the people of the indicator's groups (LS-ASM-02)."""
    groups = set(indicator.groups)
    return frozenset(one.person_id for one in record.opened.trainees if not groups.isdisjoint(one.groups))
