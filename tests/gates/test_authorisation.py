"""Nobody gets in where they do not belong: every operation, asked as every role, at home and abroad.

Who may call what stands in `authorisation.toml`; the operations come from the OpenAPI documents of a running system.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from services.payment.application import scope
from shared.domain.actor import Actor
from shared.web.examples import NoExample
from tests.faults.observation import Observation
from tests.gates.authorisation import (
    PASSES,
    TABLE_FILE,
    Cell,
    Table,
    TableWrong,
    cells_of,
    mismatch,
    read_table,
    unlisted,
)
from tests.gates.conftest import none
from tests.gates.documents import undocumented
from tests.gates.operations import Operation
from tests.gates.world import DOCUMENTED, World
from tests.journey.playing import at_rest

pytestmark = pytest.mark.asyncio(loop_scope="package")

SEALING = frozenset({"audit_pending", "audit_seal"})
"""The leader goes on sealing what was recorded before; a new record would stand in `audit_entry`."""

CLAIM = "GET /payment/v1/claims/{claim_id}"


@pytest.fixture(scope="module")
def table() -> Table:
    """The table as it stands."""
    return read_table(TABLE_FILE.read_text(encoding="utf-8"))


def application(world: World, service: str) -> FastAPI:
    part = world.system.front._parts[service]
    assert isinstance(part, FastAPI)
    return part


def hiding(world: World) -> list[str]:
    """Give every route that no document names, but for the documents themselves."""
    documented = {operation.key for operation in world.operations}
    routes = {
        f"{method} {context.path}"
        for service in DOCUMENTED
        for context in iter_route_contexts(application(world, service).routes)
        for method in (context.methods or {"ANY"}) - {"HEAD"}
    }
    return sorted(route for route in routes - documented if not route.endswith("/openapi.json"))


def cells(world: World, table: Table, *keys: str) -> tuple[list[Cell], list[str]]:
    """Give the cells of all listed operations (or of those named), and why some have none."""
    found: list[Cell] = []
    problems: list[str] = []
    for operation in world.operations:
        if operation.key in table.rows and (not keys or operation.key in keys):
            try:
                found += cells_of(world, table, operation)
            except NoExample as problem:
                problems.append(f"{operation.key}: {problem}")
    return found, problems


async def mismatches(world: World, asked: Sequence[Cell]) -> list[str]:
    """Ask every cell and give what is not as the table, or the document, says."""
    found: dict[str, None] = {}
    for cell in asked:
        answer = await world.call(cell.call, cell.identity)
        wrong = mismatch(world, cell, answer)
        found.update(dict.fromkeys([] if wrong is None else [wrong]))
        found.update(dict.fromkeys(undocumented(cell.operation, answer)))
    return list(found)


def changed(before: Observation, after: Observation) -> list[str]:
    """Name every table and topic in which something changed."""
    tables = [
        f"{service}.{table}"
        for service, rows in before.tables.items()
        for table in rows
        if table not in SEALING and rows[table] != after.tables[service][table]
    ]
    return tables if len(before.places) == len(after.places) else [*tables, "events"]


async def test_every_operation_is_listed_and_every_listed_operation_exists(world: World, table: Table) -> None:
    none(list(unlisted(table, world.operations, hiding(world))))


async def test_whoever_is_not_listed_or_not_in_scope_is_refused_learns_nothing_and_changes_nothing(
    world: World, table: Table
) -> None:
    asked, problems = cells(world, table)
    refused = [cell for cell in asked if cell.expected != PASSES]
    before = await at_rest(world)

    wrong = await mismatches(world, refused)

    none(problems + wrong)
    assert len(refused) > 60 * len(table.rows)
    none(changed(before, await at_rest(world)))


async def test_whoever_is_listed_and_in_scope_is_let_in(world: World, table: Table) -> None:
    asked, problems = cells(world, table)
    none(problems + await mismatches(world, [cell for cell in asked if cell.expected == PASSES]))


# ------------------------------------------------------------------------------------------ every hole is seen


async def test_an_operation_that_nobody_listed_is_found(world: World, table: Table) -> None:
    (claim,) = [one for one in world.operations if one.key == CLAIM]
    planted = Operation(
        service="payment", method="GET", path="/payment/v1/everything", spec=claim.spec, schemas=claim.schemas
    )
    hidden = hiding(world)
    (found,) = {*unlisted(table, [*world.operations, planted], hidden)} - {*unlisted(table, world.operations, hidden)}
    assert found.startswith("GET /payment/v1/everything (documented for: approver, assessor, auditor")
    assert "list it in tests/gates/authorisation.toml" in found


async def test_a_route_that_hides_from_the_document_is_found(world: World, table: Table) -> None:
    payment, before = application(world, "payment"), {*unlisted(table, world.operations, hiding(world))}
    payment.router.routes.append(APIRoute("/payment/v1/back-door", lambda: "in", include_in_schema=False))
    try:
        (found,) = {*unlisted(table, world.operations, hiding(world))} - before
    finally:
        payment.router.routes.pop()
    assert found.startswith("GET /payment/v1/back-door stands in no OpenAPI document")


async def test_a_role_that_the_table_does_not_grant_is_found(world: World, table: Table) -> None:
    narrow = replace(table.rows[CLAIM], roles=frozenset({"institution", "trainee", "assessor"}))
    narrower = replace(table, rows={**table.rows, CLAIM: narrow})
    assert any("only documented: approver, auditor" in one for one in unlisted(narrower, world.operations, []))
    asked, _ = cells(world, narrower, CLAIM)
    assert "as auditor of its own organisation in its own region: expected 403 ROLE_MISSING, got 200" in "\n".join(
        await mismatches(world, asked)
    )


async def test_a_role_check_that_checks_nothing_is_found(
    world: World, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, _ = cells(world, table, CLAIM)
    monkeypatch.setattr(Actor, "require", lambda *_: None)
    found = "\n".join(await mismatches(world, asked))
    assert "as teacher of its own organisation in its own region: expected 403 ROLE_MISSING, got 404" in found


async def test_a_scope_that_is_not_checked_is_found(
    world: World, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, _ = cells(world, table, CLAIM)
    monkeypatch.setattr(scope, "sees_claim", lambda *_, **__: True)
    found = await mismatches(world, asked)
    assert f"{CLAIM} as institution of another organisation in its own region: expected 404, got 200" in found
    assert f"{CLAIM} as auditor of its own organisation in another region: expected 404, got 200" in found
    assert f"{CLAIM} as trainee of another organisation in its own region: expected 404, got 200" in found
    assert f"{CLAIM} as assessor of its own organisation in its own region: expected 404, got 200" in found
    assert len(found) == 3 + 6 * 2 + 2 * 3 + 2 * 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{ roles = ["nobody"] }', "no such role or group: nobody"),
        ('{ roles = ["auditor"], foreign = "maybe" }', "foreign is one of hidden"),
        ('{ roles = ["trainee"], person = "maybe" }', "person is a status"),
        ('{ roles = ["assessor"], body = "maybe" }', "body is a status"),
    ],
)
async def test_a_row_that_cannot_be_meant_is_refused(row: str, message: str) -> None:
    scopes = "{ tenant = [], regional = [], personal = [] }"
    with pytest.raises(TableWrong, match=message):
        read_table(f'open = []\nscopes = {scopes}\ngroups = {{}}\noperations = {{ "GET /x" = {row} }}')
