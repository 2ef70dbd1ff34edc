"""The command tells its user what to mend, without a trace of the program."""

import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy.ports import free_port
from peibu.cli import app
from shared.messaging.consumer import ConsumerStuck

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


@pytest.mark.parametrize("arguments", [["ledger", "export"], ["policy", "explain", "claim"]])
def test_a_home_in_which_nothing_ever_ran_is_said_to_be_empty_and_stays_so(
    tmp_path: Path, arguments: list[str]
) -> None:
    answer = CliRunner().invoke(app, [*arguments, "--home", str(tmp_path / "home")])
    assert (answer.exit_code, "has no database of payment" in answer.stderr) == (1, True), answer.output
    assert not (tmp_path / "home").exists()


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


def test_nobody_who_answers_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    nowhere = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "address").write_text(nowhere)
    for command in (["status"], ["status", "--url", nowhere]):
        answer = invoke(*command)
        assert (answer.exit_code, f"nothing answers at {nowhere}" in answer.stderr) == (1, True)
    export = invoke("audit", "export", "payment", str(tmp_path / "nowhere" / "file"))
    assert (export.exit_code, "there is no folder" in export.output) == (2, True)


def test_a_database_that_is_away_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    monkeypatch.setenv("PEIBU_PAYMENT_DATABASE", f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/payment")
    assert invoke("init").exit_code == 0
    answer = invoke("dead-letters", "list", "payment")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("peibu: the database of payment does not answer")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_clients_are_let_in_shown_and_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    of_the_bureau = ("--org", "bureau-419001", "--region", "419001")
    assert invoke("clients", "add", "desk", "--role", "first_reviewer", *of_the_bureau).exit_code == 0
    again = invoke("clients", "add", "desk", "--role", "first_reviewer", *of_the_bureau)
    assert (again.exit_code, "client desk exists" in again.stderr) == (2, True)
    nowhere = invoke("clients", "add", "else", "--role", "auditor", "--org", "x", "--region", "999999")
    assert (nowhere.exit_code, "不在区划表中" in nowhere.stderr, "999999" in nowhere.stderr) == (2, True, True)
    assert invoke("clients", "add", "all", "--role", "public", *of_the_bureau).exit_code == 2
    assert "first_reviewer" in invoke("clients", "list").stdout
    assert stat.S_IMODE((tmp_path / "credentials.toml").stat().st_mode) == 0o600
    assert invoke("clients", "remove", "desk").exit_code == 0
    assert invoke("clients", "remove", "desk").exit_code == 2


def test_a_deployment_has_no_clock_to_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    office = ("--org", "bureau-419001", "--region", "419001")
    assert invoke("clients", "add", "desk", "--role", "first_reviewer", *office).exit_code == 0
    answer = invoke("clock", "show")
    assert answer.exit_code == 1
    assert (
        answer.stderr == f"peibu: nobody under {tmp_path} is called system-admin, as in a sandbox after `peibu seed`\n"
    )


def test_a_dead_letter_is_given_up_by_its_number_and_by_somebody_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    assert invoke("init").exit_code == 0
    assert invoke("migrate", "payment").exit_code == 0
    assert invoke("dead-letters", "discard", "payment", "1").exit_code == 2
    unknown = invoke("dead-letters", "discard", "payment", "1", "--by", "operator", "--reason", "NOT_AN_EVENT")
    assert (unknown.exit_code, "no open dead letter 1" in unknown.stderr) == (2, True)
    with closing(sqlite3.connect(tmp_path / "payment.sqlite")) as database, database:
        database.execute(
            "INSERT INTO dead_letter (consumer, event_id, topic, key, payload, reason, attempts, buried_at)"
            " VALUES ('payment', 'e-1', 'peibu.enrollment.v1', 'k', x'00', 'not JSON', 1, '2021-05-10 00:00:00')"
        )
    assert "not JSON" in invoke("dead-letters", "list", "payment").stdout
    given_up = invoke("dead-letters", "discard", "payment", "1", "--by", "operator", "--reason", "NOT_AN_EVENT")
    assert given_up.exit_code == 0
    assert "not JSON" not in invoke("dead-letters", "list", "payment").stdout
    with closing(sqlite3.connect(tmp_path / "payment.sqlite")) as database:
        (entry,) = database.execute("SELECT actor, action FROM audit_entry").fetchall()
    assert entry == ("operator", "dead_letter_discarded")


def test_a_worker_that_cannot_reach_its_broker_any_more_begins_anew_in_its_own_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[list[str]] = []

    async def stuck(_: str) -> None:
        raise ConsumerStuck("the broker has not answered")

    monkeypatch.setattr("peibu.processes.work_service", stuck)
    monkeypatch.setattr("peibu.cli._STUCK_SECONDS", 0)
    monkeypatch.setattr("os.execv", lambda program, command: begun.append([program, *command]))
    monkeypatch.setattr("sys.orig_argv", ["python", "-m", "peibu", "work", "payment"])
    assert "the broker has not answered" in invoke("work", "payment").stderr
    assert begun == [[sys.executable, sys.executable, "-m", "peibu", "work", "payment"]]
