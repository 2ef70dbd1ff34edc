"""An example for every schema of an OpenAPI document, computed from the schema, so that no address is without one.

A field's own `examples` win. What cannot be computed (a pattern that nothing here fits) is an error when the document
is made, which names the field: give it `examples=[...]`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]

_BY_NAME: Final[Mapping[str, Any]] = {
    "region": "419001",
    "employer_region": "419001",
    "credit_code": "92000000MA0000001N",
    "employer_credit_code": "92000000MA0000001N",
    "identity_number": "000000199001010018",
    "phone": "19900000001",
    "account_number": "62220000000000000009",
    "name": "示例名称",
    "holder": "示例名称",
    "masked_name": "示**",
    "clause": "二(三)2",
    "rule": "JY-SUP-04",
    "rulebook_id": "jiyuan/2021-01-01@0123456789ab",
    "occupation": "6-18-02-04",
    "code": "6-18-02-04",
    "training_type": "employee_intermediate",
    "funding_source": "skills_action_fund",
    "level": "4",
    "starts_at": "2021-09-13T08:30:00+08:00",
    "ends_at": "2021-09-13T11:30:00+08:00",
    "opening_date": "2021-09-13",
    "closing_date": "2021-09-26",
    "valid_from": "2021-01-01",
    "valid_to": "2021-12-31",
    "year": 2021,
}
"""Words that mean the same everywhere. The persons and units do not exist: no region's code begins with 0000."""

_BY_FORMAT: Final[Mapping[str, str]] = {
    "date": "2021-09-13",
    "date-time": "2021-09-13T08:30:00+08:00",
    "time": "08:30:00",
    "uuid": "0190a1b2-0000-7000-8000-000000000001",
    "uri": "https://example.org/",
    "binary": "",
}
_TEXTS: Final = ("示例", "example", "419001", "0" * 64, "1")
_DEPTH_MAX: Final = 20


class NoExample(Exception):
    """A schema for which nobody can think of an example; the text names the field and what to do."""


def example_of(schema: Schema, components: Mapping[str, Schema], *, name: str = "body") -> Any:
    """Give a value that the schema takes; raise NoExample when none can be computed.

    `components` are the document's schemas by name. Of an object the required fields are given, and those optional
    ones that have examples of their own.
    """
    return _value(schema, components, name, depth=0)


def _value(schema: Schema, components: Mapping[str, Schema], name: str, *, depth: int) -> Any:
    if depth > _DEPTH_MAX:
        raise NoExample(f"{name}: the schema never ends; give the field examples=[...]")
    if schema.get("examples"):
        return schema["examples"][0]
    for given in ("example", "const"):
        if given in schema:
            return schema[given]
    if "$ref" in schema:
        return _value(components[schema["$ref"].rsplit("/", 1)[-1]], components, name, depth=depth + 1)
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            parts: Sequence[Schema] = schema[union]
            part = next((part for part in parts if part.get("type") != "null"), parts[0])
            return _value(part, components, name, depth=depth + 1)
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, components, depth=depth)
    if kind == "array":
        items = schema.get("items") or {}
        count = max(1, int(schema.get("minItems", 1)))
        return [_value(items, components, name.removesuffix("s"), depth=depth + 1) for _ in range(count)]
    return _plain(kind, schema, name)


def _object(schema: Schema, components: Mapping[str, Schema], *, depth: int) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        field: _value(part, components, field, depth=depth + 1)
        for field, part in schema.get("properties", {}).items()
        if field in required or part.get("examples")
    }


def _plain(kind: str | None, schema: Schema, name: str) -> Any:
    if kind == "string":
        return _text(schema, name)
    if name in _BY_NAME and kind == "integer":
        return _BY_NAME[name]
    if kind in ("integer", "number"):
        above, most = schema.get("exclusiveMinimum"), schema.get("maximum", 1)
        number = schema.get("minimum", min(1, most) if above is None else above + 1)
        return int(number) if kind == "integer" else number
    if kind == "boolean":
        return True
    return None if kind == "null" else {}


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") in _BY_FORMAT and not isinstance(_BY_NAME.get(name), str):
        return _BY_FORMAT[schema["format"]]
    named = [_BY_NAME[name]] if isinstance(_BY_NAME.get(name), str) else []
    ids = [f"{name.removesuffix('_id')}-0001"] if name.endswith("_id") else []
    for text in (*named, *ids, *_TEXTS):
        short = len(text) < schema.get("minLength", 0)
        if not short and len(text) <= schema.get("maxLength", len(text)) and re.search(schema.get("pattern", ""), text):
            return str(text)
    raise NoExample(f"{name}: no example fits {schema.get('pattern') or 'its length'}; give the field examples=[...]")
