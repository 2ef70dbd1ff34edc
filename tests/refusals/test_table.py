"""The table of refusals is whole: no code that a service can answer, and no rule of Jiyuan, is left out unsaid."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from shared.policy.loader import load_catalogue, load_forms
from tests.refusals.table import no_refusals, refusals

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+")
_SHARED = {"NOT_FOUND", "ROLE_MISSING", "RULEBOOK_MISSING", "ID_CHECKSUM", "CREDIT_CODE_FORMAT"}
"""Codes in the table that only shared modules spell out."""


def codes_of_source(source: str) -> Iterator[str]:
    """Give every text that is a code: several words in capitals, or any word that is given as a `code`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
            yield from (value for value in [node.value.value] if isinstance(value, str) and value.isupper())


def codes_of_data(data: Any) -> Iterator[str]:
    """Give every text in a TOML file that is a code."""
    values: Iterable[Any] = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for value in values:
        if isinstance(value, str) and _CODE.fullmatch(value):
            yield value
        else:
            yield from codes_of_data(value)


def codes_of_the_services() -> set[str]:
    """Give every code that a service can answer or that the rulebook of Jiyuan brings."""
    files = [path for path in (ROOT / "services").rglob("*.py") if "storage" not in path.parts]
    data = [*(ROOT / "services").rglob("problems.toml"), *(ROOT / "shared/policy/rulebooks/jiyuan").glob("*.toml")]
    return {
        *(code for path in files for code in codes_of_source(path.read_text(encoding="utf-8"))),
        *(code for path in data for code in codes_of_data(tomllib.loads(path.read_text(encoding="utf-8")))),
    }


def test_every_code_is_in_the_table_or_stands_for_no_refusal_of_the_text() -> None:
    table, others = {refusal.code for refusal in refusals()}, no_refusals("codes")
    known = codes_of_the_services()
    assert sorted(known - table - set(others)) == []
    assert sorted({*table, *others} - known - _SHARED) == []
    assert sorted(table.intersection(others)) == []
    assert len(others) == len(set(others))


def test_every_rule_of_jiyuan_refuses_something_or_is_said_to_refuse_nothing() -> None:
    rules = {rule for rule in load_catalogue() if rule.startswith("JY-")}
    fields = {field.rule for form in load_forms() for field in form.fields}
    table, others = {refusal.rule for refusal in refusals()}, no_refusals("rules")
    assert sorted(rules - table - set(others) - fields) == []
    assert sorted({*table, *others} - rules) == []
    assert sorted(table.intersection(others)) == []


def test_no_refusal_is_told_twice() -> None:
    told = [(refusal.code, refusal.rule, refusal.does) for refusal in refusals()]
    assert len(told) == len(set(told))


def test_codes_are_found_where_they_stand() -> None:
    found = codes_of_source('raise Conflict(code="ORDER", field="step")\nX = ("TOO_LATE", "no code", "PDF")')
    assert sorted(found) == ["ORDER", "TOO_LATE"]
    assert set(codes_of_data({"a": [{"422": ["SPLIT_SUM"], "name": "名"}], "code": "fund"})) == {"SPLIT_SUM"}
