"""Run the whole system on this machine as separate processes over PostgreSQL and Kafka: `make up`, `make down`.

    python -m deploy.fleet up|down|status [--home DIRECTORY] [--port N] [--sandbox]
    python -m deploy.fleet peibu COMMAND...

`serve-SERVICE` and `work-SERVICE` for each service, and `gateway`, the one address people use. State, logs
(`logs/PROCESS.log`) and pid files (`run/`) stand under `PEIBU_HOME`. A serving process and a worker are told the
address of their own service's database only, the gateway of none. Each has a port of its own and says there, under
`/SERVICE/health/ready` (the gateway: `/health/ready`), when it is ready.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, Self
from urllib.parse import urlsplit

from deploy.errors import LaunchError
from deploy.kafka import KafkaBroker
from deploy.ports import free_ports
from deploy.postgres import PostgresServer
from deploy.process import Process
from peibu.sandbox_clock import DEFAULT_LEGAL_START
from shared.clock import machine_now
from shared.contracts.contract import CLOCK_TOPIC, PARTITIONS, topic_of

SERVICES: Final = ("enrollment", "supervision", "assessment", "payment")
GATEWAY: Final = "gateway"
DEFAULT_PORT: Final = 8080
_SERVING: Final = tuple(f"serve-{service}" for service in SERVICES)
_WORKING: Final = tuple(f"work-{service}" for service in SERVICES)
PROCESSES: Final = (*_SERVING, *_WORKING, GATEWAY)
"""Every process's name, in the order of starting; stopping goes the other way."""

_OFFSET: Final = "sandbox-offset-seconds"
_READY_SECONDS: Final = 90.0
_ONCE_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 25.0
_HEALTH_SECONDS: Final = 5.0


class Fleet:
    """The system's processes and servers under one home directory.

    `launcher` is the command before `serve`, `work`, `gateway`, `init` and `migrate`; `environment` is added to every
    process's. `port` is the gateway's (0: a free one); a sandbox's legal time begins at `legal_start`. Every
    method blocks until its effect is there.
    """

    def __init__(
        self,
        home: Path,
        *,
        launcher: Sequence[str] = (sys.executable, "-m", "peibu"),
        port: int = 0,
        sandbox: bool = False,
        legal_start: datetime = DEFAULT_LEGAL_START,
        fsync: bool = True,
        environment: Mapping[str, str] | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.home = home.absolute()
        self.launcher = tuple(launcher)
        self.sandbox = sandbox
        self._legal_start = legal_start
        logs = self.home / "logs"
        self.postgres = PostgresServer(self.home / "postgres", fsync=fsync, log_file=logs / "postgres.log")
        self.kafka = KafkaBroker(self.home / "kafka", fsync=fsync, log_file=logs / "kafka.log")
        self._port = port
        self._extra = dict(environment or {})
        self._report = report
        self._processes = {
            name: Process(name, pid_file=self.home / "run" / f"{name}.pid", log_file=logs / f"{name}.log")
            for name in PROCESSES
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """Give the gateway's address, for example `http://127.0.0.1:8080`."""
        return self._url(GATEWAY)

    @property
    def environment(self) -> dict[str, str]:
        """Give what a `peibu` command must be told to act on this fleet: every database, the broker, every address."""
        databases = {_database_variable(service): self.postgres.dsn(_database(service)) for service in SERVICES}
        return self._common_environment() | databases | self._extra

    def environment_of(self, name: str) -> dict[str, str]:
        """Give one process's environment: its own port, and its own service's database only."""
        foreign = {_database_variable(service) for service in SERVICES if service != _service_of(name)}
        kept = {variable: value for variable, value in self.environment.items() if variable not in foreign}
        setting = "PEIBU_WORKER_PORT" if name in _WORKING else "PEIBU_HTTP_PORT"
        return kept | dict.fromkeys(("PEIBU_PORT", setting), str(self._ports()[name]))

    def process(self, name: str) -> Process:
        """Give one process, to freeze, to wait for, or to ask for its exit code."""
        return self._processes[name]

    def start(self) -> None:
        """Start whatever does not run and return when every health address says ready; undo a failed first start."""
        fresh = not self.running()
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)  # what processes log is nobody else's business
        try:
            if fresh:
                self._choose_ports()
            self._start_servers()
            idle = [name for name in PROCESSES if not self._processes[name].alive]
            if idle:
                self.run("init")
                self.run("migrate")
            for name in idle:
                self._launch(name, self.launcher, {})
            self.wait_ready()
        except BaseException:
            if fresh:
                self.stop()
            raise

    def stop(self) -> list[str]:
        """Stop everything in reverse order, each group together; give the names that had to be killed."""
        killed: list[str] = []
        for group in ((GATEWAY,), _WORKING, _SERVING):
            with ThreadPoolExecutor(len(group)) as threads:
                graceful = threads.map(lambda name: self._processes[name].stop(deadline_seconds=_STOP_SECONDS), group)
            killed += [name for name, well in zip(group, graceful, strict=True) if not well]
        self.kafka.stop()
        self.postgres.stop()
        return killed

    def running(self) -> list[str]:
        """Give the names of the processes that are alive."""
        return [name for name in PROCESSES if self._processes[name].alive]

    def kill(self, name: str) -> None:
        """End one process with SIGKILL."""
        self._processes[name].kill()

    def restart(
        self, name: str, *, launcher: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Stop one process if it runs, start it on its old port and return when it is ready.

        `launcher` and `environment` hold for this one start: so is a process started with a fail point armed.
        """
        self._processes[name].stop(deadline_seconds=_STOP_SECONDS)
        self._launch(name, launcher or self.launcher, environment or {})
        self.wait_ready([name])

    def wait_ready(self, names: Iterable[str] = PROCESSES, *, deadline_seconds: float = _READY_SECONDS) -> None:
        """Wait until each of `names` says it is ready.

        Raise `ProcessFailed` with the log's last lines when one dies or the deadline passes.
        """
        deadline = time.monotonic() + deadline_seconds
        for name in names:
            self._processes[name].await_ready(
                partial(_is_ready, self._health(name)), deadline_seconds=max(0.0, deadline - time.monotonic())
            )

    def run(self, *arguments: str) -> str:
        """Run one `peibu` command on this fleet to its end; give its output, or raise with it."""
        done = subprocess.run(
            [*self.launcher, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=_ONCE_SECONDS,
        )
        if done.returncode:
            raise LaunchError(
                f"peibu {' '.join(arguments)} failed (exit code {done.returncode}):\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def become(self, *arguments: str) -> NoReturn:
        """Let one `peibu` command on this fleet take this process's place, terminal and exit code included."""
        command = [*self.launcher, *arguments]
        os.execve(command[0], command, self.environment)

    def seed(self) -> None:
        """Enter sample parties; their credentials stand in `home/credentials.toml`. Again, it changes nothing."""
        self.run("seed", "--url", self.base_url)

    def _start_servers(self) -> None:
        self._report("PostgreSQL")
        self.postgres.start()
        for name in sorted({_database(service) for service in SERVICES} - self.postgres.databases()):
            self.postgres.create_database(name)
        self._report("Kafka")
        self.kafka.start()
        self.kafka.create_topics([*map(topic_of, SERVICES), CLOCK_TOPIC], PARTITIONS)

    def _launch(self, name: str, launcher: Sequence[str], environment: Mapping[str, str]) -> None:
        self._report(name)
        self._processes[name].start(
            [*launcher, *name.split("-", 1)], environment={**self.environment_of(name), **environment}
        )

    def _common_environment(self) -> dict[str, str]:
        issuer, ports = f"{self.base_url}/auth", self._ports()
        inherited = {name: value for name, value in os.environ.items() if name != "PEIBU_SANDBOX"}
        return {
            **inherited,
            "PEIBU_HOME": str(self.home),
            "PEIBU_KAFKA": self.kafka.bootstrap,
            "PEIBU_ISSUER": issuer,
            "PEIBU_JWKS_URL": f"{issuer}/jwks.json",
            **{f"PEIBU_{service.upper()}_URL": self._url(f"serve-{service}") for service in SERVICES},
            **({"PEIBU_SANDBOX": "1", "PEIBU_SANDBOX_OFFSET": str(ports[_OFFSET])} if _OFFSET in ports else {}),
        }

    def _health(self, name: str) -> str:
        service = _service_of(name)
        return f"{self._url(name)}{f'/{service}' if service else ''}/health/ready"

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports()[name]}"

    @property
    def _plan(self) -> Path:
        return self.home / "run" / "ports.json"

    def _choose_ports(self) -> None:
        """Write down the ports of this run, where later commands on the same home find them.

        With them stands where a sandbox's legal time begins: every process must begin at the same instant.
        """
        ports = dict(zip(PROCESSES, free_ports(len(PROCESSES)), strict=True))
        if self._port:
            ports[GATEWAY] = self._port
        if self.sandbox:
            ports[_OFFSET] = int((self._legal_start - machine_now()).total_seconds())
        self._plan.parent.mkdir(parents=True, exist_ok=True)
        self._plan.write_text(json.dumps(ports), encoding="utf-8")

    def _ports(self) -> dict[str, int]:
        if not self._plan.exists():
            raise LaunchError(f"the fleet in {self.home} was never started and has no addresses yet")
        ports: dict[str, int] = json.loads(self._plan.read_text(encoding="utf-8"))
        return ports


def _service_of(name: str) -> str:
    """Give the service a process belongs to; nothing for the gateway."""
    return name.partition("-")[2]


def _database(service: str) -> str:
    return f"peibu_{service}"


def _database_variable(service: str) -> str:
    return f"PEIBU_{service.upper()}_DATABASE"


def _is_ready(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_HEALTH_SECONDS)
    try:
        connection.request("GET", address.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; give the exit code (status: 3 unless everything runs)."""
    parser = argparse.ArgumentParser(prog="python -m deploy.fleet", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("action", choices=["up", "down", "status", "peibu"])
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("PEIBU_HOME") or ".peibu"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PEIBU_PORT") or DEFAULT_PORT))
    parser.add_argument(
        "--sandbox",
        action="store_true",
        default=os.environ.get("PEIBU_SANDBOX") == "1",
        help="a system whose clock can be moved",
    )
    given = sys.argv[1:] if arguments is None else arguments
    own = given.index("peibu") + 1 if "peibu" in given else len(given)  # what follows is for peibu to understand
    options = parser.parse_args(given[:own])
    fleet = Fleet(
        options.home,
        port=options.port,
        sandbox=options.sandbox,
        report=lambda name: print(f"starting {name}", flush=True),
    )
    actions = {"up": _up, "down": _down, "status": _status}
    try:
        if options.action == "peibu":
            fleet.become(*given[own:])
        return actions[options.action](fleet)
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1


def _up(fleet: Fleet) -> int:
    began = time.monotonic()
    fleet.start()
    if fleet.sandbox:
        fleet.seed()
    print(f"ready after {time.monotonic() - began:.0f} s: {fleet.base_url}")
    for service in SERVICES:
        print(f"  {service:12} {fleet.base_url}/{service}/docs")
    print(f"logs: {fleet.home / 'logs'}; stop with: make down")
    return 0


def _down(fleet: Fleet) -> int:
    for name in fleet.stop():
        print(f"{name} did not stop within {_STOP_SECONDS:.0f} s and was killed; nothing it acknowledged is lost")
    print("stopped")
    return 0


def _status(fleet: Fleet) -> int:
    servers = {"postgres": fleet.postgres.pid, "kafka": fleet.kafka.pid}
    for name, pid in (servers | {name: fleet.process(name).pid for name in PROCESSES}).items():
        print(f"{name:18} {f'running (pid {pid})' if pid else 'stopped'}")
    return 0 if all(servers.values()) and len(fleet.running()) == len(PROCESSES) else 3


if __name__ == "__main__":
    sys.exit(main())
