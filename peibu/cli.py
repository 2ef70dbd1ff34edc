"""The command `peibu`: run the system, look into it, prove what it did."""

import gc
import logging
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from peibu.commands.archive import archive
from peibu.commands.audit import audit
from peibu.commands.clients import clients
from peibu.commands.clock import clock
from peibu.commands.command import DEFAULT_HOME, Home, Service, Url, console, instant, known, run_async
from peibu.commands.dead_letters import letters
from peibu.commands.events import events
from peibu.commands.ledger import ledger
from peibu.commands.policy import policy
from peibu.sandbox_clock import DEFAULT_LEGAL_START
from peibu.services import SERVICES, settings_of

_STUCK_SECONDS = 5.0
_ALLOCATIONS_PER_COLLECTION = 10_000
"""Python's own 700 spend a fifth of the start on looking for garbage among what is just being imported."""

app = typer.Typer(
    name="peibu",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="培补：补贴性培训进系统，系统之外零补贴。Start with `peibu run`, then `peibu demo`.",
)
for name, group in {
    "clients": clients,
    "events": events,
    "dead-letters": letters,
    "ledger": ledger,
    "audit": audit,
    "clock": clock,
    "policy": policy,
}.items():
    app.add_typer(group, name=name)
app.command()(archive)


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
    """Run everything in this process: SQLite per service and a durable event log.

    By default it is a sandbox with sample parties to sign in as, whose legal time begins in the rulebook's year and
    can be moved (`peibu clock move`); with --real-clock nobody is in it until `peibu clients add` lets them in.
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
    """Do one service's background work: relay its outbox, consume events, fire timers, seal its audit log.

    When its connection to the broker is beyond mending it begins anew as the same process, as often as it takes.
    """
    from peibu.processes import work_service
    from shared.messaging.consumer import ConsumerStuck

    try:
        run_async(work_service(known(service)))
    except ConsumerStuck as stuck:
        typer.echo(f"peibu: {stuck}; beginning anew", err=True)
        time.sleep(_STUCK_SECONDS)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


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
def seed(url: Url = None, home: Home = DEFAULT_HOME) -> None:
    """Enter sample institutions and make sign-in credentials for a system whose issuer stands under HOME."""
    from peibu.all_in_one import seed_running
    from peibu.running import address_of

    run_async(seed_running(address_of(url, home), home.absolute()))
    console.print(f"sample parties: {home / 'credentials.toml'} (its owner's alone)")


@app.command()
def status(url: Url = None, home: Home = DEFAULT_HOME) -> None:
    """Ask every part of a running system whether it is ready; fail while one is not."""
    from peibu.running import address_of, readiness

    async def ask() -> bool:
        address = address_of(url, home)
        console.print(address)
        states = []
        async for service, state, checks in readiness(address):
            failed = "、".join(
                f"{name} {told.get('cause', '')}" for name, told in checks.items() if told["status"] != "ok"
            )
            console.print(f"  {service:12} {state}  {failed}", style=None if state == "ready" else "red")
            states.append(state)
        return all(state == "ready" for state in states)

    raise typer.Exit(0 if run_async(ask()) else 1)


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


def main() -> None:
    """Run the command line; whatever it writes (databases, logs, exports) is its owner's alone."""
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION)
    os.umask(0o077)
    logging.captureWarnings(True)
    app()
