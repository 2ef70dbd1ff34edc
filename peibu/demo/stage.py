"""Where the story is played: in a system of its own, or in one that runs already."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from peibu.credentials import read_credentials
from peibu.demo.party import Party
from peibu.demo.play import cast_of, play, show_ledger, stopwatch
from peibu.running import ADDRESS_FILE, answering
from shared.clock import machine_now
from shared.settings import SettingsError

_READY_SECONDS = 60.0
SYSTEM_ADMIN = "system-admin"


async def play_against(base_url: str, home: Path, *, seed: int | None, console: Console) -> None:
    """Play in a running sandbox whose credentials stand under `home`; other people take part every time."""
    elapsed = stopwatch()
    async with cast_of(base_url, home) as cast:
        script = await play(cast, seed=seed or int(machine_now().timestamp()), console=console)
        await show_ledger(cast, script, console)
    console.print(f"用时 {elapsed():.1f} 秒")


async def play_alone(home: Path, *, seed: int, console: Console) -> None:
    """Start a system in an empty folder, play, and stop it; says the time it took and the system's peak memory."""
    elapsed = stopwatch()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "peibu", "run", "--home", str(home), "--port", "0", stdout=asyncio.subprocess.DEVNULL
    )
    try:
        base_url = await _address(home, process)
        async with cast_of(base_url, home) as cast:
            script = await play(cast, seed=seed, console=console)
            await show_ledger(cast, script, console)
        console.print(f"用时 {elapsed():.1f} 秒，系统内存峰值 {_peak_megabytes(process.pid):.0f} MB")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def signed_in(base_url: str, home: Path, client: str) -> AsyncIterator[Party]:
    """Sign in a client whose credential stands under `home`; a sandbox has some after `peibu seed`.

    Raise SettingsError where nobody is called so.
    """
    credential = read_credentials(home).get(client)
    if credential is None:
        raise SettingsError(f"nobody under {home} is called {client}, as in a sandbox after `peibu seed`")
    async with answering(base_url, seconds=300.0) as http:
        yield Party(http, credential)


async def _address(home: Path, process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(_READY_SECONDS):
        while not (home / ADDRESS_FILE).exists():
            if process.returncode is not None:
                raise RuntimeError(f"the system stopped while starting (exit code {process.returncode})")
            await asyncio.sleep(0.05)
    return (home / ADDRESS_FILE).read_text().strip()


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024
