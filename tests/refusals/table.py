"""The table of refusals: what the Jiyuan text refuses, and how the public APIs say so."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refusal: `does` is what a person does, `answer` in what shape the system refuses it.

    A number is the HTTP status of a problem document. `refused` is a row of a batch, or a class, that is not taken;
    `asks` leaves it to a person and `warns` shows it; `unpaid` is a line of a claim that comes to nothing, `stops`
    stands among what keeps a claim unpaid. A `silent` answer names no rule.
    """

    name: str
    code: str
    rule: str
    clause: str
    answer: str
    does: str
    silent: bool = False


def refusals() -> list[Refusal]:
    """Read the table."""
    table = _read("refusals.toml")
    return [Refusal(name=name, **row) for stage in table.values() for name, row in stage.items()]


def no_refusals(of: Literal["codes", "rules"]) -> list[str]:
    """Read the codes, or rules, that stand for no refusal of the text; each group of the file says why."""
    return [name for group in _read("no_refusals.toml")[of].values() for name in group[of]]


def objections(answer: Any) -> Iterator[Mapping[str, Any]]:
    """Give everything in an answer that bears a code: problems, errors in them, findings, rows, blockers."""
    if isinstance(answer, Mapping):
        if "code" in answer:
            yield answer
        for value in answer.values():
            yield from objections(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from objections(value)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
