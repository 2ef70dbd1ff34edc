"""What protects is needed: each scenario is sound with the protection and noticed to be wrong without it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from deploy.postgres import PostgresServer
from shared import failpoints
from shared.messaging.bus import Partition, Received
from shared.messaging.consumer import Consumer
from shared.messaging.delivery import Delivery
from shared.messaging.inbox import Passage
from shared.messaging.relay import Relay
from shared.messaging.tables import OUTBOX
from shared.web import transactions
from tests.faults import till
from tests.faults.oracle import judge
from tests.faults.till import Killed, World, world

BOOKED_ONCE = "order-1 150000\n"


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[World]:
    """The world on SQLite."""
    async with world(tmp_path) as opened:
        yield opened


@contextmanager
def killed_at(point: str) -> Iterator[None]:
    """Let what is done inside be killed at a place."""

    def hit(name: str) -> None:
        if name == point:
            raise Killed(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failpoints, "hit", hit)
        with pytest.raises(Killed):
            yield


# ------------------------------------------------------------------------------------------- idempotency keys


async def pay_twice_because_the_answer_was_lost(small: World) -> None:
    await small.pay("order-1", 150_000, key="same")
    await small.pay("order-1", 150_000, key="same")
    await small.relay()
    await small.consume()


async def test_a_request_sent_again_under_its_key_pays_once(small: World) -> None:
    await pay_twice_because_the_answer_was_lost(small)
    assert judge(await small.observe()) == {}
    assert await small.booked() == BOOKED_ONCE


async def test_without_idempotency_keys_a_request_sent_again_pays_twice_and_the_oracle_notices(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(transactions, "claim", nothing)
    monkeypatch.setattr(transactions, "store_answer", nothing)
    await pay_twice_because_the_answer_was_lost(small)
    assert judge(await small.observe())["D"] == ["PaymentSettled order-1 stands 2 times"]
    assert await small.booked() != BOOKED_ONCE


# ------------------------------------------------------------------------------------------------------ inbox


async def relay_dies_between_sending_and_marking(small: World) -> None:
    await small.pay("order-1", 150_000, key="one")
    with killed_at(failpoints.AFTER_ACKNOWLEDGEMENT):
        await small.relay()
    await small.relay()
    await small.consume()


async def test_an_event_that_stands_twice_on_its_topic_is_booked_once(small: World) -> None:
    await relay_dies_between_sending_and_marking(small)
    seen = await small.observe()
    assert seen.redelivered == 1
    assert judge(seen) == {}
    assert await small.booked() == BOOKED_ONCE


async def test_without_the_inbox_it_is_booked_twice_and_the_comparison_notices(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def straight_to_the_handler(self: Passage, delivery: Delivery) -> None:
        await self._attempt(delivery)

    monkeypatch.setattr(Passage, "take", straight_to_the_handler)
    await relay_dies_between_sending_and_marking(small)
    assert await small.booked() == BOOKED_ONCE * 2
    assert "was never taken" in judge(await small.observe())["L"][0]


# ------------------------------------------------------------------------------------------------------ relay


async def an_early_number_commits_late(late: World) -> None:
    async with late.unit() as slow:
        await slow.publish(till.settled("order-1", 150_000))
        async with late.unit() as quick:
            await quick.publish(till.settled("order-2", 90_000))
            await quick.commit()
        await late.relay()
        await slow.commit()
    await late.relay()
    await late.consume()


@pytest.fixture
async def concurrent(tmp_path: Path, postgres_server: PostgresServer) -> AsyncIterator[World]:
    """The world with a till in which transactions overlap."""
    name = "till_of_control_arm"
    postgres_server.create_database(name)
    async with world(tmp_path, till=postgres_server.dsn(name)) as opened:
        yield opened
    postgres_server.drop_database(name)


async def test_an_event_committed_late_under_an_early_number_is_relayed(concurrent: World) -> None:
    await an_early_number_commits_late(concurrent)
    assert judge(await concurrent.observe()) == {}
    assert await concurrent.booked() == "order-1 150000\norder-2 90000\n"


async def test_a_relay_that_goes_on_after_its_last_position_loses_it_and_the_oracle_notices(
    concurrent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = 0

    async def after_the_last_position(self: Relay, _resting: Any) -> Sequence[Row[int, str, str, bytes]]:
        nonlocal position
        query = select(OUTBOX.c.seq, OUTBOX.c.topic, OUTBOX.c.key, OUTBOX.c.payload)
        async with self.database.connect(write=False) as connection:
            rows = (await connection.execute(query.where(OUTBOX.c.seq > position).order_by(OUTBOX.c.seq))).all()
        position = rows[-1].seq if rows else position
        return rows

    monkeypatch.setattr(Relay, "_unpublished", after_the_last_position)
    await an_early_number_commits_late(concurrent)
    verdict = judge(await concurrent.observe())
    assert "is not on peibu.payment.v1" in verdict["L"][0]
    assert {"O", "R"} <= verdict.keys()
    assert await concurrent.booked() == "order-2 90000\n"


# ----------------------------------------------------------------------------------------------------- offset


async def consumer_dies_while_applying(small: World) -> None:
    await small.pay("order-1", 150_000, key="one")
    await small.relay()
    with killed_at(failpoints.BEFORE_COMMIT):
        await small.consume()
    await small.consume()


async def test_a_consumer_that_dies_before_its_commit_takes_the_event_again(small: World) -> None:
    await consumer_dies_while_applying(small)
    assert judge(await small.observe()) == {}
    assert await small.booked() == BOOKED_ONCE


async def test_an_offset_committed_before_its_effect_loses_the_event_and_the_oracle_notices(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Consumer._take

    async def offset_first(self: Consumer, at: Partition, records: Sequence[Received], stop: Any) -> None:
        assert self._subscription is not None
        await self._subscription.commit(at, records[-1].offset + 1)
        await take(self, at, records, stop)

    monkeypatch.setattr(Consumer, "_take", offset_first)
    await consumer_dies_while_applying(small)
    assert "was never taken" in judge(await small.observe())["L"][0]
    assert await small.booked() == ""
