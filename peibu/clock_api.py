"""`/clock/v1`: read and move the sandbox's legal time."""

from datetime import datetime
from typing import Final

from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel, ConfigDict

from peibu.sandbox_clock import ClockStuck, SandboxClock
from shared.domain.actor import Role
from shared.web.application import bare_application
from shared.web.authentication import Authenticator, requires
from shared.web.problems import WebProblem, declare, responses
from shared.web.routes import service_router

CLOCK_STUCK: Final = declare("CLOCK_STUCK", 503, "法定时间尚未移到")


class MoveBody(BaseModel):
    """The legal instant that must have come when the move is answered."""

    model_config = ConfigDict(extra="forbid")

    to: AwareDatetime


class ClockAnswer(BaseModel):
    """Where legal time stands."""

    legal_now: datetime
    steps: int = 0
    failing: tuple[str, ...] = ()


def clock_application(clock: SandboxClock, authenticator: Authenticator) -> FastAPI:
    """Give the application of the sandbox clock."""
    router = service_router("/clock/v1", tags=["沙箱"])

    @router.get("/now", summary="当前法定时间", dependencies=[requires(*Role)])
    async def now() -> ClockAnswer:
        """Give the sandbox's legal time."""
        return ClockAnswer(legal_now=await clock.now())

    @router.post(
        "/move",
        summary="把法定时间移到某一时刻",
        description="到期事项按先后逐一办理并传达完毕后才应答；该时刻已过的，不移动，直接应答。",
        dependencies=[requires(Role.SYSTEM_ADMIN)],
        responses=responses("CLOCK_STUCK"),
    )
    async def move(body: MoveBody) -> ClockAnswer:
        try:
            moved = await clock.move(body.to)
        except ClockStuck as stuck:
            raise WebProblem(
                CLOCK_STUCK,
                f"仍在等待：{stuck}。",
                "请稍后以同一时刻重试；持续出现请检查所列服务的后台进程与日志。",
                headers={"Retry-After": "5"},
            ) from None
        return ClockAnswer(legal_now=moved.legal_now, steps=moved.steps, failing=moved.failing)

    application = bare_application("clock", title="培补 · 沙箱时钟", description="仅沙箱环境提供。", routers=[router])
    application.state.authenticator = authenticator
    return application
