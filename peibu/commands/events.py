"""`peibu events`: what the services publish."""

import json
import sys
from typing import Annotated

import typer

from peibu.commands.command import DEFAULT_HOME, Home, run_async
from shared.settings import ServiceSettings

events = typer.Typer(no_args_is_help=True, help="Look at the events the services publish.")


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
        bus = open_bus(ServiceSettings(service="events", home=home.absolute()))  # of no service: an image holds one
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
