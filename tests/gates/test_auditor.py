"""An auditor reads everything of their region and changes nothing."""

import tomllib
from pathlib import Path
from typing import Any

ROWS = tomllib.loads(Path(__file__).with_name("authorisation.toml").read_text(encoding="utf-8"))


def _roles(row: dict[str, Any]) -> set[str]:
    groups = ROWS["groups"]
    return {role for name in row["roles"] for role in groups.get(name, [name])}


def test_an_auditor_is_let_into_no_operation_that_changes_anything() -> None:
    """HL-SUP-02: whoever audits and edits a claim is answered 403; test_authorisation tries every row."""
    admitted = {operation for operation, row in ROWS["operations"].items() if "auditor" in _roles(row)}
    assert "GET /payment/v1/claims/{claim_id}" in admitted
    assert "GET /payment/v1/ledger" in admitted
    anybodys = {operation for operation, row in ROWS["operations"].items() if {"public", "auditor"} <= _roles(row)}
    assert {operation for operation in admitted - anybodys if not operation.startswith("GET ")} == set()
