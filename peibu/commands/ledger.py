"""`peibu ledger`: every fen."""

import json
import sys
from importlib import import_module
from typing import Annotated

import typer

from peibu.commands.command import DEFAULT_HOME, Home, run_async

ledger = typer.Typer(no_args_is_help=True, help="Every fen, with its rules and its evidence.")


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
        async with opened("payment", home.absolute()) as wired, wired.reading() as uow:
            queries = import_module("services.payment.application.queries")
            async for row in queries.ledger(uow, region=region, canonical=canonical):
                sys.stdout.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")

    run_async(export())
