"""A service with nothing but its doors, on both databases, and the clients of a province."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.changes.delivery import WebhookSender
from shared.changes.doors import change_routers
from shared.changes.pace import Pace
from shared.changes.receivers import allowed_receivers
from shared.clock import LegalClock, machine_now, new_id
from shared.contracts.contract import Contract
from shared.database.engine import Database, open_database
from shared.database.migrate import migrate
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM, Role
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.relay import Relay
from shared.settings import ServiceSettings, init_home
from shared.web.application import create_application
from shared.web.authentication import Authenticator, StaticKeys
from tests.messaging.events import ENROLLMENT
from tests.servers import FreshDatabases

KEY = ECKey.generate_key("P-256", auto_kid=True)
ISSUER = "https://issuer.test/auth"
PACE = Pace(answer_seconds=0.5, first_pause_seconds=0.02, longest_pause_seconds=0.1, poll_seconds=0.05)
"""An hour of a real deployment passes here in two seconds."""

REGIONS = {"class 1": "419001", "class 2": "130100", "class 3": "410000", "elsewhere": None}


class Placed(UnitOfWork):
    """A unit of work that knows where the sample classes are."""

    lookups = 0

    async def region_of(self, fact: Contract) -> str | None:
        """Give the region by the class's first words."""
        Placed.lookups += 1
        class_id = str(getattr(fact, "class_id", "elsewhere"))
        return next((region for name, region in REGIONS.items() if class_id.startswith(name)), None)


class House:
    """The service: publish in it, relay, deliver, and call it."""

    def __init__(self, database: Database, settings: ServiceSettings, bus: EmbeddedBus, stack: AsyncExitStack) -> None:
        self.database = database
        self.settings = settings
        self.bus = bus
        self._stack = stack
        self.application = create_application(
            "enrollment",
            title="门",
            description="只用于测试",
            routers=change_routers(settings),
            authenticator=Authenticator(issuer=ISSUER, keys=StaticKeys(KeySet([KEY]))),
            open_unit=partial(Placed, database),
        )

    async def publish(self, *facts: Contract) -> None:
        """Publish facts in one transaction and let the relay carry and number them."""
        async with Placed(self.database, actor=SYSTEM) as uow:
            for fact in facts:
                await uow.publish(fact)
            await uow.commit()
        await self.relay()

    async def relay(self) -> None:
        publisher = self.bus.publisher()
        await Relay(self.database, self.bus).drain(publisher)
        await publisher.close()

    def sender(self, pace: Pace = PACE) -> WebhookSender:
        """Give the leader's duty."""
        return WebhookSender(
            database=self.database,
            vault=self.settings.vault,
            receivers=allowed_receivers(self.settings),
            pace=pace,
        )

    async def client(self, *roles: Role, region: str = "000000", organisation: str = "province") -> httpx.AsyncClient:
        now = int(machine_now().timestamp())
        claims = {"iss": ISSUER, "aud": "peibu", "iat": now, "exp": now + 3600, "sub": "gateway", "org": organisation}
        claims |= {"region": region, "roles": list(roles or (Role.PROVINCE,))}
        token = jwt.encode({"alg": "ES256", "kid": KEY.kid}, claims, KEY, algorithms=["ES256"])
        return await self._stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=self.application),
                base_url="http://peibu.test/enrollment/v1",
                headers={"Authorization": f"Bearer {token}"},
            )
        )


async def post(client: httpx.AsyncClient, path: str, body: Any = None, *, expect: int) -> Any:
    """Post under a fresh key and give the answer."""
    answer = await client.post(path, json=body if body is not None else {}, headers={"Idempotency-Key": new_id()})
    assert answer.status_code == expect, answer.text
    return answer.json()


@pytest.fixture
async def database(databases: FreshDatabases) -> AsyncIterator[Database]:
    """Open a migrated database, once of each kind."""

    async def prepare(url: str) -> None:
        await migrate("shared", url)

    opened = open_database("enrollment", await databases.cloned("shared", prepare), clock=LegalClock())
    yield opened
    await opened.close()


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    """Give the service in a sandbox, where http receivers are allowed."""
    init_home(tmp_path)
    settings = ServiceSettings(service="enrollment", home=tmp_path, sandbox=True)
    bus = EmbeddedBus(tmp_path / "events")
    await bus.ensure_topics([ENROLLMENT])
    async with AsyncExitStack() as stack:
        yield House(database, settings, bus, stack)
    await bus.close()
