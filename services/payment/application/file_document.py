"""Take what has to be filed, whole and from who has to file it, with what is counted sealed beside it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import region_of
from services.payment.application.statistics import FundReading, QualityReading, fund_use_of, quality_of
from services.payment.domain.class_record import Period
from services.payment.domain.filing import (
    Filed,
    filing_of,
    newest,
    require_contents,
    require_filer,
)
from services.payment.domain.monthly_report import canonical
from shared.clock import new_id
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook
from shared.policy.terms.reporting import Filing


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFiling:
    """What somebody files; `assignment` is the letter by which a unit reports on another's task."""

    code: str
    unit: str
    task: str
    contents: Mapping[str, str]
    assignment: str | None = None


async def file_document(uow: PaymentUnit, *, region: str | None, given: GivenFiling) -> Filed:
    """Store a filing and give it; what was filed before stays.

    Raise Refused FILING_UNKNOWN, UNIT_UNKNOWN, TASK_UNKNOWN, NOT_RESPONSIBLE, FILING_INCOMPLETE, ATTACHMENT_UNKNOWN,
    and Forbidden REGION_OUT_OF_SCOPE for a unit that lies outside the caller's region.
    """
    wanted = region_of(uow, region)
    book = uow.shelf.last_in_force(wanted, uow.today)
    filing = filing_of(book, given.code)
    require_filer(filing, book, regions(), unit=given.unit, task=given.task, assignment=given.assignment)
    require_contents(filing, given.contents)
    uow.actor.require_region(given.unit if filing.units == "regions_below" else book.region)
    enclosed = await _enclosed(uow, filing, book, given.unit)
    content = None if enclosed is None else canonical(enclosed)
    filed = Filed(
        filing_id=new_id(),
        region=book.region,
        code=given.code,
        unit=given.unit,
        task=given.task if filing.units == "task_units" else "",
        filed_on=uow.today,
        filed_by=uow.actor.subject,
        contents=dict(given.contents),
        assignment=given.assignment,
        content=content,
        sha256=None if content is None else hashlib.sha256(content.encode()).hexdigest(),
    )
    await uow.reports.file(filed)
    await uow.audit(
        action="document_filed",
        subject=filed.filing_id,
        details={"code": filed.code, "unit": filed.unit, "region": filed.region},
    )
    return filed


async def _enclosed(uow: PaymentUnit, filing: Filing, book: Rulebook, unit: str) -> dict[str, Any] | None:
    """Count what goes with the filing: the indicators of the year so far, the money since the filing before."""
    region = unit if filing.units == "regions_below" else book.region
    reading: QualityReading | FundReading
    match filing.encloses:
        case None:
            return None
        case "quality_indicators":
            year = Period(first=date(uow.today.year, 1, 1), last=uow.today)
            reading = await quality_of(uow, book, region, year)
        case "fund_use":
            last = newest(await uow.reports.filed(book.region), filing.code, unit)
            first = last.filed_on + timedelta(days=1) if last else book.valid_from
            reading = await fund_use_of(uow, book, region, Period(first=min(first, uow.today), last=uow.today))
    told: dict[str, Any] = _plain(asdict(reading))
    return {**told, "preliminary": filing.preliminary}


def _plain(value: Any) -> Any:
    """Give the value as JSON has it: days as texts, tuples as lists."""
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case date():
            return value.isoformat()
        case _:
            return value
