"""Throw generated requests at every operation, and keep what must not come back.

schemathesis generates from the OpenAPI documents, for the schema and against it. Each case is sent three times: as
generated (to things that exist), laid over a request of the stories, and with somebody's data in it. So generated
values also reach what stands behind the first checks.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.clock import new_id
from tests.gates.authorisation import PASSES, Table, cells_of
from tests.gates.operations import Call, Operation, with_ids
from tests.gates.world import World

CHECKS: Final = [status_code_conformance, content_type_conformance, response_schema_conformance]
LEFT_OUT: Final = ("POST /clock/v1/move",)
"""A clock moved to a generated instant would fire every timer there is and never come back."""
NUMBERS: Final = ("000000199001010018", "19912345678", "6222 0000 0000 0000 0001")


@dataclass(slots=True)
class Findings:
    """What came back that must not: one example of each kind and operation, and how many requests were sent."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, operation: str, what: str, example: str) -> None:
        """Keep a finding; of each kind the first example."""
        self.counts[operation, what] += 1
        self.examples.setdefault((operation, what), example)

    def paragraphs(self) -> list[str]:
        """Give one paragraph per kind of finding."""
        return [
            f"{operation}: {what} ({self.counts[operation, what]} times), for example\n{example}\n"
            for (operation, what), example in sorted(self.examples.items())
        ]


def operations_to_fuzz(world: World, table: Table, service: str) -> list[Operation]:
    """Give the service's operations that people and software call."""
    return [
        one for one in world.operations if one.service == service and one.key in table.rows and one.key not in LEFT_OUT
    ]


def fuzz(
    world: World,
    table: Table,
    service: str,
    *,
    requests: int,
    loop: asyncio.AbstractEventLoop,
    only: Collection[str] = (),
) -> Findings:
    """Send at least so many requests to a service that runs in `loop`; blocks, so call it from another thread.

    `only` names the operations to ask; without it all are asked.
    """
    schema = schemathesis.openapi.from_dict(world.documents[service])
    generated = {result.ok().label: result.ok() for result in schema.get_all_operations()}
    targets = [one for one in operations_to_fuzz(world, table, service) if not only or one.key in only]
    findings, chance, round_number = Findings(), random.Random(service), 0
    sender = _Sender(world, loop, findings)
    while findings.sent < requests:
        share = max(3, (requests - findings.sent) // (len(targets) * 3 * 2) + 1)
        for operation in targets:
            cell = next(cell for cell in cells_of(world, table, operation) if cell.expected == PASSES)
            bearer = {} if cell.identity is None else world.bearer(cell.identity)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                for case in cases(generated[operation.key], mode, count=share, seed=round_number):
                    for body, personal in bodies(case, cell.call, world.ids, chance):
                        sender.send(operation, case, cell.call, body, bearer, chance, personal)
        round_number += 1
    return findings


def cases(operation: Any, mode: GenerationMode, *, count: int, seed: int) -> list[Case]:
    """Generate cases; none where there is nothing to generate, for example against a schema without any field."""
    found: list[Case] = []

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def collect(case: Case) -> None:
        found.append(case)

    collect._hypothesis_internal_use_seed = seed  # type: ignore[attr-defined]  # the same requests in every run
    try:
        collect()
    except Unsatisfiable:
        return found[:count]
    return found


def bodies(case: Case, call: Call, ids: Mapping[str, str], chance: random.Random) -> Iterator[tuple[Any, str | None]]:
    """Give the bodies to send for a case: as generated, over the stories' request, with somebody's data in it.

    With each the data that stand in it: a name comes once, for one that was stored may well be shown again.
    """
    body = case.body
    if isinstance(body, NotSet):
        yield from [(NotSet(), None)] * 3
        return
    yield with_ids(body, ids), None
    if isinstance(body, dict) and isinstance(call.body, dict):
        kept = chance.sample(sorted(body), k=chance.randint(0, len(body)))
        yield {**call.body, **{name: with_ids(body[name], ids, name) for name in kept}}, None
    else:
        yield body, None
    base = call.body if chance.random() < 0.5 and call.body is not None else with_ids(body, ids)
    name = "欧阳" + chr(chance.randrange(0x5000, 0x9000)) + chr(chance.randrange(0x5000, 0x9000))
    text = chance.choice([name, *NUMBERS])
    yield planted(base, text, chance), text


def planted(value: Any, text: str, chance: random.Random) -> Any:
    """Give the JSON value with a text instead of one of its leaves."""
    if isinstance(value, dict) and value:
        name = chance.choice(sorted(value))
        return {**value, name: planted(value[name], text, chance)}
    if isinstance(value, list) and value:
        place = chance.randrange(len(value))
        return [*value[:place], planted(value[place], text, chance), *value[place + 1 :]]
    return text


class _Sender:
    """Sends requests into the loop of the system and judges the answers."""

    def __init__(self, world: World, loop: asyncio.AbstractEventLoop, findings: Findings) -> None:
        self._world, self._loop, self._findings = world, loop, findings

    def send(
        self,
        operation: Operation,
        case: Case,
        call: Call,
        body: Any,
        bearer: Mapping[str, str],
        chance: random.Random,
        personal: str | None,
    ) -> None:
        """Send one request."""
        target = call.target.partition("?")[0] if chance.random() < 0.8 else formatted(operation.path, case)
        headers = {**_sendable(case.headers), **bearer}
        if operation.method == "POST" and chance.random() < 0.9:
            headers["Idempotency-Key"] = new_id()
        content = None
        if not isinstance(body, NotSet):
            content = body if isinstance(body, bytes) else _encoded(body)
            headers["Content-Type"] = "application/json"
        query = {name: str(value) for name, value in (case.query or {}).items()} if case.query else None
        request = self._world.http.build_request(
            operation.method, quote(target, safe="/%"), params=query, headers=headers, content=content
        )
        future = asyncio.run_coroutine_threadsafe(self._world.http.send(request), self._loop)
        self._judge(operation, case, request, future.result(timeout=60), personal)

    def _judge(
        self, operation: Operation, case: Case, request: httpx.Request, answer: httpx.Response, personal: str | None
    ) -> None:
        self._findings.sent += 1
        self._findings.statuses[answer.status_code] += 1
        sent = f"{request.method} {request.url} {request.content[:1500]!r}\n-> {answer.status_code} {answer.text[:800]}"
        if answer.status_code >= 500:
            self._findings.add(operation.key, f"failed with {answer.status_code}", sent)
        if personal is not None and 400 <= answer.status_code < 500 and personal in answer.text:
            self._findings.add(operation.key, "repeats personal data", sent)
        answer.elapsed = timedelta()  # nobody asks, but a transport in this process leaves it open
        try:
            case.validate_response(answer, checks=CHECKS)  # type: ignore[arg-type]
        except (Failure, FailureGroup) as failure:
            for one in failure.exceptions if isinstance(failure, FailureGroup) else [failure]:
                what = f"{type(one).__name__} {answer.status_code}"
                self._findings.add(operation.key, what, f"{str(one)[:600]}\n{sent}")


def formatted(path: str, case: Case) -> str:
    """Give the path with generated values."""
    for name, value in (case.path_parameters or {}).items():
        path = path.replace(f"{{{name}}}", quote(str(value).encode("utf-8", "replace"), safe=""))
    return path


def _sendable(headers: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in (headers or {}).items()
        if str(value).isascii() and str(value).isprintable() and name.lower() not in ("authorization", "content-type")
    }


def _encoded(body: Any) -> bytes:
    return json.dumps(body).encode()
