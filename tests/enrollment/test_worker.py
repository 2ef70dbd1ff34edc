"""The wired worker: payment's answer arrives over the bus, and the class opens when the sandbox's day comes."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

from services.enrollment.wiring import Wiring
from services.enrollment.worker import create_worker
from shared.clock import machine_now, new_id, start_of_day
from shared.contracts.clock import ClockMoved
from shared.contracts.contract import CLOCK_TOPIC, Contract, partition_key
from shared.contracts.enrollment import ClassApproved, ClassChanged, ClassOpened
from shared.contracts.envelope import decode, encode, fact_of
from shared.contracts.payment import BudgetAnswer, EntitlementReserved, RefusedReservation
from shared.database.migrate import migrate
from shared.domain.actor import Role
from shared.messaging.bus import Record
from tests.enrollment.clients import Clients, created, wired
from tests.enrollment.sample import OPENING
from tests.enrollment.test_api import OPINION, REVIEWS, applied
from tests.servers import FreshDatabases


async def publish(wiring: Wiring, topic: str, fact: Contract) -> None:
    value = encode(fact, event_id=new_id(), version=1, occurred_at=machine_now())
    publisher = wiring.bus.publisher()
    assert await publisher.send([Record(topic, partition_key(fact), value)]) == [None]
    await publisher.close()


async def next_fact(facts: asyncio.Queue[Contract], kind: type[Contract]) -> Contract:
    async with asyncio.timeout(20):
        while not isinstance(fact := await facts.get(), kind):
            pass
    return fact


async def collect(wiring: Wiring, facts: asyncio.Queue[Contract]) -> None:
    async for record in wiring.bus.tail([ClassOpened.EVENT.topic], from_start=True):
        if fact := fact_of(decode(record.value)):
            facts.put_nowait(fact)


async def test_an_approved_class_is_answered_over_the_bus_and_opens_by_the_clock(
    databases: FreshDatabases, tmp_path: Path
) -> None:
    url = await databases.cloned("enrollment", partial(migrate, "enrollment"))
    async with wired(tmp_path, url) as wiring:
        stop, facts = asyncio.Event(), asyncio.Queue[Contract]()
        await wiring.bus.ensure_topics()
        working = asyncio.create_task(create_worker(wiring).run(stop))
        collecting = asyncio.create_task(collect(wiring, facts))
        clients = Clients(wiring)
        await clients.furnish()
        class_id = await applied(clients)
        for step, role in REVIEWS:
            await created(clients.officer(role), f"/classes/{class_id}/reviews", {"step": step, **OPINION}, status=200)
        asked = await next_fact(facts, ClassApproved)
        assert isinstance(asked, ClassApproved)
        *granted, refused = (one.person_id for one in asked.reservation.trainees)
        refusal = RefusedReservation(
            person_id=refused, code="ENTITLEMENT_USED", rule="JY-ENR-05", clause="二(三)1", message="次数已用完。"
        )
        answer = EntitlementReserved(
            class_id=class_id,
            answers_version=2,
            granted=tuple(granted),
            refused=(refusal,),
            budget=BudgetAnswer(granted=True, funding_source="skills_action_fund", amount_fen=300_000),
        )
        await publish(wiring, EntitlementReserved.EVENT.topic, answer)
        changed = await next_fact(facts, ClassChanged)
        assert isinstance(changed, ClassChanged)
        assert changed.removed == (refused,)
        view = (await clients.institution.get(f"/classes/{class_id}")).json()
        assert (view["state"], view["refused"], view["reservation"]["granted"]) == ("reserved", 1, 2)
        offset = int((start_of_day(OPENING) - machine_now()).total_seconds()) + 1
        await publish(wiring, CLOCK_TOPIC, ClockMoved(clock_id="sandbox", offset_seconds=offset))
        opened = await next_fact(facts, ClassOpened)
        assert isinstance(opened, ClassOpened)
        assert (opened.class_id, len(opened.trainees)) == (class_id, 2)
        status = await clients.client("admin", "peibu", Role.SYSTEM_ADMIN).get("/sandbox")
        assert status.json()["consumes"] == ["peibu.assessment.v1", "peibu.payment.v1", "peibu.supervision.v1"]
        stop.set()
        await working
        collecting.cancel()
        with suppress(asyncio.CancelledError):
            await collecting
