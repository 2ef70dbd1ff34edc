"""The bureau lists a body and records what it found of its exams; who chooses a body reads the lists."""

from collections.abc import Sequence

from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.schedule_assessment import body_of
from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.body_record import BodyRecord, BodyReview, Listing, judge_listing
from shared.domain.jurisdiction import ancestors, descendants
from shared.policy.decision import Finding


async def list_body(uow: AssessmentUnit, listing: Listing) -> tuple[Listing, tuple[Finding, ...]]:
    """Put a body on a list of a region within the actor's own, and give it with what to look at.

    Raise NotFound BODY_UNKNOWN, Refused as `judge_listing` does, RULEBOOK_MISSING without a rulebook on its first day.
    """
    uow.actor.require_region(listing.region)
    body = await body_of(uow, listing.body_id)
    rulebook = uow.shelf.in_force(listing.region, listing.valid_from)
    record = await uow.bodies.record(body.body_id)
    doubts = judge_listing(listing, body, record, regions=ancestors(listing.region), rulebook=rulebook)
    await uow.bodies.add_listing(listing)
    await uow.audit(
        action="body.listed",
        subject=body.body_id,
        details={
            "list": listing.list_code,
            "region": listing.region,
            "valid_from": listing.valid_from.isoformat(),
            "valid_to": listing.valid_to.isoformat(),
            "scopes": len(listing.scopes),
        },
    )
    return listing, doubts


async def review_body(uow: AssessmentUnit, review: BodyReview) -> tuple[BodyReview, Sequence[str]]:
    """Record a review and give it with the body's exams in that region that are still to come, for re-assignment.

    Only a suspension names exams: they stand, and are marked (HB-ASM-03). Raise NotFound BODY_UNKNOWN.
    """
    uow.actor.require_region(review.region)
    body = await body_of(uow, review.body_id)
    await uow.bodies.add_review(review)
    await uow.audit(
        action="body.reviewed",
        subject=body.body_id,
        details={"verdict": review.verdict, "held_on": review.held_on.isoformat(), "region": review.region},
    )
    if review.verdict != "suspended":
        return review, ()
    return review, await uow.assessments.to_reassign(body.body_id, sorted(descendants(review.region)))


async def read_lists(uow: AssessmentUnit) -> Sequence[tuple[AssessmentBody, BodyRecord]]:
    """Give every body that stands or stood on a list of the actor's region, those above or below, by name."""
    own = uow.actor.region
    return await uow.bodies.listed([*ancestors(own), *sorted(descendants(own) - {own})])
