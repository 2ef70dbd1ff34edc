"""The hook does nothing in production, is called so that it can be replaced, and kills where a test orders it."""

import ast
import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shared import failpoints
from tests.faults.launcher import Orders, process_name

ROOT = Path(__file__).parents[2]
SOURCES = [file for package in ("shared", "services", "peibu") for file in sorted((ROOT / package).rglob("*.py"))]


def hits_in(tree: ast.AST) -> list[str]:
    """Give the names of the places that a module marks by `failpoints.hit(failpoints.NAME)`."""
    return [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoints.hit"
    ]


def replaceable(tree: ast.AST) -> bool:
    """Say whether a module reaches the hook through its module only, where a replacement is seen."""
    return not any(isinstance(node, ast.ImportFrom) and node.module == "shared.failpoints" for node in ast.walk(tree))


def test_every_named_place_stands_in_the_code() -> None:
    marked = {name for file in SOURCES for name in hits_in(ast.parse(file.read_text()))}
    assert marked == {f"failpoints.{point.upper()}" for point in failpoints.ALL}


def test_every_caller_reaches_the_hook_where_the_launcher_replaces_it() -> None:
    assert [str(file) for file in SOURCES if not replaceable(ast.parse(file.read_text()))] == []
    assert not replaceable(ast.parse("from shared.failpoints import hit"))


def test_outside_the_launcher_passing_a_place_does_nothing() -> None:
    for point in failpoints.ALL:
        failpoints.hit(point)


def test_a_process_is_known_by_its_command() -> None:
    assert process_name(["serve", "payment"]) == "serve-payment"
    assert process_name(["run", "--home", "somewhere"]) == "run"


def test_an_order_names_a_place_that_exists(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no order"):
        Orders(tmp_path).give("run", "after_lunch")


async def migrate(orders: Orders, home: Path) -> int | None:
    process = await asyncio.create_subprocess_exec(
        *orders.launcher,
        "migrate",
        "enrollment",
        "--home",
        str(home),
        stdout=asyncio.subprocess.DEVNULL,
        env=_inherited(),
    )
    return await process.wait()


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PEIBU_")}


def revision_in(home: Path) -> str | None:
    with closing(sqlite3.connect(home / "enrollment.sqlite")) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        return str(connection.execute("SELECT max(version_num) FROM alembic_version").fetchone()[0])


@pytest.mark.kill
async def test_a_command_dies_at_the_ordered_passing_leaves_a_marker_and_runs_through_the_next_time(
    tmp_path: Path,
) -> None:
    orders, home = Orders(tmp_path / "orders"), tmp_path / "home"
    orders.give("migrate", failpoints.INSIDE_MIGRATION, 2)

    assert await migrate(orders, home) == -signal.SIGKILL
    assert orders.collect("migrate") == failpoints.INSIDE_MIGRATION
    assert revision_in(home) is None

    assert await migrate(orders, home) == 0
    assert orders.collect("migrate") is None
    assert revision_in(home) is not None


@pytest.mark.kill
async def test_an_order_for_another_place_or_a_later_passing_waits_until_it_is_withdrawn(tmp_path: Path) -> None:
    orders = Orders(tmp_path / "orders")
    orders.give("migrate", failpoints.INSIDE_MIGRATION, 1000)
    assert await migrate(orders, tmp_path / "home") == 0
    assert orders.stands("migrate")
    assert orders.withdraw("migrate")
    assert not orders.stands("migrate")
    assert not orders.withdraw("migrate")
