"""Addresses of claims: from receipt to payment order."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.payment.api.claim_views import ClaimView, NoticeAnswer, OrdersAnswer, OrderView
from services.payment.api.part_views import ApplicationView
from services.payment.api.schemas import (
    AccountBody,
    ApplicationBody,
    ClaimBody,
    DecisionBody,
    EmptyBody,
    FeatureBody,
    NoticeBody,
    OrdersBody,
    ReasonBody,
    ReviewBody,
)
from services.payment.api.views import ClassView
from services.payment.application.correct_account import approve_account, correct_account, refuse_account
from services.payment.application.create_orders import create_orders
from services.payment.application.ports import PaymentUnit
from services.payment.application.publish_notice import publish_notice
from services.payment.application.queries import read_claim, read_class
from services.payment.application.record_decision import record_decision
from services.payment.application.request_feature import request_feature
from services.payment.application.review_claim import review_claim
from services.payment.application.scope import BUREAU, claim_for_change
from services.payment.application.submit_application import read_application, submit_application
from services.payment.application.submit_claim import submit_claim
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.versions import etag, require_match

router = service_router("/payment/v1", tags=["申领"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]
Read = Annotated[PaymentUnit, Depends(read_transaction)]
CLAIMANTS = (Role.INSTITUTION, Role.TRAINEE, Role.ASSESSOR)
_ROLES = {"individual": Role.TRAINEE, "assessor": Role.ASSESSOR}
"""In which role who claims, where it is not as an institution."""
READERS = (*CLAIMANTS, *BUREAU)
CLASS_READERS = (Role.INSTITUTION, *BUREAU)
REVIEWERS = (Role.FIRST_REVIEWER, Role.SECOND_REVIEWER)


async def require_unchanged(request: Request, unit: PaymentUnit, claim_id: str) -> None:
    """Raise 412 when the request names a version by `If-Match` and the claim has moved on; the claim stays locked."""
    if "if-match" in request.headers:
        require_match(request, (await claim_for_change(unit, claim_id)).version)


async def claim_view(unit: PaymentUnit, claim_id: str, response: Response) -> ClaimView:
    """Render a claim whole, its version as the answer's entity tag."""
    view = ClaimView.of(await read_claim(unit, claim_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.get(
    "/classes/{class_id}",
    summary="班级资金情况与申领条件",
    dependencies=[requires(*CLASS_READERS)],
    responses=responses(404),
)
async def get_class(class_id: str, unit: Read, response: Response) -> ClassView:
    """Give what payment knows of a class and what still stands against a claim."""
    view = ClassView.of(await read_class(unit, class_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.post(
    "/classes/{class_id}/feature-requests",
    status_code=204,
    summary="申请文件可能未规定的待遇（预拨、生活费补贴、评价补贴等）",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404, 422),
)
async def post_feature_request(class_id: str, body: FeatureBody, unit: Write) -> None:
    """Answer with the rule by which the feature is off."""
    await request_feature(unit, class_id=class_id, feature=body.feature)


@router.post(
    "/claims",
    status_code=201,
    summary="提交（或补正后重新提交）补贴申领",
    dependencies=[requires(*CLAIMANTS)],
    responses=responses(403, 404, 409, 422),
)
async def post_claim(body: ClaimBody, unit: Write, response: Response) -> ClaimView:
    """Receive a claim; its lines are computed from recorded events alone."""
    unit.actor.require(_ROLES.get(body.claimant, Role.INSTITUTION))
    claim = await submit_claim(
        unit,
        class_id=body.class_id,
        undertaking=body.undertaking.to_command(),
        account=body.account.to_command(),
        claimant=body.claimant,
        person=body.person.to_command() if body.person else None,
        employer_payment=body.employer_payment.to_command() if body.employer_payment else None,
    )
    return await claim_view(unit, claim.claim_id, response)


@router.post(
    "/applications",
    status_code=201,
    summary="一份申请提交多个批次（每个班级一项申领）",
    dependencies=[requires(Role.INSTITUTION, Role.ASSESSOR)],
    responses=responses(403, 404, 409, 422),
)
async def post_application(body: ApplicationBody, unit: Write) -> ApplicationView:
    """Receive one application for several classes: all of them or none."""
    unit.actor.require(_ROLES.get(body.claimant, Role.INSTITUTION))
    return ApplicationView.of(
        await submit_application(
            unit,
            class_ids=body.class_ids,
            claimant=body.claimant,
            undertaking=body.undertaking.to_command(),
            account=body.account.to_command(),
        )
    )


@router.get(
    "/applications/{application_id}",
    summary="申请及其各批次合计",
    dependencies=[requires(Role.ASSESSOR, *CLASS_READERS)],
    responses=responses(404),
)
async def get_application(application_id: str, unit: Read) -> ApplicationView:
    """Give an application with its batches and their totals."""
    return ApplicationView.of(await read_application(unit, application_id))


@router.get("/claims/{claim_id}", summary="申领详情", dependencies=[requires(*READERS)], responses=responses(404))
async def get_claim(claim_id: str, unit: Read, response: Response) -> ClaimView:
    """Give a claim with lines, traces, evidence and what is still missing."""
    return await claim_view(unit, claim_id, response)


@router.post(
    "/claims/{claim_id}/decisions",
    status_code=201,
    summary="记录人工决定",
    dependencies=[requires(*REVIEWERS)],
    responses=responses(404, 412, 422),
)
async def post_decision(
    claim_id: str, body: DecisionBody, unit: Write, request: Request, response: Response
) -> ClaimView:
    """Record what a rule leaves to a person; the claim is computed again."""
    await require_unchanged(request, unit, claim_id)
    await record_decision(unit, claim_id=claim_id, given=body.to_command())
    return await claim_view(unit, claim_id, response)


@router.post(
    "/claims/{claim_id}/reviews",
    summary="初审、复核、人社部门审核意见",
    dependencies=[requires(*REVIEWERS, Role.APPROVER)],
    responses=responses(403, 404, 409, 412, 422),
)
async def post_review(claim_id: str, body: ReviewBody, unit: Write, request: Request, response: Response) -> ClaimView:
    """Pass or return a claim; each step by another person."""
    await require_unchanged(request, unit, claim_id)
    await review_claim(unit, claim_id=claim_id, given=body.to_command())
    return await claim_view(unit, claim_id, response)


@router.post(
    "/claims/{claim_id}/notice",
    status_code=201,
    summary="发布公示",
    dependencies=[requires(Role.SECOND_REVIEWER, Role.APPROVER)],
    responses=responses(404, 409, 412, 422),
)
async def post_notice(claim_id: str, body: NoticeBody, unit: Write, request: Request) -> NoticeAnswer:
    """Publish the masked list."""
    await require_unchanged(request, unit, claim_id)
    return NoticeAnswer.of(await publish_notice(unit, claim_id=claim_id, site=body.site))


@router.post(
    "/claims/{claim_id}/orders",
    status_code=201,
    summary="开具拨付单（按资金来源拆分）",
    dependencies=[requires(Role.FINANCE)],
    responses=responses(404, 409, 412, 422),
)
async def post_orders(claim_id: str, body: OrdersBody, unit: Write, request: Request) -> OrdersAnswer:
    """Order exactly what is due and not yet ordered."""
    await require_unchanged(request, unit, claim_id)
    orders = await create_orders(unit, claim_id=claim_id, shares=body.to_shares())
    return OrdersAnswer(items=[OrderView.of(order) for order in orders])


@router.post(
    "/claims/{claim_id}/account",
    summary="提交更正后的收款账户",
    dependencies=[requires(*CLAIMANTS)],
    responses=responses(404, 409, 412, 422),
)
async def post_account(
    claim_id: str, body: AccountBody, unit: Write, request: Request, response: Response
) -> ClaimView:
    """Hand in a corrected account; it waits for approval."""
    await require_unchanged(request, unit, claim_id)
    await correct_account(unit, claim_id=claim_id, given=body.to_command())
    return await claim_view(unit, claim_id, response)


@router.post(
    "/claims/{claim_id}/account-approval",
    summary="审核更正后的收款账户",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 412),
)
async def post_account_approval(
    claim_id: str, body: EmptyBody, unit: Write, request: Request, response: Response
) -> ClaimView:
    """Approve the pending account; returned orders join the next bank file."""
    await require_unchanged(request, unit, claim_id)
    await approve_account(unit, claim_id=claim_id)
    return await claim_view(unit, claim_id, response)


@router.post(
    "/claims/{claim_id}/account-refusal",
    summary="不予通过更正后的收款账户",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 412),
)
async def post_account_refusal(
    claim_id: str, body: ReasonBody, unit: Write, request: Request, response: Response
) -> ClaimView:
    """Refuse the pending account; the approved one stays."""
    await require_unchanged(request, unit, claim_id)
    await refuse_account(unit, claim_id=claim_id, reason=body.reason)
    return await claim_view(unit, claim_id, response)
