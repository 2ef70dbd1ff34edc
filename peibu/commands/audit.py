"""`peibu audit`: the record of who did what, and the proof that nobody changed it."""

from pathlib import Path
from typing import Annotated

import typer

from peibu.commands.command import DEFAULT_HOME, Home, Service, console, known, run_async

audit = typer.Typer(no_args_is_help=True, help="The hash-chained record of who did what.")


@audit.command("export")
def audit_export(
    service: Service,
    to: Annotated[Path, typer.Argument(help="The file to write (NDJSON).")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Write a service's audit log with its hash chain; `audit verify` needs nothing else."""
    from peibu.processes import opened
    from shared.audit.export import export

    if not to.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {to.parent}; make it, or name another file")

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
