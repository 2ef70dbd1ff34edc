"""The fleet: what it tells each process, what it does when one dies. The processes are stand-ins; the servers are real.

What the real processes do is proven by the journey and kill suites.
"""

import asyncio
import json
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.errors import ProcessFailed
from deploy.fleet import PROCESSES, SERVICES, Fleet, main
from shared.contracts.contract import PARTITIONS

pytestmark = [pytest.mark.postgres, pytest.mark.kafka]

LAUNCHER = (sys.executable, str(Path(__file__).with_name("stand_in.py")))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One fleet of stand-ins for the module."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet") / "home", launcher=LAUNCHER, fsync=False, sandbox=True)
    with fleet:
        yield fleet
    assert fleet.running() == []
    fleet.postgres.destroy()


def told(fleet: Fleet, name: str) -> dict[str, Any]:
    """Ask a stand-in what it was told."""
    variables = fleet.environment_of(name)
    port = variables["PEIBU_WORKER_PORT" if name.startswith("work") else "PEIBU_HTTP_PORT"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/told", timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def test_every_process_runs_its_own_command(fleet: Fleet) -> None:
    assert fleet.running() == list(PROCESSES)
    commands = {name: "-".join(told(fleet, name)["arguments"]) for name in PROCESSES}
    assert commands == {name: name for name in PROCESSES}


def test_secrets_and_tables_are_made_once_before_any_process_starts(fleet: Fleet) -> None:
    once = (fleet.home / "once").read_text().splitlines()
    assert [line.split()[0] for line in once] == ["init", "migrate"]
    assert all(f"PEIBU_{service.upper()}_DATABASE" in once[1] for service in SERVICES)


def test_an_operators_command_acts_on_the_fleet_whose_home_it_names(fleet: Fleet) -> None:
    said = [
        subprocess.run(
            [sys.executable, "-m", "deploy.fleet", "--home", str(fleet.home), "peibu", "migrate", "enrollment"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for _ in range(2)
    ]
    assert "enrollment_0001" in said[0]
    assert said[1] == "enrollment: up to date\n"


def test_a_process_knows_its_own_services_database_only(fleet: Fleet) -> None:
    known = {
        name: sorted(variable for variable in told(fleet, name)["told"] if variable.endswith("_DATABASE"))
        for name in PROCESSES
    }
    own = {
        f"{kind}-{service}": [f"PEIBU_{service.upper()}_DATABASE"] for service in SERVICES for kind in ("serve", "work")
    }
    assert known == own | {"gateway": []}
    urls = {fleet.environment[f"PEIBU_{service.upper()}_DATABASE"] for service in SERVICES}
    assert len(urls) == len(SERVICES)


def test_everybody_is_told_the_same_issuer_broker_and_sandbox(fleet: Fleet) -> None:
    common = {
        "PEIBU_HOME": str(fleet.home),
        "PEIBU_KAFKA": fleet.kafka.bootstrap,
        "PEIBU_ISSUER": f"{fleet.base_url}/auth",
        "PEIBU_JWKS_URL": f"{fleet.base_url}/auth/jwks.json",
        "PEIBU_SANDBOX": "1",
    }
    for name in PROCESSES:
        assert told(fleet, name)["told"].items() >= common.items()
    begins = {told(fleet, name)["told"]["PEIBU_SANDBOX_OFFSET"] for name in PROCESSES}
    assert len(begins) == 1, "every process of a sandbox begins at the same legal instant"


def test_the_gateway_is_told_where_every_service_listens(fleet: Fleet) -> None:
    addresses = told(fleet, "gateway")["told"]
    for service in SERVICES:
        port = fleet.environment_of(f"serve-{service}")["PEIBU_HTTP_PORT"]
        assert addresses[f"PEIBU_{service.upper()}_URL"] == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("arguments", "sandbox"),
    [(["up", "--sandbox"], True), (["up"], False), (["--sandbox", "up", "--port", "0"], True)],
)
def test_what_is_said_after_the_action_is_heard(
    arguments: list[str], sandbox: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    monkeypatch.setattr(Fleet, "start", lambda self: started.append(self.sandbox))
    monkeypatch.setattr(Fleet, "seed", lambda self: None)
    monkeypatch.setattr(Fleet, "base_url", "http://127.0.0.1:0")
    assert main(arguments) == 0
    assert started == [sandbox]


async def test_every_topic_has_the_partitions_of_its_contract(fleet: Fleet) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=fleet.kafka.bootstrap)
    await admin.start()
    try:
        topics = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    assert topics == {f"peibu.{service}.v1": PARTITIONS for service in SERVICES} | {"peibu.clock": PARTITIONS}


def test_a_killed_process_comes_back_on_its_port_and_the_others_stay(fleet: Fleet) -> None:
    before = {name: told(fleet, name)["pid"] for name in PROCESSES}
    fleet.kill("work-payment")
    assert "work-payment" not in fleet.running()
    assert fleet.process("work-payment").exit_code == -9

    fleet.restart("work-payment", environment={"PEIBU_FAIL_POINT": "after_send"})

    armed = told(fleet, "work-payment")
    assert armed["told"]["PEIBU_FAIL_POINT"] == "after_send"
    after = {name: told(fleet, name)["pid"] for name in PROCESSES}
    assert {name for name in PROCESSES if after[name] != before[name]} == {"work-payment"}
    fleet.restart("work-payment")
    assert "PEIBU_FAIL_POINT" not in told(fleet, "work-payment")["told"]


def test_a_second_start_leaves_what_runs_alone(fleet: Fleet) -> None:
    before = {name: told(fleet, name)["pid"] for name in PROCESSES}
    again = Fleet(fleet.home, launcher=LAUNCHER, fsync=False, sandbox=True)
    again.start()
    assert {name: told(again, name)["pid"] for name in PROCESSES} == before
    assert again.base_url == fleet.base_url


def test_a_home_that_the_fleet_makes_is_its_owners_alone(fleet: Fleet) -> None:
    assert stat.S_IMODE(fleet.home.stat().st_mode) == 0o700


def test_logs_stand_in_one_place(fleet: Fleet) -> None:
    logs = {file.stem for file in (fleet.home / "logs").iterdir()}
    assert logs == {*PROCESSES, "postgres", "kafka"}


async def test_a_process_that_dies_fails_the_start_with_its_last_words_and_everything_is_undone(
    tmp_path: Path,
) -> None:
    fleet = Fleet(tmp_path / "home", launcher=LAUNCHER, fsync=False, environment={"STAND_IN_DIES": "work-payment"})
    try:
        with pytest.raises(
            ProcessFailed, match=r"work-payment died while starting \(exit code 7\)[\s\S]*dies as asked"
        ):
            await asyncio.to_thread(fleet.start)
        assert fleet.running() == []
        assert not fleet.kafka.running
        assert not fleet.postgres.running
    finally:
        fleet.postgres.destroy()
