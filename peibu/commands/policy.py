"""`peibu policy`: read, check and compare rulebooks without a line of Python."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from peibu.commands.command import console
from shared.domain.errors import DomainError
from shared.policy import loader
from shared.policy.coverage import coverage, texts_under
from shared.policy.mistakes import PolicyFilesInvalid
from shared.policy.provisions import Difference, Provision, by_term, differences, provisions
from shared.policy.rulebook import Rulebook

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
        book = loader.load_rulebooks(folder).in_force(region, day.date())
    except DomainError as error:
        _fail(f"{error.message}{error.advice}")
    console.print(f"[bold]{escape(book.title)}[/bold]（{book.document}）{book.id}", soft_wrap=True)
    for term, found in by_term(provisions(book)):
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

    shelf, failed = loader.load_rulebooks(folder), 0
    for file in files:
        try:
            case = read_case(file.read_bytes(), name=file.name, catalogue=loader.load_catalogue())
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


@policy.command("coverage")
def show_coverage(
    jurisdiction: Annotated[str | None, typer.Argument(help="The first letters of its rules, such as JY.")] = None,
    sources: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="A checkout of the project, whose tests are read.")
    ] = Path(),
    unexplained: Annotated[
        bool, typer.Option("--unexplained", help="Only rules that nothing decides or shows.")
    ] = False,
    folder: Folder = loader.PACKAGED,
) -> None:
    """Print of every rule where it is decided and which tests show it; fail while any is unexplained."""
    rows = coverage(
        {name: rule for name, rule in loader.load_catalogue().items() if name.startswith(jurisdiction or "")},
        books=loader.load_rulebooks(folder).current,
        forms=loader.load_forms(),
        code=texts_under(sources, "shared", "services"),
        tests=texts_under(sources, "tests"),
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
            return f"[yellow]修改[/yellow] {_said(old)} → {escape(new.text)}（{new.rule} · {escape(new.clause)}）"
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
