"""`GET /SERVICE/v1/changes`: everything a service published, by a cursor that loses and repeats nothing."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Row
from starlette.responses import Response

from shared.changes.log import read_changes
from shared.contracts.envelope import Envelope
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import declare, responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
NUMBER_MAX: Final = 2**63 - 1

CURSOR_UNKNOWN: Final = declare("CURSOR_UNKNOWN", 422, "序号未知")

_DESCRIPTION: Final = (
    "按发布顺序返回本服务已发布的事件（CloudEvents 1.0，原样）。序号连续递增、永不改变，事件永久保留，不删除。\n\n"
    "用法：首次 `after=0`，以后以答复中的 `next_after` 作为下一次的 `after`；`has_more` 为 true 时立即续取，"
    "为 false 时稍候再取。同一 `after` 可重复请求。只返回您管辖区划内的事件，因此序号可以跳跃，但不会遗漏。"
    "答复丢失时用原 `after` 重取即可；同一事件以 `id` 去重。"
)


class NumberedEvent(BaseModel):
    """One published event with its place in the log."""

    number: int = Field(description="发布序号，自 1 起")
    event: Envelope = Field(description="CloudEvents 1.0 事件，与总线上的逐字节相同")


class ChangesAnswer(BaseModel):
    """One page of the log."""

    items: list[NumberedEvent]
    next_after: int = Field(description="下一次请求的 after")
    has_more: bool = Field(description="是否还有已发布而未返回的事件")


_EXAMPLE: Final = {
    "items": [
        {
            "number": 41,
            "event": {
                "specversion": "1.0",
                "id": "0b7b2f3e-52f4-4b7e-9c39-8d6f0c1f4a11",
                "source": "/enrollment",
                "type": "cn.peibu.enrollment.ClassClosed.v1",
                "subject": "class-1",
                "time": "2021-06-30T10:00:00+00:00",
                "datacontenttype": "application/json",
                "partitionkey": "class-1",
                "aggregatetype": "class",
                "aggregateversion": 7,
                "data": {"class_id": "class-1", "reason": "completed", "on": "2021-06-30"},
            },
        }
    ],
    "next_after": 41,
    "has_more": False,
}


def changes_router(service: str) -> APIRouter:
    """Give the address of one service's change log."""
    router = service_router(f"/{service}/v1", tags=["变更与推送"])

    @router.get(
        "/changes",
        summary="读取变更日志",
        description=_DESCRIPTION,
        dependencies=[requires(Role.PROVINCE, Role.AUDITOR)],
        response_model=ChangesAnswer,
        responses={200: {"content": {"application/json": {"example": _EXAMPLE}}}, **responses("CURSOR_UNKNOWN")},
    )
    async def changes(
        unit: Annotated[UnitOfWork, Depends(read_transaction)],
        after: Annotated[int, Query(ge=0, le=NUMBER_MAX, description="已处理到的序号；首次为 0")] = 0,
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="本次最多返回的条数")] = LIMIT_DEFAULT,
    ) -> Response:
        page = await read_changes(unit.connection, after=after, limit=limit, region=unit.actor.region)
        more = b"true" if page.has_more else b"false"
        body = b'{"items":[%s],"next_after":%d,"has_more":%s}' % (_items(page.rows), page.next_after, more)
        return Response(body, media_type="application/json")

    return router


def _items(rows: Sequence[Row[int, bytes]]) -> bytes:
    """Join the events as their own bytes, so that what was signed or hashed elsewhere stays comparable."""
    return b",".join(b'{"number":%d,"event":%s}' % (row.number, bytes(row.payload)) for row in rows)
