"""`peibu clock`: the sandbox's legal time."""

from datetime import UTC
from typing import Annotated

import typer

from peibu.commands.command import DEFAULT_HOME, Home, Url, console, instant, run_async

clock = typer.Typer(no_args_is_help=True, help="The sandbox's legal time; a real deployment has no movable clock.")


@clock.command("show")
def clock_show(url: Url = None, home: Home = DEFAULT_HOME) -> None:
    """Print the sandbox's legal time."""
    from peibu.demo.stage import SYSTEM_ADMIN, signed_in
    from peibu.running import address_of

    async def show() -> None:
        async with signed_in(address_of(url, home), home.absolute(), SYSTEM_ADMIN) as party:
            console.print((await party.get("/clock/v1/now"))["legal_now"])

    run_async(show())


@clock.command("move")
def clock_move(
    to: Annotated[str, typer.Argument(help="A legal instant (RFC 3339), for example 2021-06-01T09:00:00+08:00.")],
    url: Url = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Move the sandbox's legal time forward; everything that falls due until then happens in order."""
    from peibu.demo.stage import SYSTEM_ADMIN, signed_in
    from peibu.running import address_of

    until = instant(to).astimezone(UTC)

    async def move() -> int:
        async with signed_in(address_of(url, home), home.absolute(), SYSTEM_ADMIN) as party:
            answer = await party.post("/clock/v1/move", {"to": until.isoformat()})
        console.print(f"{answer['legal_now']} after {answer['steps']} steps")
        for failing in answer["failing"]:
            console.print(f"failing: {failing}", style="red")
        return 1 if answer["failing"] else 0

    raise typer.Exit(run_async(move()))
