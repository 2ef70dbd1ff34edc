"""Liveness and readiness: whether the process runs, and whether it can serve."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from sqlalchemy import text
from starlette.responses import JSONResponse

from shared.database.engine import Database
from shared.messaging.relay import outbox_age_seconds

CHECK_DEADLINE_SECONDS: Final = 2.0
OUTBOX_SECONDS_MAX: Final = 30.0
"""An event that waits longer for its topic shows that the broker is away, or nobody relays."""


class EventsWait(Exception):
    """What the service decided is safe in its outbox, but has not reached the others for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """One thing the service needs: `probe` returns when it is well and raises, or outlasts 2 s, when it is not.

    A failing critical check (the database) makes the process unavailable (503); any other (the broker: the outbox
    keeps what cannot be sent) only degraded (200), so that nobody takes it out of service.
    """

    name: str
    probe: Callable[[], Awaitable[None]]
    critical: bool = True


def database_check(database: Database) -> HealthCheck:
    """Give the check every service has: its database answers."""

    async def probe() -> None:
        async with database.connect(write=False) as connection:
            await connection.execute(text("SELECT 1"))

    return HealthCheck(name="database", probe=probe)


def events_check(database: Database) -> HealthCheck:
    """Give the check that what the service publishes leaves its outbox.

    The database is asked, not the broker: HTTP needs none, and this shows a dead worker too.
    """

    async def probe() -> None:
        age = await outbox_age_seconds(database)
        if age > OUTBOX_SECONDS_MAX:
            raise EventsWait(f"{age:.0f} s")

    return HealthCheck(name="events", probe=probe, critical=False)


def health_router(service: str, checks: Sequence[HealthCheck]) -> APIRouter:
    """Give `/SERVICE/health/live` and `/SERVICE/health/ready`."""
    router = APIRouter(prefix=f"/{service}/health", tags=["运行状态"])

    @router.get("/live", summary="进程存活")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/ready", summary="可否提供服务")
    async def ready() -> JSONResponse:
        outcomes = await asyncio.gather(*(_outcome(check) for check in checks))
        failed = [check for check, outcome in zip(checks, outcomes, strict=True) if outcome["status"] != "ok"]
        unavailable = any(check.critical for check in failed)
        status = "unavailable" if unavailable else "degraded" if failed else "ready"
        named = {check.name: outcome for check, outcome in zip(checks, outcomes, strict=True)}
        headers = {"Retry-After": "5"} if unavailable else None
        return JSONResponse({"status": status, "checks": named}, 503 if unavailable else 200, headers)

    return router


async def _outcome(check: HealthCheck) -> dict[str, Any]:
    try:
        async with asyncio.timeout(CHECK_DEADLINE_SECONDS):
            await check.probe()
    except Exception as error:  # whatever a probe raises is its answer; texts may hold addresses, so the type speaks
        return {"status": "failed", "cause": type(error).__name__}
    return {"status": "ok"}
