"""Contracts: what was published once parses for ever, and nothing personal has a place to stand."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import shared.contracts
from shared.contracts.catalogue import CONTRACTS, adapter_of
from shared.contracts.envelope import UnreadableEvent, decode, encode, fact_of

EXAMPLES = sorted((Path(shared.contracts.__file__).parent / "examples").glob("*.json"))
PERSONAL = {"id_number", "identity_number", "phone", "account", "account_number", "full_name", "address"}
PERSONAL |= {"birth_date", "contact", "email", "employer_name", "evidence", "holder", "sex", "signer"}


def said_before(now: Any, published: Any) -> Any:
    """Give what is said now, at whatever depth, without the fields of which the published example knew nothing."""
    match now, published:
        case dict(), dict():
            return {name: said_before(now.get(name), value) for name, value in published.items()}
        case list(), list() if len(now) == len(published):
            return [said_before(*pair) for pair in zip(now, published, strict=True)]
        case _:
            return now


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_ever_published_still_parses_and_keeps_its_meaning(path: Path) -> None:
    envelope = decode(path.read_bytes())
    fact = fact_of(envelope)

    assert fact is not None, f"{envelope.type} left the catalogue"
    again = json.loads(encode(fact, event_id=envelope.id, version=envelope.aggregateversion, occurred_at=envelope.time))
    published = json.loads(path.read_text())
    # A newer release may add fields with defaults; what was said keeps standing as it was said.
    assert said_before(again["data"], published["data"]) == published["data"]
    assert {name: value for name, value in again.items() if name not in ("data", "time")} == {
        name: value for name, value in published.items() if name not in ("data", "time")
    }


def test_every_contract_has_an_example() -> None:
    shown = {decode(path.read_bytes()).type for path in EXAMPLES}

    assert shown == set(CONTRACTS)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.__name__)
def test_no_contract_has_a_field_for_personal_data(contract: type) -> None:
    names = set(_field_names(contract))

    assert names.isdisjoint(PERSONAL)


def test_a_planted_personal_field_is_found() -> None:
    planted = dataclasses.make_dataclass("Planted", [("class_id", str), ("phone", str)])

    assert not set(_field_names(planted)).isdisjoint(PERSONAL)


def test_a_type_of_a_later_release_is_readable_as_an_envelope_but_has_no_fact() -> None:
    document = json.loads(EXAMPLES[0].read_text())
    document["type"] = "cn.peibu.enrollment.NotYetInvented.v1"

    envelope = decode(json.dumps(document).encode())

    assert fact_of(envelope) is None


def test_an_unreadable_event_names_the_field_but_never_repeats_its_content() -> None:
    document = json.loads((EXAMPLES[0].parent / "cn.peibu.payment.PaymentSettled.v1.1.json").read_text())
    document["data"]["amount_fen"] = "11010519491231002X"

    with pytest.raises(UnreadableEvent) as refused:
        fact_of(decode(json.dumps(document).encode()))

    assert "amount_fen" in str(refused.value)
    assert "1101051949" not in str(refused.value)


def test_an_instant_without_a_zone_is_unreadable_because_nobody_knows_its_hour() -> None:
    document = json.loads((EXAMPLES[0].parent / "cn.peibu.enrollment.ClassOpened.v1.1.json").read_text())
    document["data"]["sessions"][0]["starts_at"] = "2021-05-31T08:30:00"

    with pytest.raises(UnreadableEvent, match="starts_at"):
        fact_of(decode(json.dumps(document).encode()))


def test_a_record_that_is_no_event_is_refused() -> None:
    with pytest.raises(UnreadableEvent):
        decode(b"not json")


def _field_names(contract: type) -> list[str]:
    adapter = adapter_of(contract.EVENT.type) if hasattr(contract, "EVENT") else None
    if adapter is None:
        return [field.name for field in dataclasses.fields(contract)]
    schema = adapter.json_schema()
    nested = schema.get("$defs", {}).values()
    return [name for part in (schema, *nested) for name in part.get("properties", {})]
