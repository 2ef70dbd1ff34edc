"""A world small enough to break on purpose: a till that takes payments over HTTP, and a book that follows its events.

Everything that protects is the real thing (transaction, idempotency key, outbox, relay, embedded log, consumer, inbox);
the till stands for payment, the book for enrollment, and neither has a constraint of its own, so that what is doubled
shows.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import httpx
from fastapi import Depends
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, Integer, String, Table, insert, select

from shared.clock import LegalClock, machine_now
from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope
from shared.contracts.payment import PaymentSettled
from shared.database.engine import Database, open_database
from shared.database.metadata import SHARED, new_metadata
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM, Role
from shared.messaging.consumer import Consumer
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.inbox import Handler
from shared.messaging.relay import Relay
from shared.web import tables as _web_tables  # noqa: F401 - registers the table
from shared.web.application import create_application
from shared.web.authentication import Authenticator, StaticKeys, requires
from shared.web.routes import service_router
from shared.web.transactions import write_transaction
from shared.worker import Flow, drained
from tests.faults.observation import Observation, observe

TOPIC: Final = "peibu.payment.v1"
ISSUER: Final = "urn:test:issuer"
_METADATA: Final = new_metadata()
BOOK: Final = Table(
    "book",
    _METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("order_id", String(50), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
)


class Killed(BaseException):
    """Stands for SIGKILL inside one process: nothing of ours catches it."""


class Payment(BaseModel):
    """What a client asks the till to take."""

    order_id: str
    amount_fen: int


router = service_router("/payment/v1", tags=["收款"])


@router.post("/settlements", status_code=201, dependencies=[requires(Role.FINANCE)])
async def settle(body: Payment, uow: Annotated[UnitOfWork, Depends(write_transaction)]) -> Payment:
    """Take a payment."""
    await uow.publish(settled(body.order_id, body.amount_fen))
    return body


def settled(order_id: str, amount_fen: int) -> PaymentSettled:
    """Give the till's event; every order is of a class of its own, so that orders do not wait for each other."""
    return PaymentSettled(
        class_id=f"class of {order_id}",
        claim_id="claim",
        order_id=order_id,
        attempt=1,
        funding_source="skills_action_fund",
        amount_fen=amount_fen,
        settled_on=date(2021, 7, 1),
    )


async def write_into_book(uow: UnitOfWork, fact: PaymentSettled, _envelope: Envelope) -> None:
    """Book what the till took."""
    await uow.connection.execute(insert(BOOK).values(order_id=fact.order_id, amount_fen=fact.amount_fen))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The till and the book with everything between them."""

    till: Database
    book: Database
    bus: EmbeddedBus
    http: httpx.AsyncClient

    async def pay(self, order_id: str, amount_fen: int, *, key: str) -> None:
        """Send one payment."""
        body = {"order_id": order_id, "amount_fen": amount_fen}
        answer = await self.http.post("/payment/v1/settlements", json=body, headers={"Idempotency-Key": key})
        answer.raise_for_status()

    async def relay(self) -> None:
        """Carry what stands in the till's outbox to the log, as a fresh relay would."""
        publisher = self.bus.publisher()
        await Relay(self.till, self.bus).drain(publisher)
        await publisher.close()

    def consumer(self) -> Consumer:
        """Give a fresh consumer of the book."""
        handlers: dict[type[Contract], Handler] = {PaymentSettled: write_into_book}
        return Consumer(self.book, self.bus, "enrollment", [TOPIC], handlers, partial(UnitOfWork, self.book))

    async def consume(self) -> None:
        """Let a fresh consumer work until nothing is on its way; raise what ends it."""
        stop = asyncio.Event()
        running = asyncio.create_task(self.consumer().run(stop))
        flows = [Flow(database=self.book, group="enrollment", topics=[TOPIC])]
        while not running.done() and not await drained(self.bus, flows):
            await asyncio.wait([running], timeout=0.01)
        stop.set()
        await running

    async def booked(self) -> str:
        """Give the book as a canonical text."""
        async with self.book.connect(write=False) as connection:
            rows = (await connection.execute(select(BOOK).order_by(BOOK.c.order_id, BOOK.c.seq))).all()
        return "".join(f"{row.order_id} {row.amount_fen}\n" for row in rows)

    async def observe(self) -> Observation:
        """Read everything, as the oracle does."""
        urls = {
            service: database.engine.url.render_as_string(hide_password=False)
            for service, database in (("payment", self.till), ("enrollment", self.book))
        }
        return await observe(urls, self.bus.directory / "log.sqlite3")

    def unit(self) -> UnitOfWork:
        """Give a unit of work of the till, not yet entered."""
        return UnitOfWork(self.till, actor=SYSTEM)


@asynccontextmanager
async def world(folder: Path, *, till: str | None = None) -> AsyncIterator[World]:
    """Open a world on empty databases; `till` is the URL of the till's when it is not to be SQLite."""
    async with AsyncExitStack() as stack:
        bus = EmbeddedBus(folder / "events")
        stack.push_async_callback(bus.close)
        await bus.ensure_topics([TOPIC])
        opened = {}
        for service, url in (("payment", till), ("enrollment", None)):
            database = open_database(
                service, url or f"sqlite+aiosqlite:///{folder / service}.sqlite", clock=LegalClock()
            )
            stack.push_async_callback(database.close)
            async with database.engine.begin() as connection:
                await connection.run_sync(SHARED.create_all)
                await connection.run_sync(_METADATA.create_all)
            opened[service] = database
        http = await stack.enter_async_context(_client(opened["payment"]))
        yield World(till=opened["payment"], book=opened["enrollment"], bus=bus, http=http)


def _client(till: Database) -> httpx.AsyncClient:
    key = ECKey.generate_key("P-256", auto_kid=True)
    application = create_application(
        "payment",
        title="收款台",
        description="只用于测试",
        routers=[router],
        authenticator=Authenticator(issuer=ISSUER, keys=StaticKeys(KeySet([key]))),
        open_unit=partial(UnitOfWork, till),
    )
    now = int(machine_now().timestamp())
    claims = {"iss": ISSUER, "aud": "peibu", "iat": now, "exp": now + 3600, "sub": "finance", "org": "bureau"}
    token = jwt.encode(
        {"alg": "ES256", "kid": key.kid},
        {**claims, "region": "419001", "roles": ["finance"]},
        key,
        algorithms=["ES256"],
    )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application),
        base_url="http://till.test",
        headers={"Authorization": f"Bearer {token}"},
    )
