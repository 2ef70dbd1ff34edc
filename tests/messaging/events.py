"""A little world to consume in: classes become known, lose trainees and have findings raised and closed.

`ClassClosed` stands for "the class is known". A finding of an unknown class misses a fact; closing a finding that was
never raised is a bug of the handler. Effects are rows without any constraint, so that a doubled one shows.
"""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from pydantic import TypeAdapter
from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table, insert, select

from shared.contracts import catalogue
from shared.contracts.assessment import CertificateVoided
from shared.contracts.contract import Contract, partition_key, published_by
from shared.contracts.enrollment import ClassClosed, TraineeWithdrawn
from shared.contracts.envelope import Envelope, encode
from shared.contracts.supervision import FindingClosed, FindingRaised
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.errors import MissingFact, Refused
from shared.messaging.bus import Partition, Received, Record
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Handler, Inbox

METADATA = MetaData()
KNOWN = Table("known_class", METADATA, Column("class_id", String(200), primary_key=True))
EFFECT = Table(
    "effect",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("class_id", String(200), nullable=False),
    Column("what", String(200), CheckConstraint("what <> 'finding raised forbidden'", name="allowed"), nullable=False),
)

DAY = date(2024, 9, 13)
NOON = datetime(2024, 9, 13, 4, tzinfo=UTC)
ENROLLMENT, SUPERVISION, ASSESSMENT = "peibu.enrollment.v1", "peibu.supervision.v1", "peibu.assessment.v1"


def known(class_id: str) -> ClassClosed:
    """The class is known from now on."""
    return ClassClosed(class_id=class_id, reason="completed", on=DAY)


def withdrawn(class_id: str, person: object) -> TraineeWithdrawn:
    """A trainee left; needs nothing else."""
    return TraineeWithdrawn(class_id=class_id, person_id=f"person {person}", on=DAY, reason="moved away")


def raised(class_id: str, finding: object) -> FindingRaised:
    """A finding was raised; needs the class to be known."""
    return FindingRaised(
        class_id=class_id, finding_id=str(finding), check="test", rule=None, clause=None, blocking=False, seen="test"
    )


def closed(class_id: str, finding: object) -> FindingClosed:
    """A finding was closed; needs it to be raised."""
    return FindingClosed(
        class_id=class_id, finding_id=str(finding), conclusion="waived", closed_by="inspector", reason="test"
    )


def voided(class_id: str, certificate: object) -> CertificateVoided:
    """A certificate was voided; needs nothing else, and has a topic to itself."""
    return CertificateVoided(
        class_id=class_id, certificate_id=str(certificate), person_id="person", on=DAY, reason="test"
    )


def value_of(fact: Contract, version: int, event_id: str | None = None) -> bytes:
    """Give the event on the wire."""
    return encode(fact, event_id=event_id or str(uuid4()), version=version, occurred_at=NOON)


def record_of(fact: Contract, version: int, event_id: str | None = None) -> Record:
    """Give the event as it is sent."""
    return Record(fact.EVENT.topic, partition_key(fact), value_of(fact, version, event_id))


def received(record: Record, offset: int = 0) -> Received:
    """Give a record as it is fetched."""
    return Received(Partition(record.topic, 0), offset, record.key.encode(), record.value)


LATER = ("cn.peibu.enrollment.ClassDreamt.v1", "cn.peibu.enrollment.TraineeWithdrawn.v2")
"""Types that only a later release knows: a new event, and a new version of an old one."""


def of_later_release(event_type: str, class_id: str, person: object, version: int) -> Record:
    """Give an event of a type that this release does not know, as a later release's publisher sends it."""
    record = record_of(withdrawn(class_id, person), version)
    value = record.value.replace(TraineeWithdrawn.EVENT.type.encode(), event_type.encode())
    return Record(record.topic, record.key, value)


def upgrade(monkeypatch: pytest.MonkeyPatch, event_type: str) -> Mapping[type[Contract], Handler]:
    """Let the catalogue know the type, as a later release's does, and give that release's handlers."""
    name, version = event_type.split(".")[-2:]
    fields = [(field.name, field.type) for field in dataclasses.fields(TraineeWithdrawn)]
    shape: Any = dataclasses.make_dataclass(name, fields, frozen=True, kw_only=True)
    contract = published_by("enrollment", version=int(version[1:]))(shape)
    monkeypatch.setitem(catalogue.CONTRACTS, event_type, contract)
    monkeypatch.setitem(catalogue._ADAPTERS, event_type, TypeAdapter(contract))
    return {**HANDLERS, contract: _withdraw}


async def _know(uow: UnitOfWork, fact: ClassClosed, _envelope: Envelope) -> None:
    await uow.connection.execute(insert(KNOWN).values(class_id=fact.class_id))
    await note(uow, fact.class_id, "known")


async def _withdraw(uow: UnitOfWork, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
    await note(uow, fact.class_id, f"withdrawn {fact.person_id}")


async def _void(uow: UnitOfWork, fact: CertificateVoided, _envelope: Envelope) -> None:
    await note(uow, fact.class_id, f"voided {fact.certificate_id}")


async def _raise(uow: UnitOfWork, fact: FindingRaised, _envelope: Envelope) -> None:
    # Writes before it asks, as a use-case may: the savepoint has to take this back.
    await note(uow, fact.class_id, f"finding raised {fact.finding_id}")
    found = await uow.connection.execute(select(KNOWN).where(KNOWN.c.class_id == fact.class_id))
    if found.first() is None:
        raise MissingFact(code="CLASS_UNKNOWN", message="班级尚未到达。", advice="等待开班事件。")


async def _close(uow: UnitOfWork, fact: FindingClosed, _envelope: Envelope) -> None:
    wanted = f"finding raised {fact.finding_id}"
    found = await uow.connection.execute(
        select(EFFECT).where(EFFECT.c.class_id == fact.class_id, EFFECT.c.what == wanted)
    )
    if found.first() is None:
        raise Refused(code="FINDING_UNKNOWN", message="疑点不存在。", advice="请核对编号。")
    await note(uow, fact.class_id, f"finding closed {fact.finding_id}")


async def note(uow: UnitOfWork, class_id: str, what: str) -> None:
    """Write an effect."""
    await uow.connection.execute(insert(EFFECT).values(class_id=class_id, what=what))


HANDLERS: Mapping[type[Contract], Handler] = {
    ClassClosed: _know,
    TraineeWithdrawn: _withdraw,
    CertificateVoided: _void,
    FindingRaised: _raise,
    FindingClosed: _close,
}


def inbox_of(database: Database, handlers: Mapping[type[Contract], Handler] = HANDLERS) -> Inbox:
    """Give the inbox of the little world."""
    return Inbox(database=database, consumer="test", handlers=handlers, open_unit=partial(UnitOfWork, database))


def consumer_of(database: Database, bus: Any, **settings: Any) -> Consumer:
    """Give the consumer of the little world."""
    handlers = settings.pop("handlers", HANDLERS)
    group = settings.pop("group", "test")
    topics = settings.pop("topics", (ENROLLMENT, SUPERVISION))
    return Consumer(database, bus, group, topics, handlers, partial(UnitOfWork, database), **settings)


async def effects(database: Database) -> dict[str, list[str]]:
    """Give what happened, by class and in order."""
    happened: dict[str, list[str]] = {}
    async with database.connect(write=False) as connection:
        for row in await connection.execute(select(EFFECT).order_by(EFFECT.c.seq)):
            happened.setdefault(row.class_id, []).append(row.what)
    return happened


async def effect_count(database: Database) -> int:
    """Give how many effects there were."""
    return sum(map(len, (await effects(database)).values()))
