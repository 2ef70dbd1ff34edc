"""Assessment's database of both kinds, somebody who acts in it, and its interface."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from services.assessment.main import create_app
from services.assessment.settings import AssessmentSettings
from services.assessment.wiring import Wiring
from shared.clock import LegalClock, machine_now
from shared.database.engine import Database, open_database
from shared.database.migrate import migrate
from shared.domain.actor import Actor
from shared.messaging.embedded import EmbeddedBus
from shared.web.authentication import AUDIENCE, Authenticator, StaticKeys
from tests.assessment.office import Office
from tests.assessment.sample import APPLIED, VAULT, at, shelf
from tests.servers import FreshDatabases

ISSUER = "https://issuer.test/auth"


@pytest.fixture
async def database(databases: FreshDatabases) -> AsyncIterator[Database]:
    """Open a migrated database of assessment, once of each kind."""
    url = await databases.cloned("assessment", partial(migrate, "assessment"))
    opened = open_database("assessment", url, clock=LegalClock())
    yield opened
    await opened.close()


@pytest.fixture
def office(database: Database) -> Office:
    """Give somebody who runs use-cases and reads what was published."""
    return Office(database)


class Callers:
    """Gives clients that speak to the application with tokens of their own, without a network; it owns the clock."""

    def __init__(self, application: FastAPI, database: Database, key: ECKey, stack: AsyncExitStack) -> None:
        self.application = application
        self._database = database
        self._key = key
        self._stack = stack
        self.move_to(at(APPLIED))

    def move_to(self, moment: datetime) -> None:
        """Let legal time be this moment from now on."""
        self._database.clock.set_offset(moment - machine_now())

    async def client(self, actor: Actor | None) -> httpx.AsyncClient:
        """Give a client of the actor, or one without a token."""
        headers = {} if actor is None else {"Authorization": f"Bearer {self._token(actor)}"}
        transport = httpx.ASGITransport(app=self.application)
        return await self._stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://peibu.test", headers=headers)
        )

    def _token(self, actor: Actor) -> str:
        now = int(machine_now().timestamp())
        claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600}
        claims |= {"sub": actor.subject, "org": actor.organisation, "region": actor.region}
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, {**claims, "roles": sorted(actor.roles)}, self._key)


@pytest.fixture
async def callers(database: Database, tmp_path: Path) -> AsyncIterator[Callers]:
    """Give the application of assessment on the database, and who may call it."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    async with AsyncExitStack() as stack:
        bus = EmbeddedBus(tmp_path / "events")
        stack.push_async_callback(bus.close)
        wiring = Wiring(
            settings=AssessmentSettings(home=tmp_path), database=database, bus=bus, shelf=shelf(), vault=VAULT
        )
        authenticator = Authenticator(issuer=ISSUER, keys=StaticKeys(KeySet([key])))
        yield Callers(create_app(wiring, authenticator=authenticator), database, key, stack)
