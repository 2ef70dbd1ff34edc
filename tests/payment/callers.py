"""Who speaks to payment's HTTP interface in tests: real tokens, no network."""

from contextlib import AsyncExitStack
from datetime import date
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.clock import machine_now
from shared.domain.actor import Actor
from shared.web.authentication import AUDIENCE
from tests.payment.office import CLAIM_DAY, Office, moment

ISSUER = "https://issuer.test/auth"


class Callers:
    """Sends requests as anybody; the legal day of the application is `today`."""

    _keys = count(1)

    def __init__(self, application: FastAPI, key: ECKey, stack: AsyncExitStack, office: Office) -> None:
        self._key = key
        self._stack = stack
        self.office = office
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://peibu.test")
        stack.push_async_callback(self._client.aclose)
        self.move_to(CLAIM_DAY)

    def move_to(self, day: date) -> None:
        """Let the application's legal time be ten in the morning of a day."""
        self.office.now = moment(day)
        self.office.database.clock.set_offset(moment(day) - machine_now())

    async def pass_days(self, day: date) -> None:
        """Let legal time pass until a day, firing what falls due."""
        await self.office.pass_days(day)
        self.move_to(day)

    async def get(self, path: str, actor: Actor | None, **parameters: Any) -> httpx.Response:
        """Read an address under /payment/v1."""
        return await self._client.get(f"/payment/v1{path}", headers=self._headers(actor), params=parameters)

    async def post(
        self, path: str, actor: Actor | None, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """Post to an address under /payment/v1, under a fresh idempotency key unless one is given."""
        sent = {**self._headers(actor), "Idempotency-Key": key or f"key-{next(self._keys)}", **headers}
        return await self._client.post(f"/payment/v1{path}", headers=sent, json=body or {})

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send anything."""
        return await self._client.request(method, path, **options)

    def _headers(self, actor: Actor | None) -> dict[str, str]:
        if actor is None:
            return {}
        now = int(machine_now().timestamp())
        claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600}
        claims |= {"sub": actor.subject, "org": actor.organisation, "region": actor.region}
        token = jwt.encode({"alg": "ES256", "kid": self._key.kid}, {**claims, "roles": sorted(actor.roles)}, self._key)
        return {"Authorization": f"Bearer {token}"}
