"""The compose file and the Dockerfile, as far as they can be judged without a container engine."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from deploy.fleet import GATEWAY, PROCESSES, SERVICES
from deploy.ports import free_port
from deploy.postgres import PostgresServer, find_binaries
from deploy.process import Process
from shared.contracts.contract import CLOCK_TOPIC, PARTITIONS, topic_of
from shared.messaging.bus import Record
from shared.messaging.embedded import EmbeddedBus

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy/Dockerfile"
SECRET = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)([^}]*)\}")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    found: dict[str, dict[str, Any]] = content["services"]
    return found


def schema_check(file: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)


def test_the_compose_file_follows_the_specification(tmp_path: Path) -> None:
    assert schema_check(COMPOSE).returncode == 0
    planted = tmp_path / "docker-compose.yml"
    planted.write_text(json.dumps({"services": {"payment": {"imaeg": "peibu-payment"}}}))
    assert schema_check(planted).returncode == 1


def test_containers_run_the_same_processes_as_the_fleet(services: dict[str, dict[str, Any]]) -> None:
    assert set(PROCESSES) <= set(services)
    for name in PROCESSES:
        expected = None if name == GATEWAY else name.split("-")
        assert services[name].get("command") == expected
        assert services[name]["read_only"]
    for service in SERVICES:
        assert services[f"migrate-{service}"]["build"]["args"] == {"SERVICE": service}
        assert {services[f"{step}-{service}"]["image"] for step in ("migrate", "serve", "work")} == {f"peibu-{service}"}


def needs(services: dict[str, dict[str, Any]], name: str) -> set[str]:
    """Give every container that must be there before one starts, at any distance."""
    direct = set(services[name].get("depends_on", ()))
    return direct.union(*(needs(services, needed) for needed in direct))


def test_each_image_is_built_once_by_a_container_that_all_others_of_it_wait_for(
    services: dict[str, dict[str, Any]],
) -> None:
    builders = {container["image"]: name for name, container in services.items() if "build" in container}
    built = Counter(container["image"] for container in services.values() if "build" in container)
    assert built == dict.fromkeys({f"peibu-{part}" for part in (*SERVICES, GATEWAY)}, 1)
    for name, container in services.items():
        if container["image"] in built:
            assert builders[container["image"]] in {name} | needs(services, name)
            # A registry's image of that name would be somebody else's.
            assert container["pull_policy"] == "never"


def test_the_gateway_starts_after_what_it_calls_and_with_one_of_them_ill(services: dict[str, dict[str, Any]]) -> None:
    assert {f"serve-{service}" for service in SERVICES} <= needs(services, GATEWAY)
    waits = services[GATEWAY]["depends_on"]
    assert isinstance(waits, list)  # the short form waits for a start, not for health


def test_every_process_is_told_the_same_broker_issuer_and_sandbox(services: dict[str, dict[str, Any]]) -> None:
    common = {"PEIBU_KAFKA", "PEIBU_ISSUER", "PEIBU_JWKS_URL", "PEIBU_SANDBOX", "PEIBU_SANDBOX_OFFSET"}
    told = [{name: services[process]["environment"].get(name) for name in common} for process in PROCESSES]
    assert None not in told[0].values()
    assert all(each == told[0] for each in told)


def test_the_broker_is_healthy_exactly_when_its_port_is_open(services: dict[str, dict[str, Any]]) -> None:
    kind, *command = services["kafka"]["healthcheck"]["test"]
    assert kind == "CMD"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command[-1] = command[-1].replace("9092", str(listener.getsockname()[1]))
        assert subprocess.run(command, check=False).returncode == 0
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def test_a_container_knows_its_own_services_database_only(services: dict[str, dict[str, Any]]) -> None:
    for name in PROCESSES:
        known = {variable for variable in services[name]["environment"] if variable.endswith("_DATABASE")}
        assert known == ({f"PEIBU_{name.split('-')[1].upper()}_DATABASE"} if name != GATEWAY else set())


def test_the_topics_are_those_of_the_contracts(services: dict[str, dict[str, Any]]) -> None:
    made = re.findall(r"^create (\S+) (\d+)$", services["topics"]["command"][0], re.MULTILINE)
    assert dict(made) == {topic_of(service): str(PARTITIONS) for service in SERVICES} | {CLOCK_TOPIC: str(PARTITIONS)}


def without_demand(text: str) -> list[str]:
    """Give the secrets that a text takes from the environment without insisting on them."""
    return [name for name, rest in SECRET.findall(text) if not rest.startswith(":?")]


def test_no_secret_has_a_default() -> None:
    assert SECRET.search(COMPOSE.read_text())
    assert without_demand(COMPOSE.read_text()) == []
    assert without_demand("${PEIBU_PASSWORD:-peibu} ${PEIBU_KEY}") == ["PEIBU_PASSWORD", "PEIBU_KEY"]


@pytest.fixture
def compose_databases(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """A server on which the script for the PostgreSQL image has run."""
    passwords = {f"PEIBU_{service.upper()}_DATABASE_PASSWORD": f"it's {service}" for service in SERVICES}
    environment = {
        **passwords,
        "PATH": f"{find_binaries()}:/usr/bin:/bin",
        "PGHOST": str(postgres_server.sockets),
        "POSTGRES_USER": "peibu",
        "POSTGRES_DB": "postgres",
    }
    script = [str(ROOT / "deploy/compose/databases.sh")]
    subprocess.run(script, env=environment, check=True, capture_output=True)
    yield postgres_server
    statements = [f"DROP DATABASE peibu_{service}; DROP ROLE peibu_{service};" for service in SERVICES]
    subprocess.run(
        ["psql", "-XU", "peibu", "postgres"], input="".join(statements), text=True, env=environment, check=True
    )


async def test_each_service_gets_a_role_that_no_other_services_database_admits(
    compose_databases: PostgresServer,
) -> None:
    connection = await asyncpg.connect(compose_databases.dsn("postgres").replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            "SELECT rolname, datname FROM pg_roles, pg_database WHERE rolname LIKE 'peibu\\_%'"
            " AND datname LIKE 'peibu\\_%' AND has_database_privilege(rolname, datname, 'CONNECT')"
        )
    finally:
        await connection.close()
    assert {tuple(row) for row in rows} == {(f"peibu_{service}", f"peibu_{service}") for service in SERVICES}


def test_the_image_copies_nothing_that_could_hold_state_or_secrets() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line for line in ignored if line.startswith("!")} == {
        "!requirements/runtime.txt",
        "!shared",
        "!services",
        "!peibu",
    }


HOME = "/var/lib/peibu"
PRIVATE_KEY, KEPT_RULEBOOKS = f"{HOME}/secrets/issuer-key.json", f"{HOME}/rulebooks/jiyuan"


def volume_of(container: dict[str, Any], path: str) -> tuple[str, bool] | None:
    """Give the volume on which a container finds a path, and whether it may write there."""
    mounts = [volume.split(":") for volume in container.get("volumes", ())]
    holding = [mount for mount in mounts if path.startswith(f"{mount[1]}/")]
    nearest = max(holding, key=lambda mount: len(mount[1]), default=None)
    return None if nearest is None else (nearest[0], nearest[2:] != ["ro"])


def test_the_key_that_signs_tokens_is_made_and_seen_by_the_gateway_alone(services: dict[str, dict[str, Any]]) -> None:
    place = volume_of(services[GATEWAY], PRIVATE_KEY)
    assert place is not None
    assert place[1]
    others = {name for name, container in services.items() if f"{place[0]}:" in str(container.get("volumes"))}
    assert others == {GATEWAY}


def test_every_process_of_a_service_can_keep_the_rulebooks_it_has_seen(services: dict[str, dict[str, Any]]) -> None:
    made = re.search(r"install -d -o peibu -g peibu -m 0700 (.*?) *\\?$", DOCKERFILE.read_text(), re.MULTILINE)
    assert made is not None
    for name in PROCESSES:
        if name != GATEWAY:
            assert volume_of(services[name], KEPT_RULEBOOKS) == ("rulebooks", True)
            assert volume_of(services[name], f"{HOME}/secrets/data_key") == ("secrets", False)
        # A new volume takes its owner from the folder that it covers in the image.
        mounted = {volume.split(":")[1] for volume in services[name]["volumes"]}
        assert mounted <= set(made[1].split())


def test_a_command_in_the_gateways_container_finds_the_gateway() -> None:
    told = dict(re.findall(r"(PEIBU_\w+)=(\S+)", DOCKERFILE.read_text()))
    assert told["PEIBU_URL"] == f"http://127.0.0.1:{told['PEIBU_PORT']}"


@pytest.fixture
def gateway_image(tmp_path: Path) -> Path:
    """What the gateway's image holds of this repository, as its Dockerfile copies it."""
    stages = DOCKERFILE.read_text().split("FROM ")
    base = next(stage for stage in stages if stage.splitlines()[0].endswith(" AS base"))
    for source, target in re.findall(r"^COPY (?!--)(\S+) (\S+)$", base, re.MULTILINE):
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, tmp_path / target)
    return tmp_path


PEIBU = [sys.executable, "-S", "-m", "peibu"]
"""Without the site's own paths: an editable installation would lend an image the services it must not need."""


def environment_in(image: Path, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{image}:{sysconfig.get_path('purelib')}",
        "PEIBU_HOME": str(home),
    }


async def test_events_are_followed_from_an_image_without_services(gateway_image: Path) -> None:
    home = gateway_image / "home"
    bus = EmbeddedBus(home / "events")
    await bus.ensure_topics()
    assert await bus.publisher().send([Record(topic_of("payment"), "class", b"paid")]) == [None]
    await bus.close()
    command = [*PEIBU, "events", "tail", "--from-start"]
    tail = await asyncio.create_subprocess_exec(
        *command, cwd=gateway_image, env=environment_in(gateway_image, home), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert tail.stdout is not None
        followed = await asyncio.wait_for(tail.stdout.readline(), 60)
    finally:
        if tail.returncode is None:
            tail.kill()
        await tail.wait()
    assert followed == b"paid\n"


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (["ledger", "export"], "peibu: payment is not installed here; run this where it is, such as its own container"),
        (["clock", "show"], "`peibu seed` makes it, where the issuer's files stand"),
        (["demo", "--against", "http://127.0.0.1:9"], "`peibu seed` makes it, where the issuer's files stand"),
    ],
)
def test_what_cannot_be_done_in_a_container_is_said_in_one_line(
    command: list[str], advice: str, gateway_image: Path
) -> None:
    environment = environment_in(gateway_image, gateway_image / "home")
    refused = subprocess.run(
        [*PEIBU, *command], cwd=gateway_image, env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("peibu: ")
    assert refused.stderr.endswith(f"{advice}\n")
    assert refused.stderr.count("\n") == 1


def test_the_gateway_starts_from_what_its_image_holds(gateway_image: Path) -> None:
    port, home = free_port(), gateway_image / "home"
    addresses = {f"PEIBU_{service.upper()}_URL": "http://127.0.0.1:9" for service in SERVICES}
    environment = environment_in(gateway_image, home) | addresses | {"PEIBU_PORT": str(port)}
    gateway = Process(GATEWAY, pid_file=home / "gateway.pid", log_file=home / "gateway.log")
    gateway.start([*PEIBU, "gateway"], environment=environment, directory=gateway_image)
    try:
        gateway.await_ready(lambda: publishes_keys(port), deadline_seconds=60)
    finally:
        gateway.stop(deadline_seconds=10)


def publishes_keys(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/auth/jwks.json", timeout=5) as answer:
            return bool(json.load(answer)["keys"])
    except OSError:
        return False
