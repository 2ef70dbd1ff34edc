"""What went over HTTP while a system was used: every request with its answer, in order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer."""

    method: str
    url: httpx.URL
    sent: bytes
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def received(self) -> Any:
        """Give the answer's JSON, None when it is none."""
        return json.loads(self.body) if "json" in self.headers.get("content-type", "") else None


class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on to an application in this process and keeps what went over the wire while `recording`."""

    def __init__(self, application: Any) -> None:
        self.exchanges: list[Exchange] = []
        self.recording = True
        self._inner = httpx.ASGITransport(app=application)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass one request on."""
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        if self.recording:
            exchange = Exchange(
                method=request.method,
                url=request.url,
                sent=await request.aread(),
                status=answer.status_code,
                headers=answer.headers,
                body=body,
            )
            self.exchanges.append(exchange)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)


def ids_in(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Give every `..._id` of a JSON value with its name, in order."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from ids_in(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from ids_in(part, name.removesuffix("s"))
    elif name.endswith("_id") and isinstance(value, str) and value:
        yield name, value
