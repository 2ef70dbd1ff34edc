"""`peibu policy`: read, check and compare rulebooks without a line of Python."""

import asyncio
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer
from rich.markup import escape
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from peibu.commands.command import DEFAULT_HOME, Home, console, run_async
from shared.domain.errors import DomainError
from shared.domain.money import yuan_text
from shared.policy import loader
from shared.policy.coverage import coverage, texts_under
from shared.policy.decision import Finding
from shared.policy.mistakes import PolicyFilesInvalid
from shared.policy.provisions import Difference, Provision, differences, provisions
from shared.policy.rulebook import Rulebook, Shelf

policy = typer.Typer(no_args_is_help=True, help="Rulebooks: check, read, compare, and what decides each rule.")
Folder = Annotated[
    Path, typer.Option("--rulebooks", exists=True, file_okay=False, help="The folder of rulebooks; else our own.")
]


@policy.command()
def check(folder: Folder = loader.PACKAGED) -> None:
    """Read all policy files and print every mistake of every file, with its line and what to write instead."""
    if mistakes := loader.mistakes_in(folder):
        for mistake in mistakes:
            console.print(escape(str(mistake)), soft_wrap=True)
        _fail(f"{len(mistakes)} 处错误，规则册未启用。")
    books = loader.load_rulebooks(folder).current
    for book in books:
        until = book.valid_to.isoformat() if book.valid_to else "长期"
        console.print(f"{book.id}  {book.document}  {book.region}  {book.valid_from} 至 {until}", soft_wrap=True)
    console.print(f"{len(books)} 册规则册，没有错误。")


@policy.command()
def show(
    region: Annotated[str, typer.Argument(help="Six digits.")],
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The opening date, YYYY-MM-DD.")],
    folder: Folder = loader.PACKAGED,
) -> None:
    """Print the rulebook that decides for a region and an opening date: every provision with rule, clause and key."""
    try:
        book = _shelf(folder).in_force(region, day.date())
    except DomainError as error:
        _fail(f"{error.message}{error.advice}")
    console.print(f"[bold]{escape(book.title)}[/bold]（{book.document}）{book.id}", soft_wrap=True)
    for term, group in groupby(provisions(book), key=attrgetter("term")):
        found = list(group)
        console.print(f"\n[bold]{escape(term)}[/bold]{_basis(found[0])}", soft_wrap=True)
        for provision in found:
            if provision.name != term:
                console.print(f"  {_said(provision)}  [dim]{escape(provision.key)}[/dim]", soft_wrap=True)


@policy.command()
def diff(
    before: Annotated[str, typer.Argument(help="A file, or JURISDICTION/YYYY-MM-DD.")],
    after: Annotated[str, typer.Argument(help="The same.")],
    folder: Folder = loader.PACKAGED,
) -> None:
    """Say in words what changes from one rulebook to another: values, what is added, what is left out."""
    old, new = _book(before, folder), _book(after, folder)
    found = differences(old, new)
    for term, changes in _by_term(found):
        console.print(f"\n[bold]{escape(term)}[/bold]{_basis(changes[0].either)}", soft_wrap=True)
        for change in changes:
            console.print(f"  {_changed(change)}", soft_wrap=True)
    console.print(f"\n{len(found)} 处不同：{old.id} → {new.id}")


def _shelf(folder: Path) -> Shelf:
    """Read a folder's rulebooks, or say what is wrong with them and end."""
    try:
        return loader.load_rulebooks(folder)
    except PolicyFilesInvalid as error:
        console.print(escape(str(error)), soft_wrap=True)
        raise typer.Exit(1) from error


@policy.command("try")
def try_cases(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Case files (TOML).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per file instead of a table.")] = False,
    folder: Folder = loader.PACKAGED,
) -> None:
    """Judge case files by the services' own rules, without a database: lines, amounts, trace, and what differs.

    Fails when anything differs from what a file expects.
    """
    from peibu.trial.judging import judge
    from peibu.trial.outcome import differences as differing
    from peibu.trial.printing import print_outcome
    from shared.policy.case_file import read_case

    shelf, failed = _shelf(folder), 0
    for file in files:
        try:
            case = read_case(file.read_bytes(), name=file.name, catalogue=loader.load_catalogue(folder))
            outcome = judge(case, shelf)
        except PolicyFilesInvalid as error:
            console.print(escape(str(error)), soft_wrap=True)
            failed += 1
            continue
        except DomainError as error:
            console.print(f"{file.name}：{escape(error.message + error.advice)}", soft_wrap=True)
            failed += 1
            continue
        found = differing(case, outcome)
        failed += bool(found)
        if as_json:
            typer.echo(json.dumps(outcome.to_json(found), ensure_ascii=False))
        else:
            print_outcome(console, file.name, outcome, found)
    if failed:
        raise typer.Exit(1)


@policy.command()
def replay(
    under: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The draft: JURISDICTION/YYYY-MM-DD.toml.")],
    home: Home = DEFAULT_HOME,
    keep: Annotated[
        str | None, typer.Option(help="Keep every line with its reasons under this name; run again, it goes on.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="With --keep: write every line with its reasons, one per row.")
    ] = None,
    part: Annotated[int | None, typer.Option(hidden=True, help="With --keep: go on with this part of it only.")] = None,
) -> None:
    """Judge approved claims again under a draft: who gains, who loses, and the total; no claim changes.

    A kept one is judged by as many processes as there are processors where the database takes several writers.
    """
    draft = _book(str(under), loader.PACKAGED)
    if out and keep is None:
        _fail("--out 写出的是留存的各行，须与 --keep 名称 一起使用。")
    if keep is None:
        run_async(_replay(draft, home.absolute()))
        return
    try:
        if part is not None:
            run_async(_keep_part(draft, home.absolute(), keep, part))
            return
        again = [
            sys.executable,
            "-m",
            "peibu",
            "policy",
            "replay",
            "--under",
            str(under),
            "--home",
            str(home.absolute()),
        ]
        with out.open("w", encoding="utf-8") if out else nullcontext() as file:
            run_async(_keep_replay(draft, home.absolute(), keep, file, [*again, "--keep", keep, "--part"]))
    except DomainError as error:
        _fail(f"{error.message}{error.advice}")


async def _replay(draft: Rulebook, home: Path) -> None:
    from peibu.processes import opened
    from peibu.trial.outcome import alike
    from peibu.trial.replay import replay as replayed

    table = Table("申领", "学员（行号、姓名）", "行数", "现额（元）", "拟定（元）", "差额（元）")
    claims, changes = 0, Counter[str]()
    async with opened("payment", home) as wired, wired.reading() as uow:
        async for found in replayed(uow, draft):
            claims += 1
            _say_stops(found.claim_id, found.stops)
            for fen in found.changes.values():
                _count(changes, fen)
            moved = (
                ((found.before.get(no, 0), found.after.get(no, 0)), f"{no} {found.names[no]}") for no in found.changes
            )
            for (before, after), names in alike(moved).items():
                amounts = (yuan_text(before), yuan_text(after), yuan_text(after - before))
                table.add_row(found.claim_id, "、".join(names), str(len(names)), *amounts)
    if table.rows:
        console.print(table)
    _say_sums(claims, changes)


async def _keep_part(draft: Rulebook, home: Path, name: str, part: int) -> None:
    from peibu.processes import opened
    from peibu.trial.replay import keep_replay

    async with opened("payment", home) as wired:
        async for _ in keep_replay(wired, draft, name, part):
            pass


async def _keep_replay(draft: Rulebook, home: Path, name: str, out: TextIO | None, again: Sequence[str]) -> None:
    from peibu.processes import opened
    from peibu.trial.replay import begin_to_keep, keep_replay

    claims: set[str] = set()
    changes = Counter[str]()
    async with opened("payment", home) as wired:
        parts = await begin_to_keep(
            wired, draft, name, parts=1 if wired.wiring.database.is_sqlite else os.cpu_count() or 1
        )
        others = [await asyncio.create_subprocess_exec(*again, str(part)) for part in range(1, parts)]
        with Progress(*Progress.get_default_columns()[:1], TimeElapsedColumn(), console=console) as progress:
            task = progress.add_task("试算", total=None)
            looked_at = 0
            for part in range(parts):  # whatever a process of its own left over is done here
                if part:
                    await others[part - 1].wait()
                async for step in keep_replay(wired, draft, name, part):
                    looked_at += step
                    progress.update(task, description=f"试算：已看 {looked_at} 笔申领")
        async with wired.reading() as uow:
            for claim_id, stops in await uow.replays.stops(name):
                claims.add(claim_id)
                _say_stops(claim_id, stops)
            async for line in uow.replays.lines(name):
                claims.add(line["claim_id"])
                _count(changes, line["after_fen"] - line["before_fen"])
                if out:
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
    _say_sums(len(claims), changes)


def _say_stops(claim_id: str, stops: Iterable[Finding]) -> None:
    for stop in stops:
        console.print(f"{claim_id} 不予通过：{escape(stop.message)}（{stop.rule}）", soft_wrap=True)


def _count(changes: Counter[str], fen: int) -> None:
    if fen:
        changes["增加" if fen > 0 else "减少"] += abs(fen)
        changes["行增加" if fen > 0 else "行减少"] += 1


def _say_sums(claims: int, changes: Counter[str]) -> None:
    if not claims:
        console.print("没有可以试算的申领：只试算草案所属区划、开班日在草案有效期内、已经审核通过的申领。")
    gained, lost = changes["增加"], changes["减少"]
    sums = f"增加 {yuan_text(gained)} 元，减少 {yuan_text(lost)} 元，合计 {yuan_text(gained - lost)} 元"
    console.print(f"{claims} 笔申领：{sums}（{changes['行增加']} 行增加，{changes['行减少']} 行减少）")


@policy.command()
def explain(
    claim: Annotated[str, typer.Argument(help="The id of a claim.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Print of every fen of a claim which rules decided it: clause, what was looked at, and what came of it."""
    from peibu.processes import opened
    from peibu.trial.printing import print_claim

    async def run() -> None:
        async with opened("payment", home.absolute()) as wired, wired.reading() as uow:
            found = await uow.claims.find(claim)
            if found is None:
                _fail(f"没有申领 {claim}。")
            print_claim(console, found)

    run_async(run())


@policy.command("coverage")
def show_coverage(
    jurisdiction: Annotated[str | None, typer.Argument(help="The first letters of its rules, such as JY.")] = None,
    sources: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="A checkout of the project, whose tests are read.")
    ] = Path(),
    unexplained: Annotated[
        bool, typer.Option("--unexplained", help="Only rules that nothing decides or shows.")
    ] = False,
    cases: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder of case files, which show rules, too.")
    ] = None,
    folder: Folder = loader.PACKAGED,
) -> None:
    """Print of every rule where it is decided and which tests show it; fail while any is unexplained."""
    shelf = _shelf(folder)
    rules = {name: rule for name, rule in loader.load_catalogue(folder).items() if name.startswith(jurisdiction or "")}
    if not rules:
        _fail(f"没有编号以 {jurisdiction} 开头的规则；新文件的规则在 --rulebooks 目录的 rules.toml 中。")
    rows = coverage(
        rules,
        books=shelf.current,
        forms=loader.load_forms(),
        code=texts_under(sources, "shared", "services"),
        tests=texts_under(sources, "tests") | (_cases_under(cases) if cases else {}),
    )
    table = Table("规则", "由谁决定", "在何处决定", "由何测试证明", show_lines=False)
    for row in rows:
        if not (unexplained and row.explained):
            table.add_row(
                row.rule.id,
                row.rule.decision,
                _places(row.provided or row.code),
                _places(row.tests) or "[red]没有[/red]",
            )
    console.print(table)
    counted = Counter(row.explained for row in rows)
    console.print(f"{len(rows)} 条规则，{counted[True]} 条有着落，{counted[False]} 条没有。")
    if counted[False]:
        raise typer.Exit(1)


def _cases_under(folder: Path) -> dict[str, str]:
    """Read the case files of a folder; rulebooks and lists of rules may stand there, too, and show nothing."""
    found = texts_under(folder, ".", ending="toml").items()
    return {name: text for name, text in found if re.search(r"^case\s*=", text, re.MULTILINE)}


def _book(named: str, folder: Path) -> Rulebook:
    path = Path(named) if named.endswith(".toml") else folder / f"{named}.toml"
    if not path.is_file():
        _fail(f"没有规则册 {named}；请写文件路径，或“辖区/生效日期”，如 jiyuan/2021-01-01。")
    try:
        return loader.read_rulebook_at(path)
    except PolicyFilesInvalid as error:
        for mistake in error.mistakes:
            console.print(escape(str(mistake)), soft_wrap=True)
        _fail(f"{named} 有 {len(error.mistakes)} 处错误。")


def _basis(provision: Provision) -> str:
    return f"  [cyan]{provision.rule} · {escape(provision.clause)}[/cyan]" if provision.rule else ""


def _said(provision: Provision) -> str:
    text = f"{provision.name}：{provision.text}" if provision.text else provision.name
    return escape(text) + ("[yellow]（本地确定）[/yellow]" if provision.local else "")


def _changed(change: Difference) -> str:
    match change.before, change.after:
        case None, Provision() as added:
            return f"[green]新增[/green] {_said(added)}"
        case Provision() as removed, None:
            return f"[red]删除[/red] {_said(removed)}"
        case Provision() as old, Provision() as new:
            basis = f"（{new.rule} · {escape(new.clause)}）" if new.rule else ""  # the head of a file has none
            return f"[yellow]修改[/yellow] {_said(old)} → {escape(new.text)}{basis}"
    raise AssertionError("a difference has a side")


def _by_term(found: tuple[Difference, ...]) -> list[tuple[str, list[Difference]]]:
    groups: dict[str, list[Difference]] = {}
    for change in found:
        groups.setdefault(change.either.term, []).append(change)
    return list(groups.items())


def _places(places: list[str]) -> str:
    return escape("\n".join(places[:3])) + (f"\n…（共 {len(places)} 处）" if len(places) > 3 else "")


def _fail(message: str) -> NoReturn:
    console.print(f"[bold red]{escape(message)}[/bold red]", soft_wrap=True)
    raise typer.Exit(1)
