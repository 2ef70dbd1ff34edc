"""Whether a stranger can use an operation from its description alone."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
from jsonschema import Draft202012Validator

from peibu.services import SERVICES
from shared.web.examples import NoExample, example_of
from shared.web.problems import MEDIA_TYPE
from tests.gates.operations import Operation

UNKEYED = {
    "POST /supervision/v1/devices/{device_id}/sign-ins": "rows are known by device and sequence",
    "POST /clock/v1/move": "a second move to the same instant does nothing",
}
UNKEYED |= {
    f"POST /{service}/v1/webhooks{path}": "its answer holds a secret, which is kept nowhere"
    for service in SERVICES
    for path in ("", "/{webhook_id}/secrets")
}
UNKEYED["POST /enrollment/v1/classes/{class_id}/roster/{row}/revelation"] = (
    "its answer holds what a row states, which is kept nowhere"
)
UNKEYED["POST /enrollment/v1/classes/{class_id}/contact"] = "its answer holds a telephone, which is kept nowhere"
"""POSTs without an idempotency key, and why they need none."""
HOW_TO_ADD: Final = 'add it to services/{service}/api/problems.toml under ["{operation}"]'


def undocumented(operation: Operation, answer: httpx.Response) -> list[str]:
    """Name every problem code of an answer that the operation's description does not name under its status."""
    if answer.status_code < 400:
        return []
    problem: Mapping[str, Any] = answer.json()
    if problem["code"] in ("ADDRESS_UNKNOWN", "METHOD_NOT_ALLOWED"):
        return []  # nobody was asked
    documented = operation.spec["responses"].get(str(answer.status_code), {}).get("x-problem-codes", ())
    anywhere = {code for one in operation.spec["responses"].values() for code in one.get("x-problem-codes", ())}
    seen = [problem["code"], *(one["code"] for one in problem.get("errors", ()))]
    how = HOW_TO_ADD.format(service=operation.service, operation=operation.key)
    missing = [code for code in seen[:1] if code not in documented] + [
        code for code in seen[1:] if code not in anywhere
    ]
    return [f"{operation.key}: {answer.status_code} {code} is in no description: {how}" for code in missing]


def shortcomings(operation: Operation) -> Iterator[str]:
    """Name everything that a stranger would miss in the description of an operation."""
    spec = operation.spec
    if not spec.get("summary"):
        yield "has no summary"
    if not spec.get("description"):
        yield "has no description: give the endpoint a docstring"
    yield from _examples(operation)
    yield from _repetition(operation)
    yield from _pages(operation)
    yield from _problems(operation)


def _examples(operation: Operation) -> Iterator[str]:
    contents = [("body", operation.spec.get("requestBody", {}))]
    contents += [(f"{status} answer", one) for status, one in operation.spec["responses"].items() if status < "3"]
    for name, described in contents:
        for media, content in described.get("content", {}).items():
            if media != "application/json":
                continue
            schema = content.get("schema", {})
            if not schema:
                yield f"its {name} has no schema"
                continue
            try:
                example_of(schema, operation.schemas)
            except NoExample as problem:
                yield f"its {name} has no example: {problem}"
                continue
            whole = {**schema, "components": {"schemas": operation.schemas}}
            for error in Draft202012Validator(whole).iter_errors(content["example"]):
                yield f"the example of its {name} is against its schema at {error.json_path}: {error.message}"


def _repetition(operation: Operation) -> Iterator[str]:
    keys = [one for one in operation.parameters("header") if one["name"] == "Idempotency-Key"]
    if operation.method != "POST" or operation.key in UNKEYED:
        if keys:
            yield "takes an Idempotency-Key, which is for POST"
        return
    if not keys or not keys[0].get("required") or not keys[0].get("description"):
        yield "does not say that it takes an Idempotency-Key"
    succeeding = [one for status, one in operation.spec["responses"].items() if status < "3"]
    if not all("Idempotency-Replayed" in one.get("headers", {}) for one in succeeding):
        yield "does not say how a repeated answer is known"


def _pages(operation: Operation) -> Iterator[str]:
    schema = operation.spec["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = operation.schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)
    properties = schema.get("properties", {})
    if operation.method != "GET" or "items" not in properties:
        return
    if {"next_after", "has_more"} <= properties.keys():
        return  # a feed, which never ends
    if "next" not in properties:
        yield "answers items without saying whether there are more (next)"
    elif properties["next"].get("type") != "null" and not any(
        one["name"] in ("cursor", "before") and one.get("description") for one in operation.parameters("query")
    ):
        yield "answers a cursor (next) and does not say how it is given back"


def _problems(operation: Operation) -> Iterator[str]:
    for status, response in operation.spec["responses"].items():
        if status < "4":
            continue
        content = response.get("content", {}).get(MEDIA_TYPE)
        if content is None:
            yield f"its {status} is no {MEDIA_TYPE}"
        elif not response.get("x-problem-codes"):
            yield f"its {status} names no problem code: declare it or name it in api/problems.toml"
        elif not content.get("examples"):
            yield f"its {status} has no example"
