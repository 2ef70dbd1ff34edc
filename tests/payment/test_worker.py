"""The wired worker: facts come in from the bus, shuffled and twice; payment's answers go out to it."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from services.payment.settings import PaymentSettings
from services.payment.wiring import wire
from services.payment.worker import create_worker
from shared.clock import LegalClock, machine_now
from shared.contracts.contract import Contract, topic_of
from shared.contracts.envelope import decode, encode, fact_of
from shared.contracts.payment import EntitlementReserved
from shared.database.deployment import WrongDeployment
from shared.database.migrate import migrate
from shared.domain.actor import SYSTEM
from shared.messaging.bus import Bus, Received, Record
from shared.messaging.embedded import EmbeddedBus
from shared.settings import init_home
from tests.payment.office import approved
from tests.payment.sample import (
    assessment_completed,
    attendance,
    certificate,
    class_opened,
    people,
    training_completed,
)
from tests.servers import FreshDatabases

DEADLINE_SECONDS = 20.0
ROSTER = people(1, 5)
CERTIFICATES = [certificate(each) for each in ROSTER]
STREAMS: list[list[Contract]] = [
    [approved("class-1", ROSTER), class_opened(trainees=ROSTER)],
    [attendance(ROSTER), training_completed(opening=5, spot=(5, 5))],
    [*CERTIFICATES, assessment_completed(CERTIFICATES)],
]


def records(seed: int) -> list[Record]:
    """Give every event twice; streams are mixed, each keeps its own order."""
    shuffler = random.Random(seed)
    queues = [
        [
            encode(fact, event_id=f"event-{fact.EVENT.service}-{version}", version=version, occurred_at=machine_now())
            for version, fact in enumerate(stream, start=1)
            for _ in range(2)
        ]
        for stream in STREAMS
    ]
    topics = [stream[0].EVENT.topic for stream in STREAMS]
    mixed = []
    while any(queues):
        chosen = shuffler.choice([index for index, queue in enumerate(queues) if queue])
        mixed.append(Record(topics[chosen], "class-1", queues[chosen].pop(0)))
    return mixed


async def first_answer(bus: Bus) -> Any:
    """Wait for the first event that payment publishes."""
    tailed = cast("AsyncGenerator[Received, None]", bus.tail([topic_of("payment")], from_start=True))
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(tailed) as tail:
        async for record in tail:
            return fact_of(decode(record.value))
    return None


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_facts_that_come_twice_and_in_any_order_are_all_known_once(
    databases: FreshDatabases, tmp_path: Path, seed: int
) -> None:
    url = databases.empty()
    await migrate("payment", url)
    init_home(tmp_path)
    bus = EmbeddedBus(tmp_path / "events")
    wiring = await wire(PaymentSettings(home=tmp_path, database=url), clock=LegalClock(), bus=bus)
    stop = asyncio.Event()
    worker = create_worker(wiring)
    work = asyncio.create_task(worker.run(stop))
    try:
        await bus.ensure_topics()
        publisher = bus.publisher()
        await publisher.send(records(seed))
        await publisher.close()

        answer = await first_answer(bus)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not await worker.consumers[0].is_idle():  # noqa: ASYNC110 - an idle consumer tells nobody
                await asyncio.sleep(0.05)

        assert isinstance(answer, EntitlementReserved)
        assert (answer.answers_version, answer.granted) == (1, tuple(ROSTER))
        async with wiring.unit_of_work(SYSTEM, write=False) as uow:
            facts = await uow.classes.facts("class-1")
        assert facts.opened is not None
        assert facts.training is not None
        assert facts.examination is not None
        assert (len(facts.attendance), len(facts.certificates)) == (1, 5)
        assert worker.consumers[0].totals.in_a_row == 0
    finally:
        stop.set()
        await asyncio.wait_for(work, DEADLINE_SECONDS)
        await wiring.close()
        await bus.close()


async def test_a_real_database_refuses_to_become_a_sandbox(databases: FreshDatabases, tmp_path: Path) -> None:
    url = databases.empty()
    await migrate("payment", url)
    init_home(tmp_path)
    bus = EmbeddedBus(tmp_path / "events")
    real = PaymentSettings(home=tmp_path, database=url)
    await (await wire(real, clock=LegalClock(), bus=bus)).close()

    with pytest.raises(WrongDeployment):
        await wire(PaymentSettings(home=tmp_path, database=url, sandbox=True), clock=LegalClock(), bus=bus)

    await bus.close()
