"""`/SERVICE/v1/classes/{id}/provincial-record`: is the class entered in the provincial system, and if not, why."""

from datetime import datetime
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Role
from shared.domain.errors import Refused
from shared.province.planning import EnteredLine, announcing, plan, push_again, status_of
from shared.province.record import ProvincialRecord
from shared.settings import ServiceSettings
from shared.web.authentication import requires
from shared.web.problems import declare, responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction

declare("PROVINCE_NOT_CONNECTED", 422, "未对接省级系统")

_READERS = (
    Role.INSTITUTION,
    Role.FIRST_REVIEWER,
    Role.SECOND_REVIEWER,
    Role.APPROVER,
    Role.INSPECTOR,
    Role.FINANCE,
    Role.AUDITOR,
    Role.PROVINCE,
)


class LineAnswer(BaseModel):
    """One line and its receipt."""

    line: str = Field(description="行编号，如 plan、trainee:1")
    label: str
    state: Literal["planned", "waiting", "received", "refused"]
    receipt: str | None = Field(description="省级系统回执号")
    received_at: datetime | None
    attempts: int
    problem: str | None = Field(description="最近一次未得到答复的原因")
    refusal_code: str | None
    refusal: str | None = Field(description="省级系统拒收的理由；个人信息已遮盖")


class ProvincialRecordAnswer(BaseModel):
    """Where one class stands with the province for this service's checkpoint."""

    class_id: str
    checkpoint: str
    name: str
    connected: bool = Field(description="本部署是否对接省级系统")
    entered: bool = Field(description="是否已录入系统：全部行均有回执才为 true")
    lines_total: int
    lines_received: int
    lines: list[LineAnswer]


class PushBody(BaseModel):
    """Nothing is said; the lines are the service's own."""

    model_config = ConfigDict(extra="forbid")


def provincial_router(settings: ServiceSettings, record: ProvincialRecord) -> APIRouter:
    """Give the addresses of one service's checkpoint."""
    router = service_router(f"/{settings.service}/v1/classes", tags=["省级系统"])
    vault = cache(settings.vault)

    async def view(unit: UnitOfWork, class_id: str) -> ProvincialRecordAnswer:
        lines = await record.lines(unit, class_id)
        status = await status_of(unit.connection, vault(), record.checkpoint, class_id, lines)
        return ProvincialRecordAnswer(
            class_id=class_id,
            checkpoint=record.checkpoint,
            name=record.name,
            connected=settings.province_url is not None,
            entered=status.entered,
            lines_total=len(status.lines),
            lines_received=status.received,
            lines=[_line(one) for one in status.lines],
        )

    @router.get(
        "/{class_id}/provincial-record",
        summary="省级系统录入情况",
        description="逐行列出应录入省级系统的内容与回执；全部行有回执，`entered` 才为 true，不能人工填写。",
        dependencies=[requires(*_READERS)],
        responses=responses(404),
    )
    async def get(class_id: str, unit: Annotated[UnitOfWork, Depends(read_transaction)]) -> ProvincialRecordAnswer:
        await record.require_visible(unit, class_id)
        return await view(unit, class_id)

    @router.post(
        "/{class_id}/provincial-record/pushes",
        status_code=202,
        summary="重新推送",
        description="更正被拒收的内容后重新推送；已有回执的行不再发送。",
        dependencies=[requires(Role.INSTITUTION, Role.APPROVER)],
        responses=responses(404, "PROVINCE_NOT_CONNECTED"),
    )
    async def push(
        class_id: str, body: PushBody, unit: Annotated[UnitOfWork, Depends(write_transaction)]
    ) -> ProvincialRecordAnswer:
        await record.require_visible(unit, class_id)
        if settings.province_url is None:
            raise Refused(
                code="PROVINCE_NOT_CONNECTED",
                message="本部署未对接省级系统。",
                advice="请联系系统管理员设置 PEIBU_PROVINCE_URL 后再推送。",
            )
        async with announcing(unit, record, class_id):
            again = await push_again(unit.connection, record.checkpoint, class_id)
            new = await plan(unit.connection, vault(), record.checkpoint, class_id, await record.lines(unit, class_id))
        await unit.audit(
            action="provincial_push_requested",
            subject=class_id,
            details={"checkpoint": record.checkpoint, "again": again, "new": new},
        )
        return await view(unit, class_id)

    return router


def _line(one: EnteredLine) -> LineAnswer:
    push = one.push
    return LineAnswer(
        line=one.line.line,
        label=one.line.label,
        state="planned" if push is None else push.state,
        receipt=None if push is None else push.receipt,
        received_at=None if push is None else push.received_at,
        attempts=0 if push is None else push.attempts,
        problem=None if push is None else push.last_problem,
        refusal_code=None if push is None else push.refusal_code,
        refusal=None if push is None else push.refusal,
    )
