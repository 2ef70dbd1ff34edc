"""The wired worker: facts of enrollment and supervision come in from the bus, assessment's own go out to it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import cast

from services.assessment.application.queries import read_class
from services.assessment.settings import AssessmentSettings
from services.assessment.wiring import Wiring, wire
from services.assessment.worker import create_worker
from shared.clock import LegalClock
from shared.contracts.assessment import AssessmentScheduled
from shared.contracts.contract import Contract, topic_of
from shared.contracts.envelope import decode, encode, fact_of
from shared.database.migrate import migrate
from shared.domain.errors import NotFound
from shared.messaging.bus import Bus, Received, Record
from shared.messaging.embedded import EmbeddedBus
from shared.settings import init_home
from tests.assessment.office import SCHOOL, Office
from tests.assessment.sample import CLASS, OPENING, at, body, class_opened, training_completed
from tests.servers import FreshDatabases

DEADLINE_SECONDS = 20.0


async def send(bus: Bus, fact: Contract) -> None:
    value = encode(fact, event_id=f"{fact.EVENT.source}-1", version=1, occurred_at=at(OPENING))
    publisher = bus.publisher()
    assert await publisher.send([Record(fact.EVENT.topic, CLASS, value)]) == [None]
    await publisher.close()


async def first_published(bus: Bus) -> Contract | None:
    records = cast("AsyncGenerator[Received, None]", bus.tail([topic_of("assessment")], from_start=True))
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(records) as tail:
        async for record in tail:
            return fact_of(decode(record.value))
    return None


async def training_known(wiring: Wiring) -> None:
    """Wait until the service knows the class and that its training is complete."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            async with wiring.unit_of_work(SCHOOL, write=False) as uow:
                try:
                    if (await read_class(uow, CLASS)).case.examined.training_completed:
                        return
                except NotFound:
                    pass  # the opening has not been applied yet
            await asyncio.sleep(0.02)


async def test_events_come_in_in_any_order_and_a_scheduled_exam_goes_out(
    databases: FreshDatabases, tmp_path: Path
) -> None:
    url = await databases.cloned("assessment", partial(migrate, "assessment"))
    init_home(tmp_path)
    bus = EmbeddedBus(tmp_path / "events")
    wiring = await wire(AssessmentSettings(home=tmp_path, database=url), clock=LegalClock(), bus=bus)
    office = Office(wiring.database)
    stop = asyncio.Event()
    work = asyncio.create_task(create_worker(wiring).run(stop))
    try:
        await bus.ensure_topics()
        await send(bus, training_completed())
        await send(bus, class_opened())
        await training_known(wiring)
        await office.add_bodies(body())

        exam = await office.schedule()

        event = await first_published(bus)
        assert isinstance(event, AssessmentScheduled)
        assert event.assessment_id == exam.assessment_id
    finally:
        stop.set()
        await asyncio.wait_for(work, DEADLINE_SECONDS)
        await wiring.close()
        await bus.close()
