"""A running system as a command meets it: its address, whether anybody answers there, whether its parts are ready."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from peibu.services import SERVICES
from shared.settings import SettingsError

ADDRESS_FILE: Final = "address"
"""Under HOME: the address of the running system, there exactly while it is ready."""

_DEFAULT_ADDRESS: Final = "http://127.0.0.1:8080"


def address_of(url: str | None, home: Path) -> str:
    """Give the address that was named, else the one that the system running under `home` wrote down, else ours."""
    file = home / ADDRESS_FILE
    return url or (file.read_text().strip() if file.exists() else _DEFAULT_ADDRESS)


@asynccontextmanager
async def answering(address: str, *, seconds: float = 90.0) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client of the system at an address; raise SettingsError when nobody answers there."""
    async with httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(seconds, connect=5.0)) as http:
        try:
            await http.get("/health/ready")
        except httpx.TransportError as error:
            raise SettingsError(
                f"nothing answers at {address} ({type(error).__name__}); is the system running? "
                "Name its --url, or the --home of `peibu run`"
            ) from None
        yield http


async def readiness(address: str) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
    """Give each service's state (`ready`, `degraded`, `unavailable`) and what its checks say."""
    async with answering(address, seconds=10.0) as http:
        for service in SERVICES:
            answer = await http.get(f"/{service}/health/ready")
            told = answer.json()
            yield service, told.get("status", told.get("code", str(answer.status_code))), told.get("checks", {})
