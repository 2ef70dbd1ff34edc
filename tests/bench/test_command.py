"""The command: it runs on real servers, keeps its numbers, and says what changed since the last run."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.measuring import Measure, Timed, run_rounds, spread_percent
from bench.report import changes, keep, measures_of, print_run, result_of, run_of

ROOT = Path(__file__).parents[2]
PEER = """#!/bin/sh
# answers as openfisca-core does: seconds, and the sum in fen of those who are paid
while read -r persons; do
    echo "0.01 $(( 123000 * (persons - (persons + 19) / 20) ))"
done
"""
FASTER = Measure(id="X.speed", text="a speed", of="slow", to="fast", at_least=2)
CHEAPER = Measure(id="X.cost", text="a cost", of="fast", to="slow", at_most=4)


class Cells:
    """Two cells, one of which takes as long as it is told."""

    def __init__(self) -> None:
        self.cells = {"slow": self._count, "fast": self._count}
        self.order: list[str] = []
        self.checked = 0

    async def _count(self) -> int:
        return 10

    async def reset(self) -> None:
        """Nothing is kept between rounds."""

    async def check(self) -> None:
        """Count the rounds that were checked."""
        self.checked += 1


def a_run(*, slow: float, fast: float = 1.0, fraction: float = 1.0, noise: float = 0.0) -> dict[str, Any]:
    timed = Timed(seconds={"slow": [slow] * 5, "fast": [fast] * 5})
    results = [result_of(measure, timed, noise=noise) for measure in (FASTER, CHEAPER)]
    return run_of(results, fraction=fraction, rounds=5, noise=noise, described={"processors": 2})


async def test_every_cell_is_timed_once_a_round_in_rotating_order_and_its_answer_checked() -> None:
    cells = Cells()
    timed = await run_rounds(cells, rounds=3, cell_done=cells.order.append)
    assert cells.order == ["slow", "fast", "fast", "slow", "slow", "fast"]
    assert cells.checked == 3
    assert {name: len(seconds) for name, seconds in timed.seconds.items()} == {"slow": 3, "fast": 3}


def test_the_ratio_is_of_each_round_and_the_median_counts() -> None:
    timed = Timed(seconds={"slow": [2.0, 40.0, 3.0, 2.0, 2.0], "fast": [1.0, 10.0, 1.0, 1.0, 1.0]})
    result = result_of(FASTER, timed, noise=5)
    assert (result.ratio, result.ratios, result.reached) == (2.0, (2.0, 4.0, 3.0, 2.0, 2.0), True)
    assert result_of(FASTER, timed, noise=21).reached is None
    assert spread_percent([1.0, 1.0, 1.0, 1.0]) == 0


@pytest.mark.parametrize(("ratio", "reached"), [(2.0, True), (1.99, False)])
def test_a_goal_is_reached_at_its_limit(ratio: float, reached: bool) -> None:
    assert FASTER.is_reached(ratio) is reached
    assert CHEAPER.is_reached(4.0) is True
    assert CHEAPER.is_reached(4.01) is False


def test_a_planted_slower_path_is_reported_as_worse_and_a_faster_one_as_better(tmp_path: Path) -> None:
    assert keep(tmp_path, a_run(slow=10)) is None
    slower = a_run(slow=10, fast=2)
    before = keep(tmp_path, slower)
    assert changes(slower, before, [FASTER, CHEAPER]) == {"X.speed": "worse: -50 %", "X.cost": "worse: +100 %"}
    for name, run in (("previous", a_run(slow=10)), ("latest", slower)):
        assert json.loads((tmp_path / f"{name}.json").read_text()) == json.loads(json.dumps(run))
    again = a_run(slow=10)
    assert changes(again, slower, [FASTER, CHEAPER]) == {"X.speed": "better: +100 %", "X.cost": "better: -50 %"}


def test_what_moved_by_less_than_the_spread_or_was_measured_otherwise_is_not_called_changed() -> None:
    assert set(changes(a_run(slow=10.5), a_run(slow=10), [FASTER]).values()) == {"as before"}
    assert changes(a_run(slow=10, fraction=0.1), a_run(slow=1), [FASTER]) == {"X.speed": "another fraction"}
    assert changes(a_run(slow=10), None, [FASTER]) == {}


def test_a_noisy_machine_is_told_and_nothing_called_reached(capsys: pytest.CaptureFixture[str]) -> None:
    print_run(Console(width=200), a_run(slow=10, noise=30), {})
    said = capsys.readouterr().out
    assert "no goal is called reached or missed" in said
    assert "missed[" not in said


def test_the_goals_of_limits_are_all_named() -> None:
    goals = {
        measure.id: (measure.at_most, measure.at_least)
        for each in measures_of(["P10", "P11"]).values()
        for measure in each
    }
    assert goals["P10.statement"] == (4.0, None)
    assert goals["P10.loop"] == (None, 8.0)
    assert goals["P11.explained"] == (None, 20.0)


@pytest.mark.postgres
def test_the_command_runs_on_real_servers_and_says_what_changed_since_the_last_run(tmp_path: Path) -> None:
    peer = tmp_path / "peer"
    peer.write_text(PEER)
    peer.chmod(peer.stat().st_mode | stat.S_IXUSR)
    command = [
        *(sys.executable, "-m", "bench", "--fraction", "0.001", "--rounds", "2"),
        *("--folder", tmp_path / "kept", "--peer", peer),
    ]
    environment = {**os.environ, "COLUMNS": "200"}
    said = ""
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said = done.stdout
    kept = json.loads((tmp_path / "kept/latest.json").read_text())
    measures = {measure.id for each in measures_of(["P10", "P11"]).values() for measure in each}
    assert kept["results"].keys() == measures
    assert kept["machine"].keys() == {"processors", "memory_gib", "architecture", "system", "python", "postgresql"}
    assert (kept["fraction"], kept["rounds"]) == (0.001, 2)
    for result in kept["results"].values():
        assert result["ratio"] > 0
        assert len(result["ratios"]) == 2
        assert result["seconds_per_person"].keys()
    assert (tmp_path / "kept/previous.json").exists()
    assert "since last run" in said
    assert all(id_ in said for id_ in measures)


def test_a_benchmark_that_is_not_there_is_said() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "P99"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "P99" in done.stderr
