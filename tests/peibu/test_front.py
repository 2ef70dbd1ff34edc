"""The one port: every request reaches the process it is meant for as it was sent, and none brings the port down."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from peibu import front as front_module
from peibu.front import Front, Health, Passed


class Service:
    """A service's process: tells what reached it, or does what `fails` says."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.hangs = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails
        request = Request(scope, receive)
        seen = f"{request.method} {scope['raw_path'].decode()} {scope['query_string'].decode()} ".encode()
        await Response(seen + await request.body(), 201, {"X-From": "payment", "Connection": "close"})(
            scope, receive, send
        )


@pytest.fixture
def service() -> Service:
    return Service()


@pytest_asyncio.fixture
async def passed(service: Service) -> AsyncIterator[Passed]:
    passed = Passed("http://payment.test")
    await passed.close()
    passed._http = httpx.AsyncClient(transport=httpx.ASGITransport(app=service), base_url="http://payment.test")
    yield passed
    await passed.close()


@pytest_asyncio.fixture
async def client(passed: Passed) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=Front({"payment": passed})), base_url="http://peibu.test"
    ) as client:
        yield client


async def test_a_request_arrives_as_it_was_sent_and_its_answer_comes_back(client: httpx.AsyncClient) -> None:
    answer = await client.post("/payment/v1/claims/a%2Fb?region=41%26&x", content=b"body")
    assert (answer.status_code, answer.text) == (201, "POST /payment/v1/claims/a%2Fb region=41%26&x body")
    assert answer.headers["x-from"] == "payment"
    assert "connection" not in answer.headers


@pytest.mark.parametrize("path", ["/nobody/v1", "/nobody", "//payment/v1"])
async def test_an_address_of_nobody_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"http://peibu.test{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "ADDRESS_UNKNOWN")
    assert answer.headers["content-type"] == "application/problem+json"


async def raw(front: Front, method: str, path: str, raw_path: bytes) -> int:
    """Send what no well-behaved client sends; give the status."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "raw_path": raw_path, "query_string": b"", "headers": []}
    async with asyncio.timeout(5):
        await front(scope, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize(
    ("method", "path", "raw_path"),
    [
        ("OPTIONS", "*", b"*"),
        ("GET", "/payment/" + "x" * 70_000, b"/payment/" + b"x" * 70_000),
        ("GET", "/payment/\u00e9", b"/payment/\xe9"),
    ],
)
async def test_what_is_no_address_is_the_senders_problem(
    passed: Passed, method: str, path: str, raw_path: bytes
) -> None:
    assert await raw(Front({"payment": passed}), method, path, raw_path) == 404


async def test_a_control_character_in_an_address_is_left_to_the_service(client: httpx.AsyncClient) -> None:
    assert (await client.get("/payment/v1/a%00b")).text == "GET /payment/v1/a%00b  "


@pytest.mark.parametrize(
    "path", ["/payment/metrics", "/payment/metrics/", "/payment/%6Detrics", "/payment/v1/../metrics"]
)
async def test_what_a_process_tells_its_operators_is_not_for_the_public(passed: Passed, path: str) -> None:
    front = Front({"payment": passed})
    assert await raw(front, "GET", path.replace("%6D", "m"), path.encode()) == 404


async def test_a_process_that_does_not_answer_may_be_asked_again(client: httpx.AsyncClient, service: Service) -> None:
    service.fails = httpx.ConnectError("127.0.0.1:8001 refused")
    answer = await client.post("/payment/v1/claims", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert "8001" not in answer.text


async def test_readiness_names_whom_it_waits_for_even_when_a_process_hangs(
    client: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_module, "_READINESS_SECONDS", 0.05)
    front = Front({}, health=Health(client, ("payment",)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=front), base_url="http://peibu.test") as asking:
        assert (await asking.get("/health/ready")).json() == {"status": "ready"}
        service.hangs = True
        async with asyncio.timeout(5):
            answer = await asking.get("/health/ready")
    assert (answer.status_code, answer.json()["waiting"]) == (503, ["payment"])
