"""A process known by its pid file, so that one command can stop what an earlier one started."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy.errors import LaunchError, ProcessFailed
from deploy.privileges import as_user

_PROC: Final = Path("/proc")
_POLL_SECONDS: Final = 0.02
_LOG_LINES: Final = 30


class Process:
    """One long-running process with its pid file and its log.

    It is recognised by pid and moment of birth, so a pid that the system gave to something else meanwhile is never
    signalled. Any `Process` over the same pid file can stop it; only the one that started it knows its exit code.
    """

    def __init__(self, name: str, *, pid_file: Path, log_file: Path) -> None:
        self.name = name
        self.pid_file = pid_file
        self.log_file = log_file
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start_bytes = 0

    def start(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        user: pwd.struct_passwd | None = None,
    ) -> None:
        """Start `command` in a session of its own, its output appended to the log; raise if it runs already."""
        if self.alive:
            raise LaunchError(f"{self.name} is running already (pid {self.pid}); stop it first")
        for parent in {self.pid_file.parent, self.log_file.parent}:
            parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._log_start_bytes = log.tell()
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=directory,
                start_new_session=True,
                **as_user(user),
            )
        self.pid_file.write_text(f"{self._child.pid} {_birth(self._child.pid)}\n", encoding="ascii")

    @property
    def pid(self) -> int | None:
        """Give the process id, or None unless the process is alive."""
        if self._child is not None and self._child.poll() is None:
            return self._child.pid
        try:
            pid, birth = [*self.pid_file.read_text(encoding="ascii").split(), ""][:2]
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if is_alive(int(pid)) and _birth(int(pid)) == birth else None

    @property
    def alive(self) -> bool:
        """Say whether the process runs (a frozen one does)."""
        return self.pid is not None

    @property
    def exit_code(self) -> int | None:
        """Give the exit code (negative: the signal), or None while it runs or when another command started it."""
        return None if self._child is None else self._child.poll()

    def wait(self, *, deadline_seconds: float) -> bool:
        """Wait for the process to end; say whether it did by the deadline."""
        return poll(lambda: not self.alive, deadline_seconds=deadline_seconds)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process if it is alive."""
        pid = self.pid
        if pid is not None:
            send(pid, number)

    def stop(self, *, deadline_seconds: float, number: signal.Signals = signal.SIGTERM) -> bool:
        """Ask the process to end, kill it at the deadline; say whether it went by itself."""
        self.send(number)
        self.thaw()  # a frozen process would not see the request
        if self.wait(deadline_seconds=deadline_seconds):
            self.pid_file.unlink(missing_ok=True)
            return True
        self.kill()
        return False

    def kill(self) -> None:
        """End the process with SIGKILL and wait until it is gone."""
        self.send(signal.SIGKILL)
        if not self.wait(deadline_seconds=10):
            raise LaunchError(f"{self.name} (pid {self.pid}) did not end within 10 s of SIGKILL")
        self.pid_file.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Stop the process from running without ending it (SIGSTOP)."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self.send(signal.SIGCONT)

    def await_ready(self, is_ready: Callable[[], bool], *, deadline_seconds: float, poll_seconds: float = 0.05) -> None:
        """Wait until `is_ready` answers yes; raise `ProcessFailed` when the process dies or the deadline passes."""
        ready = poll(lambda: not self.alive or is_ready(), deadline_seconds=deadline_seconds, poll_seconds=poll_seconds)
        if not self.alive:
            raise self.failed("died while starting")
        if not ready:
            raise self.failed(f"was not ready after {deadline_seconds:g} s")

    def failed(self, what: str) -> ProcessFailed:
        """Give the error that says what happened, with the last lines the process wrote since its start."""
        code = self.exit_code
        ending = "" if code is None else f" (exit code {code})"
        return ProcessFailed(f"{self.name} {what}{ending}; {self.log_file} ends with:\n{self.log_tail()}")

    def log_tail(self) -> str:
        """Give the last lines written to the log since this start."""
        if not self.log_file.exists():
            return "(no log)"
        with self.log_file.open("rb") as log:
            log.seek(self._log_start_bytes)
            lines = log.read().decode("utf-8", "replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:]) or "(it wrote nothing)"


def poll(condition: Callable[[], bool], *, deadline_seconds: float, poll_seconds: float = _POLL_SECONDS) -> bool:
    """Ask until the condition holds or the deadline passes; say whether it held."""
    deadline = time.monotonic() + deadline_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_seconds)
    return True


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already needs none."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def is_alive(pid: int) -> bool:
    """Say whether a process exists and is not a zombie."""
    state = _stat(pid)
    if state is not None:
        return state[0] not in "ZX"
    if _PROC.is_dir():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_stopped(pid: int) -> bool:
    """Say whether SIGSTOP has taken hold of a process (always, where there is no /proc to ask)."""
    state = _stat(pid)
    return state is None or state[0] in "TtZX"


def children_of(pid: int) -> list[int]:
    """Give the ids of a process's living children (none where there is no /proc to ask)."""
    return [child for child in _pids() if (state := _stat(child)) and state[1] == str(pid) and state[0] not in "ZX"]


def _pids() -> Iterator[int]:
    if _PROC.is_dir():
        yield from (int(entry) for entry in os.listdir(_PROC) if entry.isdigit())


def _stat(pid: int) -> list[str] | None:
    """Give the fields of /proc/PID/stat after the name: state, parent, ...; None when there is no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _birth(pid: int) -> str:
    """Give the moment of birth in clock ticks since boot (field 22), empty where it cannot be known."""
    state = _stat(pid)
    return state[19] if state else ""
