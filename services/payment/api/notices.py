"""Addresses of the public: notices without a token, and objections."""

from typing import Annotated, Any

from fastapi import Depends

from services.payment.api.claim_views import ObjectionView
from services.payment.api.schemas import ObjectionBody, ResolutionBody
from services.payment.application.ports import PaymentUnit
from services.payment.application.queries import read_notice
from services.payment.application.raise_objection import raise_objection
from services.payment.application.resolve_objection import resolve_objection
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import public_transaction, public_write_transaction, write_transaction

router = service_router("/payment/v1", tags=["公示与异议"])

PublicRead = Annotated[PaymentUnit, Depends(public_transaction)]
PublicWrite = Annotated[PaymentUnit, Depends(public_write_transaction)]
Write = Annotated[PaymentUnit, Depends(write_transaction)]


@router.get("/notices/{notice_id}", summary="公示名单（无须登录）", responses=responses(404))
async def get_notice(notice_id: str, unit: PublicRead) -> dict[str, Any]:
    """Give exactly what was published, with its hash."""
    notice = await read_notice(unit, notice_id)
    return {**notice.content, "list_hash": notice.list_hash}


@router.post(
    "/notices/{notice_id}/objections",
    status_code=201,
    summary="对公示条目提出异议（无须登录）",
    responses=responses(404, 422),
)
async def post_objection(notice_id: str, body: ObjectionBody, unit: PublicWrite) -> dict[str, str]:
    """Take an objection; only the lines it names are frozen."""
    raised = await raise_objection(unit, notice_id=notice_id, line_nos=body.line_nos, text=body.to_text())
    return {"objection_id": raised.objection_id, "raised_on": raised.raised_on.isoformat()}


@router.post(
    "/objections/{objection_id}/resolution",
    summary="办结异议",
    dependencies=[requires(Role.APPROVER, Role.INSPECTOR)],
    responses=responses(404, 409, 422),
)
async def post_resolution(objection_id: str, body: ResolutionBody, unit: Write) -> ObjectionView:
    """Decide an objection with a written finding."""
    resolved = await resolve_objection(unit, objection_id=objection_id, upheld=body.upheld, finding=body.finding)
    return ObjectionView.of(resolved)
