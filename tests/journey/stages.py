"""Where stories are played: the embedded system as its users run it, or a real fleet. Both block like a command."""

import http.client
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import pytest

from deploy.fleet import Fleet
from deploy.ports import free_port
from deploy.process import Process
from peibu.sandbox_clock import DEFAULT_LEGAL_START
from tests.faults.observation import SERVICES, Observation, observe, observe_home

PEIBU: Final = (sys.executable, "-m", "peibu")
KEYS: Final = {
    f"PEIBU_{name.upper()}": sha256(f"test {name}".encode()).hexdigest()
    for name in ("data_key", "lookup_key", "payee_check_key")
}
"""The same keys everywhere, so that equal histories give equal ledgers; they guard invented people only."""

FLEET: Final = pytest.param("fleet", marks=[pytest.mark.postgres, pytest.mark.kafka])
STAGES: Final = ("embedded", FLEET)
"""The kinds of system on which every story is told, as parameters of the fixture `stage`."""

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 25.0
_COMMAND_SECONDS: Final = 120.0


class Stage(Protocol):
    """A running sandbox with sample parties: its home, its one address, its commands and what an observer sees."""

    home: Path

    @property
    def base_url(self) -> str:
        """Give the one address."""

    def run(self, *arguments: str) -> str:
        """Run one `peibu` command on it and give its output."""

    async def observe(self) -> Observation:
        """Read its databases and topics."""

    def logs(self) -> str:
        """Give everything its processes have logged."""


class Embedded:
    """One embedded sandbox; `launcher` stands in for `peibu`. It keeps its port over its deaths."""

    def __init__(
        self, home: Path, *, launcher: Sequence[str] = PEIBU, legal_start: datetime = DEFAULT_LEGAL_START
    ) -> None:
        self.home = home.absolute()
        self.base_url = f"http://127.0.0.1:{free_port()}"
        self.process = Process("run", pid_file=self.home / "run.pid", log_file=self.home / "run.log")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PEIBU_")}
        self.environment: Mapping[str, str] = {**inherited, **KEYS, "PEIBU_HOME": str(self.home)}
        self._launcher = tuple(launcher)
        self._legal_start = legal_start

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self.stop)
            self.start()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask the process to end, if it runs."""
        self.process.stop(deadline_seconds=_STOP_SECONDS)

    def start(self) -> None:
        """Start the process and return when it is ready."""
        port = self.base_url.rpartition(":")[2]
        begins = ("--legal-start", self._legal_start.isoformat())
        self.process.start([*self._launcher, "run", "--port", port, *begins], environment=self.environment)
        self.process.await_ready(self._is_ready, deadline_seconds=_READY_SECONDS)

    def run(self, *arguments: str) -> str:
        """Run one `peibu` command on this home and give its output; raise with everything it said when it fails."""
        done = subprocess.run(
            [*PEIBU, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=_COMMAND_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"peibu {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    async def observe(self) -> Observation:
        """Read its databases and its log."""
        return await observe_home(self.home)

    def logs(self) -> str:
        """Give what it logged and printed."""
        return "".join((self.home / name).read_text() for name in ("peibu.log", "run.log"))

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(self.base_url.removeprefix("http://"), timeout=5.0)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class RealFleet(Fleet):
    """A fleet of real processes over PostgreSQL and Kafka, as a stage."""

    def __init__(
        self, home: Path, *, launcher: Sequence[str] = PEIBU, legal_start: datetime = DEFAULT_LEGAL_START
    ) -> None:
        # A killed worker's successor gets its partitions when the broker has given the dead one up.
        environment = {**KEYS, "PEIBU_KAFKA_SESSION_SECONDS": "3"}
        super().__init__(
            home, launcher=launcher, sandbox=True, legal_start=legal_start, fsync=False, environment=environment
        )

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self._end)
            self.start()
            self.seed()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.stop()
        self.postgres.destroy()

    async def observe(self) -> Observation:
        """Read its databases and its broker."""
        environment = self.environment
        databases = {service: environment[f"PEIBU_{service.upper()}_DATABASE"] for service in SERVICES}
        return await observe(databases, self.kafka.bootstrap)

    def logs(self) -> str:
        """Give what its processes logged."""
        return "".join(file.read_text() for file in sorted((self.home / "logs").glob("*-*.log")))
