"""The wired worker: payment's answer arrives over the bus, and the class opens when the sandbox's day comes."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from services.enrollment.messaging.incoming import TOPICS
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
from shared.messaging.bus import Bus, Progress, Record
from shared.worker import after_catching_up
from tests.enrollment.clients import Clients, created, wired
from tests.enrollment.desk import Desk
from tests.enrollment.sample import OPENING, moment
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


class Behind:
    """A bus of which only the progress is asked: each time the group has one record less before it."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting

    async def progress(self, _group: str, _topics: object) -> Progress:
        self.waiting -= 1
        return Progress(finished=0, waiting=max(self.waiting, 0))


@pytest.mark.parametrize(("waiting", "seconds_max", "left"), [(4, 30.0, 0), (10_000, 0.05, 1)])
async def test_timers_wait_for_answers_that_came_in_time_but_not_for_ever(
    waiting: int, seconds_max: float, left: int
) -> None:
    """After a standstill over the opening day the answer is read first, and the class opens by its timer."""
    bus, began = Behind(waiting), list[int]()

    async def fire(stop: asyncio.Event) -> None:
        began.append(max(bus.waiting, 0))

    duty = after_catching_up(cast("Bus", bus), "enrollment", TOPICS, fire, seconds_max=seconds_max)
    await duty(asyncio.Event())
    assert [min(number, 1) for number in began] == [left]


async def test_a_class_whose_answer_was_read_before_its_timer_fired_late_opens_as_of_its_day(desk: Desk) -> None:
    class_id = await desk.approved()
    await desk.answer(class_id, at=moment(OPENING + timedelta(days=1), 9))
    await desk.fire_timers(moment(OPENING + timedelta(days=1), 9))
    assert (await desk.found(class_id)).state == "opened"
