"""Every service opens both doors and knows where what it publishes belongs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import KeySet
from sqlalchemy import insert, select

from peibu.services import SERVICES, settings_of, wire
from services.assessment.storage.tables import EXAMINED_CLASS
from services.assessment.storage.unit_of_work import AssessmentUnitOfWork
from services.payment.storage.tables import CLASS_FILE
from services.payment.storage.unit_of_work import PaymentUnitOfWork
from services.supervision.storage.tables import DEVICE, TRAINING_CLASS
from services.supervision.storage.unit_of_work import SupervisionUnitOfWork
from shared.changes.delivery import WebhookSender
from shared.clock import LegalClock, machine_now
from shared.contracts.assessment import SatisfactionMeasured
from shared.contracts.contract import Contract
from shared.contracts.payment import BudgetAnswer, EntitlementReserved
from shared.contracts.supervision import FindingClosed, SignInsReceived
from shared.database.encryption import Vault
from shared.database.engine import Database, open_database
from shared.database.migrate import migrate
from shared.domain.actor import SYSTEM
from shared.domain.jurisdiction import regions
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.tables import OUTBOX
from shared.policy.rulebook import Shelf
from shared.settings import init_home
from shared.web.authentication import Authenticator, StaticKeys
from tests.changes.conftest import ISSUER, KEY
from tests.servers import FreshDatabases

SHELF = Shelf((), (), regions())
DAY = date(2021, 5, 20)


@asynccontextmanager
async def opened(databases: FreshDatabases, service: str) -> AsyncIterator[Database]:
    url = await databases.cloned(service, partial(migrate, service))
    database = open_database(service, url, clock=LegalClock())
    yield database
    await database.close()


async def regions_after(
    database: Database, unit: Callable[[], Any], table: Any, row: dict[str, Any], fact: Contract
) -> list[str]:
    """Publish about what a row says is in Jiyuan, then again, and give the events' regions."""
    for _ in range(2):
        async with unit() as uow:
            if row:
                await uow.connection.execute(insert(table).values(row))
            await uow.publish(fact)
            await uow.commit()
        row = {}
    async with database.connect(write=False) as connection:
        return list((await connection.execute(select(OUTBOX.c.region).order_by(OUTBOX.c.seq))).scalars())


async def test_supervision_knows_where_its_classes_and_devices_are(databases: FreshDatabases) -> None:
    device = {
        "device_id": "device", "institution_id": "school", "serial": "1", "name": "门口", "region": "419001",
        "methods": [], "registered_by": "x", "registered_at": machine_now(), "version": 1,
    }  # fmt: skip
    counts = SignInsReceived(device_id="device", accepted=1, late=0, pending=0, refused=0, classes=())
    training_class = {
        "class_id": "class", "institution_id": "school", "region": "419001", "rulebook_id": "r", "planned": 1,
        "refused": 0, "opening_date": DAY, "closing_date": DAY, "counts_from": machine_now(), "trainees": {},
        "joined": {}, "custody": [], "register_decisions": [], "exempt_by_decision": [], "held": False, "version": 1,
    }  # fmt: skip
    closed = FindingClosed(class_id="class", finding_id="1", conclusion="waived", closed_by="x", reason="r")
    async with opened(databases, "supervision") as database:
        unit = partial(SupervisionUnitOfWork, database, shelf=SHELF, actor=SYSTEM)
        assert await regions_after(database, unit, DEVICE, device, counts) == ["419001"] * 2
        assert await regions_after(database, unit, TRAINING_CLASS, training_class, closed) == ["419001"] * 4


async def test_assessment_knows_where_its_classes_are(databases: FreshDatabases) -> None:
    examined = {
        "class_id": "class", "region": "419001", "rulebook_id": "r", "training_type": "t", "institution_id": "school",
        "institution_credit_code": "c", "occupation": "o", "certifiable": [], "teachers": [], "delivery": "offline",
        "closing_date": DAY, "training_revision": 0, "completion_revision": 0, "completion_basis": {}, "taught": True,
        "version": 1,
    }  # fmt: skip
    measured = SatisfactionMeasured(class_id="class", satisfied=1, valid_responses=1)
    async with opened(databases, "assessment") as database:
        unit = partial(
            AssessmentUnitOfWork, database, shelf=SHELF, vault=Vault([b"\x01" * 32], b"\x02" * 32), actor=SYSTEM
        )
        assert await regions_after(database, unit, EXAMINED_CLASS, examined, measured) == ["419001"] * 2


async def test_payment_knows_where_its_classes_are(databases: FreshDatabases) -> None:
    file = {"class_id": "class", "region": "419001", "asked_version": 1, "version": 1}
    budget = BudgetAnswer(granted=True, funding_source="f", amount_fen=0)
    reserved = EntitlementReserved(class_id="class", answers_version=1, granted=(), refused=(), budget=budget)
    vault = Vault([b"\x01" * 32], b"\x02" * 32)
    async with opened(databases, "payment") as database:
        unit = partial(PaymentUnitOfWork, database, shelf=SHELF, vault=vault, payee_check_keys=[], actor=SYSTEM)
        assert await regions_after(database, unit, CLASS_FILE, file, reserved) == ["419001"] * 2


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_opens_both_doors_and_its_leader_delivers(service: str, tmp_path: Path) -> None:
    init_home(tmp_path)
    settings = settings_of(service, home=tmp_path, sandbox=True)
    await migrate(service, settings.database_url)
    bus = EmbeddedBus(tmp_path / "events")
    wired = await wire(service, settings, clock=LegalClock(), bus=bus)
    authenticator = Authenticator(issuer=ISSUER, keys=StaticKeys(KeySet([KEY])))
    paths = wired.application(authenticator).openapi()["paths"]
    assert paths[f"/{service}/v1/changes"]["get"]["x-roles"] == ["auditor", "province"]
    webhooks = {path.removeprefix(f"/{service}/v1/webhooks") for path in paths if "webhooks" in path}
    parts = ("", "/secrets", "/pause", "/resumption", "/pings", "/redeliveries", "/deliveries")
    assert webhooks == {"", *("/{webhook_id}" + part for part in parts)}
    duties = [getattr(duty, "__self__", None) for duty in wired.worker()._duties]
    assert any(isinstance(duty, WebhookSender) for duty in duties)
    await wired.close()
    await bus.close()
