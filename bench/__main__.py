"""`make bench`: run the benchmarks on real servers, print a table, keep the numbers and say what changed.

python -m bench [NAMES] [--fraction F] [--rounds N]
"""

import asyncio
import gc
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text

from bench.claims import Claims
from bench.engine import Engine, Peer
from bench.measuring import Timed, noise_percent, run_rounds
from bench.province_year import PERSONS, Claimed, province_year
from bench.report import changes, keep, machine, measures_of, print_run, result_of, run_of
from deploy.postgres import PostgresServer
from shared.clock import LegalClock
from shared.database.engine import Database, open_database

NAMES: Final = ("P10", "P11")
FOLDER: Final = Path(".peibu/bench")
PEER: Final = Path(".tools/bench/bin/python")
ROUNDS: Final = 5

command = typer.Typer(add_completion=False)


@command.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help=f"Some of {', '.join(NAMES)}; else all.")] = None,
    fraction: Annotated[float, typer.Option(min=0.0001, max=1, help="How much of the province-year.")] = 1.0,
    rounds: Annotated[int, typer.Option(min=1, help="How often each cell is timed; the median counts.")] = ROUNDS,
    folder: Annotated[Path, typer.Option(file_okay=False, help="Where the results are kept.")] = FOLDER,
    peer: Annotated[Path, typer.Option(help="The Python that has openfisca-core.")] = PEER,
) -> None:
    """Measure the services' own code against bare paths in the same run; only ratios are told."""
    wanted = names or list(NAMES)
    if unknown := sorted({*wanted} - {*NAMES}):
        raise typer.BadParameter(f"there is no benchmark {', '.join(unknown)}; choose of {', '.join(NAMES)}")
    console = Console()
    run = asyncio.run(measured(wanted, fraction=fraction, rounds=rounds, peer=peer, console=console))
    before = keep(folder, run)
    measures = [measure for part in measures_of(wanted).values() for measure in part]
    print_run(console, run, changes(run, before, measures))
    console.print(f"{folder / 'latest.json'}; the run before stands beside it.")


async def measured(names: list[str], *, fraction: float, rounds: int, peer: Path, console: Console) -> dict[str, Any]:
    """Run benchmarks and give the run as it is kept."""
    noise = noise_percent()
    results, postgresql = [], ""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        making = progress.add_task("a province-year", total=None)
        year = [*province_year(max(1, round(PERSONS * fraction)))]
        progress.update(making, total=len(year), completed=len(year))
        gc.collect()
        gc.freeze()  # what was made for the run is not searched for garbage while it is timed
        for name, measures in measures_of(names).items():
            task = progress.add_task(name, total=None)

            def done(cell: str, task: Any = task, name: str = name) -> None:
                progress.update(task, advance=1, description=f"{name}: {cell}")

            def begin(cells: int, task: Any = task) -> None:
                progress.update(task, total=cells * rounds)

            if name == "P10":
                timed, postgresql = await _claims(year, rounds, begin, done)
            else:
                timed = await _engine(year, rounds, peer, begin, done)
            results += [result_of(measure, timed, noise=noise) for measure in measures if measure.of in timed.seconds]
    return run_of(results, fraction=fraction, rounds=rounds, noise=noise, described=machine(postgresql))


async def _claims(
    year: list[Claimed], rounds: int, begin: Callable[[int], None], done: Callable[[str], None]
) -> tuple[Timed, str]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="peibu-bench-")))
        server = PostgresServer(folder / "postgres")
        stack.callback(server.destroy)
        server.start()
        server.create_database("bench")
        postgres = await _opened(stack, server.dsn("bench"))
        sqlite = await _opened(stack, f"sqlite+aiosqlite:///{folder / 'bench.sqlite'}")
        claims = await stack.enter_async_context(Claims(year, postgres, sqlite))
        begin(len(claims.cells))
        async with postgres.connect(write=False) as connection:
            version = str(await connection.scalar(text("SHOW server_version")))
        return await run_rounds(claims, rounds=rounds, cell_done=done), version


async def _engine(
    year: list[Claimed], rounds: int, peer: Path, begin: Callable[[int], None], done: Callable[[str], None]
) -> Timed:
    with Peer(peer) as simulated:
        engine = Engine(year, simulated)
        begin(len(engine.cells))
        return await run_rounds(engine, rounds=rounds, cell_done=done)


async def _opened(stack: AsyncExitStack, url: str) -> Database:
    database = open_database("payment", url, clock=LegalClock())
    stack.push_async_callback(database.close)
    return database


if __name__ == "__main__":
    command()
