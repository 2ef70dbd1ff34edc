"""Run the system's own PostgreSQL in a private directory: no Docker, no fixed port, no root.

    python -m deploy.postgres start|stop|status DIRECTORY [--port N]

Connections go through a unix socket in a directory only its owner can enter, and the server admits only the operating
system user who started it (peer authentication); a loopback port, with a generated password, exists on request.
"""

import argparse
import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from deploy.errors import LaunchError, ProcessFailed, ToolMissing
from deploy.ports import free_port
from deploy.privileges import as_user, can_enter, make_private, owner_of, unprivileged_user
from deploy.process import Process, children_of, is_alive, is_stopped, poll, send

ROLE: Final = "peibu"
_PROGRAMS: Final = ("postgres", "initdb", "psql")
_SOCKET_PORT: Final = 5432
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 30.0


def find_binaries() -> Path:
    """Give the folder with `postgres`, `initdb` and `psql`: `PEIBU_POSTGRES_BIN`, else PATH, else the system's own."""
    configured = os.environ.get("PEIBU_POSTGRES_BIN")
    if configured:
        candidates = [Path(configured)]
    else:
        on_path = shutil.which("postgres")
        candidates = [Path(on_path).resolve().parent] if on_path else []
        packaged = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/").glob("usr/pgsql-*/bin")]
        candidates += sorted(packaged, key=lambda folder: int(re.sub(r"\D", "", str(folder)) or 0), reverse=True)
    for folder in candidates:
        if all((folder / program).is_file() for program in _PROGRAMS):
            return folder
    raise ToolMissing(
        f"PostgreSQL's programs {', '.join(_PROGRAMS)} are not on this machine"
        + (f" in PEIBU_POSTGRES_BIN={configured}" if configured else "")
        + "; install them (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server;"
        " macOS: brew install postgresql) or name their folder in PEIBU_POSTGRES_BIN"
    )


class PostgresServer:
    """One PostgreSQL cluster in `directory`, made on the first start and kept until the directory is removed.

    `port=None` serves the unix socket only, `port=0` a free loopback port too. `fsync=False` is for tests: a power cut
    may then lose what was committed (killing the processes does not). `settings` are further server settings.

    As root the server runs as the user `postgres`, or `nobody`. When that user cannot reach `directory`, the data go to
    `PEIBU_POSTGRES_BASE` (default /var/lib, which no system clears of old files) and `directory/location` says where.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        fsync: bool = True,
        settings: Mapping[str, str] | None = None,
        log_file: Path | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.fsync = fsync
        self._settings = dict(settings or {})
        self._digest = hashlib.sha256(str(self.directory).encode()).hexdigest()[:12]
        self._process = Process(
            "PostgreSQL",
            pid_file=self.directory / "postgres.pid",
            log_file=log_file or self.directory / "postgres.log",
        )
        self._port = self._port_in_use() if self.running else free_port() if port == 0 else port

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Say whether the server runs."""
        return self._process.alive

    @property
    def pid(self) -> int | None:
        """Give the postmaster's process id, or None while the server is down."""
        return self._process.pid

    @property
    def sockets(self) -> Path:
        """Give the directory of the unix socket: short, because a socket's path may have only 107 bytes."""
        return Path(os.environ.get("PEIBU_SOCKET_BASE", "/tmp")) / f"peibu-postgres-{self._digest}"  # noqa: S108

    def dsn(self, database: str) -> str:
        """Give the SQLAlchemy URL (asyncpg) of a database: over the port if there is one, else over the socket."""
        _check_name(database)
        if self._port is None:
            return f"postgresql+asyncpg://{ROLE}@/{database}?host={quote(str(self.sockets))}"
        return f"postgresql+asyncpg://{ROLE}:{self._password()}@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        """Make the cluster unless it exists, start it and return when it accepts connections; idempotent."""
        if self.running:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        binaries = find_binaries()
        data = self._initialise(binaries)
        user = owner_of(data)
        self._admit_only_this_user(data, user)
        make_private(self.sockets, user)
        self._process.start(
            [binaries / "postgres", "-D", data, *self._options()],
            environment=_environment(),
            directory=Path("/"),
            user=user,
        )
        try:
            self._process.await_ready(lambda: self._accepts(data), deadline_seconds=_START_SECONDS, poll_seconds=0.01)
        except ProcessFailed:
            self.kill()
            raise
        (self.directory / "port").write_text(str(self._port or ""), encoding="ascii")
        if self._port is not None:
            self._sql(f"ALTER ROLE {ROLE} PASSWORD '{self._password()}'")

    def stop(self) -> None:
        """End every session, write everything down and stop (PostgreSQL's fast shutdown); idempotent."""
        self._process.stop(deadline_seconds=_STOP_SECONDS, number=signal.SIGINT)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def kill(self) -> None:
        """End every process of the cluster with SIGKILL, as a power cut would; idempotent."""
        postmaster = self._process.pid
        if postmaster is None:
            return
        self._process.freeze()  # a frozen postmaster starts no further process while its children are counted
        poll(lambda: is_stopped(postmaster), deadline_seconds=5)
        children = children_of(postmaster)
        for child in children:
            send(child, signal.SIGKILL)
        self._process.kill()
        if not poll(lambda: not any(is_alive(child) for child in children), deadline_seconds=10):
            raise LaunchError("PostgreSQL's processes did not end within 10 s of SIGKILL")

    def restart(self) -> None:
        """Stop and start again on the same data and the same address."""
        self.stop()
        self.start()

    def databases(self) -> set[str]:
        """Give the names of the databases made here."""
        names = self._sql("SELECT datname FROM pg_database WHERE datdba = current_user::regrole AND NOT datistemplate")
        return set(names.split()) - {"postgres"}

    def create_database(self, name: str) -> None:
        """Make an empty database; fail when there is one of that name."""
        self._sql(f'CREATE DATABASE "{_check_name(name)}"')

    def clone(self, template: str, name: str) -> None:
        """Make a copy of the database `template`, to which nobody may be connected (tens of milliseconds)."""
        self._sql(f'CREATE DATABASE "{_check_name(name)}" TEMPLATE "{_check_name(template)}"')

    def drop_database(self, name: str) -> None:
        """Remove a database, ending the sessions in it."""
        self._sql(f'DROP DATABASE "{_check_name(name)}" WITH (FORCE)')

    def destroy(self) -> None:
        """Stop the server and remove its data, its socket directory and `directory` itself."""
        self.stop()
        data = self._data
        for folder in (data.parent if data else self.directory, self.directory):
            if folder.exists():
                shutil.rmtree(folder)

    def _port_in_use(self) -> int | None:
        """Give the loopback port of a server that another command started."""
        return int((self.directory / "port").read_text(encoding="ascii") or 0) or None

    def _password(self) -> str:
        """Give the password for the loopback port, generated once and readable by its owner alone."""
        file = self.directory / "password"
        if not file.exists() or not file.stat().st_size:
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(24), encoding="ascii")
        return file.read_text(encoding="ascii")

    @property
    def _data(self) -> Path | None:
        """Give the data directory if the cluster has been made."""
        location = self.directory / "location"
        return Path(location.read_text(encoding="utf-8").strip()) if location.exists() else None

    def _initialise(self, binaries: Path) -> Path:
        """Give the data directory, made by initdb the first time; an initdb that was cut off is repeated."""
        existing = self._data
        if existing is not None:
            return existing
        user = unprivileged_user()
        data = self._reachable_parent(user) / "data"
        if not data.exists():
            self._initdb(binaries, data, user)
        (self.directory / "location").write_text(f"{data}\n", encoding="utf-8")
        return data

    def _initdb(self, binaries: Path, data: Path, user: pwd.struct_passwd | None) -> None:
        unfinished = data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished, user)
        command: list[str | Path] = [binaries / "initdb", "-D", unfinished, "-U", ROLE, "-E", "UTF8", "--locale=C"]
        command += ["--data-checksums", "--auth-local=peer", "--auth-host=scram-sha-256"]
        made = subprocess.run(
            command if self.fsync else [*command, "--no-sync"],
            check=False,
            capture_output=True,
            text=True,
            env=_environment(),
            cwd="/",
            **as_user(user),
        )
        if made.returncode:
            raise LaunchError(f"initdb failed in {unfinished}:\n{made.stdout}{made.stderr}")
        unfinished.rename(data)

    def _reachable_parent(self, user: pwd.struct_passwd | None) -> Path:
        """Give the folder to hold the data: `directory`, or one elsewhere when the server's user cannot enter it."""
        if user is None or can_enter(self.directory, user):
            return self.directory
        elsewhere = Path(os.environ.get("PEIBU_POSTGRES_BASE", "/var/lib")) / f"peibu-postgres-{self._digest}"
        make_private(elsewhere, user)
        if not can_enter(elsewhere, user):
            raise LaunchError(
                f"user {user.pw_name}, as whom PostgreSQL runs because root may not run it, can enter neither "
                f"{self.directory} nor {elsewhere}; name a folder it can enter in PEIBU_POSTGRES_BASE"
            )
        return elsewhere

    def _admit_only_this_user(self, data: Path, server_user: pwd.struct_passwd | None) -> None:
        people = {pwd.getpwuid(os.geteuid()).pw_name, *([server_user.pw_name] if server_user else [])}
        (data / "pg_ident.conf").write_text("".join(f'peibu "{name}" {ROLE}\n' for name in sorted(people)), "utf-8")
        (data / "pg_hba.conf").write_text(
            f"local all all peer map=peibu\nhost all {ROLE} 127.0.0.1/32 scram-sha-256\n", "utf-8"
        )

    def _options(self) -> list[str]:
        settings = {
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "listen_addresses": "" if self._port is None else "127.0.0.1",
            "port": str(self._port or _SOCKET_PORT),
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "off",
            # a failing statement, and the values in a violated constraint's details, may be personal data
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            # not synchronous_commit: without it a killed server loses its last commits, power cut or not
            **({} if self.fsync else {"fsync": "off", "full_page_writes": "off"}),
            **self._settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _accepts(self, data: Path) -> bool:
        """Read the status the postmaster writes into its lock file (its eighth line), as pg_ctl does."""
        try:
            lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"

    def _sql(self, statement: str) -> str:
        address = ["-h", str(self.sockets), "-p", str(self._port or _SOCKET_PORT), "-U", ROLE, "-d", "postgres"]
        done = subprocess.run(
            [str(find_binaries() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", *address],
            check=False,
            input=statement,  # not an argument: any user may read those
            capture_output=True,
            text=True,
            env=_environment(),
        )
        if done.returncode:
            raise LaunchError(f"PostgreSQL refused: {done.stderr.strip()}")
        return done.stdout


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise LaunchError(f"{name!r} is no database name: use a-z, 0-9 and _, beginning with a letter, at most 63")
    return name


def _environment() -> dict[str, str]:
    """Give the environment without the settings of other PostgreSQL servers and with plain messages."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PG")}, "LC_ALL": "C"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; give the exit code (status: 3 when the server is down)."""
    parser = argparse.ArgumentParser(prog="python -m deploy.postgres", description="Run a private PostgreSQL.")
    parser.add_argument("action", choices=["start", "stop", "status"])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, help="also listen on this loopback port (0: a free one)")
    options = parser.parse_args(arguments)
    server = PostgresServer(options.directory, port=options.port)
    try:
        if options.action == "start":
            server.start()
        elif options.action == "stop":
            server.stop()
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    running = server.running
    print(f"running (pid {server.pid}): {server.dsn('postgres')}" if running else "stopped")
    return 0 if running == (options.action != "stop") else 3


if __name__ == "__main__":
    sys.exit(main())
