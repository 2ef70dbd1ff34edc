"""One port for everything: the first segment of a path says whose it is.

In the all-in-one process the parts are the services' own applications; in a fleet they are `Passed`, which hands the
request to the service's process. Prefixes are the same in every shape.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.problems import ADDRESS_UNKNOWN, declare, problem_response

SERVICE_UNAVAILABLE: Final = declare("SERVICE_UNAVAILABLE", 503, "服务暂不可用")

_FORWARDED: Final = b"x-forwarded-for"
_HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade host".split()
)
_READINESS_SECONDS: Final = 3.0
"""A service gives each of its own checks 2 s."""


class Front:
    """Sends each request to the part that owns its first path segment."""

    def __init__(self, parts: Mapping[str, ASGIApp], *, health: "Health | None" = None) -> None:
        self._parts = parts
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; lifespans are run by whoever made the parts."""
        if scope["type"] != "http":
            return
        part = self._parts.get(scope["path"].removeprefix("/").partition("/")[0])
        answering = part if part is not None else await self._own(scope["path"])
        await answering(scope, receive, send)

    async def _own(self, path: str) -> Response:
        if path == "/health/ready" and self._health is not None:
            return await self._health.ready()
        return HTMLResponse(_index(self._parts)) if path == "/" else _unknown()


class Health:
    """Whether every part is ready, asked over each part's own readiness address."""

    def __init__(self, http: httpx.AsyncClient, services: tuple[str, ...]) -> None:
        self._http = http
        self._services = services

    async def ready(self) -> Response:
        """Answer 200 when every service answers ready or degraded, else 503 naming those that do not; within 3 s."""
        ready = await asyncio.gather(*map(self._is_ready, self._services))
        waiting = [service for service, well in zip(self._services, ready, strict=True) if not well]
        if waiting:
            return JSONResponse({"status": "unavailable", "waiting": waiting}, 503, {"Retry-After": "1"})
        return JSONResponse({"status": "ready"})

    async def _is_ready(self, service: str) -> bool:
        try:
            async with asyncio.timeout(_READINESS_SECONDS):
                return (await self._http.get(f"/{service}/health/ready")).is_success
        except (httpx.HTTPError, TimeoutError):
            return False


class Passed:
    """Passes requests on to another process, streaming both ways.

    What that process tells operators about itself (`/SERVICE/metrics`) is asked at its own port, not through here.
    """

    def __init__(self, address: str) -> None:
        self._http = httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(65.0, connect=2.0))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; a process that does not answer is a 503 that may be tried again."""
        request = Request(scope, receive)
        try:
            passed = self._request(request)
            if passed.url.path.strip("/").partition("/")[2] == "metrics":
                raise httpx.InvalidURL("not for the public")
            answer = await self._http.send(passed, stream=True)
        except (httpx.InvalidURL, UnicodeDecodeError):
            await _unknown()(scope, receive, send)
        except httpx.TransportError as error:
            await _unavailable(type(error).__name__)(scope, receive, send)
        except ClientDisconnect:
            return  # nobody waits for an answer
        else:
            response = StreamingResponse(_body(answer), answer.status_code)
            response.raw_headers = [pair for pair in answer.headers.raw if pair[0].lower() not in _HOP_BY_HOP]
            await response(scope, receive, send)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _request(self, request: Request) -> httpx.Request:
        """Give the request as it was sent, its path not decoded: `%2F` inside an id is no slash.

        The server's word for who calls goes with it, whatever the caller says of himself.
        """
        query: bytes = request.scope["query_string"]
        kept = (*_HOP_BY_HOP, _FORWARDED)
        headers = [pair for pair in request.headers.raw if pair[0] not in kept]
        if request.client is not None:
            headers.append((_FORWARDED, request.client.host.encode()))
        return self._http.build_request(
            request.method,
            httpx.URL(raw_path=request.scope["raw_path"] + (b"?" + query if query else b"")),
            headers=headers,
            content=request.stream() if request.method not in ("GET", "HEAD") else None,
        )


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _unknown() -> Response:
    return problem_response(ADDRESS_UNKNOWN, "没有这个地址。", "请从 / 查看各服务的接口文档。")


def _unavailable(cause: str) -> Response:
    return problem_response(
        SERVICE_UNAVAILABLE,
        f"服务暂时没有应答（{cause}）。",
        "请稍后用同一 Idempotency-Key 重试。",
        headers={"Retry-After": "1"},
    )


def _index(parts: Mapping[str, ASGIApp]) -> str:
    links = "".join(f'<li><a href="/{name}/docs">/{name}/docs</a></li>' for name in parts if name != "clock")
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>培补</title>'
        f"<h1>培补</h1><p>补贴性培训进系统，系统之外零补贴。各服务接口文档：</p><ul>{links}</ul></html>"
    )
