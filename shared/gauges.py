"""What an operator watches of a worker: outbox, webhooks, province, consumer lag, held events, dead letters."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from shared.changes.queue import backlog_age_seconds, backlog_depth
from shared.messaging.backoff import wait_for_any
from shared.messaging.dead_letters import dead_letter_count, held_age_seconds, held_count
from shared.messaging.failures import describe
from shared.messaging.relay import outbox_age_seconds, outbox_depth
from shared.province.planning import refused_count, waiting_age_seconds, waiting_count
from shared.worker import Worker

REFRESH_SECONDS: Final = 5.0
_log = structlog.get_logger(__name__)


class WorkerGauges:
    """Keeps a worker's gauges fresh in a registry; what cannot be read keeps its last value and is logged."""

    def __init__(self, worker: Worker, registry: CollectorRegistry) -> None:
        self._worker = worker
        database = worker.database
        self._readers: dict[Gauge, Callable[[], Awaitable[float]]] = {
            Gauge("peibu_outbox_age_seconds", "Age of the oldest unpublished event", registry=registry): (
                lambda: outbox_age_seconds(database)
            ),
            Gauge("peibu_outbox_depth", "Events not published yet", registry=registry): (
                lambda: outbox_depth(database)
            ),
            Gauge("peibu_dead_letters", "Events that could not be applied", registry=registry): (
                lambda: dead_letter_count(database)
            ),
            Gauge("peibu_held_events", "Events waiting for an earlier one", registry=registry): (
                lambda: held_count(database)
            ),
            Gauge("peibu_held_age_seconds", "Age of the oldest held event", registry=registry): (
                lambda: held_age_seconds(database)
            ),
            Gauge("peibu_webhook_age_seconds", "Age of the oldest message a receiver lacks", registry=registry): (
                lambda: backlog_age_seconds(database)
            ),
            Gauge("peibu_webhook_depth", "Messages that active receivers lack", registry=registry): (
                lambda: backlog_depth(database)
            ),
            Gauge("peibu_province_age_seconds", "Age of the oldest line without an answer", registry=registry): (
                lambda: waiting_age_seconds(database)
            ),
            Gauge("peibu_province_depth", "Lines the province has not answered", registry=registry): (
                lambda: waiting_count(database)
            ),
            Gauge("peibu_province_refused", "Lines the province refused", registry=registry): (
                lambda: refused_count(database)
            ),
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
