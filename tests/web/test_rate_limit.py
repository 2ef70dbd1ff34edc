"""Whoever needs no token is slowed down, by network address; nobody else is."""

from pathlib import Path
from types import SimpleNamespace

import httpx
import limits.aio.storage.memory
import limits.aio.strategies
import pytest
from fastapi import FastAPI, Request
from joserfc.jwk import ECKey
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from peibu import issuer as issuer_module
from peibu.front import Passed
from peibu.issuer import Issuer
from shared.clock import machine_now, new_id
from shared.database.engine import Database
from shared.web.rate_limit import PUBLIC_READS_PER_MINUTE, PUBLIC_WRITES_PER_MINUTE, RateLimit, caller_of
from tests.web.conftest import Token, application_on, client_of

COUNT, OPINIONS, ME = "/sample/v1/count", "/sample/v1/opinions", "/sample/v1/me"


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let the library's clock stand still, so that no minute ends within a test."""
    now = machine_now().timestamp()
    clock = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr(limits.aio.storage.memory, "time", clock)
    monkeypatch.setattr(limits.aio.strategies, "time", clock)
    return clock


@pytest.fixture
def application(sqlite: Database, signing_key: ECKey) -> FastAPI:
    return application_on(sqlite, signing_key)


def from_address(application: FastAPI, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=application, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://sample.test")


async def test_a_public_page_is_refused_after_so_many_readings_and_says_when_to_come_back(
    application: FastAPI,
) -> None:
    async with from_address(application, "192.0.2.1") as reader, from_address(application, "192.0.2.2") as other:
        answers = [await reader.get(COUNT) for _ in range(PUBLIC_READS_PER_MINUTE + 1)]
        assert [answer.status_code for answer in answers[:-1]] == [200] * PUBLIC_READS_PER_MINUTE
        refused = answers[-1]
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["retry-after"] in refused.json()["advice"]
        assert (await other.get(COUNT)).status_code == 200


async def test_whoever_writes_without_a_token_is_slowed_down_sooner_and_leaves_nothing(application: FastAPI) -> None:
    async with from_address(application, "192.0.2.1") as writer:
        statuses = [
            (await writer.post(OPINIONS, json={"text": "一"}, headers={"Idempotency-Key": new_id()})).status_code
            for _ in range(PUBLIC_WRITES_PER_MINUTE + 3)
        ]
        assert statuses == [200] * PUBLIC_WRITES_PER_MINUTE + [429] * 3
        assert (await writer.get(COUNT)).json() == {"count": PUBLIC_WRITES_PER_MINUTE}


async def test_whoever_has_a_token_is_not_counted(application: FastAPI, token: Token) -> None:
    async with client_of(application, token()) as client:
        answers = {(await client.get(ME)).status_code for _ in range(PUBLIC_READS_PER_MINUTE + 1)}
    assert answers == {200}


async def test_after_its_time_an_address_may_call_again(standing_clock: SimpleNamespace) -> None:
    limit, request = RateLimit(2), request_from("192.0.2.1")
    assert [await limit.seconds_to_wait(request) for _ in range(2)] == [0, 0]
    assert 0 < await limit.seconds_to_wait(request) <= 60
    later = standing_clock.time() + 121.0
    standing_clock.time = lambda: later
    assert await limit.seconds_to_wait(request) == 0


def request_from(address: str | None) -> Request:
    return Request({"type": "http", "headers": [], "client": None if address is None else (address, 1)})


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("somebody", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_caller_is_an_address_or_an_ipv6_network(address: str | None, counted_as: str) -> None:
    assert caller_of(request_from(address)) == counted_as


@pytest.mark.parametrize(("trusted", "answers"), [("192.0.2.0/24", [200, 200]), ("127.0.0.1", [200, 429])])
async def test_only_a_trusted_proxy_is_believed_when_it_names_the_caller(
    application: FastAPI, trusted: str, answers: list[int]
) -> None:
    application.state.public_reads = RateLimit(1)
    behind_proxy = ProxyHeadersMiddleware(application, trusted_hosts=trusted)  # type: ignore[arg-type]
    async with from_address(behind_proxy, "192.0.2.1") as proxy:  # type: ignore[arg-type]
        got = [
            (await proxy.get(COUNT, headers={"X-Forwarded-For": f"198.51.100.99, {address}"})).status_code
            for address in ("198.51.100.1", "198.51.100.2")
        ]
    assert got == answers


async def test_the_gateway_names_its_caller_and_passes_on_nothing_that_he_says_of_himself() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    passed = Passed("http://service.test")
    await passed.close()
    passed._http = httpx.AsyncClient(base_url="http://service.test", transport=httpx.MockTransport(answer))
    transport = httpx.ASGITransport(app=passed, client=("198.51.100.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as caller:
        await caller.get("/sample/v1/count", headers={"X-Forwarded-For": "203.0.113.5"})
    await passed.close()
    assert seen[0].headers.get_list("x-forwarded-for") == ["198.51.100.1"]


async def test_the_token_endpoint_is_slowed_down_before_it_looks_at_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer_module, "TOKENS_PER_MINUTE", 1)
    application = Issuer(tmp_path, issuer="urn:sample").application()
    form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "wrong"}
    async with from_address(application, "192.0.2.1") as client:
        first, second = [await client.post("/auth/token", data=form) for _ in range(2)]
    assert (first.status_code, second.status_code) == (401, 429)
    assert second.json()["error"] == "temporarily_unavailable"
    assert int(second.headers["retry-after"]) >= 1
