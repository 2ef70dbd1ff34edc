"""What the addresses of quality, money and filings take and give."""

import json
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from services.payment.api.report_views import ShareView
from services.payment.api.schemas import Body, Code, Day, LongText, RegionCode
from services.payment.application.file_document import GivenFiling
from services.payment.application.filings import PublicPage
from services.payment.application.statistics import AgeingReading, FundReading, QualityReading
from services.payment.domain.figures import EnteredFigure
from services.payment.domain.filing import Filed, FilingStand
from services.payment.domain.quality import IndicatorShare


class FigureBody(Body):
    """A figure of official statistics, with the publication or letter that says so."""

    region: RegionCode | None = None
    code: Code
    number: Annotated[int, Field(strict=True, ge=0, le=10**12)]
    on: Annotated[Day, Field(description="统计截止日期")]
    source: Annotated[LongText, Field(description="来源，例如统计公报的文号", examples=["统计公报 2021"])]

    def to_figure(self) -> EnteredFigure:
        """Give the command's part."""
        return EnteredFigure(code=self.code, number=self.number, on=self.on, source=self.source)


class FigureAnswer(BaseModel):
    """What was entered."""

    code: str
    number: int
    on: date


class FilingBody(Body):
    """A filing; `unit` is a region's code or a department's, `task` the row it reports on."""

    region: RegionCode | None = None
    code: Code
    unit: Code
    task: Code | None = None
    contents: Annotated[dict[Code, LongText], Field(max_length=20, description="各份材料的文号或存放处")] = {}
    assignment: Annotated[LongText, Field(description="非责任单位办理时，交办文件的文号")] | None = None

    def to_command(self) -> GivenFiling:
        """Give the command's part."""
        return GivenFiling(
            code=self.code,
            unit=self.unit,
            task=self.task or "",
            contents=self.contents,
            assignment=self.assignment,
        )


class FiledView(BaseModel):
    """What was filed; `sha256` is the hash of `text`, which was counted and sealed with it."""

    filing_id: str
    code: str
    unit: str
    task: str | None
    filed_on: date
    filed_by: str
    contents: dict[str, str]
    assignment: str | None
    sha256: str | None
    text: str | None = Field(description="随附统计的原文（UTF-8），sha256 即其摘要")

    @classmethod
    def of(cls, filed: Filed) -> Self:
        """Render a filing."""
        return cls(
            filing_id=filed.filing_id,
            code=filed.code,
            unit=filed.unit,
            task=filed.task or None,
            filed_on=filed.filed_on,
            filed_by=filed.filed_by,
            contents=dict(filed.contents),
            assignment=filed.assignment,
            sha256=filed.sha256,
            text=filed.content,
        )


class StandView(BaseModel):
    """How one unit stands to one filing; a missing or overdue one is listed like every other."""

    code: str
    name: str
    rule: str
    clause: str
    document: str
    unit: str
    unit_name: str
    task: str | None
    state: Literal["open", "due", "overdue", "missing", "filed", "filed_late"]
    due: date | None
    preliminary: bool
    contents: dict[str, str] = Field(description="须报送的材料：代码和名称")
    last: FiledView | None

    @classmethod
    def of(cls, stand: FilingStand) -> Self:
        """Render a stand."""
        filing = stand.filing
        return cls(
            code=filing.code,
            name=filing.name,
            rule=filing.rule,
            clause=filing.clause,
            document=filing.document,
            unit=stand.filer.unit,
            unit_name=stand.filer.name,
            task=stand.filer.task or None,
            state=stand.state,
            due=stand.due,
            preliminary=filing.preliminary,
            contents={item.code: item.name for item in filing.contents},
            last=FiledView.of(stand.last) if stand.last else None,
        )


class BoardView(BaseModel):
    """Everything that has to be filed, unit by unit."""

    items: list[StandView]
    next: None = None


class IndicatorView(BaseModel):
    """One indicator with its definition; no threshold, where the document names none."""

    code: str
    name: str
    definition: str
    share: ShareView

    @classmethod
    def of(cls, each: IndicatorShare) -> Self:
        """Render an indicator."""
        return cls(
            code=each.indicator.code,
            name=each.indicator.name,
            definition=each.indicator.definition,
            share=ShareView.of(each.share),
        )


class PeriodView(BaseModel):
    """What was counted of a region in a period, and the rule that asks for it."""

    region: str
    first: date
    last: date
    rule: str
    clause: str
    document: str


def _counted(reading: QualityReading | FundReading) -> dict[str, Any]:
    return {
        "region": reading.region,
        "first": reading.period.first,
        "last": reading.period.last,
        "rule": reading.term.rule,
        "clause": reading.term.clause,
        "document": reading.term.document,
    }


class RegionQualityView(BaseModel):
    """The indicators of one region below."""

    region: str
    name: str
    indicators: list[IndicatorView]


class ProviderQualityView(BaseModel):
    """The indicators of one institution in one region."""

    institution_id: str
    institution: str
    region: str
    indicators: list[IndicatorView]


class QualityView(PeriodView):
    """Quality indicators of a period: of the region, of those below it, and of every institution."""

    indicators: list[IndicatorView]
    regions: list[RegionQualityView]
    providers: list[ProviderQualityView]

    @classmethod
    def of(cls, reading: QualityReading) -> Self:
        """Render indicators."""
        return cls(
            **_counted(reading),
            indicators=[IndicatorView.of(each) for each in reading.shares],
            regions=[
                RegionQualityView(
                    region=row.region, name=row.name, indicators=[IndicatorView.of(each) for each in row.shares]
                )
                for row in reading.regions
            ],
            providers=[
                ProviderQualityView(
                    institution_id=row.institution_id,
                    institution=row.institution,
                    region=row.region,
                    indicators=[IndicatorView.of(each) for each in row.shares],
                )
                for row in reading.providers
            ],
        )


class FundRowView(BaseModel):
    """What was paid under one head; an empty head is money that came back without a source."""

    head: str
    amount_fen: int
    person_times: int
    persons: int


class FundTableView(BaseModel):
    """The use of the money by one kind of head."""

    by: Literal["funding_source", "training_type", "institution"]
    amount_fen: int
    rows: list[FundRowView]


class FundView(PeriodView):
    """How the money was used in a period: sums, and never a person."""

    tables: list[FundTableView]

    @classmethod
    def of(cls, reading: FundReading) -> Self:
        """Render the use of the money."""
        return cls(
            **_counted(reading),
            tables=[
                FundTableView.model_validate(
                    {
                        "by": table.by,
                        "amount_fen": sum(row.amount_fen for row in table.rows),
                        "rows": [FundRowView(**asdict(row)) for row in table.rows],
                    }
                )
                for table in reading.tables
            ],
        )


class DisclosureView(BaseModel):
    """What was disclosed on a day, with the hash under which it was sealed."""

    code: str
    name: str
    disclosed_on: date
    sha256: str | None
    content: dict[str, Any] | None


class PublicPageView(BaseModel):
    """What anybody may read: the document in force, where to ask about it, and what was disclosed."""

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None
    phone: str | None = Field(description="政策咨询电话；文件未载明的为空")
    address: str | None
    disclosures: list[DisclosureView]

    @classmethod
    def of(cls, page: PublicPage) -> Self:
        """Render the page."""
        return cls(
            region=page.book.region,
            document=page.book.document,
            title=page.book.title,
            valid_from=page.book.valid_from,
            valid_to=page.book.valid_to,
            phone=page.contact.phone if page.contact else None,
            address=page.contact.address if page.contact else None,
            disclosures=[
                DisclosureView(
                    code=filing.code,
                    name=filing.name,
                    disclosed_on=filed.filed_on,
                    sha256=filed.sha256,
                    content=json.loads(filed.content) if filed.content else None,
                )
                for filing, filed in page.disclosed
            ],
        )


class WaitingView(BaseModel):
    """A class that waits for its claim, or a claim that waits for its money."""

    class_id: str
    claim_id: str | None
    institution: str
    since: date
    days: int
    late: bool


class AgeingView(BaseModel):
    """What waits today, the longest first; `days_max` is empty where nothing says when it is late."""

    region: str
    on: date
    rule: str
    clause: str
    document: str
    waits_for: str
    days_max: int | None
    waiting: list[WaitingView]

    @classmethod
    def of(cls, reading: AgeingReading) -> Self:
        """Render what waits."""
        term = reading.term
        return cls(
            region=reading.region,
            on=reading.on,
            rule=term.rule,
            clause=term.clause,
            document=term.document,
            waits_for=term.waits_for,
            days_max=term.days_max,
            waiting=[WaitingView(**asdict(each)) for each in reading.waiting],
        )
