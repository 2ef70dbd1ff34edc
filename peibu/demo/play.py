"""Play the story against a system and show it: progress, then every fen with its rule and its evidence."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from peibu.credentials import read_credentials, read_sample
from peibu.demo.party import Json, Party
from peibu.demo.story import Cast, Script, Story
from shared.clock import SHANGHAI, monotonic
from shared.domain.money import yuan_text

_LEAD_DAYS = 10
"""Calendar days from application to opening: enough for three working days around any holiday."""


@asynccontextmanager
async def cast_of(base_url: str, home: Path) -> AsyncIterator[Cast]:
    """Sign in everybody who takes part in a system whose home has been seeded."""
    credentials, sample = read_credentials(home), read_sample(home)
    async with httpx.AsyncClient(base_url=base_url, timeout=httpx.Timeout(90.0, connect=5.0)) as http:

        def party(name: str) -> Party:
            return Party(http, credentials[name])

        yield Cast(
            institution=party("institution"),
            device=party("device"),
            first_reviewer=party("first-reviewer"),
            second_reviewer=party("second-reviewer"),
            approver=party("approver"),
            inspector=party("inspector"),
            assessor=party("assessor"),
            exam_patrol=party("exam-patrol"),
            finance=party("finance"),
            auditor=party("auditor"),
            system_admin=party("system-admin"),
            public=Party(http, None),
            institution_id=sample["institution_id"],
            institution_name=sample["institution_name"],
            device_id=sample["device_id"],
            body_id=sample["body_id"],
            teacher_ids=tuple(sample["teacher_ids"].split(",")),
            venue_id=sample["venue_id"],
        )


async def next_opening(cast: Cast) -> date:
    """Give the first Monday that leaves enough working days for an application made today."""
    answer = await cast.system_admin.get("/clock/v1/now")
    day = datetime.fromisoformat(answer["legal_now"]).astimezone(SHANGHAI).date() + timedelta(days=_LEAD_DAYS)
    while day.weekday() != 0:
        day += timedelta(days=1)
    return day


async def play(cast: Cast, *, seed: int, console: Console) -> Script:
    """Play every step, saying after each what happened."""
    script = Script(seed=seed, opening=await next_opening(cast))
    steps = Story(cast, script).steps()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(steps))
        for number, (title, act) in enumerate(steps, start=1):
            progress.update(task, description=f"{number}/{len(steps)} {title}")
            outcome = await act()
            progress.update(task, advance=1)
            progress.console.print(f"[bold]{number:>2} {title}[/bold]  {outcome}")
    return script


async def show_ledger(cast: Cast, script: Script, console: Console) -> int:
    """Print the claim line by line, then the payments; give the sum paid in fen."""
    claim = await cast.auditor.get(f"/payment/v1/claims/{script.claim_id}")
    console.print(_line_table(claim))
    console.print(_order_table(claim))
    paid = sum(int(order["amount_fen"]) for order in claim["orders"] if order["state"] == "settled")
    console.print(f"合计到账 [bold]{yuan_text(paid)}[/bold] 元；每一分都由事件证明：")
    for event in _evidence_of_first_line(claim):
        console.print(f"  {event}", style="dim")
    return paid


def _line_table(claim: Json) -> Table:
    table = Table(title=f"补贴明细（申领 {claim['claim_id'][:8]}）")
    for heading in ("行", "学员", "金额（元）", "状态", "规则与条款", "证据事件数"):
        table.add_column(heading, overflow="fold")
    for line in claim["lines"]:
        rules = "；".join(dict.fromkeys(f"{trace['rule']} {trace['clause']}" for trace in line["traces"]))
        table.add_row(
            str(line["line_no"]),
            line.get("masked_name") or "（整班）",
            yuan_text(line["amount_fen"]),
            line["state"],
            rules,
            str(len(line["evidence"])),
        )
    return table


def _order_table(claim: Json) -> Table:
    table = Table(title="拨付")
    for heading in ("拨付单", "资金来源", "金额（元）", "次数", "状态"):
        table.add_column(heading)
    for order in claim["orders"]:
        table.add_row(
            order["order_id"][:8],
            order["funding_source"],
            yuan_text(order["amount_fen"]),
            str(order["attempt"]),
            order["state"],
        )
    return table


def _evidence_of_first_line(claim: Json) -> list[str]:
    first: dict[str, Any] | None = next((line for line in claim["lines"] if line.get("person_id")), None)
    return [] if first is None else [str(event) for event in first["evidence"]]


Elapsed = Callable[[], float]


def stopwatch() -> Elapsed:
    """Give a function that says how many seconds have passed since now."""
    begun = monotonic()
    return lambda: monotonic() - begun
