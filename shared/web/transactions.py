"""One request = one transaction, committed before its answer leaves.

An endpoint takes its service's open unit of work by one of these dependencies; `ServiceRoute` (routes.py) opens it
after the request has been authenticated and validated, renders the answer, stores it under the idempotency key and
commits; only then the answer is sent. The rules are two:

- what is **raised** rolls everything back and is not remembered: the same key may be tried again;
- what is **returned** is committed and remembered whatever its status (a batch route returns its refused rows), except
  an answer of 500 and above, which rolls back.

When the database reports a deadlock, a serialization failure or a lock that was not free in time, the whole endpoint is
run again, at most three times within 10 s, and then answered 503 with Retry-After. An endpoint therefore has no effect
outside its unit of work.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Annotated, Any, Final, Protocol, Self

from fastapi import FastAPI, Header, Request
from starlette.responses import Response, StreamingResponse

from shared.clock import monotonic
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor
from shared.web.authentication import PUBLIC, CurrentActor
from shared.web.faults import DatabaseOutOfReach, Fault, fault_of
from shared.web.idempotency import KeyedRequest, claim, keyed_request, store_answer

ATTEMPTS_MAX: Final = 3
RETRY_SECONDS_MAX: Final = 10.0
OPEN_SECONDS_MAX: Final = 10.0
"""How long a request waits for a connection (on SQLite: for its turn to write) before it is told to come back."""


class OpenUnit(Protocol):
    """Makes a service's unit of work, not yet entered: `partial(PaymentUnitOfWork, database)`."""

    def __call__(self, *, actor: Actor, write: bool) -> UnitOfWork:
        """Give the unit for one transaction."""
        ...


class Transaction:
    """The one transaction of one attempt at one request; leaving it uncommitted rolls it back."""

    def __init__(self, application: FastAPI) -> None:
        self._application = application
        self._unit: UnitOfWork | None = None
        self._keyed: KeyedRequest | None = None
        self._write = False
        self._replayed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._unit is not None:
            await self._unit.__aexit__(kind, error, trace)

    async def open(self, actor: Actor, *, write: bool, keyed: KeyedRequest | None) -> UnitOfWork | Response:
        """Give the open unit of work, or the answer already stored under the key."""
        open_unit: OpenUnit = self._application.state.open_unit
        unit = open_unit(actor=actor, write=write)
        waiting = asyncio.timeout(OPEN_SECONDS_MAX)
        try:
            async with waiting:
                await unit.__aenter__()
        except OSError as error:  # what a driver raises before it has a connection; time-outs are OSErrors too
            raise DatabaseOutOfReach(Fault.BUSY if waiting.expired() else Fault.UNAVAILABLE) from error
        self._unit, self._write, self._keyed = unit, write, keyed
        stored = await claim(unit.connection, keyed) if keyed is not None else None
        self._replayed = stored is not None
        return unit if stored is None else stored

    async def finish(self, answer: Response) -> None:
        """Store the answer under its key and commit."""
        if self._unit is None or not self._write or self._replayed or answer.status_code >= 500:
            return
        if self._keyed is not None:
            if isinstance(answer, StreamingResponse) or answer.background is not None:
                raise TypeError("an answer under an idempotency key is neither a stream nor has background tasks")
            await store_answer(self._unit.connection, self._keyed, answer)
        await self._unit.commit()


class UnopenedUnit:
    """What the dependencies give; ServiceRoute replaces it by the open unit before the endpoint runs."""

    def __init__(
        self, transaction: Transaction, actor: Actor, *, write: bool, keyed: KeyedRequest | None = None
    ) -> None:
        self._transaction = transaction
        self._actor = actor
        self._write = write
        self._keyed = keyed

    async def open(self) -> UnitOfWork | Response:
        """Give the open unit of work, or the answer already stored under the key."""
        return await self._transaction.open(self._actor, write=self._write, keyed=self._keyed)


KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="每次业务操作的唯一编号（如 UUID）；重试沿用原编号，内容有变换用新编号。",
    ),
]


async def write_transaction(request: Request, actor: CurrentActor, idempotency_key: KeyHeader = None) -> Any:
    """Give a writing unit of work under the request's `Idempotency-Key`; for every POST but the ones named below."""
    keyed = await _keyed(request, idempotency_key, actor)
    return UnopenedUnit(request.state.transaction, actor, write=True, keyed=keyed)


async def _keyed(request: Request, idempotency_key: str | None, actor: Actor) -> KeyedRequest:
    return keyed_request(
        idempotency_key,
        actor=actor,
        method=request.method,
        path=request.scope["path"],
        operation=f"{request.method} {request.scope['route'].path}",
        query=request.scope["query_string"],
        body=await request.body(),
    )


async def unkeyed_transaction(request: Request, actor: CurrentActor) -> Any:
    """Give a writing unit of work without a key: PUT, PATCH, DELETE under `If-Match`, and device protocols, which are
    idempotent by (device, sequence)."""
    return UnopenedUnit(request.state.transaction, actor, write=True)


async def read_transaction(request: Request, actor: CurrentActor) -> Any:
    """Give a reading unit of work; it is never committed."""
    return UnopenedUnit(request.state.transaction, actor, write=False)


async def public_transaction(request: Request) -> Any:
    """Give a reading unit of work to somebody without a token; its actor holds the role `public` alone."""
    return UnopenedUnit(request.state.transaction, PUBLIC, write=False)


async def public_write_transaction(request: Request, idempotency_key: KeyHeader = None) -> Any:
    """Give a writing unit of work under the request's `Idempotency-Key` to somebody without a token."""
    keyed = await _keyed(request, idempotency_key, PUBLIC)
    return UnopenedUnit(request.state.transaction, PUBLIC, write=True, keyed=keyed)


async def public_code_transaction(request: Request, idempotency_key: KeyHeader = None) -> Any:
    """Give what `public_write_transaction` gives to somebody who shows a code of one use that nobody can guess.

    Many such people share a network address, so they are counted apart and more of them may pass.
    """
    return await public_write_transaction(request, idempotency_key)


UNIT_DEPENDENCIES: Final = (
    write_transaction,
    unkeyed_transaction,
    read_transaction,
    public_transaction,
    public_write_transaction,
    public_code_transaction,
)
KEYED: Final = (write_transaction, public_write_transaction, public_code_transaction)
PUBLIC_ONES: Final = (public_transaction, public_write_transaction, public_code_transaction)


async def run_in_transaction(request: Request, handler: Callable[[Request], Awaitable[Response]]) -> Response:
    """Run a route's handler in a transaction, again when the database asks for it, and give its committed answer."""
    await request.body()  # read before anything is locked, and kept for another attempt
    give_up_at = monotonic() + RETRY_SECONDS_MAX
    attempt = 1
    while True:
        try:
            async with Transaction(request.app) as transaction:
                request.state.transaction = transaction
                answer = await handler(request)
                await transaction.finish(answer)
            return answer
        except Exception as error:
            if fault_of(error) is not Fault.BUSY or attempt >= ATTEMPTS_MAX or monotonic() >= give_up_at:
                raise
        await asyncio.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - spreads attempts, hides nothing
        attempt += 1
