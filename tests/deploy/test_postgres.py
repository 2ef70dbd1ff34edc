"""PostgreSQL's launcher: private, durable, fast to copy, clear when something is missing."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.errors import LaunchError, ToolMissing
from deploy.postgres import PostgresServer, find_binaries
from deploy.process import is_alive
from tests.servers import temporary_postgres

ROOT = Path(__file__).parents[2]


async def connect(url: str, **arguments: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""), **arguments)


async def ask(url: str, statement: str) -> object:
    connection = await connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server that a test may stop and kill."""
    with temporary_postgres(tmp_path / "server") as server:
        yield server


async def test_what_was_committed_survives_a_kill_of_the_whole_cluster(own_server: PostgresServer) -> None:
    own_server.create_database("payment")
    url = own_server.dsn("payment")
    connection = await connect(url)
    await connection.execute("CREATE TABLE paid (amount_fen bigint)")
    await connection.execute("INSERT INTO paid VALUES (150000)")
    backend = await connection.fetchval("SELECT pg_backend_pid()")

    own_server.kill()

    assert not own_server.running
    assert not is_alive(backend)
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError)):
        await connection.fetchval("SELECT 1")
    connection.terminate()
    own_server.start()
    assert own_server.dsn("payment") == url
    assert await ask(url, "SELECT sum(amount_fen)::bigint FROM paid") == 150000


async def test_a_restart_keeps_databases_and_address(own_server: PostgresServer) -> None:
    own_server.create_database("payment")
    url, pid = own_server.dsn("payment"), own_server.pid
    own_server.restart()
    assert own_server.pid != pid
    assert own_server.dsn("payment") == url
    assert own_server.databases() == {"payment"}
    assert await ask(url, "SELECT current_database()") == "payment"


async def test_a_clone_holds_what_its_template_held_and_then_goes_its_own_way(postgres_server: PostgresServer) -> None:
    postgres_server.create_database("clone_source")
    await ask(postgres_server.dsn("clone_source"), "CREATE TABLE rule AS SELECT 'JY-ENR-01' AS id")
    postgres_server.clone("clone_source", "clone_copy")
    await ask(postgres_server.dsn("clone_copy"), "INSERT INTO rule VALUES ('JY-ENR-02')")
    assert await ask(postgres_server.dsn("clone_copy"), "SELECT count(*) FROM rule") == 2
    assert await ask(postgres_server.dsn("clone_source"), "SELECT count(*) FROM rule") == 1
    for name in ("clone_source", "clone_copy"):
        postgres_server.drop_database(name)
    assert not postgres_server.databases() & {"clone_source", "clone_copy"}


async def test_nobody_but_its_own_user_reaches_the_server(postgres_server: PostgresServer) -> None:
    assert stat.S_IMODE(postgres_server.sockets.stat().st_mode) == 0o700
    url = postgres_server.dsn("postgres")
    assert await ask(url, "SHOW listen_addresses") == ""
    ways = "SELECT string_agg(DISTINCT type || ' ' || auth_method, ', ') FROM pg_hba_file_rules"
    assert await ask(url, ways) == "host scram-sha-256, local peer"


async def test_a_loopback_port_exists_on_request_and_asks_for_its_password(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "server", port=0, fsync=False)
    try:
        server.start()
        url = server.dsn("postgres")
        assert "@127.0.0.1:" in url
        assert await ask(url, "SELECT 1") == 1
        assert stat.S_IMODE((tmp_path / "server/password").stat().st_mode) == 0o600
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(url, password="another")
        assert PostgresServer(tmp_path / "server").dsn("postgres") == url
    finally:
        server.destroy()


async def test_with_fsync_the_server_runs_with_it(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "server")
    try:
        server.start()
        assert await ask(server.dsn("postgres"), "SHOW fsync") == "on"
        assert await ask(server.dsn("postgres"), "SHOW synchronous_commit") == "on"
    finally:
        server.destroy()


def test_an_initdb_that_was_cut_off_is_repeated(tmp_path: Path) -> None:
    half_made = tmp_path / "server/data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("15")
    with temporary_postgres(tmp_path / "server") as server:
        assert server.running
    assert not (tmp_path / "server").exists()


def test_a_directory_the_servers_user_cannot_enter_still_gives_a_server(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with temporary_postgres(closed / "server") as server:
        data = Path((closed / "server/location").read_text().strip())
        assert (data / "PG_VERSION").exists()
        assert server.databases() == set()
    assert not data.exists()


def test_the_command_line_starts_reports_and_stops_a_server(tmp_path: Path) -> None:
    def run(action: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deploy.postgres", action, str(tmp_path / "server")]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run("status").returncode == 3
    try:
        assert "postgresql+asyncpg://" in run("start").stdout
        assert run("status").returncode == 0
    finally:
        stopped = run("stop")
        PostgresServer(tmp_path / "server").destroy()
    assert stopped.stdout == "stopped\n"
    assert stopped.returncode == 0


def test_missing_programs_are_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEIBU_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(ToolMissing, match="apt-get install postgresql"):
        find_binaries()


def test_a_server_that_dies_while_starting_shows_its_last_words(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "server", fsync=False, settings={"shared_buffers": "nonsense"})
    try:
        with pytest.raises(
            LaunchError, match=r'died while starting[\s\S]*invalid value for parameter "shared_buffers"'
        ):
            server.start()
    finally:
        server.destroy()


@pytest.mark.parametrize("name", ["", "Payment", "pay-ment", 'x"; DROP DATABASE y', "1st", "x" * 64])
def test_a_name_that_would_need_quoting_is_refused(postgres_server: PostgresServer, name: str) -> None:
    with pytest.raises(LaunchError, match="is no database name"):
        postgres_server.create_database(name)


async def test_the_log_repeats_no_value_of_a_refused_row(own_server: PostgresServer) -> None:
    connection = await connect(own_server.dsn("postgres"))
    await connection.execute("CREATE TABLE person (name text PRIMARY KEY)")
    await connection.execute("INSERT INTO person VALUES ('某某')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO person VALUES ('某某')")
    await connection.close()
    log = (own_server.directory / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "某某" not in log
