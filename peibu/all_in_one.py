"""`peibu run`: the whole system in this process, from an empty folder to a printed address."""

import asyncio
import signal
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from peibu.issuer import Issuer
from peibu.running import ADDRESS_FILE
from peibu.sandbox_clock import DEFAULT_LEGAL_START
from peibu.services import SERVICES, settings_of
from peibu.serving import serve
from peibu.system import ISSUER, running_system, seed_once
from shared.clock import LegalClock, monotonic
from shared.database.engine import open_database
from shared.database.schema import is_migrated
from shared.settings import SettingsError, init_home
from shared.web.logging import configure_logging


async def run_all(home: Path, *, port: int, legal_start: datetime | None, console: Console) -> None:
    """Install secrets, migrate, start, seed once, say where it is, and serve until Ctrl-C or SIGTERM."""
    begun = monotonic()
    init_home(home)
    with _bound(port) as listener, (home / "peibu.log").open("a", encoding="utf-8") as log:
        (home / ADDRESS_FILE).unlink(missing_ok=True)
        configure_logging(stream=log)
        await _migrate_if_needed(home)
        async with running_system(home, legal_start=legal_start) as system:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            serving: asyncio.Future[None] = asyncio.ensure_future(
                serve(
                    system.front,
                    host="127.0.0.1",
                    port=port,
                    trusted_proxies=settings_of(SERVICES[0], home=home).trusted_proxies,
                    listener=listener,
                )
            )
            (home / ADDRESS_FILE).write_text(address)
            _welcome(console, address, home, legal_start, seconds=monotonic() - begun)
            try:
                ends: list[asyncio.Future[Any]] = [serving, system.working]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if not serving.done():  # the work behind the port failed: better to stop than to serve half a system
                    signal.raise_signal(signal.SIGTERM)
                await serving
            finally:
                (home / ADDRESS_FILE).unlink(missing_ok=True)


async def seed_running(url: str, home: Path) -> None:
    """Enter sample parties into a running system through its address; its issuer's files stand under `home`."""
    issuer = Issuer(home, issuer=ISSUER)
    async with httpx.AsyncClient(base_url=url, timeout=60.0) as http:
        await seed_once(home, http, issuer, year=DEFAULT_LEGAL_START.year)


def _bound(port: int) -> socket.socket:
    """Take the port before anything else is done, without listening yet: who is not ready answers nobody."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"port {port} is taken ({error.strerror}); stop what uses it or choose another with --port"
        ) from None
    return listener


async def _migrate_if_needed(home: Path) -> None:
    """Migrate in a process of its own: the serving one never loads Alembic."""
    for name in SERVICES:
        database = open_database(name, settings_of(name, home=home).database_url, clock=LegalClock())
        try:
            ready = await is_migrated(database)
        finally:
            await database.close()
        if not ready:
            break
    else:
        return
    migrating = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "peibu", "migrate", "--home", str(home), stdout=asyncio.subprocess.DEVNULL
    )
    if await migrating.wait():
        raise SystemExit("migration failed; the databases are as they were")


def _welcome(console: Console, address: str, home: Path, legal_start: datetime | None, *, seconds: float) -> None:
    console.print(f"[bold]培补已就绪[/bold]（{seconds:.1f} 秒）：{address}")
    for name in (*SERVICES, "auth"):
        console.print(f"  {address}/{name}/docs")
    if legal_start is None:
        console.print("正式环境：用 peibu clients add 开通账号")
    else:
        console.print(f"示例账号（仅本人可读）：{home / 'credentials.toml'}")
        console.print("沙箱：法定时间可前移，见 peibu clock show / move；演示：peibu demo --against " + address)
    console.print(f"日志：{home / 'peibu.log'}；按 Ctrl-C 停止。")
