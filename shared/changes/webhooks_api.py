"""`/SERVICE/v1/webhooks`: a province tells where it wants to be told, and sees what became of it."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row
from starlette.responses import Response

from shared.changes import webhooks
from shared.changes.api import LIMIT_DEFAULT, NUMBER_MAX
from shared.changes.receivers import allowed_receivers
from shared.changes.webhook_schemas import (
    AttemptAnswer,
    DeliveriesAnswer,
    DeliveryAnswer,
    PingAnswer,
    RedeliveryBody,
    SecretAnswer,
    WebhookAnswer,
    WebhookBody,
    WebhooksAnswer,
)
from shared.contracts.catalogue import CONTRACTS
from shared.database.encryption import Vault
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Role
from shared.domain.errors import Refused
from shared.settings import ServiceSettings
from shared.web.authentication import requires
from shared.web.problems import declare, responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, unkeyed_transaction, write_transaction

declare("WEBHOOK_UNKNOWN", 404, "推送不存在")
declare("CHANGE_UNKNOWN", 404, "事件不存在")
declare("WEBHOOK_EXISTS", 409, "推送已登记")
declare("WEBHOOK_STATE", 422, "推送状态不允许")
declare("WEBHOOK_URL_INVALID", 422, "接收地址无效")
declare("WEBHOOK_HOST_FORBIDDEN", 422, "接收主机不在名单")
declare("WEBHOOK_TYPE_UNKNOWN", 422, "事件类型未知")
declare("WEBHOOKS_TOO_MANY", 422, "推送过多")

Read = Annotated[UnitOfWork, Depends(read_transaction)]
Write = Annotated[UnitOfWork, Depends(write_transaction)]
Change = Annotated[UnitOfWork, Depends(unkeyed_transaction)]
PROVINCE: Final = requires(Role.PROVINCE)

_REGISTER: Final = (
    "登记一个接收地址。此后本服务每发布一个事件，就以 POST 把它推送到该地址"
    "（CloudEvents 1.0，`application/cloudevents+json`），"
    "签名遵循 Standard Webhooks：`webhook-id`、`webhook-timestamp`、`webhook-signature`（v1，HMAC-SHA256）。\n\n"
    "- 同一班级（`partitionkey`）的事件严格按序，前一条未被接收时后一条不发，其他班级不受影响。\n"
    "- 答复 2xx 即视为接收；其余状态、超时（10 秒）均按 5 秒至 5 分钟递增的间隔重试，"
    "每次 `webhook-id` 不变，请以它去重。\n"
    "- 429/503 的 `Retry-After` 会被遵守；410 立即停用；持续失败 5 天停用并写明原因；不跟随重定向。\n"
    "- 密钥 `whsec_…` 由本系统生成，只在本答复中出现一次，因此本操作不使用幂等键："
    "答复丢失时重试会得到 409 WEBHOOK_EXISTS，再申请新密钥即可。"
)


def webhooks_router(service: str, settings: ServiceSettings) -> APIRouter:
    """Give the addresses of one service's webhooks."""
    router = service_router(f"/{service}/v1/webhooks", tags=["变更与推送"])
    receivers = allowed_receivers(settings)
    vault: Any = cache(settings.vault)  # read when first needed
    _add_registration(router, service, receivers.check, vault)
    _add_operation(router)
    return router


def _add_registration(router: APIRouter, service: str, check_url: Any, vault: Any) -> None:
    refusals = responses(
        "REGION_OUT_OF_SCOPE", "WEBHOOK_URL_INVALID", "WEBHOOK_HOST_FORBIDDEN", "WEBHOOK_TYPE_UNKNOWN",
        "WEBHOOKS_TOO_MANY", "CURSOR_UNKNOWN", "REGION_UNKNOWN", "WEBHOOK_EXISTS",
    )  # fmt: skip

    @router.post(
        "", status_code=201, summary="登记推送", description=_REGISTER, dependencies=[PROVINCE], responses=refusals
    )
    async def register(body: WebhookBody, unit: Change, response: Response) -> SecretAnswer:
        region = body.region or unit.actor.region
        unit.actor.require_region(region)
        check_url(body.url)
        _check_types(service, body.types)
        opened: Vault = vault()
        webhook_id, secret = await webhooks.register_webhook(
            unit, opened, url=body.url, types=body.types, region=region, after=body.after
        )
        response.headers["Location"] = f"/{service}/v1/webhooks/{webhook_id}"
        return SecretAnswer(webhook_id=webhook_id, secret=secret)

    @router.post(
        "/{webhook_id}/secrets",
        status_code=201,
        summary="更换密钥",
        description="生成新密钥；24 小时内同时以新旧两个密钥签名。密钥只显示一次，因此本操作不使用幂等键。",
        dependencies=[PROVINCE],
        responses=responses("WEBHOOK_UNKNOWN"),
    )
    async def rotate(webhook_id: str, unit: Change) -> SecretAnswer:
        secret, until = await webhooks.rotate_secret(unit, vault(), webhook_id=webhook_id)
        return SecretAnswer(webhook_id=webhook_id, secret=secret, previous_valid_until=until)

    @router.get("", summary="推送列表", dependencies=[PROVINCE])
    async def list_all(unit: Read) -> WebhooksAnswer:
        """Give the caller's webhooks."""
        return WebhooksAnswer(items=[await _view(unit, row) for row in await webhooks.list_webhooks(unit)])

    @router.get("/{webhook_id}", summary="查询推送", dependencies=[PROVINCE], responses=responses("WEBHOOK_UNKNOWN"))
    async def get(webhook_id: str, unit: Read) -> WebhookAnswer:
        """Give a webhook and how far it has come."""
        return await _view(unit, await webhooks.get_webhook(unit, webhook_id))

    @router.delete(
        "/{webhook_id}",
        status_code=204,
        summary="删除推送",
        dependencies=[PROVINCE],
        responses=responses("WEBHOOK_UNKNOWN"),
    )
    async def remove(webhook_id: str, unit: Change) -> None:
        """Forget a webhook; nothing more is sent to it."""
        await webhooks.delete_webhook(unit, webhook_id=webhook_id)


def _add_operation(router: APIRouter) -> None:
    refusals = responses("WEBHOOK_UNKNOWN", "WEBHOOK_STATE")

    @router.post("/{webhook_id}/pause", summary="暂停推送", dependencies=[PROVINCE], responses=refusals)
    async def pause(webhook_id: str, unit: Write) -> WebhookAnswer:
        """Send nothing more until it is resumed; nothing is lost meanwhile."""
        await webhooks.pause_webhook(unit, webhook_id=webhook_id)
        return await _view(unit, await webhooks.get_webhook(unit, webhook_id))

    @router.post(
        "/{webhook_id}/resumption",
        summary="恢复推送",
        description="暂停或停用的推送从原处继续，不遗漏。",
        dependencies=[PROVINCE],
        responses=refusals,
    )
    async def resume(webhook_id: str, unit: Write) -> WebhookAnswer:
        await webhooks.resume_webhook(unit, webhook_id=webhook_id)
        return await _view(unit, await webhooks.get_webhook(unit, webhook_id))

    @router.post(
        "/{webhook_id}/pings", status_code=202, summary="发送测试消息", dependencies=[PROVINCE], responses=refusals
    )
    async def ping(webhook_id: str, unit: Write) -> PingAnswer:
        """Send a test message, signed like any other."""
        return PingAnswer(message_id=await webhooks.request_ping(unit, webhook_id=webhook_id))

    @router.post(
        "/{webhook_id}/redeliveries",
        status_code=202,
        summary="申请补发",
        description="补发某序号之后的全部事件（按序），或只补发一个；webhook-id 与首次相同，已处理过的请按它丢弃。",
        dependencies=[PROVINCE],
        responses=responses("WEBHOOK_UNKNOWN", "CHANGE_UNKNOWN", "CURSOR_UNKNOWN"),
    )
    async def redeliver(webhook_id: str, body: RedeliveryBody, unit: Write) -> WebhookAnswer:
        if body.number is not None:
            await webhooks.redeliver_one(unit, webhook_id=webhook_id, number=body.number)
        elif body.after is not None:
            await webhooks.redeliver_from(unit, webhook_id=webhook_id, after=body.after)
        return await _view(unit, await webhooks.get_webhook(unit, webhook_id))

    @router.get(
        "/{webhook_id}/deliveries",
        summary="推送记录",
        description="最近的在前；已接收的保留 30 天，更早的可从变更日志读取或申请补发。",
        dependencies=[PROVINCE],
        responses=responses("WEBHOOK_UNKNOWN"),
    )
    async def deliveries(
        webhook_id: str,
        unit: Read,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="上一页答复中的 next")] = None,
        limit: Annotated[int, Query(ge=1, le=LIMIT_DEFAULT)] = LIMIT_DEFAULT,
    ) -> DeliveriesAnswer:
        rows = await webhooks.list_deliveries(unit, webhook_id=webhook_id, before=before, limit=limit)
        messages = [row.message_id for row in rows]
        attempts = await webhooks.list_attempts(unit, webhook_id=webhook_id, message_ids=messages)
        items = [_delivery(row, [one for one in attempts if one.message_id == row.message_id]) for row in rows]
        return DeliveriesAnswer(items=items, next=str(rows[-1].seq) if len(rows) == limit else None)


def _check_types(service: str, types: Sequence[str]) -> None:
    known = {name for name, contract in CONTRACTS.items() if contract.EVENT.service == service}
    if not set(types) <= known:
        raise Refused(
            code="WEBHOOK_TYPE_UNKNOWN",
            message="事件类型中有本服务不发布的类型。",
            advice=f"可用的类型：{'、'.join(sorted(known))}。",
            field="body.types",
        )


async def _view(unit: UnitOfWork, row: Row[Any]) -> WebhookAnswer:
    backlog = await webhooks.backlog_of(unit, row.webhook_id)
    return WebhookAnswer(
        webhook_id=row.webhook_id,
        url=row.url,
        region=row.region,
        types=row.types,
        state=row.state,
        reason=row.reason,
        cursor=row.cursor,
        head=backlog.head,
        waiting=backlog.waiting,
        failing=backlog.failing,
        failing_since=backlog.failing_since,
        rest_until=row.rest_until,
        created_at=row.created_at,
    )


def _delivery(row: Row[Any], attempts: Sequence[Row[Any]]) -> DeliveryAnswer:
    return DeliveryAnswer(
        delivery=row.seq,
        number=row.number,
        message_id=row.message_id,
        key=row.key,
        state="delivered" if row.delivered_at is not None else "waiting",
        next_attempt_at=None if row.delivered_at is not None else row.next_attempt_at,
        delivered_at=row.delivered_at,
        attempts=[
            AttemptAnswer(
                attempted_at=one.attempted_at, status=one.status, problem=one.problem, milliseconds=one.milliseconds
            )
            for one in attempts
        ],
    )
