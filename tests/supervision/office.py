"""Runs use-cases each in a transaction of its own, as HTTP, consumer and timers do, and reads the outbox."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select

from services.supervision.application.close_session import close_session
from services.supervision.application.note_unknown_class import FLAG_UNKNOWN_CLASS, flag_unknown_class
from services.supervision.application.open_class import CLOSE_SESSION, open_class
from services.supervision.application.ports import SignInRow
from services.supervision.application.receive_sign_ins import BatchAnswer, receive_sign_ins
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.device import Device
from services.supervision.messaging.incoming import HANDLERS
from services.supervision.storage.unit_of_work import SupervisionUnitOfWork
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened
from shared.contracts.envelope import Envelope, decode, fact_of
from shared.database.engine import Database
from shared.domain.actor import SYSTEM, Actor, Role
from shared.messaging.tables import OUTBOX
from shared.timers.runner import TimerRunner
from shared.timers.tables import TIMER
from tests.supervision.sample import CLASS, INSTITUTION, OPENING, REGION, at, class_opened, device, shelf

Result = TypeVar("Result")

DAY_ONE = at(OPENING, 18)

DEVICE = Actor(subject="device-1", organisation=INSTITUTION, region=REGION, roles=frozenset({Role.DEVICE}))
SCHOOL = Actor(subject="school-1", organisation=INSTITUTION, region=REGION, roles=frozenset({Role.INSTITUTION}))
INSPECTOR = Actor(subject="inspector-1", organisation="bureau", region=REGION, roles=frozenset({Role.INSPECTOR}))
APPROVER = Actor(subject="approver-1", organisation="bureau", region=REGION, roles=frozenset({Role.APPROVER}))


class Office:
    """Acts on one database of supervision."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def unit(self, actor: Actor = SYSTEM, now: datetime = DAY_ONE) -> SupervisionUnitOfWork:
        """Give a transaction to enter."""
        return SupervisionUnitOfWork(self.database, shelf=shelf(), actor=actor, now=now)

    async def act(
        self,
        work: Callable[[SupervisionUnitOfWork], Awaitable[Result]],
        *,
        actor: Actor = SYSTEM,
        now: datetime = DAY_ONE,
    ) -> Result:
        """Run one use-case and commit."""
        async with self.unit(actor, now) as uow:
            result = await work(uow)
            await uow.commit()
        return result

    async def register(self, *devices: Device) -> None:
        """Register devices, by default device-1 of the sample institution."""
        for each in devices or (device(),):
            await self.act(lambda uow, each=each: uow.devices.add(each))  # type: ignore[misc]

    async def open(self, fact: ClassOpened | None = None) -> None:
        """Open the sample class, or another."""
        await self.act(lambda uow: open_class(uow, fact or class_opened()))

    async def push(
        self, rows: Iterable[SignInRow], *, actor: Actor = DEVICE, device_id: str = "device-1", now: datetime = DAY_ONE
    ) -> BatchAnswer:
        """Push a batch of sign-ins."""
        batch = list(rows)
        return await self.act(lambda uow: receive_sign_ins(uow, device_id=device_id, rows=batch), actor=actor, now=now)

    async def take(self, fact: Contract, *, occurred_at: datetime) -> None:
        """Take a fact of enrollment as the consumer does."""
        envelope = Envelope(
            id="e",
            source="/enrollment",
            type=fact.EVENT.type,
            subject=CLASS,
            time=occurred_at,
            partitionkey=CLASS,
            aggregatetype="class",
            aggregateversion=9,
            data={},
        )
        await self.act(lambda uow: HANDLERS[type(fact)](uow, fact, envelope), now=occurred_at)

    async def timers(self, kind: str = CLOSE_SESSION) -> dict[str, datetime]:
        """Give when the timers of a kind fall due, by key."""
        async with self.database.connect(write=False) as connection:
            rows = await connection.execute(select(TIMER.c.key, TIMER.c.due).where(TIMER.c.kind == kind))
            return {row.key: row.due for row in rows}

    async def close_until(self, moment: datetime) -> int:
        """Fire the timers due by then."""
        handlers = {CLOSE_SESSION: close_session, FLAG_UNKNOWN_CLASS: flag_unknown_class}
        runner = TimerRunner(self.database, handlers, lambda due: self.unit(now=due))
        return await runner.fire_due(until=moment)

    async def file(self, class_id: str = CLASS) -> ClassFile:
        """Give the stored file of a class."""
        async with self.unit() as uow:
            file = await uow.files.find(class_id)
        assert file is not None
        return file

    async def events(self, *kinds: type[Contract]) -> list[Any]:
        """Give the published events in order, or those of some kinds."""
        async with self.database.connect(write=False) as connection:
            payloads = (await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.seq))).scalars().all()
        facts = [fact_of(decode(bytes(payload))) for payload in payloads]
        return [fact for fact in facts if not kinds or isinstance(fact, kinds)]


def sign_ins(
    persons: Iterable[str],
    signed_at: datetime,
    *,
    first: int = 1,
    class_id: str = CLASS,
    method: str = "fingerprint",
) -> list[SignInRow]:
    """Give a batch in which people sign in one second after the other."""
    return [
        {
            "sequence": first + place,
            "class_id": class_id,
            "person_id": person,
            "signed_at": signed_at + timedelta(seconds=place),
            "method": method,
        }
        for place, person in enumerate(persons)
    ]
