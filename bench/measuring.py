"""Measure cells round by round: numerator and denominator in one round, the order rotating, the answers checked."""

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Final, Protocol

NOISE_PERCENT_MAX: Final = 20
"""Above this the machine is too busy to say whether a goal is reached."""

_PROBES: Final = 15
_PROBE_STEPS: Final = 300_000

Cell = Callable[[], Awaitable[int]]
"""One thing to time; it gives how many persons it did."""


class Benchmark(Protocol):
    """Cells that are timed against each other, and what must be true of their answers after each round."""

    @property
    def cells(self) -> Mapping[str, Cell]:
        """Give what is timed, by its name."""
        ...

    async def reset(self) -> None:
        """Make ready for a round; this is not timed."""
        ...

    async def check(self) -> None:
        """Raise WrongAnswer unless every cell of the round came to the same: a fast wrong answer is none."""
        ...


class WrongAnswer(Exception):
    """What was measured came to another result than its peers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A ratio that is asked: seconds per person of one cell by those of another, and what it should be."""

    id: str
    text: str
    of: str
    to: str
    at_most: float | None = None
    at_least: float | None = None

    def is_reached(self, ratio: float) -> bool | None:
        """Say whether a ratio reaches the goal; None where there is none."""
        if self.at_most is not None:
            return ratio <= self.at_most
        return None if self.at_least is None else ratio >= self.at_least

    def is_worse(self, ratio: float, before: float) -> bool:
        """Say whether a ratio is on the bad side of an earlier one; without a goal more counts as worse."""
        return ratio < before if self.at_least is not None else ratio > before


@dataclass(slots=True, kw_only=True)
class Timed:
    """Seconds per person of each cell, round by round."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def ratios(self, measure: Measure) -> list[float]:
        """Give the ratio of each round."""
        pairs = zip(self.seconds[measure.of], self.seconds[measure.to], strict=True)
        return [numerator / denominator for numerator, denominator in pairs]


async def run_rounds(benchmark: Benchmark, *, rounds: int, cell_done: Callable[[str], None]) -> Timed:
    """Time every cell once a round and check the answers after each; `cell_done` hears of every cell."""
    timed = Timed(seconds={name: [] for name in benchmark.cells})
    names = list(benchmark.cells)
    for number in range(rounds):
        await benchmark.reset()
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            gc.collect()
            began = perf_counter()
            persons = await benchmark.cells[name]()
            timed.seconds[name].append((perf_counter() - began) / persons)
            cell_done(name)
        await benchmark.check()
    return timed


def noise_percent() -> float:
    """Give by how much the same small work takes longer at one time than at another, in percent of its median."""
    probes = []
    for _ in range(_PROBES):
        began, total = perf_counter(), 0
        for step in range(_PROBE_STEPS):
            total += step
        probes.append(perf_counter() - began)
    return spread_percent(probes)


def spread_percent(values: Sequence[float]) -> float:
    """Give the distance between the quartiles in percent of the median; of fewer than four values the whole range."""
    ordered, middle = sorted(values), median(values)
    quarter = len(ordered) // 4
    return 100 * (ordered[-1 - quarter] - ordered[quarter]) / middle if middle else 0.0
