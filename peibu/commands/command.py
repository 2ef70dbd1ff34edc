"""What every command shares: options, the console, and errors that a user can mend said in one sentence."""

import asyncio
import sys
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from peibu.services import SERVICES

T = TypeVar("T")
console: Final = Console(width=None if sys.stdout.isatty() else 140)
Home = Annotated[Path, typer.Option(envvar="PEIBU_HOME", help="Where state, secrets and logs stand.")]
Service = Annotated[str, typer.Argument(help=f"One of: {', '.join(SERVICES)}.")]
Url = Annotated[
    str | None, typer.Option("--url", envvar="PEIBU_URL", help="Address of the running system; else what HOME says.")
]
DEFAULT_HOME: Final = Path(".peibu")


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
    from peibu.demo.party import StoryBroken
    from peibu.issuer_files import UnsafeFile
    from shared.database.deployment import WrongDeployment
    from shared.settings import SettingsError

    return isinstance(error, SettingsError | StoryBroken | UnsafeFile | WrongDeployment)


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
