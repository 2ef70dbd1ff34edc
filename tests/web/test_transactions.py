"""A unit of work is opened late, committed before the answer and never left open."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from joserfc.jwk import ECKey
from sqlalchemy.exc import OperationalError

from shared.clock import LegalClock
from shared.database.engine import Database, open_database
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.faults import Fault, fault_of
from shared.web.routes import service_router
from tests.web.conftest import Token, application_on, client_of
from tests.web.sample import Read, Write


async def test_a_change_needs_the_version_it_is_based_on(light_client: httpx.AsyncClient) -> None:
    url, body = "/sample/v1/notes/1", {"text": "新"}
    outcomes = {}
    for header in (None, "*", '"6"', 'W/"7"', '"6", "7"', '"7"'):
        answer = await light_client.put(url, json=body, headers={} if header is None else {"If-Match": header})
        outcomes[header] = (answer.status_code, answer.headers.get("etag"))
    assert outcomes == {
        None: (428, None),
        "*": (428, None),
        '"6"': (412, '"7"'),
        'W/"7"': (412, '"7"'),
        '"6", "7"': (200, '"8"'),
        '"7"': (200, '"8"'),
    }


async def test_a_reader_sees_what_was_committed(client: httpx.AsyncClient) -> None:
    await client.post("/sample/v1/notes", json={"text": "一"}, headers={"Idempotency-Key": "k1"})
    assert (await client.get("/sample/v1/count")).json() == {"count": 1}


async def test_an_invalid_body_opens_no_transaction(
    sqlite: Database, signing_key: ECKey, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = application_on(sqlite, signing_key)

    def refuse(**_options: object) -> None:
        raise AssertionError("no transaction may be opened")

    application.state.open_unit = refuse
    async with client_of(application, token()) as client:
        answer = await client.post("/sample/v1/notes", json={"text": 5}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "url",
    ["postgresql+asyncpg://nobody@127.0.0.1:1/none", "postgresql+asyncpg://nobody@/none?host=/nowhere"],
)
async def test_an_unreachable_database_is_answered_503_with_retry_after(
    signing_key: ECKey, token: Token, url: str
) -> None:
    database = open_database("sample", url, clock=LegalClock())
    async with client_of(application_on(database, signing_key), token()) as client:
        answer = await client.get("/sample/v1/count")
    await database.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("40P01", Fault.BUSY),
        ("25006", Fault.UNAVAILABLE),
        ("57P01", Fault.UNAVAILABLE),
        ("53100", Fault.FULL),
        ("23505", None),
        ("25001", None),
    ],
)
def test_what_passes_by_itself_is_told_from_a_defect(state: str, fault: Fault | None) -> None:
    cause = Exception("refused")
    cause.sqlstate = state  # type: ignore[attr-defined]
    assert fault_of(OperationalError("UPDATE note", {}, cause)) == fault


def test_a_route_that_does_not_say_who_may_call_it_is_refused_at_import() -> None:
    router = service_router("/x/v1", tags=["x"])
    with pytest.raises(TypeError, match="who may call it"):

        @router.get("/open")
        async def open_route(unit: Read) -> None: ...

    with pytest.raises(TypeError, match="who may call it"):

        @router.get("/twice", dependencies=[requires(Role.FINANCE), requires(Role.AUDITOR)])
        async def twice() -> None: ...


def test_a_route_that_takes_its_unit_wrongly_is_refused_at_import() -> None:
    router = service_router("/x/v1", tags=["x"])
    admitted = [requires(Role.FINANCE)]

    async def through_another(unit: Read) -> object:
        return unit

    with pytest.raises(TypeError, match="only the endpoint itself"):

        @router.get("/nested", dependencies=admitted)
        async def nested(unit: Annotated[object, Depends(through_another)]) -> None: ...

    with pytest.raises(TypeError, match="only one"):

        @router.post("/two", dependencies=admitted)
        async def two(unit: Read, other: Write) -> None: ...

    with pytest.raises(TypeError, match="idempotency keys are for POST"):

        @router.put("/put", dependencies=admitted)
        async def put(unit: Write) -> None: ...

    with pytest.raises(TypeError, match="a stream outlives"):

        @router.get("/stream", dependencies=admitted)
        async def stream(unit: Read) -> AsyncIterator[str]:
            yield "x"

    with pytest.raises(TypeError, match="async function"):

        @router.get("/sync", dependencies=admitted)
        def sync(unit: Read) -> None: ...


async def test_routes_of_an_included_router_run_in_their_transaction_too(
    sqlite: Database, signing_key: ECKey, token: Token
) -> None:
    application = FastAPI()
    application.state = application_on(sqlite, signing_key).state
    from tests.web.sample import router

    application.include_router(router, prefix="/outer")
    async with client_of(application, token()) as client:
        answer = await client.post("/outer/sample/v1/notes", json={"text": "一"}, headers={"Idempotency-Key": "k"})
        again = await client.post("/outer/sample/v1/notes", json={"text": "一"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
