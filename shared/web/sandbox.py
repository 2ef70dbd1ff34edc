"""What the sandbox clock must know of a service before it moves: is everything done, and what falls due next."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import func, select

from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Role
from shared.domain.errors import Refused
from shared.messaging.tables import OUTBOX
from shared.timers.queries import failing, next_due
from shared.web.authentication import requires
from shared.web.routes import service_router
from shared.web.transactions import read_transaction


class SandboxStatus(BaseModel):
    """`offset_seconds` is how far legal time runs from the machine's; `failing` names timers that nobody waits for.

    `consumes` are the topics whose lag counts before the service is at rest.
    """

    legal_now: datetime
    offset_seconds: int
    next_due: datetime | None
    failing: list[str]
    unpublished: int
    consumes: list[str]


def sandbox_router(service: str, *, consumes: Collection[str]) -> APIRouter:
    """Give `GET /SERVICE/v1/sandbox`; a real deployment answers that it is none."""
    router = service_router(f"/{service}/v1", tags=["沙箱"])

    @router.get("/sandbox", summary="沙箱时钟状态", dependencies=[requires(Role.SYSTEM_ADMIN)])
    async def sandbox(unit: Annotated[UnitOfWork, Depends(read_transaction)]) -> SandboxStatus:
        """Say where legal time stands here, what falls due next and what is still on its way."""
        if not unit.database.sandbox:
            raise Refused(
                code="NOT_A_SANDBOX", message="正式环境的时钟不可移动。", advice="请在沙箱环境（PEIBU_SANDBOX）中操作。"
            )
        unpublished = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.published_at.is_(None))
        return SandboxStatus(
            legal_now=unit.now,
            offset_seconds=int(unit.database.clock.offset.total_seconds()),
            next_due=await next_due(unit.connection),
            failing=[f"{timer.kind} {timer.key}: {timer.last_error}" for timer in await failing(unit.connection)],
            unpublished=(await unit.connection.execute(unpublished)).scalar_one(),
            consumes=sorted(consumes),
        )

    return router
