"""The wired worker: enrollment's fact comes in from the bus, supervision's facts go out to it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from services.supervision.settings import SupervisionSettings
from services.supervision.wiring import wire
from services.supervision.worker import create_worker
from shared.clock import LegalClock
from shared.contracts.contract import Contract, topic_of
from shared.contracts.envelope import decode, encode, fact_of
from shared.contracts.supervision import AttendanceChecked, FindingRaised
from shared.database.deployment import WrongDeployment
from shared.database.migrate import migrate
from shared.messaging.bus import Bus, Received, Record
from shared.messaging.embedded import EmbeddedBus
from tests.servers import FreshDatabases
from tests.supervision.sample import OPENING, at, class_opened

DEADLINE_SECONDS = 20.0


async def send(bus: Bus, fact: Contract, *, version: int) -> None:
    value = encode(fact, event_id=f"event-{version}", version=version, occurred_at=at(OPENING, 0))
    publisher = bus.publisher()
    assert await publisher.send([Record(fact.EVENT.topic, "class-1", value)]) == [None]
    await publisher.close()


async def published(bus: Bus, number: int) -> list[Any]:
    facts: list[Any] = []
    records = cast("AsyncGenerator[Received, None]", bus.tail([topic_of("supervision")], from_start=True))
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(records) as tail:
        async for record in tail:
            facts.append(fact_of(decode(record.value)))
            if len(facts) == number:
                break
    return facts


async def test_an_opened_class_is_supervised_to_its_end(databases: FreshDatabases, tmp_path: Path) -> None:
    url = await databases.cloned("supervision", partial(migrate, "supervision"))
    bus = EmbeddedBus(tmp_path / "events")
    wiring = await wire(SupervisionSettings(home=tmp_path, database=url), clock=LegalClock(), bus=bus)
    stop = asyncio.Event()
    work = asyncio.create_task(create_worker(wiring).run(stop))
    try:
        await bus.ensure_topics()
        await send(bus, class_opened(), version=1)

        facts = await published(bus, 6)  # the timetable lies in the past, so every timer is due at once

        kinds = [type(fact) for fact in facts]
        assert kinds == [*[AttendanceChecked] * 2, *[FindingRaised] * 2, *[AttendanceChecked] * 2]
        assert [fact.session_id for fact in facts if isinstance(fact, AttendanceChecked)] == [
            "s1-am",
            "s1-pm",
            "s2-am",
            "s2-pm",
        ]
        assert [facts[2].check, facts[3].check] == ["opening_attendance", "opening_check_missing"]
    finally:
        stop.set()
        await asyncio.wait_for(work, DEADLINE_SECONDS)
        await wiring.close()
        await bus.close()


async def test_a_real_database_refuses_to_become_a_sandbox(databases: FreshDatabases, tmp_path: Path) -> None:
    url = await databases.cloned("supervision", partial(migrate, "supervision"))
    bus = EmbeddedBus(tmp_path / "events")
    real = SupervisionSettings(home=tmp_path, database=url)
    await (await wire(real, clock=LegalClock(), bus=bus)).close()

    with pytest.raises(WrongDeployment):
        await wire(SupervisionSettings(home=tmp_path, database=url, sandbox=True), clock=LegalClock(), bus=bus)

    await bus.close()
