"""The outermost middlewares: every request has an id, a log line, a measurement and an answer, and a limited body."""

import re
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from shared.clock import monotonic, new_id
from shared.web.handlers import answer_unexpected
from shared.web.masking import mask
from shared.web.metrics import HttpMetrics
from shared.web.problems import BODY_TOO_LARGE, WebProblem

REQUEST_ID: Final = "X-Request-Id"
UNMATCHED: Final = "unmatched"
_ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")

_DRAINED_FACTOR: Final = 4

_log = structlog.get_logger(__name__)


class RequestContext:
    """Binds the request's id to the log, answers what nothing else answered, measures and logs by route template.

    An id that the caller sends as `X-Request-Id` is kept when it is 8 to 64 characters of `A-Za-z0-9._-` and does not
    look like personal data; otherwise a new one is made. Every answer carries it.
    """

    def __init__(self, app: ASGIApp, *, metrics: HttpMetrics, quiet: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get(REQUEST_ID))
        with bound_contextvars(request_id=request_id, actor=None):
            await self._serve(scope, receive, send, request_id)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = monotonic()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            answer = answer_unexpected(error)  # logs; the exception's own text goes no further
            if status:
                raise RuntimeError("the answer broke off; the log has the incident") from None
            await answer(scope, receive, send_with_id)
        finally:
            self._account(scope, status, monotonic() - started)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        self._metrics.observe(method=scope["method"], route=route, status=status, seconds=seconds)
        if route not in self._quiet:
            milliseconds = round(seconds * 1000, 1)
            _log.info("request", method=scope["method"], route=route, status=status, milliseconds=milliseconds)


def _request_id(sent: str | None) -> str:
    if sent is not None and _ACCEPTED_ID.fullmatch(sent) and mask(sent) == sent:
        return sent
    return new_id()


class BodyLimit:
    """Answers 413 to a request whose body is longer than `bytes_max`, whether or not it says so beforehand."""

    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        too_large = announced.isdecimal() and int(announced) > self._bytes_max
        await self._app(scope, self._counted(receive, too_large=too_large), send)

    def _counted(self, receive: Receive, *, too_large: bool) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if not too_large and received <= self._bytes_max:
                return message
            # Read on for a while: a sender who is cut off in the middle of sending never sees the answer.
            while message.get("more_body", False) and received <= self._bytes_max * _DRAINED_FACTOR:
                message = await receive()
                received += len(message.get("body", b""))
            raise self._problem()

        return counted

    def _problem(self) -> WebProblem:
        limit = self._bytes_max // 1024
        return WebProblem(
            BODY_TOO_LARGE,
            f"请求体超过上限 {limit} KiB。",
            "请分批提交，每批使用各自的 Idempotency-Key。",
            headers={"Connection": "close"},  # whatever is still being sent is not the next request
        )
