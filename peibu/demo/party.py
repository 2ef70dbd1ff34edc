"""A party of the story: one credential, one HTTP client, and the patience of real software.

A request whose answer was lost is sent again under the same idempotency key: the service answers as it did the first
time, so a party never has to know whether its request took effect.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import stamina

from shared.clock import monotonic, new_id

Json = dict[str, Any]
_TOKEN_SECONDS = 3000.0


class StoryBroken(Exception):
    """A service answered what the story does not expect; the message shows its `problem` document, if it is one."""

    def __init__(self, message: str, problem: Json | None = None) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a party signs in with; `organisation` is the tenant its token will name."""

    client_id: str
    client_secret: str
    subject: str
    organisation: str


class Party:
    """Somebody who talks to Peibu over HTTP with a token of their own; the public has none."""

    def __init__(self, http: httpx.AsyncClient, credential: Credential | None) -> None:
        self._http = http
        self.credential = credential
        self._token = ""
        self._token_until = 0.0

    def signed_in(self, credential: Credential) -> "Party":
        """Give somebody else who talks through the same client."""
        return Party(self._http, credential)

    async def get(self, path: str, **query: str | int) -> Json:
        """Read a resource."""
        return _json(await self._send("GET", path, params=query))

    async def find(self, path: str) -> Json | None:
        """Read a resource, or give None when there is none that the party may see."""
        response = await self._send("GET", path)
        return None if response.status_code == 404 else _json(response)

    async def text(self, path: str) -> str:
        """Read a resource that is not JSON."""
        response = await self._send("GET", path)
        if response.is_error:
            raise StoryBroken(_describe(response))
        return response.text

    async def post(self, path: str, body: Any, *, key: str | None = None) -> Json:
        """Send a command under one idempotency key until it is answered; raise StoryBroken when it is refused."""
        response = await self._send("POST", path, json=body, headers={"Idempotency-Key": key or new_id()})
        return _json(response)

    async def refused(self, path: str, body: Any) -> Json:
        """Send a command that must be refused, and give the problem document."""
        response = await self._send("POST", path, json=body, headers={"Idempotency-Key": new_id()})
        if not response.is_client_error:
            raise StoryBroken(f"expected a refusal of POST {path}, got {response.status_code}")
        problem: Json = response.json()
        return problem

    async def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        async for attempt in stamina.retry_context(
            on=(httpx.TransportError, _Unavailable), attempts=40, timeout=90.0, wait_initial=0.1, wait_max=1.0
        ):
            with attempt:
                headers = {**arguments.get("headers", {}), **await self._authorization()}
                response = await self._http.request(method, path, **{**arguments, "headers": headers})
                if response.status_code in (502, 503, 504):
                    raise _Unavailable(_describe(response))
                return response
        raise AssertionError("unreachable: the retry context returns or raises")

    async def _authorization(self) -> dict[str, str]:
        if self.credential is None:
            return {}
        if monotonic() >= self._token_until:
            await self._sign_in(self.credential)
        return {"Authorization": f"Bearer {self._token}"}

    async def _sign_in(self, credential: Credential) -> None:
        answer = await self._http.post(
            "/auth/token",
            data={"grant_type": "client_credentials"},
            auth=(credential.client_id, credential.client_secret),
        )
        if answer.status_code in (502, 503, 504):
            raise _Unavailable(_describe(answer))
        self._token = _json(answer)["access_token"]
        self._token_until = monotonic() + _TOKEN_SECONDS


class _Unavailable(Exception):
    """The service is restarting or its database is away; the same request is worth another try."""


async def until(read: Any, holds: Any, *, what: str, seconds: float = 60.0) -> Json:
    """Read until the answer satisfies `holds`; events travel, so a view may lag behind the last command."""
    deadline = monotonic() + seconds
    pause = 0.02
    while True:
        answer: Json = await read()
        if holds(answer):
            return answer
        if monotonic() > deadline:
            raise StoryBroken(f"waited {seconds:.0f} s for {what}; last seen: {_short(answer)}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _json(response: httpx.Response) -> Json:
    if response.is_error:
        raise StoryBroken(_describe(response), response.json() if response.is_client_error else None)
    answer: Json = response.json()
    return answer


def _describe(response: httpx.Response) -> str:
    request = response.request
    return f"{request.method} {request.url.path} answered {response.status_code}: {response.text[:2000]}"


def _short(answer: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={str(value)[:80]}" for name, value in list(answer.items())[:12])
