"""Fixtures of payment: a migrated database of each kind, the office that works in it, and its HTTP interface."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, KeySet

from services.payment.main import create_app
from services.payment.settings import PaymentSettings
from services.payment.wiring import Wiring
from shared.clock import LegalClock
from shared.database.deployment import pin_deployment
from shared.database.engine import Database, open_database
from shared.database.migrate import migrate
from shared.messaging.embedded import EmbeddedBus
from shared.policy.loader import load_allotments, load_forms, load_targets
from shared.web.authentication import Authenticator, StaticKeys
from tests.payment.callers import ISSUER, Callers
from tests.payment.office import PAYEE_KEY, VAULT, Office
from tests.payment.sample import shelf
from tests.servers import FreshDatabases


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = open_database("payment", url, clock=LegalClock())
    try:
        yield database
    finally:
        await database.close()


async def _migrated(url: str) -> None:
    await migrate("payment", url)
    async with _opened(url) as database:
        await pin_deployment(database)


async def _with_finished_class(url: str) -> None:
    """Finish a class of ten who were all there and all certified: 15,000 yuan."""
    await _migrated(url)
    async with _opened(url) as database:
        office = Office(database)
        await office.provide()
        await office.open_class()
        await office.finish_class()


async def _with_received_claim(url: str) -> None:
    """Receive the claim of that class."""
    await _with_finished_class(url)
    async with _opened(url) as database:
        await Office(database).submit()


async def _with_approved_claim(url: str) -> None:
    """Approve a claim of ten people cut to nine heads: nine times 1,500 yuan of ten times 1,500."""
    await _migrated(url)
    async with _opened(url) as database:
        office = Office(database)
        await office.provide()
        await office.open_class()
        await office.finish_class(opening=9, spot=(9, 9))
        claim = await office.submit()
        await office.approve(claim.claim_id)


@pytest.fixture
async def database(databases: FreshDatabases) -> AsyncIterator[Database]:
    """Open a fresh payment database, once of each kind."""
    async with _opened(await databases.cloned("payment", _migrated)) as opened:
        yield opened


@pytest.fixture
def office(database: Database) -> Office:
    """Give a payment office in which nothing has happened yet."""
    return Office(database)


@pytest.fixture
async def received_office(databases: FreshDatabases) -> AsyncIterator[Office]:
    """Give an office that has just received a claim of 15,000 yuan for class-1."""
    async with _opened(await databases.cloned("payment_received", _with_received_claim)) as opened:
        yield Office(opened, versions_before=100)


@pytest.fixture
async def approved_office(databases: FreshDatabases) -> AsyncIterator[Office]:
    """Give an office with one approved claim of 13,500 yuan, not ordered yet."""
    async with _opened(await databases.cloned("payment_approved", _with_approved_claim)) as opened:
        yield Office(opened, versions_before=100)


@pytest.fixture
async def claim_id(approved_office: Office) -> str:
    """Give the approved claim."""
    return await approved_office.only_claim()


@pytest.fixture
async def callers(databases: FreshDatabases, tmp_path: Path) -> AsyncIterator[Callers]:
    """Give the HTTP application in an office whose class has finished and can be claimed."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    async with AsyncExitStack() as stack:
        url = await databases.cloned("payment_finished", _with_finished_class)
        database = await stack.enter_async_context(_opened(url))
        bus = EmbeddedBus(tmp_path / "events")
        stack.push_async_callback(bus.close)
        wiring = Wiring(
            settings=PaymentSettings(home=tmp_path),
            database=database,
            bus=bus,
            shelf=shelf(),
            vault=VAULT,
            plans=load_targets(),
            allotments=load_allotments(),
            forms=load_forms(),
            payee_check_keys=[PAYEE_KEY],
        )
        authenticator = Authenticator(issuer=ISSUER, keys=StaticKeys(KeySet([key])))
        office = Office(database, versions_before=100)
        yield Callers(create_app(wiring, authenticator=authenticator), key, stack, office)
