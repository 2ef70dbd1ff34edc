"""The AsyncAPI document: what is committed is what the contracts say, and the official parser accepts it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.kafka import tools_folder
from shared.contracts.asyncapi import document
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.contract import topic_of

PARSER = Path(__file__).with_name("asyncapi_parser")
COMMITTED = Path(__file__).parents[2] / "docs" / "asyncapi.json"
INSTALL_SECONDS = 300

Complaints = Callable[[dict[str, Any]], list[str]]


@pytest.fixture(scope="session")
def complaints() -> Complaints:
    """What the official parser holds against a document, errors and warnings."""
    folder = tools_folder() / "asyncapi-parser"
    lock = (PARSER / "package-lock.json").read_bytes()
    stamp = folder / "installed-from"
    if not stamp.exists() or stamp.read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PARSER, folder)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, check=True, cwd=folder, timeout=INSTALL_SECONDS, capture_output=True)
        stamp.write_bytes(lock)

    def parse(asked: dict[str, Any]) -> list[str]:
        done = subprocess.run(
            ["node", str(PARSER / "parse.mjs")],
            check=True,
            cwd=folder,
            input=json.dumps(asked),
            capture_output=True,
            text=True,
        )
        assert done.stderr or done.stdout, "the parser said nothing at all"
        return [line for line in done.stdout.splitlines() if line.startswith(("error", "warning"))]

    return parse


@pytest.fixture
def current() -> dict[str, Any]:
    """The document of this code, free to be spoilt."""
    written: dict[str, Any] = json.loads(json.dumps(document(version=version("peibu"))))
    return written


def test_the_committed_document_is_the_one_the_contracts_give(current: dict[str, Any]) -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == current, "write it anew: make reference"


def test_every_event_stands_on_its_services_topic(current: dict[str, Any]) -> None:
    for contract in CONTRACTS.values():
        channel = current["channels"][contract.EVENT.service]
        assert channel["address"] == topic_of(contract.EVENT.service)
        assert contract.__name__ in channel["messages"]
    assert set(current["components"]["messages"]) == {contract.__name__ for contract in CONTRACTS.values()}


def test_the_official_parser_has_nothing_against_it(complaints: Complaints, current: dict[str, Any]) -> None:
    assert complaints(current) == []


def test_the_official_parser_finds_a_schema_that_is_none(complaints: Complaints, current: dict[str, Any]) -> None:
    current["components"]["schemas"]["PaymentSettled"]["properties"]["amount_fen"]["type"] = "money"

    assert any("amount_fen" in line for line in complaints(current))


@pytest.mark.parametrize("name", [contract.__name__ for contract in CONTRACTS.values()])
def test_a_stranger_who_trusts_the_schema_can_read_every_example(current: dict[str, Any], name: str) -> None:
    message = current["components"]["messages"][name]

    validator = Draft202012Validator({**message["payload"], "components": current["components"]})

    for example in message["examples"]:
        validator.validate(example["payload"])
        for field in example["payload"]["data"]:
            spoilt = {**example["payload"], "data": {**example["payload"]["data"], field: object()}}
            assert not validator.is_valid(spoilt), f"{field} may be anything"


def test_the_official_parser_finds_a_channel_whose_message_is_missing(
    complaints: Complaints, current: dict[str, Any]
) -> None:
    del current["components"]["messages"]["ClassOpened"]

    assert any("ClassOpened" in line for line in complaints(current))
