import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from shared.audit.tables import AUDIT_ENTRY
from shared.clock import LegalClock, machine_now
from shared.database.deployment import pin_deployment, store_offset
from shared.database.engine import Database, open_database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.domain.errors import Refused
from shared.messaging.backoff import wait_for_any
from shared.timers import runner as running
from shared.timers.queries import WAITED_ATTEMPTS, failing, next_due
from shared.timers.runner import TimerRunner
from shared.timers.tables import TIMER

MORNING = datetime(2021, 9, 13, 0, 30, tzinfo=UTC)
EVENING = MORNING + timedelta(hours=12)


def hours(number: float) -> datetime:
    return MORNING + timedelta(hours=number)


class Played:
    """A service whose use-cases write down that they ran, in the audit log of their own transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.broken: set[str] = set()
        self.then: dict[str, datetime] = {}

    def runner(self) -> TimerRunner[UnitOfWork]:
        return TimerRunner(self.database, {"open": self.handle, "close": self.handle}, lambda due: self.unit(now=due))

    def unit(self, *, now: datetime | None = None) -> UnitOfWork:
        return UnitOfWork(self.database, actor=SYSTEM, now=now)

    async def handle(self, uow: UnitOfWork, key: str) -> None:
        await uow.audit(action="played", subject=key)
        if key in self.then:
            await uow.schedule(due=self.then[key], kind="close", key=key)
        if key in self.broken:
            raise Refused(code="NOT_YET", message="生成的姓名", advice="")

    async def schedule(self, *timers: tuple[datetime, str, str]) -> None:
        async with self.unit() as uow:
            for due, kind, key in timers:
                await uow.schedule(due=due, kind=kind, key=key)
            await uow.commit()

    async def ran(self) -> list[tuple[datetime, str]]:
        query = select(AUDIT_ENTRY.c.legal_at, AUDIT_ENTRY.c.subject).order_by(AUDIT_ENTRY.c.seq)
        async with self.database.connect(write=False) as connection:
            return [(row.legal_at, row.subject) for row in await connection.execute(query)]

    async def standing(self) -> list[tuple[str, str, int, str | None]]:
        query = select(TIMER.c.kind, TIMER.c.key, TIMER.c.attempts, TIMER.c.last_error).order_by(TIMER.c.due)
        async with self.database.connect(write=False) as connection:
            return [tuple(row) for row in await connection.execute(query)]


@pytest.fixture
def played(database: Database) -> Played:
    return Played(database)


@pytest.fixture
def pass_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the machine's time of the runner pass by hand."""
    now = [machine_now()]
    monkeypatch.setattr(running, "machine_now", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    return forward


async def test_timers_fire_in_order_of_due_then_kind_then_key_each_at_its_own_moment(played: Played) -> None:
    await played.schedule(
        (hours(2), "open", "a"), (hours(1), "open", "b"), (hours(1), "close", "c"), (hours(1), "close", "b")
    )
    assert await played.runner().fire_due(EVENING) == 4
    assert await played.ran() == [(hours(1), "b"), (hours(1), "c"), (hours(1), "b"), (hours(2), "a")]
    assert await played.standing() == []


async def test_what_is_not_due_waits(played: Played) -> None:
    await played.schedule((hours(1), "open", "a"), (hours(2), "open", "b"))
    assert await played.runner().fire_due(hours(1)) == 1
    assert await played.ran() == [(hours(1), "a")]
    assert await played.standing() == [("open", "b", 0, None)]


async def test_a_timer_scheduled_again_moves_and_one_forgotten_never_fires(played: Played) -> None:
    await played.schedule((hours(1), "open", "a"), (hours(1), "open", "b"))
    await played.schedule((hours(3), "open", "a"))
    async with played.unit() as uow:
        await uow.unschedule(kind="open", key="b")
        await uow.commit()
    assert await played.runner().fire_due(hours(2)) == 0
    assert await played.runner().fire_due(hours(3)) == 1
    assert await played.ran() == [(hours(3), "a")]


async def test_a_timer_moved_at_the_last_moment_does_not_fire_at_its_old_one(played: Played) -> None:
    await played.schedule((hours(1), "open", "a"))
    runner = played.runner()
    timer = await runner._next(EVENING)
    assert timer is not None
    await played.schedule((hours(3), "open", "a"))
    assert not await runner._fire(timer)
    assert await played.ran() == []
    assert await played.standing() == [("open", "a", 0, None)]


async def test_what_a_timer_schedules_fires_in_the_same_pass_when_it_is_due(played: Played) -> None:
    played.then = {"a": hours(2)}
    await played.schedule((hours(1), "open", "a"), (hours(3), "open", "b"))

    async def close(uow: UnitOfWork, key: str) -> None:
        await uow.audit(action="closed", subject=f"{key} closed")

    runner = TimerRunner(played.database, {"open": played.handle, "close": close}, lambda due: played.unit(now=due))
    assert await runner.fire_due(EVENING) == 3
    assert await played.ran() == [(hours(1), "a"), (hours(2), "a closed"), (hours(3), "b")]


async def test_runners_started_twice_by_mistake_fire_every_timer_once(played: Played) -> None:
    await played.schedule(*((hours(number / 10), "open", f"class-{number}") for number in range(20)))
    fired = await asyncio.gather(*(played.runner().fire_due(EVENING) for _ in range(4)))
    assert sum(fired) == 20
    assert sorted(key for _, key in await played.ran()) == sorted(f"class-{number}" for number in range(20))


async def test_a_failing_timer_leaves_nothing_holds_its_key_and_stops_nobody_else(
    played: Played, pass_seconds: Callable[[float], None]
) -> None:
    played.broken = {"a"}
    await played.schedule((hours(1), "open", "a"), (hours(2), "close", "a"), (hours(3), "open", "b"))
    assert await played.runner().fire_due(EVENING) == 1
    assert await played.ran() == [(hours(3), "b")]
    assert await played.standing() == [("open", "a", 1, "Refused NOT_YET"), ("close", "a", 0, None)]

    played.broken = set()
    assert await played.runner().fire_due(EVENING) == 0
    pass_seconds(1)
    assert await played.runner().fire_due(EVENING) == 2
    assert await played.ran() == [(hours(3), "b"), (hours(1), "a"), (hours(2), "a")]


async def test_a_timer_that_keeps_failing_is_tried_less_and_less_often(
    played: Played, pass_seconds: Callable[[float], None]
) -> None:
    played.broken = {"a"}
    await played.schedule((hours(1), "open", "a"))
    for attempt, seconds in enumerate((0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300), start=1):
        pass_seconds(seconds - 0.001)
        if seconds:
            await played.runner().fire_due(EVENING)
            assert (await played.standing())[0][2] == attempt - 1
        pass_seconds(0.001)
        await played.runner().fire_due(EVENING)
        assert (await played.standing())[0][2] == attempt


async def test_a_timer_without_a_handler_stays_and_says_so(played: Played) -> None:
    await played.schedule((hours(1), "unknown", "a"))
    assert await played.runner().fire_due(EVENING) == 0
    [(kind, _, attempts, error)] = await played.standing()
    assert (kind, attempts) == ("unknown", 1)
    assert error is not None
    assert error.startswith("NoHandler")


async def test_a_timer_that_would_fire_for_ever_is_a_failure(played: Played) -> None:
    played.then = {"a": hours(1)}
    await played.schedule((hours(1), "close", "a"))
    assert await played.runner().fire_due(EVENING) == 0
    [(_, _, attempts, error)] = await played.standing()
    assert attempts == 1
    assert error is not None
    assert error.startswith("TimerStandsStill")


async def test_the_clock_waits_for_a_timer_only_until_it_has_failed_three_times(
    played: Played, pass_seconds: Callable[[float], None]
) -> None:
    async def state() -> tuple[datetime | None, list[str]]:
        async with played.database.connect(write=False) as connection:
            return await next_due(connection), [timer.key for timer in await failing(connection)]

    assert await state() == (None, [])
    played.broken = {"a"}
    await played.schedule((hours(1), "open", "a"), (hours(2), "close", "a"), (hours(3), "open", "b"))
    for _ in range(WAITED_ATTEMPTS):
        assert await state() == (hours(1), [])
        await played.runner().fire_due(hours(2))
        pass_seconds(10)
    assert await state() == (hours(3), ["a"])


async def test_the_running_runner_is_woken_by_a_timer_scheduled_in_its_process(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "POLL_SECONDS", 3600)
    monkeypatch.setattr(running, "EMBEDDED_POLL_SECONDS", 3600)
    idle, done = asyncio.Event(), asyncio.Event()

    async def wait_visibly(*events: asyncio.Event, timeout_seconds: float) -> None:
        idle.set()
        await wait_for_any(*events, timeout_seconds=timeout_seconds)

    monkeypatch.setattr(running, "wait_for_any", wait_visibly)

    async def handle(_uow: UnitOfWork, _key: str) -> None:
        done.set()

    stop = asyncio.Event()
    runner = TimerRunner(played.database, {"open": handle}, lambda due: played.unit(now=due))
    task = asyncio.create_task(runner.run(stop))
    async with asyncio.timeout(10):
        await idle.wait()
        await played.schedule((machine_now(), "open", "a"))
        await done.wait()
        stop.set()
        await task
    assert await played.standing() == []


async def test_a_sandbox_clock_moved_by_another_process_lets_timers_fire(database_url: str) -> None:
    worker = open_database("shared", database_url, clock=LegalClock(), sandbox=True)
    await pin_deployment(worker)
    played = Played(worker)
    tomorrow = machine_now() + timedelta(days=1)
    await played.schedule((tomorrow, "open", "a"))
    assert await played.runner().fire_due() == 0
    other = open_database("shared", database_url, clock=LegalClock(), sandbox=True)
    async with other.connect() as connection, connection.begin():
        await store_offset(connection, timedelta(days=2))
    assert await played.runner().fire_due() == 1
    assert await played.ran() == [(tomorrow, "a")]
    await worker.close()
    await other.close()
