"""A stranger can use every address from its OpenAPI document alone."""

from copy import deepcopy
from dataclasses import replace

import httpx
import pytest

from peibu.services import SERVICES
from tests.gates.conftest import none
from tests.gates.documents import shortcomings, undocumented
from tests.gates.operations import Operation
from tests.gates.world import World

pytestmark = pytest.mark.asyncio(loop_scope="package")


def operation(world: World, key: str) -> Operation:
    """Give a copy of an operation that may be spoilt."""
    (found,) = [one for one in world.operations if one.key == key]
    return replace(found, spec=deepcopy(found.spec))


async def test_every_operation_is_described_so_that_a_stranger_can_use_it(world: World) -> None:
    described = [one for one in world.operations if one.roles]
    assert len(described) > 50
    none([f"{one.key} {problem}" for one in described for problem in shortcomings(one)])


async def test_every_document_says_how_to_sign_in_repeat_page_and_read_errors(world: World) -> None:
    for service in SERVICES:
        text = world.documents[service]["info"]["description"]
        for word in ("/auth/token", "Idempotency-Key", "cursor", "application/problem+json", "If-Match", "Retry-After"):
            assert word in text
        page = (await world.http.get(f"/{service}/docs")).text
        assert page.count("Idempotency-Replayed: true") == 1


async def test_every_refusal_in_the_stories_stands_in_the_description(world: World) -> None:
    refused = [one for one in world.recorder.exchanges if one.status >= 400]
    assert refused
    for exchange in refused:
        answered = httpx.Response(exchange.status, headers=exchange.headers, content=exchange.body)
        (asked,) = [one for one in world.operations if one.matches(exchange)]
        none(undocumented(asked, answered))


CLAIMS, CLASSES = "POST /payment/v1/claims", "GET /enrollment/v1/classes"


@pytest.mark.parametrize(
    ("key", "spoil", "found"),
    [
        (CLAIMS, lambda spec: spec.pop("summary"), "has no summary"),
        (CLAIMS, lambda spec: spec.update(description=""), "has no description"),
        (CLAIMS, lambda spec: spec.update(parameters=[]), "does not say that it takes an Idempotency-Key"),
        (CLAIMS, lambda spec: spec["responses"]["201"].pop("headers"), "does not say how a repeated answer is known"),
        (
            CLAIMS,
            lambda spec: spec["requestBody"]["content"]["application/json"].update(example={}),
            "the example of its body is against its schema at $: 'class_id' is a required property",
        ),
        (
            CLAIMS,
            lambda spec: spec["requestBody"]["content"]["application/json"].update(
                schema={"type": "string", "pattern": "^never$"}
            ),
            "its body has no example: body: no example fits ^never$",
        ),
        (
            CLAIMS,
            lambda spec: spec["responses"]["409"].update({"x-problem-codes": []}),
            "its 409 names no problem code",
        ),
        (CLASSES, lambda spec: spec.update(parameters=[]), "answers a cursor (next) and does not say how it is given"),
    ],
)
async def test_what_is_missing_in_a_description_is_found(world: World, key: str, spoil: object, found: str) -> None:
    spoilt = operation(world, key)
    spoil(spoilt.spec)  # type: ignore[operator]
    assert any(problem.startswith(found) for problem in shortcomings(spoilt))


async def test_a_code_that_nobody_described_is_found_and_told_where_to_stand(world: World) -> None:
    answer = httpx.Response(409, json={"code": "PLANTED", "errors": [{"code": "PLANTED_TOO"}]})
    found = undocumented(operation(world, CLAIMS), answer)
    assert [one.split(": ")[1].split(" is ")[0] for one in found] == ["409 PLANTED", "409 PLANTED_TOO"]
    assert found[0].endswith('add it to services/payment/api/problems.toml under ["POST /payment/v1/claims"]')
