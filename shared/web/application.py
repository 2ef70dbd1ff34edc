"""A service's FastAPI application: the same addresses, problems, health, metrics and documents everywhere."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse

from shared.web.authentication import Authenticator
from shared.web.documentation import SECURITY_POLICY, documentation_page
from shared.web.handlers import install_handlers
from shared.web.health import HealthCheck, health_router
from shared.web.metrics import HttpMetrics, metrics_router
from shared.web.openapi import CONVENTIONS, complete
from shared.web.problem_codes import NO_CODES, Codes
from shared.web.problems import FieldProblem, Problem, registry
from shared.web.rate_limit import PUBLIC_CODES_PER_MINUTE, PUBLIC_READS_PER_MINUTE, PUBLIC_WRITES_PER_MINUTE, RateLimit
from shared.web.request_context import BodyLimit, RequestContext
from shared.web.transactions import OpenUnit

BODY_BYTES_MAX: Final = 8 * 1024 * 1024
VERSION: Final = "1"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_application(
    service: str,
    *,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    authenticator: Authenticator,
    open_unit: OpenUnit,
    checks: Sequence[HealthCheck] = (),
    lifespan: Lifespan | None = None,
    metrics: CollectorRegistry | None = None,
    body_bytes_max: int = BODY_BYTES_MAX,
    problem_codes: Codes = NO_CODES,
) -> FastAPI:
    """Give the application of one service, to be served at the root: its addresses are full paths.

    `routers` come from `service_router`; `open_unit` makes the service's unit of work
    (`partial(PaymentUnitOfWork, database)`); `checks` make up readiness; `metrics` is the registry to which the
    service adds gauges of its own (one per application, made when not given). The application answers
    `/SERVICE/docs`, `/SERVICE/openapi.json`, `/SERVICE/health/live`, `/SERVICE/health/ready` and `/SERVICE/metrics`.
    """
    application = bare_application(
        service,
        title=title,
        description=description,
        routers=routers,
        checks=checks,
        lifespan=lifespan,
        metrics=metrics,
        body_bytes_max=body_bytes_max,
        problem_codes=problem_codes,
    )
    application.state.authenticator = authenticator
    application.state.open_unit = open_unit
    return application


def bare_application(
    service: str,
    *,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    checks: Sequence[HealthCheck] = (),
    lifespan: Lifespan | None = None,
    metrics: CollectorRegistry | None = None,
    body_bytes_max: int = BODY_BYTES_MAX,
    problem_codes: Codes = NO_CODES,
) -> FastAPI:
    """Give an application without tokens or transactions: what `create_application` and the issuer stand on."""
    metrics = CollectorRegistry() if metrics is None else metrics
    application = FastAPI(
        title=title,
        description=description,
        version=VERSION,
        openapi_url=f"/{service}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    application.state.service = service
    application.state.problem_codes = problem_codes
    application.state.metrics = metrics
    application.state.public_reads = RateLimit(PUBLIC_READS_PER_MINUTE)
    application.state.public_writes = RateLimit(PUBLIC_WRITES_PER_MINUTE)
    application.state.public_codes = RateLimit(PUBLIC_CODES_PER_MINUTE)
    for router in (*routers, health_router(service, checks), metrics_router(service, metrics)):
        application.include_router(router)
    _document(application, service)
    install_handlers(application)
    quiet = frozenset({f"/{service}/health/live", f"/{service}/health/ready", f"/{service}/metrics"})
    application.add_middleware(BodyLimit, bytes_max=body_bytes_max)
    application.add_middleware(RequestContext, metrics=HttpMetrics(metrics), quiet=quiet)
    return application


def _document(application: FastAPI, service: str) -> None:
    def openapi() -> dict[str, Any]:
        if application.openapi_schema is None:
            application.openapi_schema = _openapi(application)
        return application.openapi_schema

    @application.get(f"/{service}/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        headers = {"Content-Security-Policy": SECURITY_POLICY}
        return HTMLResponse(documentation_page(application.openapi()), headers=headers)

    application.openapi = openapi  # type: ignore[method-assign]


def _openapi(application: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=application.title,
        description=f"{application.description}\n\n{CONVENTIONS}",
        version=application.version,
        openapi_version=application.openapi_version,
        routes=application.routes,
    )
    _, problems = models_json_schema(
        [(Problem, "serialization"), (FieldProblem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    document.setdefault("components", {}).setdefault("schemas", {}).update(problems["$defs"])
    document["x-problems"] = [
        {"code": kind.code, "type": kind.type, "status": kind.status, "title": kind.title} for kind in registry()
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            codes = application.state.problem_codes.get(f"{method.upper()} {path}", {})
            complete(operation, document["components"]["schemas"], codes)
    return document
