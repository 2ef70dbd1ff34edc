"""What an operator watches shows what stands in the tables and on the bus."""

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from shared import gauges as gauges_module
from shared.clock import machine_now
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.gauges import WorkerGauges
from shared.messaging.bus import Record
from shared.messaging.delivery import read
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.tables import HELD_EVENT, OUTBOX
from shared.worker import Worker
from tests.messaging.events import ENROLLMENT, consumer_of, inbox_of, received, record_of, withdrawn


async def test_every_gauge_shows_what_waits(database: Database, embedded_bus: EmbeddedBus) -> None:
    worker = Worker(database, embedded_bus, consumers=[consumer_of(database, embedded_bus)])
    registry = CollectorRegistry()
    gauges = WorkerGauges(worker, registry)
    await gauges.refresh()
    figures = {metric.name: metric.samples[0].value for metric in registry.collect()}
    assert len(figures) == 13
    assert set(figures.values()) == {0.0}

    async with UnitOfWork(database, actor=SYSTEM) as uow:
        for number in range(3):
            await uow.publish(withdrawn("class 1", number))
        await uow.commit()
    junk, early = Record(ENROLLMENT, "class 2", b"junk"), record_of(withdrawn("class 1", 2), 2)
    await inbox_of(database).apply([read(received(record)) for record in (junk, early)])
    async with database.connect() as connection, connection.begin():
        hour_ago = machine_now() - timedelta(hours=1)
        await connection.execute(update(OUTBOX).where(OUTBOX.c.seq == 1).values(created_at=hour_ago))
        await connection.execute(update(HELD_EVENT).values(held_at=hour_ago))
    await embedded_bus.publisher().send([junk] * 4)
    worker.restarts["relay"] += 2
    worker.halted["consumer test"] = "too much"
    await gauges.refresh()

    figures = {metric.name: metric.samples[0].value for metric in registry.collect()}
    assert 3_600 <= figures.pop("peibu_outbox_age_seconds") < 3_700
    assert 3_600 <= figures.pop("peibu_held_age_seconds") < 3_700
    assert figures == {
        "peibu_outbox_depth": 3,
        "peibu_dead_letters": 1,
        "peibu_held_events": 1,
        "peibu_webhook_age_seconds": 0,
        "peibu_webhook_depth": 0,
        "peibu_province_age_seconds": 0,
        "peibu_province_depth": 0,
        "peibu_province_refused": 0,
        "peibu_consumer_lag": 4,
        "peibu_restarts": 2,
        "peibu_halted": 1,
    }


async def test_every_gauge_is_explained_to_the_operator(database: Database, embedded_bus: EmbeddedBus) -> None:
    registry = CollectorRegistry()
    WorkerGauges(Worker(database, embedded_bus, consumers=[]), registry)
    told = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()

    assert [metric.name for metric in registry.collect() if f"`{metric.name}`" not in told] == []


async def test_a_figure_that_cannot_be_read_hides_no_other(
    database: Database, embedded_bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_database: Database) -> int:
        raise ConnectionRefusedError

    registry = CollectorRegistry()
    worker = Worker(database, embedded_bus, consumers=[consumer_of(database, embedded_bus)])
    gauges = WorkerGauges(worker, registry)
    monkeypatch.setattr(gauges_module, "outbox_depth", away)
    worker.halted["consumer test"] = "too much"
    await gauges.refresh()
    assert registry.get_sample_value("peibu_halted") == 1
    assert registry.get_sample_value("peibu_outbox_depth") == 0
