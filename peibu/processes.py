"""The processes of a fleet: one service's HTTP, one service's work, the gateway; and what commands open."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import DBAPIError

from peibu.clock_api import clock_application
from peibu.front import Front, Health, Passed
from peibu.issuer import Issuer
from peibu.sandbox_clock import SandboxClock
from peibu.services import SERVICES, Wired, settings_of, wire
from peibu.serving import serve, stopping_on_signal
from peibu.system import INSIDE, ISSUER, status_reader
from shared.clock import LegalClock
from shared.database.deployment import read_sandbox
from shared.database.engine import open_database
from shared.database.schema import is_migrated
from shared.gauges import WorkerGauges
from shared.messaging.bus import Bus
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.failures import describe, is_transient
from shared.settings import ServiceSettings, SettingsError
from shared.web.application import bare_application
from shared.web.authentication import Authenticator, RemoteKeys, StaticKeys
from shared.web.health import HealthCheck, database_check
from shared.web.logging import configure_logging
from shared.worker import Worker

_KEYS_SECONDS: Final = 5.0


def open_bus(settings: ServiceSettings) -> Bus:
    """Give the bus that the settings name: Kafka, or the embedded log under HOME."""
    connection = settings.kafka_connection()
    if connection is None:
        return EmbeddedBus(settings.home / "events")
    bus: Bus = import_module("shared.messaging.kafka").KafkaBus(connection)
    return bus


@asynccontextmanager
async def opened(name: str, home: Path) -> AsyncIterator[Wired]:
    """Open one service for a command, with whatever the environment says; an embedded one as what it was first used."""
    settings = settings_of(name, home=home)
    if settings.database is None and not (home / f"{name}.sqlite").exists():
        raise SettingsError(f"{home} has no database of {name}; name the --home of a system that has run")
    if settings.database is None and (sandbox := await _pinned_as_sandbox(settings)) is not None:
        settings = settings_of(name, home=home, sandbox=sandbox)
    bus = open_bus(settings)
    try:
        try:
            wired = await wire(name, settings, clock=LegalClock(), bus=bus)
        except (OSError, DBAPIError) as error:
            if not is_transient(error):
                raise
            raise SettingsError(f"the database of {name} does not answer ({describe(error)}); is it running?") from None
        try:
            yield wired
        finally:
            await wired.close()
    finally:
        await bus.close()


async def _pinned_as_sandbox(settings: ServiceSettings) -> bool | None:
    database = open_database(settings.service, settings.database_url, clock=LegalClock())
    try:
        async with database.connect(write=False) as connection:
            return await read_sandbox(connection)
    finally:
        await database.close()


async def serve_service(name: str) -> None:
    """Serve one service until SIGTERM."""
    settings = settings_of(name)
    if settings.issuer is None or settings.jwks_url is None:
        raise SettingsError("a service of its own needs PEIBU_ISSUER and PEIBU_JWKS_URL: whose tokens are accepted")
    configure_logging(level=logging.getLevelNamesMapping()[settings.log_level])
    async with opened(name, settings.home) as wired, httpx.AsyncClient(timeout=_KEYS_SECONDS) as http:
        await _require_migrated(wired)
        authenticator = Authenticator(issuer=settings.issuer, keys=RemoteKeys(settings.jwks_url, http))
        application = wired.application(authenticator)
        await serve(
            application,
            host=settings.http_host,
            port=settings.http_port,
            trusted_proxies=settings.trusted_proxies,
            lifespan=True,
        )


async def work_service(name: str) -> None:
    """Do one service's background work until SIGTERM, with health and metrics on a port of its own."""
    settings = settings_of(name)
    configure_logging(level=logging.getLevelNamesMapping()[settings.log_level])
    async with opened(name, settings.home) as wired:
        await _require_migrated(wired)
        worker = wired.worker()
        registry = CollectorRegistry()
        health = bare_application(
            name,
            title=f"培补 · {name} 后台",
            description="后台进程的运行状态。",
            routers=[],
            checks=worker_checks(worker),
            metrics=registry,
        )
        with stopping_on_signal() as stop:
            tasks = [
                asyncio.create_task(worker.run(stop)),
                asyncio.create_task(WorkerGauges(worker, registry).run(stop)),
                asyncio.create_task(
                    serve(
                        health,
                        host=settings.http_host,
                        port=settings.worker_port,
                        trusted_proxies=settings.trusted_proxies,
                    )
                ),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            for task in tasks:
                await task


def worker_checks(worker: Worker) -> list[HealthCheck]:
    """Give what a worker needs: its database; that no consumer waits for an operator; not at once, the broker."""

    async def not_halted() -> None:
        if worker.halted:
            raise RuntimeError("; ".join(worker.halted.values()))

    async def broker() -> None:
        for consumer in worker.consumers:
            await consumer.lag()

    return [
        database_check(worker.database),
        HealthCheck(name="consumers", probe=not_halted),
        HealthCheck(name="broker", probe=broker, critical=False),
    ]


async def serve_gateway(home: Path) -> None:
    """Serve a fleet's one address until SIGTERM; its issuer's clients stand under `home`."""
    settings = ServiceSettings(service="gateway", home=home)  # of no service: its image holds none
    configure_logging(level=logging.getLevelNamesMapping()[settings.log_level])
    addresses = {name: _address_of(name) for name in SERVICES}
    issuer = Issuer(home, issuer=settings.issuer or ISSUER)
    async with AsyncExitStack() as stack:
        parts: dict[str, Any] = {name: Passed(address) for name, address in addresses.items()}
        for passed in list(parts.values()):
            stack.push_async_callback(passed.close)
        parts["auth"] = issuer.application()
        inside = httpx.AsyncClient(transport=httpx.ASGITransport(app=Front(parts)), base_url=INSIDE)
        await stack.enter_async_context(inside)
        if settings.sandbox:
            bus = open_bus(settings)
            stack.push_async_callback(bus.close)
            clock = SandboxClock(bus, SERVICES, status_reader(inside, issuer))
            authenticator = Authenticator(issuer=issuer.issuer, keys=StaticKeys(issuer.public_keys()))
            parts["clock"] = clock_application(clock, authenticator)
        await serve(
            Front(parts, health=Health(inside, SERVICES)),
            host=settings.http_host,
            port=_gateway_port(),
            trusted_proxies=settings.trusted_proxies,
        )


async def _require_migrated(wired: Wired) -> None:
    if not await is_migrated(wired.wiring.database):
        raise SettingsError(f"the database of {wired.name} lacks revisions of this release; run: peibu migrate")


def _address_of(name: str) -> str:
    variable = f"PEIBU_{name.upper()}_URL"
    address = os.environ.get(variable)
    if not address:
        raise SettingsError(f"the gateway needs {variable}: where the process of {name} answers")
    return address


def _gateway_port() -> int:
    return int(os.environ.get("PEIBU_PORT", "8080"))
