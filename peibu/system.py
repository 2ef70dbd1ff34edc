"""The whole of Peibu in one process: four services, their workers, the issuer and the sandbox clock on one port.

The same code as in a fleet, joined differently: SQLite per service, the embedded log, one event loop. Nothing is lost
on kill -9, because nothing is acknowledged before it is on the disk.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import stamina
from fastapi import FastAPI

from peibu.clock_api import clock_application
from peibu.credentials import SAMPLE_FILE, read_credentials
from peibu.demo.party import Credential
from peibu.front import Front, Health
from peibu.issuer import Issuer
from peibu.sandbox_clock import ReadStatus, SandboxClock
from peibu.seed import REGION, Issue, seed
from peibu.services import SERVICES, Wired, settings_of, wire
from shared.clock import LegalClock, legal_day, machine_now
from shared.domain.actor import Role
from shared.gauges import WorkerGauges
from shared.messaging.bus import Bus
from shared.messaging.embedded import EmbeddedBus
from shared.settings import init_home
from shared.web.authentication import Authenticator, StaticKeys

ISSUER = "urn:peibu:issuer"
INSIDE = "http://peibu.internal"
_AWAY_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A running system: the application of its one port, and the work behind it, which ends only when it failed."""

    front: Front
    working: "asyncio.Future[list[None]]"


@asynccontextmanager
async def running_system(home: Path, *, legal_start: datetime | None, bus: Bus | None = None) -> AsyncIterator[System]:
    """Run everything under `home` until the context is left; `legal_start` makes a new home a sandbox beginning then.

    The databases must be migrated. A home keeps the kind it was first used as. `bus` replaces the embedded log.
    """
    offset = 0 if legal_start is None else int((legal_start - machine_now()).total_seconds())
    init_home(home)
    async with AsyncExitStack() as stack:
        bus = bus or EmbeddedBus(home / "events")
        await bus.ensure_topics()
        stack.push_async_callback(bus.close)
        issuer = Issuer(home, issuer=ISSUER)
        authenticator = Authenticator(issuer=ISSUER, keys=StaticKeys(issuer.public_keys()))
        wired = []
        for name in SERVICES:
            settings = settings_of(name, home=home, sandbox=legal_start is not None, sandbox_offset=offset)
            service = await wire(name, settings, clock=LegalClock(), bus=bus)
            stack.push_async_callback(service.close)
            wired.append(service)
        applications = {service.name: service.application(authenticator) for service in wired}
        front = await _front(stack, applications, issuer, authenticator, bus, sandbox=legal_start is not None)
        working = _start_workers(stack, wired, applications)
        if legal_start is not None:  # a deployment's reference data and clients are its bureau's to enter
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=front), base_url=INSIDE) as http:
                await seed_once(home, http, issuer, year=legal_day(legal_start).year)
        yield System(front=front, working=working)


async def _front(
    stack: AsyncExitStack,
    services: Mapping[str, FastAPI],
    issuer: Issuer,
    authenticator: Authenticator,
    bus: Bus,
    *,
    sandbox: bool,
) -> Front:
    applications = dict(services)
    applications["auth"] = issuer.application()
    inside = httpx.AsyncClient(transport=httpx.ASGITransport(app=Front(applications)), base_url=INSIDE)
    await stack.enter_async_context(inside)
    if sandbox:
        read = status_reader(inside, issuer)
        applications["clock"] = clock_application(SandboxClock(bus, SERVICES, read), authenticator)
    for application in applications.values():
        await stack.enter_async_context(application.router.lifespan_context(application))
    return Front(applications, health=Health(inside, SERVICES))


def _start_workers(
    stack: AsyncExitStack, wired: list[Wired], applications: Mapping[str, FastAPI]
) -> "asyncio.Future[list[None]]":
    stop = asyncio.Event()
    parts = []
    for service in wired:
        worker = service.worker()
        parts += [worker.run(stop), WorkerGauges(worker, applications[service.name].state.metrics).run(stop)]
    working = asyncio.gather(*parts)

    async def finish() -> None:
        stop.set()
        await working

    stack.push_async_callback(finish)
    return working


def status_reader(http: httpx.AsyncClient, issuer: Issuer) -> ReadStatus:
    """Give a reader of the services' sandbox status that signs in as the system itself.

    It waits for a service that is being started again: a clock's move outlasts that.
    """

    @stamina.retry(on=_is_away, attempts=None, timeout=_AWAY_SECONDS_MAX, wait_max=0.5)
    async def read(service: str) -> Any:
        token = issuer.own_token(subject="sandbox-clock", roles=[Role.SYSTEM_ADMIN])
        answer = await http.get(f"/{service}/v1/sandbox", headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        return answer.json()

    return read


def _is_away(error: Exception) -> bool:
    return isinstance(error, httpx.TransportError) or (
        isinstance(error, httpx.HTTPStatusError) and error.response.status_code in (502, 503, 504)
    )


async def seed_once(home: Path, http: httpx.AsyncClient, issuer: Issuer, *, year: int) -> None:
    """Enter sample parties into a new system; one whose seeding was interrupted is finished."""
    ids_file = home / SAMPLE_FILE
    if ids_file.exists():
        return
    ids = await seed(http, _issuing(home, issuer), year=year)
    draft = ids_file.with_suffix(".draft")
    draft.write_text(json.dumps(ids, ensure_ascii=False, indent=1))
    draft.replace(ids_file)


def _issuing(home: Path, issuer: Issuer) -> Issue:
    async def issue(*, name: str, subject: str, organisation: str, roles: list[Role]) -> Credential:
        if name in issuer.clients():
            return read_credentials(home)[name]
        secret = issuer.add_client(name, subject=subject, organisation=organisation, region=REGION, roles=roles)
        return Credential(client_id=name, client_secret=secret, subject=subject, organisation=organisation)

    return issue
