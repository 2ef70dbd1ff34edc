"""Every schema has an example that it takes, or says which field needs one."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.domain.identifiers import credit_code, identity_number
from shared.web.examples import _BY_NAME, NoExample, example_of

NEVER = {"type": "string", "pattern": "^Q{7}$"}
COMPONENTS: dict[str, Any] = {
    "Person": {
        "type": "object",
        "required": ["identity_number", "kind"],
        "properties": {
            "identity_number": {"type": "string", "minLength": 18, "maxLength": 18},
            "kind": {"enum": ["worker", "graduate"]},
            "note": {"type": "string"},
            "phone": {"type": "string", "examples": ["19900000009"]},
        },
    },
    "Node": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Node"}}},
}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/components/schemas/Person"},
        {"type": "array", "items": {"$ref": "#/components/schemas/Person"}, "minItems": 2},
        {"anyOf": [{"type": "null"}, {"type": "integer", "exclusiveMinimum": 4}]},
        {"type": "integer", "minimum": 40, "maximum": 50},
        {"type": "integer", "maximum": -3},
        {"type": "string", "pattern": "^[0-9]{6}$"},
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        {"type": "string", "format": "date"},
        {"type": "string", "const": "class"},
        {"type": "boolean"},
        {"type": "null"},
        {"type": "object", "additionalProperties": {"type": "integer"}},
    ],
)
def test_a_schema_takes_its_example(schema: dict[str, Any]) -> None:
    whole = {**schema, "components": {"schemas": COMPONENTS}}
    assert list(Draft202012Validator(whole).iter_errors(example_of(schema, COMPONENTS))) == []


def test_a_fields_own_example_wins_and_other_optional_fields_are_left_out() -> None:
    person = example_of(COMPONENTS["Person"], COMPONENTS)
    assert (person["phone"], person["kind"], "note" in person) == ("19900000009", "worker", False)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "object", "required": ["code"], "properties": {"code": NEVER}}, "code: no example"),
        ({"$ref": "#/components/schemas/Node"}, "the schema never ends"),
    ],
)
def test_a_schema_without_an_example_says_which_field_needs_one(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(NoExample, match=message):
        example_of(schema, COMPONENTS)


def test_the_people_and_units_of_the_examples_are_well_formed_and_do_not_exist() -> None:
    assert identity_number(_BY_NAME["identity_number"]).value.startswith("0000")
    assert credit_code(_BY_NAME["credit_code"])
