"""The leader's duty: look at the classes whose facts changed, push what is not entered, keep receipts and refusals."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.changes.log import head_of
from shared.changes.pace import Pace
from shared.changes.tables import CHANGE
from shared.clock import machine_now
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.database.upsert import upsert
from shared.domain.actor import SYSTEM, Actor
from shared.messaging.backoff import wait_for_any
from shared.messaging.failures import describe, is_transient
from shared.province.gateway import Answer, Gateway, NoAnswer, Receipt, Refusal, open_gateway
from shared.province.planning import announcing, content_hash_of, plan
from shared.province.record import Line, ProvincialRecord
from shared.province.tables import PROVINCIAL_CURSOR, PROVINCIAL_PUSH
from shared.settings import ServiceSettings
from shared.worker import Duty

CHANGES_AT_ONCE: Final = 100
LINES_AT_ONCE: Final = 50
IN_FLIGHT: Final = 4

_WAITS_FOR_ANOTHER: Final = NoAnswer(problem="waits_for_another_line")

_log = structlog.get_logger(__name__)


class OpenUnit(Protocol):
    """Makes the service's unit of work, not yet entered."""

    def __call__(self, actor: Actor, *, write: bool) -> UnitOfWork:
        """Give the unit for one transaction."""
        ...


@dataclass(eq=False, kw_only=True)
class ProvincialPusher:
    """Enters one service's checkpoint; one class's refusals never hold up another class, nor another line."""

    database: Database
    record: ProvincialRecord
    open_unit: OpenUnit
    gateway: Gateway
    vault: Callable[[], Vault]
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self._rest_until: datetime | None = None
        self._fruitless = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Plan and push until `stop` is set; a failing database is waited for, anything else is raised.

        The webhooks share the signal of new changes and may take it away first: then the next look finds them.
        """
        try:
            while not stop.is_set():
                try:
                    while await self.plan_changes() and not stop.is_set():
                        pass
                    while not stop.is_set() and await self.push_due():
                        pass
                except Exception as error:
                    if not is_transient(error):
                        raise
                    _log.warning("provincial_push_waits", service=self.database.service, reason=describe(error))
                await wait_for_any(stop, self.database.changes_written, timeout_seconds=self.pace.poll_seconds)
                await wait_for_any(stop, timeout_seconds=_BREATH_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await self.gateway.close()

    async def plan_changes(self) -> bool:
        """Look at the classes of the next changes of the log; say whether there were any changes."""
        types = [contract.EVENT.type for contract in self.record.triggers]
        async with self.open_unit(SYSTEM, write=False) as unit:
            after = await self._cursor(unit)
            head = await head_of(unit.connection)
            if after >= head:
                return False
            query = select(CHANGE.c.number, CHANGE.c.key).where(CHANGE.c.number > after, CHANGE.c.type.in_(types))
            rows = (await unit.connection.execute(query.order_by(CHANGE.c.number).limit(CHANGES_AT_ONCE))).all()
        until = rows[-1].number if len(rows) == CHANGES_AT_ONCE else head
        async with self.open_unit(SYSTEM, write=True) as unit:
            for class_id in dict.fromkeys(row.key for row in rows):
                await self._plan(unit, class_id)
            cursor = {"id": 1, "number": until}
            await unit.connection.execute(upsert(unit.connection, PROVINCIAL_CURSOR, cursor))
            await unit.commit()
        return True

    async def _cursor(self, unit: UnitOfWork) -> int:
        number = (await unit.connection.execute(select(PROVINCIAL_CURSOR.c.number))).scalar_one_or_none()
        return 0 if number is None else int(number)

    async def _plan(self, unit: UnitOfWork, class_id: str) -> None:
        lines = await self.record.lines(unit, class_id)
        async with announcing(unit, self.record, class_id):
            await plan(unit.connection, self.vault(), self.record.checkpoint, class_id, lines)

    async def push_due(self) -> bool:
        """Push some lines whose time has come; say whether there may be more to do now."""
        if self._rest_until is not None and machine_now() < self._rest_until:
            return False
        row = PROVINCIAL_PUSH.c
        due = (row.checkpoint == self.record.checkpoint, row.state == "waiting", row.next_attempt_at <= machine_now())
        limit = 1 if self._fruitless else LINES_AT_ONCE
        query = select(PROVINCIAL_PUSH).where(*due).order_by(row.next_attempt_at, row.class_id, row.line).limit(limit)
        async with self.database.connect(write=False) as connection:
            pushes = (await connection.execute(query)).all()
        by_class: dict[str, list[Row[Any]]] = {}
        for push in pushes:
            by_class.setdefault(push.class_id, []).append(push)
        for class_id, some in by_class.items():
            if not await self._push_class(class_id, some):
                return False
        return bool(pushes)

    async def _push_class(self, class_id: str, pushes: Sequence[Row[Any]]) -> bool:
        """Push lines of one class, built from its facts as they are now; say whether the gateway took anything."""
        async with self.open_unit(SYSTEM, write=False) as unit:
            lines = {line.line: line for line in await self.record.lines(unit, class_id)}
        if any(self._is_outdated(push, lines) for push in pushes):
            async with self.open_unit(SYSTEM, write=True) as unit:
                await self._plan(unit, class_id)
                await unit.commit()
            return True
        first = [push for push in pushes if lines[push.line].after is None]
        if not await self._push_lines(first, lines):
            return False
        then = [push for push in pushes if lines[push.line].after is not None]
        received = await self._received(class_id) if then else frozenset()
        free = [push for push in then if lines[push.line].after in received]
        await self._record(class_id, [(push, _WAITS_FOR_ANOTHER) for push in then if push not in free])
        return await self._push_lines(free, lines)

    async def _push_lines(self, pushes: Sequence[Row[Any]], lines: Mapping[str, Line]) -> bool:
        for start in range(0, len(pushes), IN_FLIGHT):
            some = pushes[start : start + IN_FLIGHT]
            answers = await asyncio.gather(*(self._push(push, lines[push.line]) for push in some))
            await self._record(some[0].class_id, list(zip(some, answers, strict=True)))
            if self._must_rest(answers):
                return False
        return True

    async def _received(self, class_id: str) -> frozenset[str]:
        row = PROVINCIAL_PUSH.c
        this = (row.checkpoint == self.record.checkpoint, row.class_id == class_id, row.state == "received")
        async with self.database.connect(write=False) as connection:
            return frozenset((await connection.execute(select(row.line).where(*this))).scalars())

    def _is_outdated(self, push: Row[Any], lines: Mapping[str, Line]) -> bool:
        line = lines.get(push.line)
        return line is None or content_hash_of(self.vault(), self.record.checkpoint, line) != push.content_hash

    async def _push(self, push: Row[Any], line: Line) -> Answer:
        return await self.gateway.push(push.push_id, checkpoint=push.checkpoint, class_id=push.class_id, line=line)

    async def _record(self, class_id: str, answers: Sequence[tuple[Row[Any], Answer]]) -> None:
        """Keep what the province answered to lines of one class."""
        if not answers:
            return
        async with self.open_unit(SYSTEM, write=True) as unit:
            async with announcing(unit, self.record, class_id):
                await self._keep(unit.connection, answers)
            await unit.commit()

    async def _keep(self, connection: AsyncConnection, answers: Sequence[tuple[Row[Any], Answer]]) -> None:
        now = machine_now()
        for push, answer in answers:
            values: dict[str, Any] = {"attempts": push.attempts + 1, "last_problem": None}
            match answer:
                case Receipt():
                    values |= {"receipt": answer.number, "received_at": answer.received_at, "state": "received"}
                case Refusal():
                    values |= {"refusal_code": answer.code, "refusal": answer.reason, "state": "refused"}
                case NoAnswer():
                    values |= {"last_problem": answer.problem}
                    values |= {"next_attempt_at": now + self.pace.pause(push.attempts + 1)}
            # A line that changed meanwhile stays superseded: what was received is no longer what holds.
            this = (PROVINCIAL_PUSH.c.push_id == push.push_id, PROVINCIAL_PUSH.c.state == "waiting")
            await connection.execute(update(PROVINCIAL_PUSH).where(*this).values(values))

    def _must_rest(self, answers: Sequence[Answer]) -> bool:
        """Leave the gateway alone for growing pauses while it takes nothing, and as long as it asks for."""
        silent = [answer for answer in answers if isinstance(answer, NoAnswer)]
        if not any(answer.everything for answer in silent):
            if len(silent) < len(answers):
                self._fruitless, self._rest_until = 0, None
            return False
        self._fruitless += 1
        asked = min(max(answer.retry_after_seconds for answer in silent), self.pace.retry_after_seconds_max)
        self._rest_until = machine_now() + max(self.pace.pause(self._fruitless), timedelta(seconds=asked))
        problem = silent[0].problem
        _log.warning("provincial_gateway_rests", service=self.database.service, problem=problem, round=self._fruitless)
        return True


_BREATH_SECONDS: Final = 0.2
"""Changes come in bursts, and the webhooks clear their signal a moment later than we see it."""


def provincial_duties(
    database: Database, settings: ServiceSettings, record: ProvincialRecord, open_unit: OpenUnit
) -> list[Duty]:
    """Give the duty of a service's leader, none unless `PEIBU_PROVINCE_URL` is set."""
    if settings.province_url is None:
        return []
    pusher = ProvincialPusher(
        database=database,
        record=record,
        open_unit=open_unit,
        gateway=open_gateway(settings),
        vault=cache(settings.vault),
    )
    return [pusher.run]
