"""`peibu archive`: a person's training archive."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from peibu.commands.command import DEFAULT_HOME, Home, Url, console, run_async

_KINDS: Final = {"class": "培训", "certificate": "证书", "subsidy": "补贴"}
_ENDINGS: Final = {"cancelled": "班级取消", "withdrawn": "班级撤回", "not_opened": "未按期开班"}


def archive(
    person_id: Annotated[str, typer.Argument(help="The person's id, as rosters and events name it; no number.")],
    client: Annotated[
        str, typer.Option("--as", help="The client of HOME/credentials.toml who reads; every look is audited as its.")
    ] = "auditor",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each entry, for export.")] = False,
    url: Url = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Print a person's classes with attendance, certificates and subsidies in the order of time.

    A document must keep such archives (HL-DAT-02). The parts come from four services of a running system; the reader
    sees the own region's, and a trainee who signs in under the own person id everything that is theirs.
    """
    from peibu.archive import read_archive
    from peibu.demo.party import Json, StoryBroken
    from peibu.demo.stage import signed_in
    from peibu.running import address_of

    async def read() -> tuple[Json, ...]:
        async with signed_in(address_of(url, home), home.absolute(), client) as party:
            try:
                return await read_archive(party, person_id)
            except StoryBroken as refusal:
                if refusal.problem is None:
                    raise
                console.print(f"[bold red]{refusal.problem['detail']}{refusal.problem['advice']}[/bold red]")
                raise typer.Exit(1) from refusal

    entries = run_async(read())
    if as_json:
        for entry in entries:
            sys.stdout.write(json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n")
        return
    table = Table("日期", "类别", "内容", title="职业培训电子档案")
    for entry in entries:
        table.add_row(entry["on"], _KINDS[entry["entry"]], told(entry))
    console.print(table)


def told(entry: Mapping[str, Any]) -> str:
    """Say in Chinese what an entry holds."""
    from shared.domain.money import yuan_text
    from shared.policy.words import words

    values = words().values
    match entry["entry"]:
        case "class":
            parts = [entry["institution_name"], values[entry["programme"]], _work(entry), _course(entry)]
        case "certificate":
            voided = f"{entry['voided_on']} 作废" if entry["voided_on"] else ""
            parts = [values[entry["kind"]], _work(entry), entry["number"], voided]
        case _:
            approved, settled = yuan_text(entry["amount_fen"]), yuan_text(entry["settled_fen"])
            parts = [values[entry["programme"]], f"核定 {approved} 元", f"到账 {settled} 元"]
    return "，".join(part for part in parts if part)


def _work(entry: Mapping[str, Any]) -> str:
    return f"{entry['occupation']} {entry['level']} 级" if entry["level"] else str(entry["occupation"])


def _course(entry: Mapping[str, Any]) -> str:
    attendance = entry["attendance"]
    ended = f"{entry['left_on']} 退出" if entry["left_on"] else _ENDINGS.get(entry["state"], "")
    if attendance is None:
        return ended or "尚未开班"
    present, absent = attendance["present_sessions"], attendance["absent_sessions"]
    counted = f"到课 {present} 次、缺课 {absent} 次、{attendance['present_class_hours']} 课时"
    return f"{counted}，{ended}" if ended else counted
