"""Every line reaches the province once and its receipt comes home, whatever happens (JY-INT-01, JY-ENR-04)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from deploy.province import Province
from shared.clock import machine_now
from shared.contracts.enrollment import RosterEntryChanged
from shared.contracts.envelope import decode
from shared.database.metadata import SHARED
from shared.messaging.tables import OUTBOX
from shared.province.planning import (
    CheckpointStatus,
    push_again,
    refused_count,
    status_of,
    waiting_age_seconds,
    waiting_count,
)
from shared.province.pushing import ProvincialPusher
from shared.province.record import Line
from shared.province.tables import PROVINCIAL_PUSH
from tests.changes.conftest import House
from tests.changes.test_webhooks import eventually
from tests.messaging.events import withdrawn
from tests.province.conftest import CLASS, IDENTITY, NAME, PHONE, Roster, lines_of, open_province, pusher_of

Simulated = tuple[Province, str]


@asynccontextmanager
async def pushing(pusher: ProvincialPusher) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(pusher.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def status(house: House, roster: Roster, class_id: str = CLASS) -> CheckpointStatus:
    async with house.database.connect(write=False) as connection:
        vault = house.settings.vault()
        return await status_of(connection, vault, "plan_and_roster", class_id, roster.lines[class_id])


async def entered(house: House, roster: Roster, class_id: str = CLASS) -> bool:
    return (await status(house, roster, class_id)).entered


async def refused_only(house: House, roster: Roster, received: int) -> bool:
    found = await status(house, roster)
    states = [line.push.state for line in found.lines if line.push is not None]
    return found.received == received and "waiting" not in states and len(states) == len(found.lines)


async def test_jy_int_01_thirty_nine_receipts_of_forty_are_no_and_forty_are_yes(
    house: House, province: Simulated
) -> None:
    simulated, url = province
    simulated.refuse = "trainee:7"
    roster = Roster({CLASS: lines_of(40)})
    assert not await entered(house, roster), "nothing was pushed yet"
    await house.publish(withdrawn(CLASS, 1))
    async with pushing(pusher_of(house, roster, url)):
        await eventually(lambda: refused_only(house, roster, 39))
        found = await status(house, roster)
        assert not found.entered
        (refused,) = [line for line in found.lines if not line.is_received]
        assert refused.push is not None
        assert (refused.line.line, refused.push.refusal_code) == ("trainee:7", "DATA_CONFLICT")
        simulated.refuse = None
        roster.lines[CLASS][6] = lines_of(7, level="5")[6]  # corrected: other content, so another push
        await house.publish(withdrawn(CLASS, 2))
        await eventually(lambda: entered(house, roster))
    assert (await status(house, roster)).received == 40
    assert len(simulated.receipts) == 40
    assert simulated.duplicates == 0, "what was received is never sent again"


async def told(house: House) -> list[tuple[bool, int, int, int]]:
    """Give what was published of the class's entry: whether it is entered, lines, receipts, refusals."""
    async with house.database.connect(write=False) as connection:
        payloads = (await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.seq))).scalars().all()
    facts = [decode(payload) for payload in payloads]
    return [
        (fact["entered"], fact["lines"], fact["received"], fact["refused"])
        for fact in (envelope.data for envelope in facts if envelope.type == RosterEntryChanged.EVENT.type)
    ]


async def test_jy_int_01_whether_a_class_is_entered_is_told_whenever_it_comes_to_be_otherwise(
    house: House, province: Simulated
) -> None:
    simulated, url = province
    simulated.refuse = "trainee:7"
    roster = Roster({CLASS: lines_of(8)})
    await house.publish(withdrawn(CLASS, 1))
    async with pushing(pusher_of(house, roster, url)):
        await eventually(lambda: refused_only(house, roster, 7))
        simulated.refuse = None
        roster.lines[CLASS][6] = lines_of(7, level="5")[6]
        await house.publish(withdrawn(CLASS, 2))
        await eventually(lambda: entered(house, roster))
        roster.lines[CLASS] = lines_of(9)
        await house.publish(withdrawn(CLASS, 3))
        await eventually(lambda: entered(house, roster))
    found = await told(house)
    assert [entry for entry, *_ in found] == [False, False, True, False, True]
    assert (found[0][3], found[1][3], found[2], found[-1]) == (1, 0, (True, 8, 8, 0), (True, 9, 9, 0))


async def test_the_operator_sees_how_long_lines_wait_and_how_many_are_refused(
    house: House, province: Simulated
) -> None:
    simulated, url = province
    roster = Roster({CLASS: lines_of(3)})
    await house.publish(withdrawn(CLASS, 1))
    pusher = pusher_of(house, roster, url)
    assert (await waiting_count(house.database), await waiting_age_seconds(house.database)) == (0, 0)
    await pusher.plan_changes()
    hour_ago = machine_now() - timedelta(hours=1)
    async with house.database.connect() as connection, connection.begin():
        await connection.execute(update(PROVINCIAL_PUSH).values(waiting_since=hour_ago))
    simulated.down = True
    await pusher.push_due()
    assert await waiting_count(house.database) == 3
    assert 3_600 <= await waiting_age_seconds(house.database) < 3_700, "what was attempted since does not count"

    simulated.down, simulated.refuse = False, "trainee:2"
    again = pusher_of(house, roster, url)
    async with house.database.connect() as connection, connection.begin():
        await push_again(connection, "plan_and_roster", CLASS)
    assert 3_600 <= await waiting_age_seconds(house.database) < 3_700, "asking again is no new wait"
    await again.push_due()
    assert (await waiting_count(house.database), await refused_count(house.database)) == (0, 1)
    async with house.database.connect() as connection, connection.begin():
        await push_again(connection, "plan_and_roster", CLASS)
    assert await waiting_age_seconds(house.database) < 60, "a corrected line begins to wait anew"
    for each in (pusher, again):
        await each.gateway.close()


async def test_jy_enr_04_every_line_keeps_its_own_receipt_and_its_time(house: House, province: Simulated) -> None:
    simulated, url = province
    roster = Roster({CLASS: lines_of(3)})
    await house.publish(withdrawn(CLASS, 1))
    async with pushing(pusher_of(house, roster, url)):
        await eventually(lambda: entered(house, roster))
    kept = {one.push.push_id: one.push for one in (await status(house, roster)).lines if one.push is not None}
    assert {key: push.receipt for key, push in kept.items()} == {
        key: receipt["receipt"] for key, receipt in simulated.receipts.items()
    }
    assert all(push.received_at is not None for push in kept.values())


@pytest.mark.parametrize(
    "moods",
    [
        {"fail_every": 3},
        {"limit_every": 9},
        {"lose_every": 4, "lose_seconds": 1.0},
        {"slow_seconds": 0.1},
        {"fail_every": 5, "limit_every": 7, "lose_every": 3, "lose_seconds": 1.0},
    ],
    ids=["500", "429", "time-out after acceptance", "slow", "everything"],
)
async def test_a_moody_province_has_every_line_once_and_every_receipt_comes_home(
    house: House, moods: dict[str, float]
) -> None:
    roster = Roster({f"class {number}": lines_of(6) for number in (1, 2)})
    with open_province(**moods) as (simulated, url):
        await house.publish(*(withdrawn(class_id, 1) for class_id in roster.lines))
        async with pushing(pusher_of(house, roster, url, answer_seconds=0.3)):
            for class_id in roster.lines:
                await eventually(lambda class_id=class_id: entered(house, roster, class_id), seconds=40)  # type: ignore[misc]
        places = [(one["class_id"], one["line"]) for one in simulated.receipts.values()]
        assert len(places) == len(set(places)) == 12
        if "lose_every" in moods:
            assert simulated.duplicates > 0, "a lost answer was asked for again, and the old receipt given"


async def test_a_province_that_is_down_for_an_hour_loses_nothing_and_is_left_alone(
    house: House, province: Simulated
) -> None:
    """The hour is two seconds here."""
    simulated, url = province
    simulated.down = True
    roster = Roster({CLASS: lines_of(20)})
    await house.publish(withdrawn(CLASS, 1))
    async with pushing(pusher_of(house, roster, url)):
        await asyncio.sleep(2)
        assert 0 < simulated.requests < 20, "Retry-After is obeyed, and one line asks whether it is back"
        simulated.down = False
        await eventually(lambda: entered(house, roster))
    assert len(simulated.receipts) == 20


async def test_a_worker_killed_between_receipt_and_mark_gets_the_same_receipt(
    house: House, province: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """Stands for SIGKILL: nothing may catch it."""

    async def die(*_: object) -> None:
        raise Died

    simulated, url = province
    roster = Roster({CLASS: lines_of(3)})
    await house.publish(withdrawn(CLASS, 1))
    pusher = pusher_of(house, roster, url)
    assert await pusher.plan_changes()
    with monkeypatch.context() as patch:
        patch.setattr(ProvincialPusher, "_record", die)
        with pytest.raises(Died):
            await pusher.push_due()
    assert len(simulated.receipts) == 3
    assert (await status(house, roster)).received == 0
    again = pusher_of(house, roster, url)
    await again.push_due()
    assert await entered(house, roster)
    assert (len(simulated.receipts), simulated.duplicates) == (3, 3)
    await pusher.gateway.close()
    await again.gateway.close()


async def test_the_same_content_is_never_pushed_twice_and_other_content_takes_its_place(
    house: House, province: Simulated
) -> None:
    simulated, url = province
    first, other = lines_of(2), [*lines_of(1), lines_of(2, level="3")[1]]
    roster = Roster({CLASS: first})
    async with pushing(pusher_of(house, roster, url)):
        for person, lines, requests in ((1, first, 2), (2, first, 2), (3, other, 3), (4, first, 4)):
            roster.lines[CLASS] = lines
            await house.publish(withdrawn(CLASS, person))
            await eventually(lambda: entered(house, roster))
            assert simulated.requests == requests
    assert len(simulated.receipts) == 3, "what held before was answered with its old receipt"


async def test_a_line_that_holds_no_more_is_not_sent(house: House, province: Simulated) -> None:
    simulated, url = province
    roster = Roster({CLASS: lines_of(3)})
    await house.publish(withdrawn(CLASS, 1))
    pusher = pusher_of(house, roster, url)
    await pusher.plan_changes()
    roster.lines[CLASS] = lines_of(2)  # changed without an event after it was planned
    while await pusher.push_due():
        pass
    assert {one["line"] for one in simulated.receipts.values()} == {"trainee:1", "trainee:2"}
    assert await entered(house, roster)
    await pusher.gateway.close()


async def test_people_wait_until_the_province_has_their_plan(house: House, province: Simulated) -> None:
    simulated, url = province
    simulated.refuse = "plan"
    people = [replace(line, after="plan") for line in lines_of(3)]
    roster = Roster({CLASS: [*people, Line(line="plan", label="计划", content={"planned": 3})]})
    await house.publish(withdrawn(CLASS, 1))
    async with pushing(pusher_of(house, roster, url)):
        await eventually(lambda: _waits_for_another(house, roster, 3))
        assert simulated.receipts == {}
        simulated.refuse = None
        async with house.database.connect() as connection, connection.begin():
            await push_again(connection, "plan_and_roster", CLASS)
        await eventually(lambda: entered(house, roster))
    assert next(one["line"] for one in simulated.receipts.values()) == "plan"


async def _waits_for_another(house: House, roster: Roster, count: int) -> bool:
    pushes = [line.push for line in (await status(house, roster)).lines]
    return [push.last_problem for push in pushes if push].count("waits_for_another_line") == count


async def test_nothing_personal_stays_behind_a_push_not_even_in_a_refusal(
    house: House, province: Simulated, capfd: pytest.CaptureFixture[str]
) -> None:
    simulated, url = province
    simulated.refuse = "trainee:1"
    simulated.refusal = {
        "code": "DATA_CONFLICT",
        "reason": f"{NAME}1（{IDENTITY}，{PHONE}）与 4101051990010112345 冲突",
    }
    roster = Roster({CLASS: lines_of(2)})
    await house.publish(withdrawn(CLASS, 1))
    async with pushing(pusher_of(house, roster, url)):
        await eventually(lambda: refused_only(house, roster, 1))
    kept = []
    async with house.database.connect(write=False) as connection:
        for table in SHARED.sorted_tables:
            kept += [repr(tuple(row)) for row in await connection.execute(select(table))]
        refusal = (await connection.execute(select(PROVINCIAL_PUSH.c.refusal))).scalars().all()
    assert "***（***，***）与 *** 冲突" in refusal
    printed = "".join(capfd.readouterr())
    for secret in (NAME, IDENTITY, PHONE, "4101051990010112345"):
        assert secret not in "\n".join(kept)
        assert secret not in printed
