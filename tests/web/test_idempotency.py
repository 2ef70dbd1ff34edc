"""A request sent again has one effect and one answer."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select, update

from deploy.postgres import PostgresServer
from shared import failpoints
from shared.clock import machine_now, new_id
from shared.database.engine import Database
from shared.web.pruning import KEEP_ANSWERS, AnswerPruner
from shared.web.tables import IDEMPOTENCY_KEY
from tests.web import sample
from tests.web.conftest import Token, application_on, client_of, prepared

NOTES = "/sample/v1/notes"


@pytest.fixture(autouse=True)
def reset_sample() -> Iterator[None]:
    sample.runs = 0
    sample.busy_times = 0
    yield
    sample.busy_times = 0


async def rows(database: Database) -> tuple[int, int]:
    async with database.engine.connect() as connection:
        notes = (await connection.execute(select(func.count()).select_from(sample.NOTE))).scalar_one()
        keys = (await connection.execute(select(func.count()).select_from(IDEMPOTENCY_KEY))).scalar_one()
    return notes, keys


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_the_same_request_again_gets_the_stored_answer_byte_for_byte(
    client: httpx.AsyncClient, database: Database
) -> None:
    headers = keyed(new_id())
    first = await client.post(NOTES, json={"text": "一"}, headers=headers)
    again = await client.post(NOTES, json={"text": "一"}, headers=headers)
    assert first.status_code == 201
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await rows(database) == (1, 1)


async def test_one_key_fifty_times_at_once_has_one_effect(client: httpx.AsyncClient, database: Database) -> None:
    headers = keyed(new_id())
    answers = await asyncio.gather(*(client.post(NOTES, json={"text": "一"}, headers=headers) for _ in range(50)))
    created = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(created) + len(waiting) == 50
    assert len({answer.content for answer in created}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in created) == 1
    assert all(answer.json()["code"] == "IDEMPOTENCY_KEY_IN_USE" for answer in waiting)
    assert await rows(database) == (1, 1)
    assert sample.runs == 1


async def test_fifty_keys_at_once_have_fifty_effects(client: httpx.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(
        *(client.post(NOTES, json={"text": "一"}, headers=keyed(new_id())) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert await rows(database) == (50, 50)


async def test_the_same_key_for_another_body_or_query_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    headers = keyed(new_id())
    await client.post(NOTES, json={"text": "一"}, headers=headers)
    for url, text in ((NOTES, "二"), (f"{NOTES}?x=1", "一")):
        other = await client.post(url, json={"text": text}, headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert await rows(database) == (1, 1)


async def test_a_key_belongs_to_its_organisation_and_an_answer_to_its_person(
    database: Database, signing_key: ECKey, token: Token
) -> None:
    application, headers = application_on(database, signing_key), keyed("the-same-key")
    answers = []
    for claims in ({}, {"org": "org-2"}, {"sub": "wang"}):
        async with client_of(application, token(**claims)) as client:
            answers.append(await client.post(NOTES, json={"text": "一"}, headers=headers))
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[0].json() != answers[1].json()
    assert await rows(database) == (2, 2)


async def test_a_key_of_one_address_is_free_at_another(client: httpx.AsyncClient, database: Database) -> None:
    headers = keyed(new_id())
    assert (await client.post(NOTES, json={"text": "一"}, headers=headers)).status_code == 201
    assert (await client.post(f"{NOTES}/batch", json=[{"text": "一"}], headers=headers)).status_code == 200
    assert await rows(database) == (2, 2)


@pytest.mark.parametrize("key", [None, "", "a b", "键".encode(), "x" * 201])
async def test_a_missing_or_malformed_key_is_refused_before_any_effect(
    client: httpx.AsyncClient, database: Database, key: str | bytes | None
) -> None:
    headers = {} if key is None else {b"Idempotency-Key": key if isinstance(key, bytes) else key.encode()}
    answer = await client.post(NOTES, json={"text": "一"}, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == ("IDEMPOTENCY_KEY_MISSING" if key is None else "IDEMPOTENCY_KEY_INVALID")
    assert await rows(database) == (0, 0)


async def test_a_refusal_leaves_no_effect_and_its_key_may_be_tried_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    headers = keyed(new_id())
    for _ in range(2):
        answer = await client.post(NOTES, json={"text": "refuse"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "TEXT_REFUSED")
        assert "idempotency-replayed" not in answer.headers
    assert await rows(database) == (0, 0)
    assert (await client.post(NOTES, json={"text": "一"}, headers=headers)).status_code == 201


async def test_a_batch_with_refused_rows_is_remembered_even_when_all_are_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    headers = keyed(new_id())
    first = await client.post(f"{NOTES}/batch", json=[{"text": "refuse"}], headers=headers)
    again = await client.post(f"{NOTES}/batch", json=[{"text": "refuse"}], headers=headers)
    assert first.status_code == again.status_code == 422
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert await rows(database) == (0, 1)


@pytest.mark.parametrize(("url", "body"), [(NOTES, {"text": "crash"}), (f"{NOTES}/broken", None)])
async def test_a_crash_between_effect_and_answer_leaves_nothing(
    client: httpx.AsyncClient, database: Database, url: str, body: dict[str, str] | None
) -> None:
    answer = await client.post(url, json=body, headers=keyed(new_id()))
    assert (answer.status_code, answer.json()["code"]) == (500, "UNEXPECTED")
    assert "13800138000" not in answer.text
    assert await rows(database) == (0, 0)


async def test_an_answer_of_500_that_an_endpoint_returns_leaves_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await client.post(f"{NOTES}/batch", json=[{"text": "fail"}], headers=keyed(new_id()))
    assert answer.status_code == 500
    assert await rows(database) == (0, 0)


async def test_a_crash_before_the_commit_leaves_nothing_and_after_it_everything(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, left in ((failpoints.BEFORE_COMMIT, (0, 0)), (failpoints.AFTER_COMMIT, (1, 1))):

        def die(name: str, at: str = place) -> None:
            if name == at:
                raise RuntimeError(at)

        headers = keyed(new_id())
        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "hit", die)
            assert (await client.post(NOTES, json={"text": "一"}, headers=headers)).status_code == 500
        assert await rows(database) == left
    again = await client.post(NOTES, json={"text": "一"}, headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert await rows(database) == (1, 1)


async def test_an_action_that_meets_a_deadlock_is_run_again_whole(
    client: httpx.AsyncClient, database: Database
) -> None:
    sample.busy_times = 2
    answer = await client.post(f"{NOTES}/busy", headers=keyed(new_id()))
    assert (answer.status_code, sample.runs) == (200, 3)
    assert await rows(database) == (1, 1)


async def test_an_action_that_never_gets_its_locks_is_told_to_come_back(
    client: httpx.AsyncClient, database: Database
) -> None:
    sample.busy_times = 100
    answer = await client.post(f"{NOTES}/busy", headers=keyed(new_id()))
    assert (answer.status_code, answer.json()["code"], sample.runs) == (503, "DATABASE_BUSY", 3)
    assert int(answer.headers["retry-after"]) > 0
    assert await rows(database) == (0, 0)


async def test_a_connection_cut_in_the_middle_is_answered_503_and_the_same_key_then_succeeds(
    postgres_server: PostgresServer, signing_key: ECKey, token: Token
) -> None:
    name = f"cut_{new_id().replace('-', '')}"
    postgres_server.create_database(name)
    async with prepared(postgres_server.dsn(name)) as database:
        async with client_of(application_on(database, signing_key), token()) as client:
            first = await client.post(f"{NOTES}/cut", headers=keyed("k"))
            again = await client.post(f"{NOTES}/cut", headers=keyed("k"))
        assert (first.status_code, first.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
        assert int(first.headers["retry-after"]) > 0
        assert (again.status_code, again.headers.get("idempotency-replayed")) == (200, None)
        assert await rows(database) == (1, 1)
    postgres_server.drop_database(name)


async def test_the_row_cannot_be_searched_for_what_was_sent(client: httpx.AsyncClient, database: Database) -> None:
    key = new_id()
    await client.post(NOTES, json={"text": "一"}, headers=keyed(key))
    async with database.engine.connect() as connection:
        row = (await connection.execute(select(IDEMPOTENCY_KEY))).one()
    assert key not in str(tuple(row))
    assert row.operation == "POST /sample/v1/notes"


async def test_the_answer_of_a_batch_is_kept_small_and_given_byte_for_byte(
    client: httpx.AsyncClient, database: Database
) -> None:
    headers = keyed(new_id())
    body = [{"text": "一"}] * 50
    first = await client.post(f"{NOTES}/listed", json=body, headers=headers)
    again = await client.post(f"{NOTES}/listed", json=body, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    async with database.engine.connect() as connection:
        (kept,) = (await connection.execute(select(IDEMPOTENCY_KEY.c.body))).scalars()
    assert len(kept) * 4 < len(first.content)


async def test_an_answer_is_forgotten_after_its_time_and_not_before(
    client: httpx.AsyncClient, database: Database
) -> None:
    old, recent = keyed(new_id()), keyed(new_id())
    for headers in (old, recent):
        await client.post(NOTES, json={"text": "一"}, headers=headers)
    async with database.connect() as connection, connection.begin():
        row = IDEMPOTENCY_KEY.c
        oldest = select(row.id).order_by(row.created_at).limit(1).scalar_subquery()
        before = machine_now() - KEEP_ANSWERS - timedelta(seconds=1)
        await connection.execute(update(IDEMPOTENCY_KEY).where(row.id == oldest).values(created_at=before))

    assert await AnswerPruner(database).prune() == 1

    assert "idempotency-replayed" not in (await client.post(NOTES, json={"text": "一"}, headers=old)).headers
    assert (await client.post(NOTES, json={"text": "一"}, headers=recent)).headers["idempotency-replayed"] == "true"
    assert await AnswerPruner(database).prune() == 0
