"""Every operation that the OpenAPI documents name, and a request for each that would pass if the caller may make it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.web.examples import example_of
from tests.gates.traffic import Exchange

METHODS: Final = ("get", "post", "put", "patch", "delete")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of one service's document."""

    service: str
    method: str
    path: str
    spec: Json
    schemas: Json

    @property
    def key(self) -> str:
        """Give the name under which tables list it, for example `POST /payment/v1/claims`."""
        return f"{self.method} {self.path}"

    @property
    def roles(self) -> frozenset[str]:
        """Give the roles that the document names; empty when it names none, as for health."""
        return frozenset(self.spec.get("x-roles", ()))

    @property
    def body_schema(self) -> Json | None:
        """Give the schema of its JSON body."""
        content: Json = self.spec.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")

    def parameters(self, place: str) -> list[Json]:
        """Give its parameters in `path`, `query` or `header`."""
        return [one for one in self.spec.get("parameters", ()) if one["in"] == place]

    def matches(self, exchange: Exchange) -> bool:
        """Say whether an exchange was a call of this operation."""
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", self.path)
        return exchange.method == self.method and re.fullmatch(pattern, exchange.url.path) is not None


def operations_of(service: str, document: Json) -> Iterator[Operation]:
    """Give every operation of an OpenAPI document."""
    schemas = document.get("components", {}).get("schemas", {})
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield Operation(service=service, method=method.upper(), path=path, spec=item[method], schemas=schemas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A concrete request: path with query, and the JSON body."""

    method: str
    target: str
    body: Any
    missing: frozenset[str]
    """Path parameters of which the world knows no value."""


def call_of(operation: Operation, ids: Mapping[str, str]) -> Call:
    """Give a request made from the document's examples, its ids replaced by those of things that exist.

    Raise NoExample when a field has none.
    """
    path, missing = operation.path, set()
    for parameter in operation.parameters("path"):
        name = parameter["name"]
        if name.endswith("_id") and name not in ids:
            missing.add(name)
        value = ids.get(name) or example_of(parameter["schema"], operation.schemas, name=name)
        path = path.replace(f"{{{name}}}", str(value))
    query = "&".join(
        f"{one['name']}={ids.get(one['name']) or example_of(one['schema'], operation.schemas, name=one['name'])}"
        for one in operation.parameters("query")
        if one.get("required")
    )
    schema = operation.body_schema
    body = None if schema is None else with_ids(example_of(schema, operation.schemas), ids)
    target = f"{path}?{query}" if query else path
    return Call(method=operation.method, target=target, body=body, missing=frozenset(missing))


def with_ids(value: Any, ids: Mapping[str, str], name: str = "") -> Any:
    """Give the JSON value with every `..._id` that the world knows replaced."""
    if isinstance(value, dict):
        return {key: with_ids(part, ids, key) for key, part in value.items()}
    if isinstance(value, list):
        return [with_ids(part, ids, name.removesuffix("s")) for part in value]
    return ids.get(name, value) if name.endswith("_id") and isinstance(value, str) else value
