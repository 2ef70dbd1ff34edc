"""The command tells its user what to mend, without a trace of the program."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from peibu.cli import app

HEAD = "0123456789abcdef"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--legal-start", "2021-05-10T08:00:00"],
        ["run", "--legal-start", "tomorrow"],
        ["clock", "move", "2021-05-10"],
        ["clock", "move", "tomorrow"],
        ["audit", "verify", __file__, "--anchor", HEAD],
        ["audit", "verify", __file__, "--anchor", f"last:{HEAD}"],
        ["serve", "nobody"],
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path / "home"))
    answer = CliRunner().invoke(app, arguments)
    assert (answer.exit_code, answer.exception.__class__) == (2, SystemExit)
    assert not (tmp_path / "home").exists()


def test_a_missing_setting_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    monkeypatch.delenv("PEIBU_ISSUER", raising=False)
    monkeypatch.delenv("PEIBU_JWKS_URL", raising=False)
    answer = CliRunner().invoke(app, ["serve", "payment"])
    assert answer.exit_code == 1
    assert answer.stderr.startswith("peibu: a service of its own needs PEIBU_ISSUER and PEIBU_JWKS_URL")
    assert "Traceback" not in answer.output


def test_a_second_system_on_a_taken_port_changes_nothing_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "address").write_text(f"http://127.0.0.1:{port}")
        answer = CliRunner().invoke(app, ["run", "--port", str(port)])
    assert (answer.exit_code, f"port {port} is taken" in answer.stderr) == (1, True)
    assert (tmp_path / "address").exists()
    assert not list(tmp_path.glob("*.sqlite"))


def test_what_is_written_is_its_owners_alone_even_in_a_folder_open_to_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    command = [sys.executable, "-m", "peibu", "migrate", "enrollment", "--home", str(home)]
    subprocess.run(command, check=True, capture_output=True)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    assert "enrollment.sqlite" in modes
    assert {mode & 0o077 for mode in modes.values()} == {0}


def test_credentials_open_to_others_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    file = tmp_path / "credentials.toml"
    file.write_text("")
    file.chmod(0o644)
    answer = CliRunner().invoke(app, ["clock", "show"])
    assert (answer.exit_code, "chmod 600" in answer.stderr) == (1, True)
