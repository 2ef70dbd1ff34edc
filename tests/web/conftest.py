"""A sample service on an empty database, its issuer's key and a client that speaks to it without a network."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet

from shared.clock import LegalClock, machine_now
from shared.database.engine import Database, open_database
from shared.database.metadata import SHARED
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Role
from shared.web.application import create_application
from shared.web.authentication import Authenticator, StaticKeys
from shared.web.health import HealthCheck
from tests.web.sample import METADATA, router

ISSUER = "https://issuer.test/auth"
Token = Callable[..., str]


@asynccontextmanager
async def prepared(url: str) -> AsyncIterator[Database]:
    database = open_database("sample", url, clock=LegalClock())
    async with database.engine.begin() as connection:
        await connection.run_sync(SHARED.create_all)
        await connection.run_sync(METADATA.create_all)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    async with prepared(empty_database_url) as database:
        yield database


@pytest_asyncio.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    async with prepared(f"sqlite+aiosqlite:///{tmp_path / 'sample.db'}") as database:
        yield database


@pytest.fixture(scope="session")
def signing_key() -> ECKey:
    return ECKey.generate_key("P-256", auto_kid=True)


@pytest.fixture(scope="session")
def token(signing_key: ECKey) -> Token:
    """Give a token; every claim can be replaced, or removed by None."""

    def issue(
        *roles: str, key: Key = signing_key, algorithm: str = "ES256", kid: str | None = None, **claims: object
    ) -> str:
        now = int(machine_now().timestamp())
        usual = {"iss": ISSUER, "aud": "peibu", "iat": now, "exp": now + 3600}
        usual |= {"sub": "li", "org": "org-1", "region": "419001", "roles": [*(roles or (Role.FINANCE,))]}
        named = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode({"alg": algorithm, "kid": kid or key.kid}, named, key, algorithms=[algorithm])

    return issue


def application_on(database: Database, key: ECKey, checks: tuple[HealthCheck, ...] = ()) -> FastAPI:
    return create_application(
        "sample",
        title="示例服务",
        description="只用于测试",
        routers=[router],
        authenticator=Authenticator(issuer=ISSUER, keys=StaticKeys(KeySet([key]))),
        open_unit=partial(UnitOfWork, database),
        checks=checks,
        body_bytes_max=64 * 1024,
    )


def client_of(application: FastAPI, token: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=application)
    return httpx.AsyncClient(transport=transport, base_url="http://sample.test", headers=headers)


@pytest_asyncio.fixture
async def client(database: Database, signing_key: ECKey, token: Token) -> AsyncIterator[httpx.AsyncClient]:
    """A finance officer's client, on every database."""
    async with client_of(application_on(database, signing_key), token()) as client:
        yield client


@pytest_asyncio.fixture
async def light_client(sqlite: Database, signing_key: ECKey, token: Token) -> AsyncIterator[httpx.AsyncClient]:
    """A finance officer's client on SQLite, where the database does not matter."""
    async with client_of(application_on(sqlite, signing_key), token()) as client:
        yield client
