"""Prometheus metrics of one application, by route template and never by path (a path holds ids)."""

from typing import Final

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest
from starlette.responses import Response

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class HttpMetrics:
    """Counts requests and measures how long they take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "peibu_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "peibu_http_request_duration_seconds",
            "Seconds from the first byte of a request to its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=registry,
        )

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; unknown methods are counted as OTHER."""
        known = method if method in _METHODS else "OTHER"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)


def metrics_router(service: str, registry: CollectorRegistry) -> APIRouter:
    """Give `/SERVICE/metrics` in the Prometheus text format."""
    router = APIRouter(tags=["运行状态"])

    @router.get(f"/{service}/metrics", summary="运行指标（Prometheus）", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_1_0_0)

    return router
