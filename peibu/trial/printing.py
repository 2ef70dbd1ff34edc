"""An outcome as a policy officer reads it: who gets what under which clauses, who does not and why."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peibu.trial.outcome import Outcome
from shared.domain.money import yuan_text
from shared.policy.words import words

Row = TypeVar("Row")
Name = TypeVar("Name")
_NUMBERED = re.compile(r"([a-z]+)(\d+)")


def print_outcome(console: Console, name: str, outcome: Outcome, differences: Sequence[str]) -> None:
    """Print one case, people who fare alike in one row, and what differs from the file."""
    table = Table("人员", "项目", "金额（元）", "收款人", "依据", title=f"{name}  {outcome.rulebook_id}")
    for (programme, amount, payee, basis), people in alike(_rows(outcome)).items():
        table.add_row(_ranges(people), programme, amount, payee, escape(basis))
    console.print(table)
    refusals = ((f"{refusal.message}（{refusal.rule}）", refusal.person) for refusal in outcome.refusals)
    for message, persons in alike(refusals).items():
        console.print(f"  [red]不予通过[/red] {_ranges(persons)}：{escape(message)}", soft_wrap=True)
    for message in dict.fromkeys(f"{flag.message}（{flag.rule}）" for flag in outcome.flags):
        console.print(f"  [yellow]提示[/yellow] {escape(message)}", soft_wrap=True)
    for event, day in outcome.dates.items():
        console.print(f"  {words().value(event, 'event') or event}：{day}")
    console.print(f"  合计 {yuan_text(outcome.total_fen)} 元", style="bold")
    if outcome.advance_fen:
        console.print(
            f"  其中预支 {yuan_text(outcome.advance_fen)} 元，结算 {yuan_text(outcome.settlement_fen)} 元", style="bold"
        )
    for difference in differences:
        console.print(f"  [bold red]与案例不符[/bold red] {escape(difference)}", soft_wrap=True)
    if not differences:
        console.print("  [green]与案例相符[/green]")


def alike(rows: Iterable[tuple[Row, Name]]) -> dict[Row, list[Name]]:
    """Put together what is printed alike, each with everybody whom it is printed for."""
    together: dict[Row, list[Name]] = {}
    for row, name in rows:
        together.setdefault(row, []).append(name)
    return together


def _rows(outcome: Outcome) -> Iterator[tuple[tuple[str, str, str, str], str | None]]:
    for line in outcome.lines:
        if line.amount_fen:
            basis = [f"{step.rule} · {step.clause}" for step in line.traces]
        else:
            basis = [f"{finding.rule} · {finding.clause}" for finding in line.findings]
        programme = words().value(line.programme, "programme") or line.programme
        payee = words().value(line.payee or "", "payee") or ""
        yield (programme, yuan_text(line.amount_fen), payee, "\n".join(dict.fromkeys(basis))), line.person


def _ranges(persons: Sequence[str | None]) -> str:
    """Write `p1..p3、p7` as the case file does; nobody stands for the class."""
    runs: list[list[str]] = []
    for person in persons:
        if runs and person is not None and _follows(runs[-1][-1], person):
            runs[-1].append(person)
        else:
            runs.append([person or "班级"])
    return "、".join(run[0] if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)


def _follows(one: str, other: str) -> bool:
    first, second = _NUMBERED.fullmatch(one), _NUMBERED.fullmatch(other)
    return first is not None and second is not None and (first[1], int(first[2]) + 1) == (second[1], int(second[2]))
