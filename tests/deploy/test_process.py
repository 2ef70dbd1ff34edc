"""A process known by its pid file: never mistaken for another, ended even when frozen."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.errors import LaunchError, ProcessFailed
from deploy.process import Process

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def a_process(folder: Path) -> Process:
    return Process("sleeper", pid_file=folder / "sleeper.pid", log_file=folder / "sleeper.log")


def test_another_command_can_stop_what_the_first_one_started(tmp_path: Path) -> None:
    first, second = a_process(tmp_path), a_process(tmp_path)
    first.start(["sleep", "60"])
    assert second.pid == first.pid
    assert second.stop(deadline_seconds=5)
    assert not first.alive
    assert first.exit_code == -signal.SIGTERM


def test_a_frozen_process_still_obeys_a_stop(tmp_path: Path) -> None:
    process = a_process(tmp_path)
    process.start(["sleep", "60"])
    process.freeze()
    assert process.alive
    assert process.stop(deadline_seconds=5)
    assert not process.alive


def test_a_process_deaf_to_the_stop_is_killed_and_the_caller_is_told(tmp_path: Path) -> None:
    process = a_process(tmp_path)
    process.start([sys.executable, "-c", DEAF])
    process.await_ready(lambda: "deaf" in process.log_tail(), deadline_seconds=10)
    assert not process.stop(deadline_seconds=0.2)
    assert process.exit_code == -signal.SIGKILL


def test_a_pid_that_now_belongs_to_something_else_is_not_ours(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        process = a_process(tmp_path)
        process.pid_file.write_text(f"{stranger.pid} 1\n")
        assert process.pid is None
        process.kill()
        assert stranger.poll() is None
        stranger.kill()


def test_a_running_process_is_not_started_twice(tmp_path: Path) -> None:
    process = a_process(tmp_path)
    process.start(["sleep", "60"])
    with pytest.raises(LaunchError, match="is running already"):
        a_process(tmp_path).start(["sleep", "60"])
    process.kill()


def test_the_log_shown_is_that_of_this_start(tmp_path: Path) -> None:
    process = a_process(tmp_path)
    for word in ("former", "latter"):
        process.start(["sh", "-c", f"echo {word}; exit 3"])
        with pytest.raises(ProcessFailed, match=rf"died while starting \(exit code 3\).*ends with:\n{word}$"):
            process.await_ready(lambda: False, deadline_seconds=5)
    assert process.log_file.read_text() == "former\nlatter\n"
