"""Whoever reads every event, log line, address, error, answer, metric and database file recognises nobody."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
import structlog

from tests.gates.authorisation import PASSES, TABLE_FILE, Table, cells_of, read_table
from tests.gates.conftest import none
from tests.gates.documents import undocumented
from tests.gates.leaks import Evidence, Secret, evidence_of, leaks, secrets_of
from tests.gates.operations import Call, Operation
from tests.gates.world import Identity, World

pytestmark = pytest.mark.asyncio(loop_scope="package")

NUMBERS = ("000000199001010018", "19912345678")
"""An identity number and a phone of nobody."""


@pytest.fixture(scope="module")
def table() -> Table:
    return read_table(TABLE_FILE.read_text(encoding="utf-8"))


async def test_the_stories_leave_nothing_by_which_anybody_can_be_recognised(world: World) -> None:
    evidence, secrets = await evidence_of(world), secrets_of(world)
    assert all(texts for texts in evidence.texts.values())
    assert len(evidence.texts["events"]) > 100
    assert len(evidence.texts["errors"]) >= 3
    assert len(secrets) > 90 * 13
    none(leaks(evidence, secrets))


@pytest.mark.parametrize("place", ["events", "log", "addresses", "errors", "answers", "metrics", "databases"])
async def test_a_leak_planted_in_any_place_is_found(world: World, place: str) -> None:
    secrets = secrets_of(world)
    planted = Evidence({place: ["{}"]}).with_text(place, f'{{"note": "{secrets[0].text}"}}')
    (found,) = leaks(planted, secrets)
    assert found.startswith(f"{place}: the full name of person 0 stands in")


async def test_a_leak_behind_an_escape_is_found(world: World) -> None:
    (person, *_) = secrets_of(world)
    percent = "".join(f"%{byte:02X}" for byte in person.text.encode())
    escaped = person.text.encode("unicode_escape").decode()
    assert len(leaks(Evidence({"addresses": [percent], "log": [f'"{escaped}"'], "errors": ["%20"]}), [person])) == 2


async def test_a_leak_that_the_running_system_logs_is_found(world: World) -> None:
    (person, *_) = secrets_of(world)
    structlog.get_logger("planted").warning("planted", remark=person.text)
    try:
        found = leaks(await evidence_of(world), [person])
        assert [one.partition(":")[0] for one in found] == ["log"]
    finally:
        lines = world.log_file.read_text(encoding="utf-8").splitlines(keepends=True)
        world.log_file.write_text("".join(line for line in lines if "planted" not in line), encoding="utf-8")


def misused(call: Call, names: Iterator[str]) -> Iterator[tuple[Call, str]]:
    """Give the call with something personal in every place in turn: fields, names of fields, path and query.

    Every name comes once, so that one which is stored (as an occupation's, say) is told from one that is repeated.
    """
    path, _, query = call.target.partition("?")
    for secret in ("", *NUMBERS):
        parts = path.split("/")
        for place in range(3, len(parts)):
            text = secret or next(names)
            yield _like(call, target="/".join([*parts[:place], text, *parts[place + 1 :]])), text
        text = secret or next(names)
        yield _like(call, target=f"{path}?{query}&{text}={text}&cursor={text}&class_id={text}&region={text}"), text
        if call.body is not None:
            for body in (*_bodies(call.body), [_HERE], {**call.body, _HERE: _HERE}):
                text = secret or next(names)
                yield _like(call, body=json.loads(json.dumps(body).replace(_HERE, text))), text


def _like(call: Call, **changed: Any) -> Call:
    return Call(**{"method": call.method, "target": call.target, "body": call.body, "missing": call.missing, **changed})


def _bodies(value: Any) -> Iterator[Any]:
    """Give the JSON value with `_HERE` instead of each leaf in turn; of a list only the first item changes."""
    if isinstance(value, dict):
        for key, part in value.items():
            for changed in _bodies(part):
                yield {**value, key: changed}
    elif isinstance(value, list) and value:
        for changed in _bodies(value[0]):
            yield [changed]
    else:
        yield _HERE


_HERE = "here-stands-somebody"


def in_scope(world: World, table: Table, operation: Operation) -> tuple[Call, Identity | None]:
    cell = next(cell for cell in cells_of(world, table, operation) if cell.expected == PASSES)
    return cell.call, cell.identity


async def test_what_is_sent_in_the_wrong_place_is_repeated_nowhere(world: World, table: Table) -> None:
    before = len((await world.observe()).places)
    names = (f"欧阳{chr(0x5000 + number // 1000)}{chr(0x6000 + number % 1000)}" for number in count())
    sent: set[str] = set()
    repeated: list[str] = []
    refused = 0
    with logged(logging.INFO):
        for operation in (one for one in world.operations if one.key in table.rows):
            call, identity = in_scope(world, table, operation)
            for wrong, text in misused(call, names):
                answer = await world.call(wrong, identity)
                sent.add(text)
                repeated += [one for one in undocumented(operation, answer) if one not in repeated]
                refused += 400 <= answer.status_code < 500
                if answer.status_code >= 500 or (answer.is_error and text in answer.text):
                    context = answer.text[max(0, answer.text.find(text) - 60) :][:160]
                    repeated.append(f"{operation.key}: {answer.status_code} ...{context}...")
        evidence = await evidence_of(world)
    none(repeated)
    assert refused > 15 * len(table.rows)
    secrets = [Secret(what=f"{text} sent in the wrong place", text=text) for text in sorted(sent)]
    none(leaks(Evidence({place: evidence.texts[place] for place in ("log", "metrics")}), secrets))
    events = Evidence({"events": evidence.texts["events"][before:]})
    none(leaks(events, [secret for secret in secrets if secret.text in NUMBERS]))


@contextmanager
def logged(level: int) -> Iterator[None]:
    """Log from this level on, as a running system does."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(level)
    try:
        yield
    finally:
        root.setLevel(before)
