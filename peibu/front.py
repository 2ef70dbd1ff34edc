"""One port for everything: the first segment of a path says whose it is.

In the all-in-one process the parts are the services' own applications; in a fleet they are `Passed`, which hands the
request to the service's process. Prefixes are the same in every shape.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_FORWARDED: Final = b"x-forwarded-for"
_HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade host".split()
)


class Front:
    """Sends each request to the part that owns its first path segment."""

    def __init__(self, parts: Mapping[str, ASGIApp], *, health: "Health | None" = None) -> None:
        self._parts = parts
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; lifespans are run by whoever made the parts."""
        if scope["type"] != "http":
            return
        segment = scope["path"].split("/", 2)[1]
        part = self._parts.get(segment)
        if part is not None:
            await part(scope, receive, send)
            return
        response = await self._own(scope["path"])
        await response(scope, receive, send)

    async def _own(self, path: str) -> Response:
        if path == "/health/ready" and self._health is not None:
            return await self._health.ready()
        if path == "/":
            return HTMLResponse(_index(self._parts))
        return JSONResponse(
            {
                "type": "urn:peibu:problem:NOT_FOUND",
                "title": "没有此地址",
                "status": 404,
                "code": "NOT_FOUND",
                "detail": "没有此地址。",
                "advice": "请从 / 查看各服务的接口文档。",
            },
            404,
            media_type="application/problem+json",
        )


class Health:
    """Whether every part is ready, asked over each part's own readiness address."""

    def __init__(self, http: httpx.AsyncClient, services: tuple[str, ...]) -> None:
        self._http = http
        self._services = services

    async def ready(self) -> Response:
        """Answer 200 when every service answers ready or degraded, else 503 naming those that do not."""
        waiting = []
        for service in self._services:
            try:
                answer = await self._http.get(f"/{service}/health/ready")
            except httpx.HTTPError:
                waiting.append(service)
                continue
            if answer.is_error:
                waiting.append(service)
        if waiting:
            return JSONResponse({"status": "unavailable", "waiting": waiting}, 503, {"Retry-After": "1"})
        return JSONResponse({"status": "ready"})


class Passed:
    """Passes requests on to another process, streaming both ways."""

    def __init__(self, address: str) -> None:
        self._http = httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(65.0, connect=2.0))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; a process that does not answer is a 503 that may be tried again."""
        request = Request(scope, receive)
        kept = (*_HOP_BY_HOP, _FORWARDED)
        headers = [(name, value) for name, value in request.headers.raw if name not in kept]
        if request.client is not None:  # whom the server believes to call, whatever the caller says of himself
            headers.append((_FORWARDED, request.client.host.encode()))
        passed = self._http.build_request(
            request.method,
            httpx.URL(path=request.url.path, query=request.url.query.encode()),
            headers=headers,
            content=request.stream() if request.method not in ("GET", "HEAD") else None,
        )
        try:
            answer = await self._http.send(passed, stream=True)
        except httpx.TransportError as error:
            await _unavailable(type(error).__name__)(scope, receive, send)
            return
        response = StreamingResponse(_body(answer), answer.status_code)
        response.raw_headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _HOP_BY_HOP]
        await response(scope, receive, send)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _unavailable(cause: str) -> JSONResponse:
    return JSONResponse(
        {
            "type": "urn:peibu:problem:SERVICE_UNAVAILABLE",
            "title": "服务暂不可用",
            "status": 503,
            "code": "SERVICE_UNAVAILABLE",
            "detail": f"服务暂时没有应答（{cause}）。",
            "advice": "请稍后用同一 Idempotency-Key 重试。",
        },
        503,
        {"Retry-After": "1"},
        media_type="application/problem+json",
    )


def _index(parts: Mapping[str, ASGIApp]) -> str:
    links = "".join(f'<li><a href="/{name}/docs">/{name}/docs</a></li>' for name in parts if name != "clock")
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>培补</title>'
        f"<h1>培补</h1><p>补贴性培训进系统，系统之外零补贴。各服务接口文档：</p><ul>{links}</ul></html>"
    )
