"""Ask every operation as everybody, and compare what happens with the table in `authorisation.toml`."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import httpx

from peibu.seed import BUREAU, REGION
from peibu.services import SERVICES
from shared.domain.actor import Role
from shared.domain.jurisdiction import ancestors
from shared.web.examples import NoExample
from tests.gates.operations import Call, Operation
from tests.gates.world import Identity, World

TABLE_FILE: Final = Path(__file__).with_name("authorisation.toml")
SUPERIOR: Final = ancestors(REGION)[1]
FOREIGN_REGION: Final = "130000"
HIDDEN, REGIONAL, EMPTY, EVERYWHERE = "hidden", "region", "empty", "everywhere"
PASSES: Final = "passes"
FOREIGN: Final = (HIDDEN, REGIONAL, EMPTY, EVERYWHERE)
HOW_TO_LIST: Final = (
    "list it in tests/gates/authorisation.toml: who may call it, what a foreign institution or bureau is answered"
)


class TableWrong(Exception):
    """The table cannot be read; the text says which row and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the table says of one operation."""

    roles: frozenset[str]
    foreign: str
    """A word of `FOREIGN`, or the status and code of the refusal."""
    abroad: str
    """The same for regional roles of another region."""
    by_region: bool
    """Institutions and bodies, too, see what is their region's."""
    own: str | None
    """A refusal that callers in scope may meet in the stories' state, though it looks like a stranger's."""
    person: str
    """The status, and perhaps the code, of the refusal of a person of whom the stories make nothing."""
    body: str | None
    """The same for an assessor, where the stories make nothing of an assessment body's own."""
    elsewhere: bool
    """It is tried in the region of another document, where what it names exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Who may call what; `tenant` roles are held to their organisation, `regional` ones to their region.

    `personal` ones are held to what is their own person's; the stories make nothing of theirs.
    """

    open: frozenset[str]
    tenant: frozenset[str]
    regional: frozenset[str]
    personal: frozenset[str]
    rows: Mapping[str, Row]


def read_table(text: str) -> Table:
    """Read the table; raise TableWrong when a row names a role, a group or an outcome that there is not."""
    raw = tomllib.loads(text)
    groups: dict[str, list[str]] = raw["groups"]
    known = {role.value for role in Role}

    def roles_of(key: str, names: Sequence[str]) -> frozenset[str]:
        roles = frozenset(role for name in names for role in groups.get(name, [name]))
        if unknown := roles - known:
            raise TableWrong(f"{key}: no such role or group: {', '.join(sorted(unknown))}")
        return roles

    rows = {}
    for key, given in _of_each_service(raw["operations"]):
        foreign = given.get("foreign", HIDDEN)
        abroad = given.get("abroad", foreign)
        for name, answer in (("foreign", foreign), ("abroad", abroad)):
            if answer not in FOREIGN and not answer.split(" ")[0].isdecimal():
                raise TableWrong(f"{key}: {name} is one of {', '.join(FOREIGN)} or a status and a code, not {answer}")
        rows[key] = Row(
            roles=roles_of(key, given["roles"]),
            foreign=foreign,
            abroad=abroad,
            by_region=given.get("by") == "region",
            own=given.get("own"),
            person=_refusal(f"{key}: person", given.get("person", "404")),
            body=_refusal(f"{key}: body", given["body"]) if "body" in given else None,
            elsewhere=bool(given.get("elsewhere", False)),
        )
    return Table(
        open=frozenset(raw["open"]),
        tenant=roles_of("scopes.tenant", raw["scopes"]["tenant"]),
        regional=roles_of("scopes.regional", raw["scopes"]["regional"]),
        personal=roles_of("scopes.personal", raw["scopes"]["personal"]),
        rows=rows,
    )


def _of_each_service(operations: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the rows; one with `{service}` in its address stands for all four."""
    for key, given in operations.items():
        for service in SERVICES if "/{service}/" in key else ("",):
            yield key.replace("/{service}/", f"/{service}/"), given


def _refusal(where: str, text: str) -> str:
    if not text.split(" ")[0].isdecimal():
        raise TableWrong(f"{where} is a status, or a status and a code, not {text}")
    return text


def unlisted(table: Table, operations: Sequence[Operation], hidden_routes: Sequence[str]) -> Iterator[str]:
    """Give what the documents or the applications have and the table has not, and the other way round."""
    keys = {operation.key: operation for operation in operations}
    for key, operation in keys.items():
        if key not in table.rows and key not in table.open:
            yield f"{key} (documented for: {', '.join(sorted(operation.roles)) or 'nobody named'}): {HOW_TO_LIST}"
        elif key in table.rows and operation.roles != table.rows[key].roles:
            listed, documented = table.rows[key].roles, operation.roles
            yield (
                f"{key}: the table and requires(...) disagree; only listed: {_names(listed - documented)}; "
                f"only documented: {_names(documented - listed)}"
            )
    for route in hidden_routes:
        if route not in table.open:
            yield f"{route} stands in no OpenAPI document; document it, or name it under `open`"
    for key in sorted({*table.rows, *table.open} - keys.keys() - set(hidden_routes)):
        yield f"{key} is listed, but there is no such operation any more: remove its row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One call of one operation by one identity (None: without a token), and what must come of it."""

    operation: Operation
    row: Row
    call: Call
    identity: Identity | None
    who: str
    expected: str

    @property
    def must_fail(self) -> bool:
        """Say whether the call must have no effect."""
        return self.expected not in (PASSES, EMPTY)


def cells_of(world: World, table: Table, operation: Operation) -> Iterator[Cell]:
    """Give every cell of one listed operation; raise NoExample when no request can be made from its document."""
    row = table.rows[operation.key]
    call, home = world.request_for(operation, elsewhere=row.elsewhere), world.home_of(elsewhere=row.elsewhere)
    regions = {home.region: "its own region", ancestors(home.region)[1]: "the superior region"}
    regions[FOREIGN_REGION] = "another region"
    if call.missing:
        raise NoExample(
            f"{operation.key}: nothing in the stories makes a {', '.join(sorted(call.missing))}; "
            "let tests/gates/world.py make one, so that a stranger's request for it can be tried"
        )
    public = row.roles == {Role.PUBLIC.value}
    yield Cell(
        operation=operation,
        row=row,
        call=call,
        identity=None,
        who="without a token",
        expected=PASSES if public else "401 TOKEN_MISSING",
    )
    for role, own_tenant, region in product(sorted(role.value for role in Role), (True, False), regions):
        listed = public or role in row.roles
        if region == ancestors(home.region)[1] and not listed:
            continue
        who = f"{role} of {'its own' if own_tenant else 'another'} organisation in {regions[region]}"
        expected = _expected(table, row, role, own_tenant=own_tenant, region=region) if listed else "403 ROLE_MISSING"
        identity = _identity(world, home.ids, role, own_tenant=own_tenant, region=region)
        outcome = PASSES if public else expected
        yield Cell(operation=operation, row=row, call=call, identity=identity, who=who, expected=outcome)


def _expected(table: Table, row: Row, role: str, *, own_tenant: bool, region: str) -> str:
    if role in table.personal and row.foreign != EVERYWHERE:
        return row.person
    if role == Role.ASSESSOR and row.body is not None:
        return row.body
    if role in table.tenant and not row.by_region:
        within = own_tenant
    elif role in table.regional or role in table.tenant:
        within = region != FOREIGN_REGION
    else:
        within = True
    outside = row.abroad if role in table.regional else row.foreign
    if within or outside == EVERYWHERE:
        return PASSES
    return {HIDDEN: "404", REGIONAL: "403 REGION_OUT_OF_SCOPE"}.get(outside, outside)


def _identity(world: World, ids: Mapping[str, str], role: str, *, own_tenant: bool, region: str) -> Identity:
    things = ids if own_tenant else world.foreign
    organisation = {"institution": things["institution_id"], "device": things["institution_id"]}.get(role)
    organisation = organisation or {"assessor": things["body_id"]}.get(role)
    subject = world.ids["device_id"] if role == "device" else f"gate-{role}"
    return Identity(
        subject=subject,
        organisation=organisation or (BUREAU if own_tenant else "bureau-130000"),
        region=region,
        roles=(role,),
    )


def mismatch(world: World, cell: Cell, answer: httpx.Response) -> str | None:
    """Say in which way an answer is not what the table expects, None when it is."""
    got = f"{answer.status_code} {_code(answer)}".strip()
    where = f"{cell.operation.key} as {cell.who}"
    if answer.status_code >= 500:
        return f"{where}: {got}, a failure of ours"
    if cell.expected == PASSES:
        return None if got == cell.row.own else _not_let_in(where, got, answer)
    if cell.expected == EMPTY:
        wrong = None if answer.status_code == 200 else f"{where}: expected an empty answer, got {got}"
    else:
        fits = got == cell.expected or (" " not in cell.expected and got.split(" ")[0] == cell.expected)
        wrong = None if fits else f"{where}: expected {cell.expected}, got {got}"
    known = world.home_of(elsewhere=cell.row.elsewhere).ids
    told = sorted({name for name, value in known.items() if value in answer.text and not _sent(cell, value)})
    return wrong or (f"{where}: the answer tells a stranger the {', '.join(told)}" if told else None)


def _not_let_in(where: str, got: str, answer: httpx.Response) -> str | None:
    if got == "422 INPUT_INVALID":
        return f"{where}: the document's own example is refused; give its fields examples=[...]: {answer.text[:600]}"
    scoped = answer.status_code in (401, 404) or _code(answer) in ("ROLE_MISSING", "REGION_OUT_OF_SCOPE")
    return f"{where}: must be let in, got {got}: {answer.text[:300]}" if scoped else None


def _sent(cell: Cell, value: str) -> bool:
    return value in cell.call.target or value in str(cell.call.body) or value in str(cell.identity)


def _code(answer: httpx.Response) -> str:
    if not answer.content or not answer.headers.get("content-type", "").endswith("json"):
        return ""
    content: Any = answer.json()
    return str(content.get("code", "")) if isinstance(content, dict) else ""


def _names(roles: frozenset[str]) -> str:
    return ", ".join(sorted(roles)) or "none"
