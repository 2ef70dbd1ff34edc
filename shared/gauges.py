"""What an operator watches of a worker: outbox, webhooks, province, consumer lag, held events, dead letters."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from shared.changes.queue import backlog_age_seconds, backlog_depth
from shared.database.engine import Database
from shared.messaging.backoff import wait_for_any
from shared.messaging.dead_letters import dead_letter_count, held_age_seconds, held_count
from shared.messaging.failures import describe
from shared.messaging.relay import outbox_age_seconds, outbox_depth
from shared.province.planning import refused_count, waiting_age_seconds, waiting_count
from shared.worker import Worker

REFRESH_SECONDS: Final = 5.0

OF_DATABASE: Final[Mapping[str, tuple[str, Callable[[Database], Awaitable[float]]]]] = {
    "peibu_outbox_age_seconds": ("Age of the oldest unpublished event", outbox_age_seconds),
    "peibu_outbox_depth": ("Events not published yet", outbox_depth),
    "peibu_dead_letters": ("Events that could not be applied", dead_letter_count),
    "peibu_held_events": ("Events waiting for an earlier one", held_count),
    "peibu_held_age_seconds": ("Age of the oldest held event", held_age_seconds),
    "peibu_webhook_age_seconds": ("Age of the oldest message a receiver lacks", backlog_age_seconds),
    "peibu_webhook_depth": ("Messages that active receivers lack", backlog_depth),
    "peibu_province_age_seconds": ("Age of the oldest line without an answer", waiting_age_seconds),
    "peibu_province_depth": ("Lines the province has not answered", waiting_count),
    "peibu_province_refused": ("Lines the province refused", refused_count),
}
"""What is read from the service's database: what each gauge says, and who counts it."""

_log = structlog.get_logger(__name__)


class WorkerGauges:
    """Keeps a worker's gauges fresh in a registry; what cannot be read keeps its last value and is logged."""

    def __init__(self, worker: Worker, registry: CollectorRegistry) -> None:
        self._worker = worker
        self._readers: dict[Gauge, Callable[[], Awaitable[float]]] = {
            Gauge(name, text, registry=registry): partial(read, worker.database)
            for name, (text, read) in OF_DATABASE.items()
        } | {
            Gauge("peibu_consumer_lag", "Records the service has not finished", registry=registry): self._lag,
            Gauge("peibu_restarts", "Parts of the worker that were started again", registry=registry): self._restarts,
            Gauge("peibu_halted", "Consumers that stopped and wait for an operator", registry=registry): self._halted,
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Refresh until `stop` is set."""
        while not stop.is_set():
            await self.refresh()
            await wait_for_any(stop, timeout_seconds=REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read every gauge once."""
        for gauge, read in self._readers.items():
            try:
                async with asyncio.timeout(REFRESH_SECONDS):
                    gauge.set(await read())
            except Exception as error:  # one unreadable figure must not hide the others
                service = self._worker.database.service
                _log.warning("gauge_unreadable", service=service, gauge=gauge._name, error=describe(error))  # noqa: SLF001

    async def _lag(self) -> float:
        return float(sum([await consumer.lag() for consumer in self._worker.consumers]))

    async def _restarts(self) -> float:
        return float(self._worker.restarts.total())

    async def _halted(self) -> float:
        return float(len(self._worker.halted))
