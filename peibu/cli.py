"""The command `peibu`: run the system, look into it, prove what it did."""

import asyncio
import json
import logging
import os
import resource
import sys
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from peibu.sandbox_clock import DEFAULT_LEGAL_START
from peibu.services import SERVICES, settings_of

app = typer.Typer(
    name="peibu",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="培补：补贴性培训进系统，系统之外零补贴。Start with `peibu run`, then `peibu demo`.",
)
events = typer.Typer(no_args_is_help=True, help="Look at the events the services publish.")
letters = typer.Typer(no_args_is_help=True, help="Events that could not be applied, with their reasons.")
ledger = typer.Typer(no_args_is_help=True, help="Every fen, with its rules and its evidence.")
audit = typer.Typer(no_args_is_help=True, help="The hash-chained record of who did what.")
clock = typer.Typer(no_args_is_help=True, help="The sandbox's legal time; a real deployment has no movable clock.")
for name, group in {
    "events": events,
    "dead-letters": letters,
    "ledger": ledger,
    "audit": audit,
    "clock": clock,
}.items():
    app.add_typer(group, name=name)

T = TypeVar("T")
console: Final = Console(width=None if sys.stdout.isatty() else 140)
Home = Annotated[Path, typer.Option(envvar="PEIBU_HOME", help="Where state, secrets and logs stand.")]
Service = Annotated[str, typer.Argument(help=f"One of: {', '.join(SERVICES)}.")]
Url = Annotated[str, typer.Option("--url", envvar="PEIBU_URL", help="Address of a running system.")]
DEFAULT_HOME: Final = Path(".peibu")
DEFAULT_URL: Final = "http://127.0.0.1:8080"


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; Ctrl-C ends it without a trace, and what the user can mend is said without one."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception as error:
        if not _is_the_users(error):
            raise
        typer.echo(f"peibu: {error}", err=True)
        raise typer.Exit(1) from None


def _is_the_users(error: Exception) -> bool:
    from peibu.issuer_files import UnsafeFile
    from shared.database.deployment import WrongDeployment
    from shared.settings import SettingsError

    return isinstance(error, SettingsError | UnsafeFile | WrongDeployment)


def instant(text: str) -> datetime:
    """Give the instant that an option names, or say how it is written."""
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        named = None
    if named is None or named.tzinfo is None:
        raise typer.BadParameter(f"{text!r} is no instant with an offset, such as 2021-06-01T09:00:00+08:00")
    return named


def known(service: str) -> str:
    """Give the service's name, or say which there are."""
    if service not in SERVICES:
        raise typer.BadParameter(f"no service is called {service!r}; choose one of: {', '.join(SERVICES)}")
    return service


# ------------------------------------------------------------------------------------------------ processes


@app.command()
def run(
    home: Home = DEFAULT_HOME,
    port: Annotated[int, typer.Option(envvar="PEIBU_PORT", help="The one port; 0 takes a free one.")] = 8080,
    legal_start: Annotated[
        str, typer.Option(help="Where a new sandbox's legal time begins (RFC 3339).")
    ] = DEFAULT_LEGAL_START.isoformat(),
    real_clock: Annotated[
        bool, typer.Option("--real-clock", help="Use the machine's time: a deployment, not a sandbox.")
    ] = False,
) -> None:
    """Run everything in this process: SQLite per service, a durable event log, sample parties to sign in as.

    By default it is a sandbox whose legal time begins in the rulebook's year and can be moved (`peibu clock move`).
    Ctrl-C stops cleanly; kill -9 and a restart lose nothing.
    """
    from peibu.all_in_one import run_all

    start = None if real_clock else instant(legal_start)
    run_async(run_all(home.absolute(), port=port, legal_start=start, console=console))


@app.command()
def serve(service: Service) -> None:
    """Answer one service's HTTP requests; the environment says database, broker and port (see README)."""
    from peibu.processes import serve_service

    run_async(serve_service(known(service)))


@app.command()
def work(service: Service) -> None:
    """Do one service's background work: relay its outbox, consume events, fire timers, seal its audit log."""
    from peibu.processes import work_service

    run_async(work_service(known(service)))


@app.command()
def gateway(home: Home = DEFAULT_HOME) -> None:
    """Serve a fleet's one address: tokens under /auth, the sandbox clock, and the services' processes behind it."""
    from peibu.processes import serve_gateway

    run_async(serve_gateway(home.absolute()))


@app.command()
def init(home: Home = DEFAULT_HOME) -> None:
    """Make the secrets that are missing, readable by their owner alone; nothing is overwritten."""
    from shared.settings import init_home

    for made in init_home(home.absolute()):
        console.print(f"made {made}")


@app.command()
def migrate(
    service: Annotated[str | None, typer.Argument(help="One service; without it, all of them.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Bring databases to what this release expects; started twice at once, one runs and the other finds it done."""
    from shared.database.migrate import migrate as upgrade

    async def upgrade_all() -> None:
        for name in [known(service)] if service else SERVICES:
            applied = await upgrade(name, settings_of(name, home=home.absolute()).database_url)
            console.print(f"{name}: {', '.join(applied) or 'up to date'}")

    run_async(upgrade_all())


@app.command()
def seed(url: Url = DEFAULT_URL, home: Home = DEFAULT_HOME) -> None:
    """Enter sample institutions and make sign-in credentials for a system whose issuer stands under HOME."""
    from peibu.all_in_one import seed_running

    run_async(seed_running(url, home.absolute()))
    console.print(f"sample parties: {home / 'credentials.toml'} (its owner's alone)")


# ----------------------------------------------------------------------------------------------------- demo


@app.command()
def demo(
    against: Annotated[str | None, typer.Option(help="Play against a running sandbox instead of a new one.")] = None,
    home: Home = DEFAULT_HOME,
    seed_number: Annotated[int | None, typer.Option("--seed", help="Which invented people take part.")] = None,
) -> None:
    """Play a class of fifty from application to settled payment over HTTP, then print every fen and its evidence.

    Without --against it starts a system of its own in a temporary folder and removes it afterwards.
    """
    from peibu.demo.stage import play_against, play_alone

    if against is not None:
        run_async(play_against(against, home.absolute(), seed=seed_number, console=console))
        return
    with tempfile.TemporaryDirectory(prefix="peibu-demo-") as folder:
        run_async(play_alone(Path(folder), seed=seed_number or 1, console=console))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"（演示程序自身内存峰值 {own:.0f} MB）", style="dim")


# --------------------------------------------------------------------------------------------- looking inside


@events.command("tail")
def events_tail(
    home: Home = DEFAULT_HOME,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest event.")] = False,
    key: Annotated[str | None, typer.Option(help="Only this class (partition key).")] = None,
) -> None:
    """Print events as they come, one CloudEvent a line."""
    from peibu.processes import open_bus
    from shared.messaging.bus import TOPICS

    async def tail() -> None:
        bus = open_bus(settings_of("enrollment", home=home.absolute()))
        try:
            await bus.ensure_topics()
            async for record in bus.tail(TOPICS, from_start=from_start):
                if key is None or record.key == key.encode():
                    sys.stdout.write(record.value.decode() + "\n")
                    sys.stdout.flush()
        finally:
            await bus.close()

    run_async(tail())


@events.command("describe")
def events_describe() -> None:
    """Print the AsyncAPI document: topics, events, schemas and examples, from which a consumer can be written."""
    from importlib.metadata import version

    from shared.contracts.asyncapi import document

    sys.stdout.write(json.dumps(document(version=version("peibu")), ensure_ascii=False, indent=1) + "\n")


@letters.command("list")
def letters_list(service: Service, home: Home = DEFAULT_HOME) -> None:
    """Show what a service could not apply, and what waits for an earlier fact."""
    from peibu.processes import opened
    from shared.messaging.dead_letters import list_dead_letters, list_held

    async def show() -> None:
        async with opened(known(service), home.absolute()) as wired:
            table = Table("state", "key", "event", "reason", "attempts")
            for letter in await list_dead_letters(wired.wiring.database):
                table.add_row("dead", letter.key, letter.event_id, letter.reason, str(letter.attempts))
            for held in await list_held(wired.wiring.database):
                table.add_row("held", held.key, held.event_id, held.reason, "")
            console.print(table)

    run_async(show())


@letters.command("redrive")
def letters_redrive(
    service: Service,
    key: Annotated[str | None, typer.Option(help="Only this class; without it, every key.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Apply dead letters again, in order; a key stops at the first event that fails again."""
    from peibu.processes import opened
    from shared.messaging.dead_letters import redrive

    async def again() -> int:
        async with opened(known(service), home.absolute()) as wired:
            done = await redrive(wired.inbox(), key=key)
        for one, count in done.events.items():
            console.print(f"{one}: {count} applied{'; stopped: ' + done.stopped[one] if one in done.stopped else ''}")
        return 1 if done.stopped else 0

    raise typer.Exit(run_async(again()))


@ledger.command("export")
def ledger_export(
    home: Home = DEFAULT_HOME,
    canonical: Annotated[
        bool, typer.Option("--canonical", help="Only natural keys, sorted: equal histories give equal bytes.")
    ] = False,
    region: Annotated[str, typer.Option(help="Only this region and what lies under it.")] = "000000",
) -> None:
    """Print every fen as one JSON line: class, person (masked), amount, rules with clauses, evidence, payments."""
    from peibu.processes import opened

    async def export() -> None:
        queries = import_module("services.payment.application.queries")
        async with opened("payment", home.absolute()) as wired, wired.reading() as uow:
            async for row in queries.ledger(uow, region=region, canonical=canonical):
                sys.stdout.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")

    run_async(export())


@audit.command("export")
def audit_export(
    service: Service,
    to: Annotated[Path, typer.Argument(help="The file to write (NDJSON).")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Write a service's audit log with its hash chain; `audit verify` needs nothing else."""
    from peibu.processes import opened
    from shared.audit.export import export

    async def write() -> None:
        async with opened(known(service), home.absolute()) as wired, wired.reading() as uow:
            with to.open("wb") as file:
                async for line in export(uow.connection, service=service):
                    file.write(line)

    run_async(write())


@audit.command("verify")
def audit_verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export of `audit export`.")],
    anchor: Annotated[
        str | None, typer.Option(help="POSITION:HASH kept from an earlier verification; finds what was cut off.")
    ] = None,
) -> None:
    """Check an export without the system: any changed, missing or reordered entry is found and named."""
    from shared.audit.chain import Anchor
    from shared.audit.verify import verify

    kept = None
    if anchor is not None:
        position, _, digest = anchor.partition(":")
        if not position.isdecimal() or not digest:
            raise typer.BadParameter(f"{anchor!r} is no anchor; give POSITION:HASH as an earlier verification said it")
        kept = Anchor(position=int(position), hash=digest)
    with file.open("rb") as lines:
        report = verify(lines, anchor=kept)
    if report.problem is not None:
        place = f"line {report.problem.line}" + (f", {report.problem.field}" if report.problem.field else "")
        console.print(f"[bold red]ALTERED[/bold red] {place}: {report.problem.text}")
        raise typer.Exit(1)
    head = f"{report.head.position}:{report.head.hash}" if report.head else "nothing sealed yet"
    console.print(
        f"intact: {report.service}, {report.unsealed} not sealed yet; keep this anchor: {head}", soft_wrap=True
    )


@clock.command("show")
def clock_show(url: Url = DEFAULT_URL, home: Home = DEFAULT_HOME) -> None:
    """Print the sandbox's legal time."""
    from peibu.demo.stage import system_admin

    async def show() -> None:
        async with system_admin(url, home.absolute()) as party:
            console.print((await party.get("/clock/v1/now"))["legal_now"])

    run_async(show())


@clock.command("move")
def clock_move(
    to: Annotated[str, typer.Argument(help="A legal instant (RFC 3339), for example 2021-06-01T09:00:00+08:00.")],
    url: Url = DEFAULT_URL,
    home: Home = DEFAULT_HOME,
) -> None:
    """Move the sandbox's legal time forward; everything that falls due until then happens in order."""
    from peibu.demo.stage import system_admin

    until = instant(to).astimezone(UTC)

    async def move() -> int:
        async with system_admin(url, home.absolute()) as party:
            answer = await party.post("/clock/v1/move", {"to": until.isoformat()})
        console.print(f"{answer['legal_now']} after {answer['steps']} steps")
        for failing in answer["failing"]:
            console.print(f"failing: {failing}", style="red")
        return 1 if answer["failing"] else 0

    raise typer.Exit(run_async(move()))


def main() -> None:
    """Run the command line; whatever it writes (databases, logs, exports) is its owner's alone."""
    os.umask(0o077)
    logging.captureWarnings(True)
    app()
