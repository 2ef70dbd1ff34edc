"""What is told of quality, money and waiting (HB-QUA-01, HB-REP-06, HL-REP-06, LS-FND-01, HB-CLM-14, HL-PAY-04)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import period_of, region_of
from services.payment.domain.ageing import Waiting, ageing
from services.payment.domain.class_record import ClassRecord, Period
from services.payment.domain.fund_use import FundTable, fund_use
from services.payment.domain.quality import IndicatorShare, ProviderQuality, by_provider, indicators
from shared.domain.errors import Refused
from shared.domain.jurisdiction import descendants, regions
from shared.policy.rulebook import Rulebook
from shared.policy.terms.reporting import Ageing, FundUse, QualityIndicators


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionQuality:
    """The indicators of one region below the wanted one, itself and everything under it."""

    region: str
    name: str
    shares: tuple[IndicatorShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReading:
    """The indicators of a region's classes, of the regions below it, and of every provider."""

    region: str
    period: Period
    term: QualityIndicators
    shares: tuple[IndicatorShare, ...]
    regions: tuple[RegionQuality, ...]
    providers: tuple[ProviderQuality, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundReading:
    """How the money of a region's classes was used in a period."""

    region: str
    period: Period
    term: FundUse
    tables: tuple[FundTable, ...]


async def read_quality(uow: PaymentUnit, *, region: str | None, first: date, last: date) -> QualityReading:
    """Give the quality indicators of a period, or raise Refused FEATURE_OFF, PERIOD_INVALID."""
    period, wanted = period_of(first, last), region_of(uow, region)
    return await quality_of(uow, uow.shelf.last_in_force(wanted, last), wanted, period)


async def quality_of(uow: PaymentUnit, book: Rulebook, region: str, period: Period) -> QualityReading:
    """Give the quality indicators of a region and period as a rulebook defines them."""
    term = book.payment.reporting.quality_indicators
    if term is None:
        raise _off("质量评价指标")
    records = await uow.reports.records(descendants(region))
    return QualityReading(
        region=region,
        period=period,
        term=term,
        shares=indicators(records, period, term),
        regions=tuple(_by_region(records, region, period, term)),
        providers=by_provider(records, period, term),
    )


def _by_region(
    records: Sequence[ClassRecord], region: str, period: Period, term: QualityIndicators
) -> list[RegionQuality]:
    below = sorted(each.code for each in regions().regions.values() if each.parent == region)
    return [
        RegionQuality(
            region=code,
            name=regions().region(code).name,
            shares=indicators([each for each in records if each.opened.region in descendants(code)], period, term),
        )
        for code in below
    ]


async def read_fund_use(uow: PaymentUnit, *, region: str | None, first: date, last: date) -> FundReading:
    """Give how money was used in a period, or raise Refused FEATURE_OFF, PERIOD_INVALID."""
    period, wanted = period_of(first, last), region_of(uow, region)
    return await fund_use_of(uow, uow.shelf.last_in_force(wanted, last), wanted, period)


async def fund_use_of(uow: PaymentUnit, book: Rulebook, region: str, period: Period) -> FundReading:
    """Give how the money of a region was used in a period, under the heads that a rulebook names."""
    term = book.payment.reporting.fund_use
    if term is None:
        raise _off("资金使用情况的公开")
    records = await uow.reports.records(descendants(region))
    return FundReading(region=region, period=period, term=term, tables=fund_use(records, period, term))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingReading:
    """What waits in a region today."""

    region: str
    on: date
    term: Ageing
    waiting: tuple[Waiting, ...]


async def read_ageing(uow: PaymentUnit, *, region: str | None) -> AgeingReading:
    """Give what waits in a region, the longest first, or raise Refused FEATURE_OFF."""
    wanted = region_of(uow, region)
    term = uow.shelf.last_in_force(wanted, uow.today).payment.reporting.ageing
    if term is None:
        raise _off("申领、拨付的时效清单")
    below = descendants(wanted)
    waiting = ageing(term, await uow.reports.records(below), await uow.reports.stands(below), uow.today)
    return AgeingReading(region=wanted, on=uow.today, term=term, waiting=waiting)


def _off(what: str) -> Refused:
    return Refused(
        code="FEATURE_OFF",
        message=f"本地政策文件没有规定{what}。",
        advice="请核对规则册；确有要求的，由政策管理员补充条款。",
    )
