"""Every service answers the same addresses in the same way."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import insert

from shared.clock import LegalClock, machine_now
from shared.database.engine import Database, open_database
from shared.messaging.tables import OUTBOX
from shared.web import health
from shared.web.health import HealthCheck, database_check, events_check
from tests.web.conftest import Token, application_on, client_of

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def well() -> None:
    return None


async def broken() -> None:
    raise ConnectionRefusedError("postgres at 10.0.0.5")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_a_process_that_runs_is_alive(light_client: httpx.AsyncClient) -> None:
    assert (await light_client.get("/sample/health/live")).json() == {"status": "alive"}


@pytest.mark.parametrize(
    ("checks", "status", "word"),
    [
        ((), 200, "ready"),
        ((HealthCheck(name="database", probe=well),), 200, "ready"),
        ((HealthCheck(name="database", probe=broken),), 503, "unavailable"),
        ((HealthCheck(name="database", probe=hanging),), 503, "unavailable"),
        ((HealthCheck(name="broker", probe=broken, critical=False),), 200, "degraded"),
    ],
)
async def test_readiness_is_what_the_checks_say(
    sqlite: Database,
    signing_key: ECKey,
    monkeypatch: pytest.MonkeyPatch,
    checks: tuple[HealthCheck, ...],
    status: int,
    word: str,
) -> None:
    monkeypatch.setattr(health, "CHECK_DEADLINE_SECONDS", 0.05)
    async with client_of(application_on(sqlite, signing_key, checks)) as client:
        answer = await client.get("/sample/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (status, word)
    assert set(answer.json()["checks"]) == {check.name for check in checks}
    assert "10.0.0.5" not in answer.text


async def test_a_database_that_answers_is_ready_and_one_that_does_not_is_not(database: Database) -> None:
    await database_check(database).probe()
    lost = open_database("sample", "postgresql+asyncpg://nobody@127.0.0.1:1/none", clock=LegalClock())
    with pytest.raises(ConnectionRefusedError):
        await database_check(lost).probe()
    await lost.close()


async def test_events_that_do_not_leave_degrade_a_service_and_do_not_stop_it(
    database: Database, signing_key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that is away, or a worker: HTTP needs neither."""
    row = {"topic": "t", "type": "t", "region": "419001", "key": "class 1", "payload": b"{}"}
    async with database.connect() as connection, connection.begin():
        sent = {"event_id": "sent", "created_at": machine_now() - timedelta(hours=1), "published_at": machine_now()}
        await connection.execute(insert(OUTBOX).values(**row, **sent))
        await connection.execute(insert(OUTBOX).values(**row, event_id="waits", created_at=machine_now()))
    checks = (database_check(database), events_check(database))
    async with client_of(application_on(database, signing_key, checks)) as client:
        assert (await client.get("/sample/health/ready")).json()["status"] == "ready"
        monkeypatch.setattr(health, "OUTBOX_SECONDS_MAX", 0.0)
        answer = await client.get("/sample/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"] == {
        "database": {"status": "ok"},
        "events": {"status": "failed", "cause": "EventsWait"},
    }


async def test_requests_are_counted_by_route_template_and_never_by_path(light_client: httpx.AsyncClient) -> None:
    for path in ("/sample/v1/notes/11010519491231002X", "/sample/v1/notes/1", "/sample/v1/nothing/1"):
        await light_client.get(path)
    await light_client.request("BREW", "/sample/v1/notes/1")
    text = (await light_client.get("/sample/metrics")).text
    assert 'route="/sample/v1/notes/{number}",status="200"} 1.0' in text
    assert 'route="/sample/v1/notes/{number}",status="422"} 1.0' in text
    assert 'route="unmatched",status="404"} 1.0' in text
    assert 'method="OTHER"' in text
    assert "11010519491231002X" not in text


async def test_a_request_id_is_kept_or_made(light_client: httpx.AsyncClient) -> None:
    async def answered(sent: str) -> str:
        answer = await light_client.get("/sample/v1/count", headers={"X-Request-Id": sent})
        return answer.headers["x-request-id"]

    assert await answered("front-end.0001") == "front-end.0001"
    for refused in ("short", "x" * 65, "with space 1", "11010519491231002X", "id-13800138000"):
        assert UUID.fullmatch(await answered(refused))


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_refused(light_client: httpx.AsyncClient, announced: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    content = b"x" * 102_400 if announced else chunks()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = await light_client.post("/sample/v1/notes", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_endless_body_is_cut_off(light_client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield b"x" * 1024

    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    async with asyncio.timeout(5):
        answer = await light_client.post("/sample/v1/notes", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= 5 * 64 * 1024


async def test_answers_are_neither_cached_nor_sniffed(light_client: httpx.AsyncClient) -> None:
    headers = (await light_client.get("/sample/v1/me")).headers
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


async def test_the_document_says_who_may_call_a_route_and_what_can_go_wrong(light_client: httpx.AsyncClient) -> None:
    document = (await light_client.get("/sample/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    create = document["paths"]["/sample/v1/notes"]["post"]
    assert create["x-roles"] == ["approver", "finance"]
    assert create["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    key = next(parameter for parameter in create["parameters"] if parameter["name"] == "Idempotency-Key")
    assert key["required"] is True
    assert "IDEMPOTENCY_KEY_REUSED" in create["responses"]["409"]["x-problem-codes"]
    assert {"INPUT_INVALID", "REGION_UNKNOWN"} <= set(create["responses"]["422"]["x-problem-codes"])
    refusal = create["responses"]["422"]["content"]["application/problem+json"]
    assert refusal["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert refusal["examples"]["REGION_UNKNOWN"]["value"]["code"] == "REGION_UNKNOWN"
    assert create["requestBody"]["content"]["application/json"]["example"] == {"text": "示例"}
    assert create["responses"]["201"]["content"]["application/json"]["example"] == {"id": 1, "text": "示例"}
    assert "Idempotency-Replayed" in create["responses"]["201"]["headers"]
    assert "Idempotency-Key" in document["info"]["description"]
    assert {"Problem", "FieldProblem"} <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in str(document)
    public = document["paths"]["/sample/v1/count"]["get"]
    assert public["x-roles"] == ["public"]
    assert "security" not in public
    assert "401" not in public["responses"]
    assert "UNEXPECTED" in {problem["code"] for problem in document["x-problems"]}


async def test_every_route_of_the_service_names_its_roles(light_client: httpx.AsyncClient) -> None:
    document = (await light_client.get("/sample/openapi.json")).json()
    operations = [
        operation for path, item in document["paths"].items() if "/v1/" in path for operation in item.values()
    ]
    assert len(operations) >= 9
    assert all(operation["x-roles"] for operation in operations)


async def test_the_documentation_page_needs_nothing_from_elsewhere(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.get("/sample/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    page = answer.text
    assert "写便笺" in page
    assert "approver、finance" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


async def test_a_public_route_needs_no_token(sqlite: Database, signing_key: ECKey, token: Token) -> None:
    async with client_of(application_on(sqlite, signing_key)) as client:
        assert (await client.get("/sample/v1/count")).json() == {"count": 0}
