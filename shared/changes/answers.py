"""One attempt at one message over HTTP, and what its answer means."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Final

import httpx

from shared.clock import machine_now, monotonic

OVERLOADED: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers that say nothing about the message: the receiver as a whole cannot take any."""


_BODY_BYTES_MAX: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an attempt; `everything` means that the receiver, not the message, is at fault."""

    status: int | None = None
    problem: str | None = None
    everything: bool = False
    retry_after_seconds: float | None = None
    milliseconds: int = 0

    @property
    def taken(self) -> bool:
        """Say whether the receiver acknowledged the message."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Say whether the receiver wants nothing any more."""
        return self.status == HTTPStatus.GONE


def new_client() -> httpx.AsyncClient:
    """Give a client that follows no redirect and takes nothing from the environment; deadlines are the caller's."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    return httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=None, limits=limits, verify=_tls())  # noqa: S113


@cache
def _tls() -> ssl.SSLContext:
    """Read the authorities once per process: it takes tens of milliseconds, and all clients believe the same ones."""
    return httpx.create_ssl_context(trust_env=False)


async def send(
    http: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str], *, deadline_seconds: float
) -> Outcome:
    """Post a message and give what became of it, within the deadline; the answer's body is not kept."""
    began = monotonic()
    sent = {"content-type": "application/cloudevents+json", "user-agent": "Peibu-Webhooks/1", **headers}
    try:
        async with asyncio.timeout(deadline_seconds):
            async with http.stream("POST", url, content=body, headers=sent) as answer:
                status, retry_after = answer.status_code, answer.headers.get("retry-after")
                await _finish(answer)
    except TimeoutError:
        return Outcome(problem="timeout", milliseconds=_since(began))
    except httpx.ConnectError:
        return Outcome(problem="unreachable", everything=True, milliseconds=_since(began))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # the last: a host that no resolver can spell
        return Outcome(problem="broken_off", milliseconds=_since(began))
    overloaded = status in OVERLOADED
    return Outcome(
        status=status,
        everything=overloaded,
        retry_after_seconds=retry_after_seconds(retry_after) if overloaded else None,
        milliseconds=_since(began),
    )


async def _finish(answer: httpx.Response) -> None:
    """Read a short body to its end, so that the connection can be used again; a long one costs it."""
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read > _BODY_BYTES_MAX:
            return


def retry_after_seconds(header: str | None) -> float | None:
    """Read Retry-After: seconds or a date; anything else is ignored."""
    if header is None:
        return None
    if header.isascii() and header.isdecimal():
        return float(header[:9])
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0.0, (until - machine_now()).total_seconds())


def _since(began: float) -> int:
    return round((monotonic() - began) * 1000)
