"""An outcome as a policy officer reads it: who gets what under which clauses, who does not and why."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peibu.trial.outcome import Outcome, alike, ranges
from shared.domain.money import yuan_text
from shared.policy.words import words


def print_outcome(console: Console, name: str, outcome: Outcome, differences: Sequence[str]) -> None:
    """Print one case, people who fare alike in one row, and what differs from the file."""
    table = Table("人员", "项目", "金额（元）", "收款人", "依据", title=f"{name}  {outcome.rulebook_id}")
    for (programme, amount, payee, basis), people in alike(_rows(outcome)).items():
        table.add_row(ranges(people), programme, amount, payee, escape(basis))
    console.print(table)
    refusals = ((f"{refusal.message}（{refusal.rule}）", refusal.person) for refusal in outcome.refusals)
    for message, persons in alike(refusals).items():
        console.print(f"  [red]不予通过[/red] {ranges(persons)}：{escape(message)}", soft_wrap=True)
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


def _rows(outcome: Outcome) -> Iterator[tuple[tuple[str, str, str, str], str | None]]:
    for line in outcome.lines:
        if line.amount_fen:
            basis = [f"{step.rule} · {step.clause}" for step in line.traces]
        else:
            basis = [f"{finding.rule} · {finding.clause}" for finding in line.findings]
        programme = words().value(line.programme, "programme") or line.programme
        payee = words().value(line.payee or "", "payee") or ""
        yield (programme, yuan_text(line.amount_fen), payee, "\n".join(dict.fromkeys(basis))), line.person
