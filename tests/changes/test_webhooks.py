"""Webhooks against real receivers: everything arrives, once in effect, in order per class, whatever goes wrong."""

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from shared.audit.tables import AUDIT_ENTRY
from shared.changes import queue
from shared.changes.answers import new_client
from shared.changes.delivery import WebhookSender
from shared.changes.pace import Pace
from shared.changes.tables import WEBHOOK, WEBHOOK_ATTEMPT, WEBHOOK_DELIVERY, WEBHOOK_SECRET
from shared.clock import machine_now, monotonic
from tests.changes.conftest import PACE, House, post
from tests.changes.receiver import Receiver, receiving
from tests.messaging.events import withdrawn


@asynccontextmanager
async def delivering(house: House, pace: Pace = PACE) -> AsyncIterator[None]:
    """Let the leader deliver for the length of a block."""
    stop = asyncio.Event()
    task = asyncio.create_task(house.sender(pace).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def eventually(condition: Callable[[], Any], *, seconds: float = 20.0) -> None:
    deadline = monotonic() + seconds
    while True:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return
        assert monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)


async def registered(house: House, receiver: Receiver, **given: Any) -> str:
    """Register a receiver from the log's beginning and give the webhook's id."""
    answer = await post(await house.client(), "/webhooks", {"url": receiver.url, "after": 0, **given}, expect=201)
    receiver.secret = answer["secret"]
    return str(answer["webhook_id"])


async def view(house: House, webhook_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await (await house.client()).get(f"/webhooks/{webhook_id}")).json()
    return found


async def everything_of(house: House, classes: int, persons: int) -> dict[str, list[str]]:
    for number in range(persons):
        await house.publish(*(withdrawn(f"class {one}", number) for one in range(1, classes + 1)))
    return {f"class {one}": [f"person {number}" for number in range(persons)] for one in range(1, classes + 1)}


async def test_everything_arrives_signed_and_in_order_per_class(house: House) -> None:
    with receiving() as receiver:
        await registered(house, receiver)
        async with delivering(house):
            expected = await everything_of(house, 5, 6)
            await eventually(lambda: receiver.accepted() == expected)
        assert receiver.unsigned == 0
        assert len(receiver.seen) == 30, "nothing comes twice without need"


async def test_a_receiver_that_is_down_for_an_hour_gets_everything_once_in_order(house: House) -> None:
    """The hour is two seconds here: forty times the first pause, many times the longest."""
    with receiving() as receiver:
        port, webhook_id = receiver.port, await registered(house, receiver)
        secret = receiver.secret
    async with delivering(house):
        expected = await everything_of(house, 6, 4)
        await asyncio.sleep(2)
        async with house.database.connect(write=False) as connection:
            attempts = (await connection.execute(select(WEBHOOK_ATTEMPT))).all()
        assert 0 < len(attempts) <= 8 + 40, "a dead receiver is left alone for growing pauses"
        assert {one.problem for one in attempts} <= {"unreachable", "timeout"}  # a busy machine may say neither in time
        assert (await view(house, webhook_id))["rest_until"] is not None
        with receiving(port) as receiver:
            receiver.secret = secret
            await eventually(lambda: receiver.accepted() == expected)
    assert (await view(house, webhook_id))["waiting"] == 0
    assert (await view(house, webhook_id))["rest_until"] is None


async def test_a_receiver_that_answers_500_gets_everything_once_in_order(house: House) -> None:
    with receiving() as receiver:
        await registered(house, receiver)
        receiver.answer = lambda _: (500, {})
        async with delivering(house):
            expected = await everything_of(house, 20, 2)
            await asyncio.sleep(1)
            assert receiver.accepted() == {}
            receiver.answer = lambda _: (200, {})
            await eventually(lambda: receiver.accepted() == expected)


async def test_a_receiver_that_takes_a_message_and_breaks_off_sees_the_same_id_again(house: House) -> None:
    with receiving() as receiver:
        await registered(house, receiver)
        lost: list[str] = []

        def lose_the_first(event: dict[str, Any]) -> tuple[int, dict[str, str]] | None:
            if event["id"] in lost:
                return 200, {}
            lost.append(event["id"])
            return None

        receiver.answer = lose_the_first
        async with delivering(house):
            expected = await everything_of(house, 3, 3)
            await eventually(lambda: len(receiver.seen) == 18)
        assert receiver.accepted() == expected, "once in effect, because a repeat has the id it had"


async def test_a_slow_receiver_holds_up_nobody_else_and_gets_everything_when_it_is_quick(house: House) -> None:
    with receiving() as slow, receiving() as quick:
        slow.delay = threading.Event()
        await registered(house, slow)
        await registered(house, quick)
        async with delivering(house):
            expected = await everything_of(house, 3, 3)
            await eventually(lambda: quick.accepted() == expected, seconds=5)
            await eventually(lambda: _problem(house, "timeout"))
            slow.delay.set()
            await eventually(lambda: slow.accepted() == expected)


async def _problem(house: House, problem: str) -> bool:
    async with house.database.connect(write=False) as connection:
        return problem in (await connection.execute(select(WEBHOOK_ATTEMPT.c.problem))).scalars().all()


async def test_a_class_that_fails_waits_in_order_while_the_others_flow(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        receiver.answer = lambda event: (
            500 if (event["partitionkey"], event["data"]["person_id"]) == ("class 2", "person 1") else 200,
            {},
        )
        async with delivering(house):
            expected = await everything_of(house, 4, 5)
            expected_now = {**expected, "class 2": ["person 0"]}
            await eventually(lambda: receiver.accepted() == expected_now)
            await eventually(lambda: _backlog_is(house, webhook_id, failing=1, waiting=4))
            receiver.answer = lambda _: (200, {})
            await eventually(lambda: receiver.accepted() == expected)


async def test_a_worker_killed_between_delivery_and_mark_delivers_again_under_the_same_id(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        expected = await everything_of(house, 2, 2)
        url = house.database.engine.url.render_as_string(hide_password=False)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.changes.dying", url, str(house.settings.home), webhook_id
        )
        assert await worker.wait() == -signal.SIGKILL
        assert len(receiver.seen) == 2
        async with new_client() as http:
            await house.sender().serve(webhook_id, http, asyncio.Event())
        assert receiver.accepted() == expected
        assert len(receiver.seen) == 6, "the first of each class came twice"
        assert len({message_id for message_id, _, _ in receiver.seen}) == 4


async def test_control_a_sender_that_marks_before_it_sends_loses_messages(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: Any) -> None:
        raise RuntimeError("died")

    original = queue.due

    async def mark_first(reading: Any, webhook_id: str, *, limit: int) -> Any:
        messages = await original(reading, webhook_id, limit=limit)
        async with house.database.connect() as connection, connection.begin():
            await connection.execute(update(WEBHOOK_DELIVERY).values(delivered_at=machine_now()))
        return messages

    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        await everything_of(house, 2, 2)
        async with new_client() as http:
            with monkeypatch.context() as patch:
                patch.setattr(queue, "due", mark_first)
                patch.setattr(WebhookSender, "_attempt", die)
                with pytest.raises(RuntimeError, match="died"):
                    await house.sender().serve(webhook_id, http, asyncio.Event())
            await house.sender().serve(webhook_id, http, asyncio.Event())
        assert receiver.seen == [], "marked, never sent, and never sent again"


async def test_retry_after_is_obeyed_for_the_whole_receiver(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        receiver.answer = lambda _: (429, {"retry-after": "3600"})
        async with delivering(house):
            await everything_of(house, 3, 1)
            await eventually(lambda: len(receiver.seen) == 3)
            await asyncio.sleep(0.5)
        assert len(receiver.seen) == 3
        async with house.database.connect(write=False) as connection:
            rest_until = (
                await connection.execute(select(WEBHOOK.c.rest_until).where(WEBHOOK.c.webhook_id == webhook_id))
            ).scalar_one()
        assert rest_until is not None
        assert timedelta(seconds=3500) < rest_until - machine_now() <= timedelta(seconds=3600)


async def test_a_receiver_that_is_gone_is_disabled_with_a_reason_and_an_audit_entry(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        receiver.answer = lambda _: (410, {})
        async with delivering(house):
            await everything_of(house, 1, 3)
            await eventually(lambda: _state_is(house, webhook_id, "disabled"))
        assert len(receiver.seen) == 1
        assert (await view(house, webhook_id))["reason"] == "gone"
        assert await _audited(house, "webhook_disabled") == [{"reason": "gone", "status": 410}]


async def test_a_receiver_that_fails_for_days_is_disabled_and_goes_on_where_it_stood_when_resumed(
    house: House,
) -> None:
    """Its days are half a second here."""
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        receiver.answer = lambda _: (500, {})
        async with delivering(house, replace(PACE, give_up_after=timedelta(seconds=0.5))):
            expected = await everything_of(house, 1, 3)
            await eventually(lambda: _state_is(house, webhook_id, "disabled"))
        assert (await view(house, webhook_id))["reason"] == "failing_too_long"
        assert await _audited(house, "webhook_disabled") == [{"reason": "failing_too_long", "status": 500}]
        receiver.answer = lambda _: (200, {})
        await post(await house.client(), f"/webhooks/{webhook_id}/resumption", expect=200)
        async with delivering(house):
            await eventually(lambda: receiver.accepted() == expected)


async def test_the_operator_sees_how_much_and_how_old_is_what_receivers_lack(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written down for a receiver and what still stands in the log, of its region and types alone."""
    assert (await queue.backlog_depth(house.database), await queue.backlog_age_seconds(house.database)) == (0, 0)
    with receiving() as receiver, receiving() as other:
        webhook_id = await registered(house, receiver)
        await registered(house, other, types=["cn.peibu.enrollment.ClassOpened.v1"], region="419001")
        await everything_of(house, 3, 4)
        assert await queue.backlog_depth(house.database) == 12
        monkeypatch.setattr(queue, "FILL_ROWS", 5)
        async with house.database.connect() as connection, connection.begin():
            webhook = (await connection.execute(select(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook_id))).one()
            await queue.fill(connection, webhook)
        assert await queue.backlog_depth(house.database) == 12
        later = machine_now() + timedelta(hours=1)
        with monkeypatch.context() as patch:
            patch.setattr(queue, "machine_now", lambda: later)
            assert 3_600 <= await queue.backlog_age_seconds(house.database) < 3_700
        async with delivering(house):
            await eventually(lambda: sum(map(len, receiver.accepted().values())) == 12)
            await eventually(lambda: _nothing_lacks(house))
        assert await queue.backlog_age_seconds(house.database) == 0


async def _nothing_lacks(house: House) -> bool:
    return await queue.backlog_depth(house.database) == 0


async def test_a_long_absence_makes_no_long_queue(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "FILL_ROWS", 10)
    original, longest = WebhookSender._record, 0

    async def measure(self: WebhookSender, webhook: Any, attempts: Any) -> None:
        nonlocal longest
        longest = max(longest, (await view(house, webhook.webhook_id))["waiting"])
        await original(self, webhook, attempts)

    monkeypatch.setattr(WebhookSender, "_record", measure)
    with receiving() as receiver:
        await house.publish(*(withdrawn(f"class {one}", number) for number in range(4) for one in range(1, 16)))
        await registered(house, receiver)
        async with delivering(house):
            await eventually(lambda: sum(map(len, receiver.accepted().values())) == 60)
    assert all(found == [f"person {number}" for number in range(4)] for found in receiver.accepted().values())
    assert longest < 10 + 8, "what was published is written down as it is needed"


async def test_a_redirect_is_not_followed(house: House) -> None:
    with receiving() as receiver, receiving() as elsewhere:
        await registered(house, receiver)
        receiver.answer = lambda _: (307, {"location": elsewhere.url})
        async with delivering(house):
            await everything_of(house, 1, 1)
            await eventually(lambda: len(receiver.seen) >= 2)
        assert elsewhere.seen == []
        assert elsewhere.unsigned == 0


async def test_a_narrower_webhook_is_told_its_region_and_its_types_alone(house: House) -> None:
    with receiving() as henan, receiving() as other, receiving() as nothing:
        await registered(house, henan, region="410000")
        await registered(house, other, types=["cn.peibu.enrollment.TraineeWithdrawn.v1"])
        await registered(house, nothing, types=["cn.peibu.enrollment.ClassOpened.v1"])
        async with delivering(house):
            expected = await everything_of(house, 3, 1)
            await eventually(lambda: other.accepted() == expected)
            await eventually(lambda: henan.accepted() == {name: expected[name] for name in ("class 1", "class 3")})
        assert nothing.seen == []


async def test_secrets_overlap_while_they_are_rotated_even_when_an_answer_was_lost(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        first, client = receiver.secret, await house.client()
        lost = await post(client, f"/webhooks/{webhook_id}/secrets", expect=201)
        kept = await post(client, f"/webhooks/{webhook_id}/secrets", expect=201)
        assert kept["previous_valid_until"]
        async with delivering(house):
            for number, secret in enumerate((first, lost["secret"], kept["secret"]), start=1):
                receiver.secret = secret
                await everything_of(house, 1, 1)
                await eventually(lambda number=number: len(receiver.seen) == number)  # type: ignore[misc]
            assert receiver.unsigned == 0
            async with house.database.connect() as connection, connection.begin():
                old = WEBHOOK_SECRET.c.valid_until.is_not(None)
                await connection.execute(update(WEBHOOK_SECRET).where(old).values(valid_until=machine_now()))
                sealed = (await connection.execute(select(WEBHOOK_SECRET.c.sealed))).scalars().all()
            for secret in (first, lost["secret"], kept["secret"]):
                assert not any(secret.removeprefix("whsec_").encode() in bytes(one) for one in sealed)
            await everything_of(house, 1, 1)
            await eventually(lambda: len(receiver.seen) == 4)
            receiver.secret = first
            await everything_of(house, 1, 1)
            await eventually(lambda: receiver.unsigned > 0)


async def test_a_ping_arrives_and_its_attempt_is_recorded_without_a_body(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        client = await house.client()
        ping = await post(client, f"/webhooks/{webhook_id}/pings", expect=202)
        async with delivering(house):
            await eventually(lambda: receiver.accepted() == {"ping": [""]})
            await eventually(lambda: _nothing_waits(house, webhook_id))
        assert receiver.seen[0][0] == ping["message_id"]
        delivery = (await client.get(f"/webhooks/{webhook_id}/deliveries")).json()["items"][0]
        assert (delivery["state"], delivery["number"]) == ("delivered", None)
        (attempt,) = delivery["attempts"]
        assert set(attempt) == {"attempted_at", "status", "problem", "milliseconds"}
        assert attempt["status"] == 200


async def test_a_receiver_may_wish_for_everything_again_or_for_one_message(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        client = await house.client()
        async with delivering(house):
            await everything_of(house, 2, 3)
            await eventually(lambda: len(receiver.seen) == 6)
            await eventually(lambda: _nothing_waits(house, webhook_id))
            first = [message_id for message_id, _, _ in receiver.seen]
            await post(client, f"/webhooks/{webhook_id}/redeliveries", {"number": 3}, expect=202)
            await eventually(lambda: len(receiver.seen) == 7)
            await eventually(lambda: _nothing_waits(house, webhook_id))
            receiver.seen.clear()
            await post(client, f"/webhooks/{webhook_id}/redeliveries", {"after": 2}, expect=202)
            await eventually(lambda: len(receiver.seen) == 4)
            await eventually(lambda: _nothing_waits(house, webhook_id))
        assert {message_id for message_id, _, _ in receiver.seen} < set(first)
        assert receiver.accepted() == {name: ["person 1", "person 2"] for name in ("class 1", "class 2")}
    for wrong, status in (({"number": 7}, 404), ({"after": 7}, 422), ({}, 422), ({"after": 1, "number": 1}, 422)):
        await post(client, f"/webhooks/{webhook_id}/redeliveries", wrong, expect=status)


async def test_a_paused_webhook_is_told_nothing_and_loses_nothing(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        client = await house.client()
        await post(client, f"/webhooks/{webhook_id}/pause", expect=200)
        assert (await post(client, f"/webhooks/{webhook_id}/pause", expect=422))["code"] == "WEBHOOK_STATE"
        async with delivering(house):
            expected = await everything_of(house, 2, 2)
            await asyncio.sleep(0.3)
            assert receiver.seen == []
            await post(client, f"/webhooks/{webhook_id}/resumption", expect=200)
            await eventually(lambda: receiver.accepted() == expected)


async def test_old_deliveries_are_forgotten_and_can_still_be_wished_for(house: House) -> None:
    with receiving() as receiver:
        webhook_id = await registered(house, receiver)
        async with delivering(house, replace(PACE, keep_delivered=timedelta(0), prune_every=timedelta(0))):
            await everything_of(house, 1, 2)
            await eventually(lambda: len(receiver.seen) == 2)
            await eventually(lambda: _no_row(house))
            await post(await house.client(), f"/webhooks/{webhook_id}/redeliveries", {"after": 0}, expect=202)
            await eventually(lambda: len(receiver.seen) == 4)


async def _backlog_is(house: House, webhook_id: str, *, failing: int, waiting: int) -> bool:
    found = await view(house, webhook_id)
    return (found["failing"], found["waiting"]) == (failing, waiting)


async def _no_row(house: House) -> bool:
    async with house.database.connect(write=False) as connection:
        return (await connection.execute(select(WEBHOOK_DELIVERY.c.seq))).first() is None


async def _nothing_waits(house: House, webhook_id: str) -> bool:
    found = await view(house, webhook_id)
    return bool(found["waiting"] == 0 and found["cursor"] == found["head"])


async def _state_is(house: House, webhook_id: str, state: str) -> bool:
    return bool((await view(house, webhook_id))["state"] == state)


async def _audited(house: House, action: str) -> list[Any]:
    async with house.database.connect(write=False) as connection:
        query = select(AUDIT_ENTRY.c.details).where(AUDIT_ENTRY.c.action == action)
        return list((await connection.execute(query)).scalars())
