"""The route class of every service, and the router that uses it.

    router = service_router("/payment/v1", tags=["申领"])
    Write = Annotated[PaymentUnitOfWork, Depends(write_transaction)]

    @router.post(
        "/claims", status_code=201, summary="提交申领",
        dependencies=[requires(Role.INSTITUTION)], responses=responses(404, "CLASS_NOT_COMPLETED"),
    )
    async def submit_claim(body: ClaimBody, unit: Write, response: Response) -> ClaimAnswer:
        claim = await submit(unit, body.to_command())        # raises shared.domain.errors: rolled back, not remembered
        response.headers["ETag"] = etag(claim.version)
        return ClaimAnswer.of(claim)                         # rendered, remembered, committed, then sent

A route says who may call it exactly once, by `requires(...)` or by `public_transaction`; OpenAPI shows it as `x-roles`.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response

from shared.domain.actor import Role
from shared.web.authentication import RoleCheck
from shared.web.problems import merge_responses, responses
from shared.web.transactions import (
    KEYED,
    PUBLIC_ONES,
    UNIT_DEPENDENCIES,
    UnopenedUnit,
    public_code_transaction,
    run_in_transaction,
)

_READING = ("GET", "HEAD")
_WRITING = frozenset({"POST", "PUT", "PATCH"})


def service_router(prefix: str, *, tags: Sequence[str]) -> APIRouter:
    """Give a router whose routes are transactional; `prefix` is the full one, such as `/payment/v1`."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=ServiceRoute)


class ServiceRoute(APIRoute):
    """A route that runs in one transaction, declares its problems and says who may call it.

    Raise TypeError at import when the route does not say who may call it, or takes its unit of work wrongly.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _with_open_unit(endpoint), **options)
        roles = self._check()
        keyed = any(part.call in KEYED for part in self.dependant.dependencies)
        self.responses = merge_responses(
            _usual_problems(roles, keyed=keyed, takes_body=bool(_WRITING & (self.methods or set()))), self.responses
        )
        self.openapi_extra = {"x-roles": sorted(roles), **(self.openapi_extra or {})}

    def _check(self) -> frozenset[Role]:
        where = f"{sorted(self.methods or ())} {self.path}"
        direct = [part for part in self.dependant.dependencies if part.call in UNIT_DEPENDENCIES]
        everywhere = [part for part in _walk(self.dependant) if part.call in UNIT_DEPENDENCIES]
        if len(everywhere) > 1 or len(direct) != len(everywhere):
            raise TypeError(f"{where}: only the endpoint itself takes a unit of work, and only one")
        if direct and isasyncgenfunction(self.endpoint):
            raise TypeError(f"{where}: a stream outlives its transaction; read first, or page")
        if any(part.call in KEYED for part in direct) and self.methods != {"POST"}:
            raise TypeError(f"{where}: idempotency keys are for POST; take unkeyed_transaction")
        checks = {part.call for part in _walk(self.dependant) if isinstance(part.call, RoleCheck)}
        public = any(part.call in PUBLIC_ONES for part in direct)
        if len(checks) + public != 1:
            raise TypeError(f"{where}: say once who may call it, by requires(...) or public_transaction")
        return frozenset({Role.PUBLIC}) if public else frozenset(next(iter(checks)).roles)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give the handler that runs the endpoint in its transaction."""
        handler = super().get_route_handler()
        calls = {part.call for part in self.dependant.dependencies}
        public, by_code = not calls.isdisjoint(PUBLIC_ONES), public_code_transaction in calls

        async def handle(request: Request) -> Response:
            if public:
                limits = request.app.state
                writing = limits.public_codes if by_code else limits.public_writes
                await (limits.public_reads if request.method in _READING else writing).require(request)
            return await run_in_transaction(request, handler)

        return handle


def _with_open_unit(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    if getattr(endpoint, "opens_unit", False):
        return endpoint
    if isasyncgenfunction(endpoint):  # a stream; `_check` sees to it that it takes no unit of work
        return endpoint
    if not iscoroutinefunction(endpoint):
        raise TypeError(f"{getattr(endpoint, '__qualname__', endpoint)}: an endpoint is an async function")

    @wraps(endpoint)
    async def with_open_unit(**values: Any) -> Any:
        for name, value in values.items():
            if isinstance(value, UnopenedUnit):
                opened = await value.open()
                if isinstance(opened, Response):
                    return opened
                values[name] = opened
        return await endpoint(**values)

    with_open_unit.opens_unit = True  # type: ignore[attr-defined]
    return with_open_unit


def _walk(dependant: Dependant) -> Iterator[Dependant]:
    for part in dependant.dependencies:
        yield part
        yield from _walk(part)


def _usual_problems(roles: frozenset[Role], *, keyed: bool, takes_body: bool) -> dict[int | str, dict[str, Any]]:
    codes: list[int | str] = ["INPUT_INVALID", "DATABASE_BUSY", "DATABASE_UNAVAILABLE", "UNEXPECTED"]
    if takes_body:
        codes += ["REQUEST_INVALID", "BODY_TOO_LARGE", "VALUE_OUT_OF_RANGE"]
    if roles == {Role.PUBLIC}:
        codes.append("TOO_MANY_REQUESTS")
    else:
        codes += ["TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "ROLE_MISSING", "AUTHENTICATION_UNAVAILABLE"]
    if keyed:
        codes += ["IDEMPOTENCY_KEY_MISSING", "IDEMPOTENCY_KEY_INVALID"]
        codes += ["IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE"]
    return responses(*codes)
