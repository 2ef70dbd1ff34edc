"""Serve one ASGI application on one port and stop it cleanly: requests in flight are answered, then the rest closes."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

GRACE_SECONDS = 20
"""0 would cancel the requests in flight."""


async def serve(
    application: Any,
    *,
    host: str,
    port: int,
    trusted_proxies: str,
    lifespan: bool = False,
    listener: socket.socket | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then return; on `listener` when one is open already.

    Only `trusted_proxies` (addresses and networks, separated by commas) are believed when they name another caller.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            lifespan="on" if lifespan else "off",
            log_config=None,
            access_log=False,
            proxy_headers=True,
            forwarded_allow_ips=trusted_proxies,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    with stopping_on_signal():  # uvicorn ends by raising its signal once more, which would kill what still has to close
        await server.serve(sockets=None if listener is None else [listener])


@contextmanager
def stopping_on_signal() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        yield stop
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
