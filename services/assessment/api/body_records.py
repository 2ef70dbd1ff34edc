"""On which lists assessment bodies stand, and what bureaus found of their exams."""

from datetime import date
from typing import Annotated, Final, Self

from fastapi import Depends
from pydantic import BaseModel, Field

from services.assessment.api.schemas import (
    Body,
    Code,
    Day,
    FindingView,
    Level,
    Reason,
    RegionCode,
    example,
    finding_views,
)
from services.assessment.application.access import READERS
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.record_body import list_body, read_lists, review_body
from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.body_record import BodyRecord, BodyReview, Listing, Scope, Verdict
from shared.clock import new_id
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.validation import Text

router = service_router("/assessment/v1", tags=["评价机构名录与监管"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]
Read = Annotated[AssessmentUnit, Depends(read_transaction)]

_LISTING: Final = {
    "list_code": "city",
    "region": "419001",
    "scopes": [{"occupation": "6-18-02-04", "level": "4"}],
    "valid_from": "2021-05-20",
    "valid_to": "2021-12-31",
    "published_on": "2021-05-20",
    "document": "示例通知〔2021〕5号",
}
_REVIEW: Final = {"region": "419001", "held_on": "2021-06-01", "verdict": "suspended", "findings": "考场监控不完整"}


class ScopeBody(Body):
    """One occupation, at a level or, without one, at every level."""

    occupation: Code
    level: Level | None = None


class ListingBody(Body):
    """A body stands on a region's list; both days are included."""

    model_config = example(_LISTING)

    list_code: Code = Field(description="规则册所列名录的代码")
    region: RegionCode
    scopes: Annotated[list[ScopeBody], Field(min_length=1, max_length=2000)]
    valid_from: Day
    valid_to: Day
    published_on: Day = Field(description="名录公布之日")
    document: Annotated[Text, Field(min_length=1, max_length=500, description="遴选或公布文件及文号")]


class ListingView(ListingBody):
    """A listing as it stands."""

    model_config = example({**_LISTING, "listing_id": "5b1d1c3e-0000-4000-8000-000000000031"})

    listing_id: str

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """Render a listing."""
        return cls(
            listing_id=listing.listing_id,
            list_code=listing.list_code,
            region=listing.region,
            scopes=[ScopeBody(occupation=scope.occupation, level=scope.level) for scope in listing.scopes],
            valid_from=listing.valid_from,
            valid_to=listing.valid_to,
            published_on=listing.published_on,
            document=listing.document,
        )


class ListedAnswer(BaseModel):
    """The listing and what to look at."""

    listing: ListingView
    warnings: list[FindingView]


class ReviewBody(Body):
    """What a bureau found of a body's exams; a suspension or its end holds from the day on."""

    model_config = example(_REVIEW)

    region: RegionCode
    held_on: Day
    verdict: Verdict = Field(description="sound 合格、poor 较差、suspended 暂停、reinstated 恢复")
    findings: Reason


class ReviewAnswer(ReviewBody):
    """The review as recorded, and the exams to be given to another body."""

    model_config = example(
        {**_REVIEW, "review_id": "5b1d1c3e-0000-4000-8000-000000000032", "exams_to_reassign": ["exam-1"]}
    )

    review_id: str
    exams_to_reassign: list[str] = Field(description="已安排给该机构、尚未定稿的考核，须改由其他机构承接")


class ListedBody(BaseModel):
    """A body with its listings; `suspended_from` is the day of the suspension that holds today."""

    body_id: str
    name: str
    kind: str | None
    listings: list[ListingView]
    reviews: int = Field(description="评价质量监管记录数")
    suspended_from: date | None

    @classmethod
    def of(cls, body: AssessmentBody, record: BodyRecord, today: date) -> Self:
        """Render a body."""
        regions = tuple({review.region for review in record.reviews})
        return cls(
            body_id=body.body_id,
            name=body.name,
            kind=body.kind,
            listings=[ListingView.of(listing) for listing in record.listings],
            reviews=len(record.reviews),
            suspended_from=record.suspended_since(today, regions),
        )


class BodyListsView(BaseModel):
    """The bodies on lists of the reader's region, of those above it and of those below."""

    bodies: list[ListedBody]


@router.get("/body-lists", summary="评价机构名录", dependencies=[requires(*READERS)])
async def get_body_lists(unit: Read) -> BodyListsView:
    """Give the lists from which institutions choose a body freely."""
    return BodyListsView(bodies=[ListedBody.of(body, record, unit.today) for body, record in await read_lists(unit)])


@router.post(
    "/bodies/{body_id}/listings",
    status_code=201,
    summary="把评价机构列入名录（只增不改）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 422, "REGION_OUT_OF_SCOPE", "REGION_UNKNOWN"),
)
async def post_listing(body_id: str, body: ListingBody, unit: Write) -> ListedAnswer:
    """Put a body on a list of the region, for occupations and levels, from a day to a day."""
    listing = Listing(
        listing_id=new_id(),
        body_id=body_id,
        list_code=body.list_code,
        region=body.region,
        scopes=tuple(Scope(occupation=scope.occupation, level=scope.level) for scope in body.scopes),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        published_on=body.published_on,
        document=body.document,
        recorded_by=unit.actor.subject,
    )
    listed, doubts = await list_body(unit, listing)
    return ListedAnswer(listing=ListingView.of(listed), warnings=finding_views(doubts))


@router.post(
    "/bodies/{body_id}/reviews",
    status_code=201,
    summary="登记对评价机构的质量监管（只增不改）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 422, "REGION_OUT_OF_SCOPE", "REGION_UNKNOWN"),
)
async def post_review(body_id: str, body: ReviewBody, unit: Write) -> ReviewAnswer:
    """Record what was found of a body's exams; a suspension names the exams to be given to another body."""
    review = BodyReview(
        review_id=new_id(),
        body_id=body_id,
        region=body.region,
        held_on=body.held_on,
        verdict=body.verdict,
        findings=body.findings,
        recorded_by=unit.actor.subject,
    )
    recorded, exams = await review_body(unit, review)
    return ReviewAnswer(**body.model_dump(), review_id=recorded.review_id, exams_to_reassign=list(exams))
