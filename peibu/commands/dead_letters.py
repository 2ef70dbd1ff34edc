"""`peibu dead-letters`: events that could not be applied, and what becomes of them."""

from typing import Annotated

import typer
from rich.table import Table

from peibu.commands.command import DEFAULT_HOME, Home, Service, console, known, run_async

letters = typer.Typer(no_args_is_help=True, help="Events that could not be applied, with their reasons.")


@letters.command("list")
def letters_list(service: Service, home: Home = DEFAULT_HOME) -> None:
    """Show what a service could not apply, and what waits for an earlier fact or a later release."""
    from peibu.processes import opened
    from shared.messaging.dead_letters import list_dead_letters, list_held

    async def show() -> None:
        async with opened(known(service), home.absolute()) as wired:
            table = Table("no.", "state", "key", "event", "reason", "attempts")
            for letter in await list_dead_letters(wired.wiring.database):
                table.add_row(str(letter.seq), "dead", letter.key, letter.event_id, letter.reason, str(letter.attempts))
            for held in await list_held(wired.wiring.database):
                table.add_row("", "held", held.key, held.event_id, held.reason, "")
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


@letters.command("discard")
def letters_discard(
    service: Service,
    number: Annotated[int, typer.Argument(help="The letter's number in `dead-letters list`.")],
    by: Annotated[str, typer.Option(help="Who decides: stands in the audit log.")],
    reason: Annotated[str, typer.Option(help="Why, as a code: NOT_AN_EVENT, REPORTED_OTHERWISE, ...")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Give up one dead letter for good; what it reported is lost to this service, and the key goes on behind it."""
    from peibu.processes import opened
    from shared.domain.actor import Actor, Role
    from shared.domain.jurisdiction import NATION
    from shared.messaging.dead_letters import discard

    actor = Actor(subject=by, organisation="peibu", region=NATION, roles=frozenset({Role.SYSTEM_ADMIN}))

    async def give_up() -> bool:
        async with opened(known(service), home.absolute()) as wired:
            return await discard(wired.inbox(), seq=number, actor=actor, reason_code=reason)

    if not run_async(give_up()):
        raise typer.BadParameter(f"{service} has no open dead letter {number}; see: peibu dead-letters list {service}")
    console.print(f"discarded {number}; now apply what stood behind it: peibu dead-letters redrive {service}")
