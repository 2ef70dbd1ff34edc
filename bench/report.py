"""What a run came to: a table for people, JSON for machines, and what changed since the last run."""

import json
import os
import platform
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.measuring import NOISE_PERCENT_MAX, Measure, Timed, spread_percent

GOALS: Final = Path(__file__).with_name("goals.toml")
CHANGE_PERCENT_MIN: Final = 10
"""A ratio that moved by less, or by no more than both runs' spread, is not called changed."""

LATEST: Final = "latest.json"
PREVIOUS: Final = "previous.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measure of one run; seconds per person are told for orientation, they are no claim."""

    id: str
    text: str
    ratio: float
    spread_percent: float
    ratios: tuple[float, ...]
    goal: str
    reached: bool | None
    seconds_per_person: dict[str, float]


def measures_of(names: Iterable[str]) -> dict[str, list[Measure]]:
    """Give the measures of these benchmarks out of the file of goals."""
    goals = tomllib.loads(GOALS.read_text(encoding="utf-8"))
    return {name: [Measure(id=f"{name}.{part}", **goals[name][part]) for part in goals[name]] for name in names}


def result_of(measure: Measure, timed: Timed, *, noise: float) -> Result:
    """Sum up a measure's rounds; on a machine too noisy to judge nothing is called reached or missed."""
    ratios = timed.ratios(measure)
    ratio = median(ratios)
    return Result(
        id=measure.id,
        text=measure.text,
        ratio=ratio,
        spread_percent=spread_percent(ratios),
        ratios=tuple(ratios),
        goal=_goal(measure),
        reached=measure.is_reached(ratio) if noise <= NOISE_PERCENT_MAX else None,
        seconds_per_person={name: median(timed.seconds[name]) for name in (measure.of, measure.to)},
    )


def machine(postgresql: str) -> dict[str, Any]:
    """Describe the machine without saying which one it is."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processors": os.cpu_count(),
        "memory_gib": round(pages / 2**30),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "postgresql": postgresql,
    }


def keep(folder: Path, run: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Write a run as the latest, and give the one that was the latest before, which stays beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    latest, previous = folder / LATEST, folder / PREVIOUS
    before = json.loads(latest.read_text(encoding="utf-8")) if latest.exists() else None
    if before is not None:
        latest.replace(previous)
    latest.write_text(json.dumps(run, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return before


def run_of(
    results: Iterable[Result], *, fraction: float, rounds: int, noise: float, described: Mapping[str, Any]
) -> dict[str, Any]:
    """Give a run as it is kept."""
    return {
        "machine": dict(described),
        "fraction": fraction,
        "rounds": rounds,
        "noise_percent": round(noise, 1),
        "results": {result.id: asdict(result) for result in results},
    }


def changes(run: Mapping[str, Any], before: Mapping[str, Any] | None, measures: Iterable[Measure]) -> dict[str, str]:
    """Say of each measure how it moved since the run before; of another fraction nothing can be said."""
    if before is None:
        return {}
    if before["fraction"] != run["fraction"]:
        return {measure.id: "another fraction" for measure in measures if measure.id in before["results"]}
    found = {}
    for measure in measures:
        now, then = run["results"][measure.id], before["results"].get(measure.id)
        if then is None:
            found[measure.id] = "new"
            continue
        moved = 100 * (now["ratio"] / then["ratio"] - 1)
        if abs(moved) < max(CHANGE_PERCENT_MIN, now["spread_percent"], then["spread_percent"]):
            found[measure.id] = "as before"
        else:
            word = "worse" if measure.is_worse(now["ratio"], then["ratio"]) else "better"
            found[measure.id] = f"{word}: {moved:+.0f} %"
    return found


def print_run(console: Console, run: Mapping[str, Any], changed: Mapping[str, str]) -> None:
    """Print a run as a table."""
    table = Table("id", "ratio", "spread", "goal", "", "since last run", "what")
    for id_, result in run["results"].items():
        reached = {True: "[green]reached[/green]", False: "[red]missed[/red]", None: ""}[result["reached"]]
        table.add_row(
            id_,
            f"{result['ratio']:.3g}",
            f"{result['spread_percent']:.0f} %",
            result["goal"],
            reached,
            changed.get(id_, ""),
            result["text"],
        )
    console.print(table)
    if run["noise_percent"] > NOISE_PERCENT_MAX:
        console.print(f"The machine is noisy ({run['noise_percent']:.0f} %): no goal is called reached or missed.")


def _goal(measure: Measure) -> str:
    if measure.at_most is not None:
        return f"<= {measure.at_most:g}"
    return "" if measure.at_least is None else f">= {measure.at_least:g}"
