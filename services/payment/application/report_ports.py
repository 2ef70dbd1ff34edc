"""What reporting needs from storage."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from services.payment.domain.ageing import ClaimStand
from services.payment.domain.class_record import ClassRecord
from services.payment.domain.figures import EnteredFigure
from services.payment.domain.filing import Filed
from services.payment.domain.monthly_report import Dispatch, Month, MonthlyReport, SealedCopy


class Reports(Protocol):
    """What reports count, and the months that were reported."""

    async def records(self, regions: Collection[str]) -> Sequence[ClassRecord]:
        """Give every class of these regions that opened, as reports see it, by class."""
        ...

    async def stands(self, regions: Collection[str]) -> Sequence[ClaimStand]:
        """Give how far every claim of these regions is, by claim."""
        ...

    async def add(self, report: MonthlyReport) -> None:
        """Store that a month is to be reported."""
        ...

    async def find(self, region: str, month: Month, *, lock: bool = False) -> MonthlyReport | None:
        """Give a month's report with its copies, None for a month that was not drafted."""
        ...

    async def of_regions(self, regions: Collection[str]) -> Sequence[MonthlyReport]:
        """Give all reports of these regions, by region and month."""
        ...

    async def seal(self, report: MonthlyReport, copy: SealedCopy) -> None:
        """Store a signed copy."""
        ...

    async def stamp(self, report: MonthlyReport, number: int, stamp: Dispatch) -> None:
        """Store the delivery of a copy."""
        ...

    async def figures(self, region: str) -> Sequence[EnteredFigure]:
        """Give the figures that were entered for a region, in that order."""
        ...

    async def enter_figure(self, region: str, figure: EnteredFigure, *, by: str, on: date) -> None:
        """Store a figure; one for the same day that was entered before stays and is corrected by it."""
        ...

    async def filed(self, region: str) -> Sequence[Filed]:
        """Give what was filed under a region's rulebook, by day."""
        ...

    async def file(self, filed: Filed) -> None:
        """Store a filing."""
        ...
