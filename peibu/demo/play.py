"""Play the story against a system and show it: progress, then every fen with its rule and its evidence."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from peibu.credentials import read_credentials, read_sample
from peibu.demo.party import Credential, Json, Party
from peibu.demo.scene import Cast, Script
from peibu.demo.story import Story
from peibu.running import answering
from shared.clock import SHANGHAI, monotonic
from shared.domain.money import yuan_text

_LEAD_DAYS = 10
"""Calendar days from application to opening: enough for three working days around any holiday."""


@asynccontextmanager
async def cast_of(base_url: str, home: Path) -> AsyncIterator[Cast]:
    """Sign in everybody who takes part in a system whose home has been seeded."""
    credentials = read_credentials(home)  # before asking whether somebody answers: who has none needs to hear that
    async with answering(base_url) as http:
        yield cast_over(http, credentials, read_sample(home))


def cast_over(http: httpx.AsyncClient, credentials: Mapping[str, Credential], sample: Mapping[str, str]) -> Cast:
    """Give everybody who takes part, speaking through one client."""

    def party(name: str) -> Party:
        return Party(http, credentials[name])

    return Cast(
        institution=party("institution"),
        device=party("device"),
        first_reviewer=party("first-reviewer"),
        second_reviewer=party("second-reviewer"),
        approver=party("approver"),
        inspector=party("inspector"),
        assessor=party("assessor"),
        bureau_assessor=party("bureau-assessor"),
        exam_patrol=party("exam-patrol"),
        finance=party("finance"),
        auditor=party("auditor"),
        system_admin=party("system-admin"),
        public=Party(http, None),
        institution_id=sample["institution_id"],
        institution_name=sample["institution_name"],
        device_id=sample["device_id"],
        body_id=sample["body_id"],
        bureau_body_id=sample["bureau_body_id"],
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
    """Print the claim line by line with rules and evidence, then the payments; give the sum paid in fen."""
    claim = await cast.auditor.get(f"/payment/v1/claims/{script.claim_id}")
    bases: dict[tuple[str, ...], str] = {}
    console.print(_line_table(claim, bases))
    for basis, letter in bases.items():
        console.print(f"[bold]依据 {letter}[/bold]  {'；'.join(basis)}")
    console.print(_order_table(claim))
    paid = sum(int(order["amount_fen"]) for order in claim["orders"] if order["state"] == "settled")
    console.print(
        f"合计到账 [bold]{yuan_text(paid)}[/bold] 元；事件原文：peibu events tail --from-start --key {script.class_id}"
    )
    console.print(f"逐行理由：peibu policy explain {script.claim_id}")
    return paid


def _line_table(claim: Json, bases: dict[tuple[str, ...], str]) -> Table:
    """Give the lines; what they rest on is named by a letter that `bases` explains."""
    table = Table(title=f"补贴明细（申领 {claim['claim_id'][:8]}，{claim['rulebook_id']}）")
    for heading in ("行", "学员", "金额（元）", "状态", "依据", "证据（事件编号）"):
        table.add_column(heading, overflow="fold")
    for line in claim["lines"]:
        steps = [*line["traces"], *line["findings"]]
        basis = tuple(dict.fromkeys(f"{step['rule']} {step['document']} {step['clause']}" for step in steps))
        letter = bases.setdefault(basis, chr(ord("A") + len(bases)))
        table.add_row(
            str(line["line_no"]),
            line.get("masked_name") or "（整班扣减）",
            yuan_text(line["amount_fen"]),
            _STATES.get(line["state"], line["state"]),
            letter,
            _evidence(line),
        )
    return table


def _evidence(line: Json) -> str:
    """Say how many events prove a line, by name where its first trace counts them, and the first and last id."""
    events = line["evidence"]
    if not events:
        return ""
    counts: dict[str, int] = next((trace["inputs"] for trace in line["traces"] if trace["result"] == "proven"), {})
    named = "、".join(f"{name}×{count}" for name, count in counts.items()) or f"{len(events)} 个事件"
    return f"{named}（{events[0][:8]}…{events[-1][:8]}）"


def _order_table(claim: Json) -> Table:
    table = Table(title="拨付")
    for heading in ("拨付单", "资金来源", "金额（元）", "发送次数", "状态"):
        table.add_column(heading)
    for order in claim["orders"]:
        table.add_row(
            order["order_id"][:8],
            order["funding_source"],
            yuan_text(order["amount_fen"]),
            str(order["attempt"]),
            _STATES.get(order["state"], order["state"]),
        )
    return table


_STATES = {
    "due": "应付",
    "refused": "不予认定",
    "frozen": "异议冻结",
    "struck": "异议成立",
    "class_level": "整班",
    "settled": "已到账",
    "returned": "退票",
    "sent": "已发送",
    "ready": "待发送",
}


Elapsed = Callable[[], float]


def stopwatch() -> Elapsed:
    """Give a function that says how many seconds have passed since now."""
    begun = monotonic()
    return lambda: monotonic() - begun
