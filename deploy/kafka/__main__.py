"""The command line of the Kafka launcher."""

import argparse
import sys
from pathlib import Path

from deploy.errors import LaunchError
from deploy.kafka.artifacts import jars
from deploy.kafka.broker import KafkaBroker, tools_folder


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; give the exit code (status: 3 when the broker is down)."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka", description="Run a one-node Apache Kafka.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("fetch", help="fetch the programs, so that every start works offline")
    for action in ("start", "stop", "status"):
        command = actions.add_parser(action)
        command.add_argument("directory", type=Path)
        command.add_argument("--port", type=int, default=0, help="the broker's port for life (0: a free one)")
    options = parser.parse_args(arguments)
    try:
        if options.action == "fetch":
            print(jars(tools_folder()))
            return 0
        broker = KafkaBroker(options.directory, port=options.port)
        if options.action == "start":
            broker.start()
        elif options.action == "stop":
            broker.stop()
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    running = broker.running
    print(f"running (pid {broker.pid}): {broker.bootstrap}" if running else "stopped")
    return 0 if running == (options.action != "stop") else 3


if __name__ == "__main__":
    sys.exit(main())
