"""`peibu clients`: who may sign in at the built-in issuer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from peibu.commands.command import DEFAULT_HOME, Home, console
from shared.domain.actor import Role
from shared.domain.errors import DomainError

if TYPE_CHECKING:
    from peibu.issuer import Issuer

clients = typer.Typer(no_args_is_help=True, help="Who may sign in at the built-in issuer.")

_GIVEN: Final = frozenset(Role) - {Role.PUBLIC}


@clients.command("add")
def clients_add(
    client: Annotated[str, typer.Argument(help="The client's id: 1 to 100 characters of A-Z a-z 0-9 . _ -")],
    role: Annotated[list[Role], typer.Option(help="What it may do; give the option once for each role.")],
    organisation: Annotated[
        str, typer.Option("--org", help="Its tenant: the id of an institution or body, or the bureau's code.")
    ],
    region: Annotated[str, typer.Option(help="Six digits; it sees this region and what lies under it.")],
    subject: Annotated[str | None, typer.Option(help="Who acts, as four-eyes compares; by default the id.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Let a person or a system sign in; its new secret stands in HOME/credentials.toml and nowhere else."""
    if refused := set(role) - _GIVEN:
        raise typer.BadParameter(f"nobody signs in as {', '.join(sorted(refused))}")
    try:
        _issuer(home).add_client(
            client, subject=subject or client, organisation=organisation, region=region, roles=role
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except DomainError as error:
        raise typer.BadParameter(f"{error.value}: {error.message}{error.advice}") from None
    console.print(f"{client} may sign in; its secret: {home / 'credentials.toml'} (its owner's alone)")


@clients.command("list")
def clients_list(home: Home = DEFAULT_HOME) -> None:
    """Show who may sign in, and as what."""
    table = Table("client", "subject", "organisation", "region", "roles")
    for name, known in sorted(_issuer(home).clients().items()):
        table.add_row(name, known.subject, known.organisation, known.region, ", ".join(known.roles))
    console.print(table)


@clients.command("remove")
def clients_remove(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Let a client sign in no more; a token it has already lives out its hour."""
    if not _issuer(home).remove_client(client):
        raise typer.BadParameter(f"no client is called {client!r}; see: peibu clients list")
    console.print(f"{client} may sign in no more")


def _issuer(home: Path) -> "Issuer":
    from peibu.issuer import Issuer
    from peibu.system import ISSUER

    return Issuer(home.absolute(), issuer=ISSUER)
