"""The topics and events as an AsyncAPI 3 document, so that a stranger can write a consumer from it alone."""

import inspect
import json
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from shared.contracts.catalogue import CONTRACTS, adapter_of
from shared.contracts.contract import PARTITIONS, Contract
from shared.contracts.envelope import Envelope

EXAMPLES: Final = Path(__file__).parent / "examples"
Json = dict[str, Any]
_SCHEMAS: Final = "#/components/schemas/{model}"
_DESCRIPTION: Final = """\
Domain events of subsidised vocational training, from the class application to settled money.

- **Encoding.** Every record's value is one CloudEvents 1.0 event in structured JSON (UTF-8); its key is the event's
  `partitionkey`.
- **Order.** Events of one key (a class, else the aggregate itself) stand in one partition in the order in which they
  happened. Between keys, and between topics, there is no order.
- **Delivery.** At least once: a record may come again, with the same `id`. Each aggregate, known by (`source`,
  `aggregatetype`, `subject`), counts its events in `aggregateversion` from 1 without gaps: apply the next version,
  ignore a version already applied, and wait when one is missing, for an earlier event is still on its way.
- **Change.** Within a version of a type fields are only added. Ignore fields and types you do not know; a changed
  meaning is a new version of the type.
- **Units.** Names ending in `_fen` are integers of 0.01 yuan. Instants carry an offset; dates are legal days of
  Asia/Shanghai.
- **Persons** are known by `person_id` alone: no event carries an identity number, phone, account or full name.
"""
_TOPICS: Final = {
    "enrollment": "办班: institutions, applications, approvals, openings.",
    "supervision": "监管: attendance, checks, findings, completed training.",
    "assessment": "考核: exams, certificates, satisfaction.",
    "payment": "资金: entitlement, claims, notices, payments.",
    "clock": "The sandbox's legal time; in a real deployment it says nothing.",
}


def document(*, version: str) -> Json:
    """Give the AsyncAPI 3.0 document of every published event; `version` is the release's."""
    schemas: dict[str, Json] = {}
    envelope = _schema(TypeAdapter(Envelope), schemas)
    messages = {contract.__name__: _message(contract, envelope, schemas) for contract in CONTRACTS.values()}
    services = list(dict.fromkeys(contract.EVENT.service for contract in CONTRACTS.values()))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Peibu 培补: domain events", "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "broker": {
                "host": "{broker}",
                "protocol": "kafka",
                "variables": {"broker": {"default": "127.0.0.1:9092", "description": "PEIBU_KAFKA of the deployment"}},
            }
        },
        "channels": {service: _channel(service) for service in services},
        "operations": {
            f"publish_{service}": {"action": "send", "channel": {"$ref": f"#/channels/{service}"}}
            for service in services
        },
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _channel(service: str) -> Json:
    events = [contract for contract in CONTRACTS.values() if contract.EVENT.service == service]
    topic = events[0].EVENT.topic
    return {
        "address": topic,
        "description": _TOPICS[service],
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in events},
        "bindings": {"kafka": {"topic": topic, "partitions": PARTITIONS}},
    }


def _message(contract: type[Contract], envelope: Json, schemas: dict[str, Json]) -> Json:
    event = contract.EVENT
    adapter = adapter_of(event.type)
    if adapter is None:
        raise LookupError(f"{event.type} is not in the catalogue")
    shown = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(EXAMPLES.glob(f"{event.type}.*.json"))]
    text = " ".join((inspect.getdoc(contract) or "").split())
    return {
        "name": event.type,
        "title": event.name,
        "summary": text,
        "description": f"Aggregate `{event.aggregate}`, its id in `data.{event.subject}`; key: `data.{event.key}`.",
        "payload": {
            "allOf": [
                envelope,
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": event.type},
                        "source": {"const": event.source},
                        "aggregatetype": {"const": event.aggregate},
                        "data": _schema(adapter, schemas),
                    },
                },
            ]
        },
        "bindings": {"kafka": {"key": {"type": "string", "description": f"data.{event.key}"}}},
        "examples": [{"payload": example} for example in shown],
    }


def _schema(adapter: TypeAdapter[Any], schemas: dict[str, Json]) -> Json:
    """Put the type's schema and those it uses among `schemas`; give the reference to it."""
    # What a reader may rely on: a field with a default is missing in events of earlier releases.
    schema = adapter.json_schema(mode="validation", ref_template=_SCHEMAS)
    for part in [*schema.pop("$defs", {}).values(), schema]:
        schemas[part["title"]] = {**part, "description": " ".join(part.get("description", "").split())}
    return {"$ref": _SCHEMAS.format(model=schema["title"])}
