"""What was decided as a policy officer reads it: who gets what under which clauses, who does not and why."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peibu.trial.outcome import Outcome, alike, ranges
from services.payment.domain.claim import Claim
from services.payment.domain.subsidy import Line
from shared.domain.money import yuan_text
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.explaining import explained
from shared.policy.words import words

_WEIGHTS: Final = {
    Severity.STOP: "[red]不予通过[/red]",
    Severity.ASK: "[yellow]待人工决定[/yellow]",
    Severity.WARN: "[yellow]提示[/yellow]",
}


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


def print_claim(console: Console, claim: Claim) -> None:
    """Print why each line of a claim is worth what it is, lines that fare alike together: rule, clause, inputs, result.

    The head names the document; what rests on another one says so itself. People are named as masked as in the claim.
    """
    found = claim.assessment
    told = (*found.traces, *found.flags, *found.stops, *(each for line in found.lines for each in _basis_of(line)))
    document = next((each.document for each in told), "")
    claimant = words().value(claim.claimant, "payee") or claim.claimant
    head = f"申领 {claim.claim_id}  班级 {claim.class_id}  申领人 {claimant}  {claim.rulebook_id}"
    head += f"\n依据文件：{document or '无'}"
    console.print(head, soft_wrap=True, highlight=False)
    for (programme, fen, reasons), names in alike(_reasons(found.lines, document)).items():
        console.print(f"\n[bold]{'、'.join(names)}：{programme} {yuan_text(fen)} 元[/bold]", soft_wrap=True)
        for reason in reasons:
            console.print(f"  {reason}", soft_wrap=True)
    if found.flags or found.stops:
        console.print("\n[bold]全班[/bold]")
    for finding in (*found.flags, *found.stops):
        console.print(f"  {_objection(finding, document)}", soft_wrap=True)
    console.print(f"\n[bold]合计 {yuan_text(sum(claim.full.values()))} 元[/bold]")


def _basis_of(line: Line) -> Iterator[Trace | Finding]:
    yield from line.traces
    yield from line.findings


def _reasons(lines: Iterable[Line], document: str) -> Iterator[tuple[tuple[str, int, tuple[str, ...]], str]]:
    known = words()
    for line in lines:
        steps = [
            escape(explained(trace) + ("" if trace.document == document else f"（{trace.document}）"))
            for trace in line.traces
        ]
        programme = known.value(line.programme, "programme") or line.programme
        reasons = (*steps, *(_objection(finding, document) for finding in line.findings))
        name = f"{line.line_no} {line.masked_name or '班级'}"
        yield (programme, line.amount_fen, reasons), name


def _objection(finding: Finding, document: str) -> str:
    other = "" if finding.document == document else f"{finding.document} "
    basis = f"（{finding.rule} · {other}{finding.clause}）"
    return f"{_WEIGHTS[finding.severity]} {escape(finding.message + basis + finding.advice)}"
