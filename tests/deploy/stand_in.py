"""A stand-in for the `peibu` command: it proves how the fleet launches, never what Peibu does.

It takes the commands `init`, `migrate`, `serve`, `work` and `gateway`, reaches the real database and the real broker
that its environment names, and tells over HTTP what it was told. `STAND_IN_DIES` names a process that exits with 7.
"""

import asyncio
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

DATABASES = sorted(name for name in os.environ if name.startswith("PEIBU_") and name.endswith("_DATABASE"))


async def reach_servers() -> None:
    """Connect to every database and to the broker, as a service would before it says it is ready."""
    for name in DATABASES:
        connection = await asyncpg.connect(os.environ[name].replace("+asyncpg", ""))
        await connection.execute("CREATE TABLE IF NOT EXISTS migrated (at timestamptz DEFAULT now())")
        await connection.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["PEIBU_KAFKA"])
    await admin.start()
    await admin.close()


class Answers(BaseHTTPRequestHandler):
    """Say ready at the health address, and what the environment holds anywhere else."""

    def do_GET(self) -> None:
        """Answer any GET."""
        told = {name: value for name, value in os.environ.items() if name.startswith("PEIBU_")}
        body = json.dumps({"pid": os.getpid(), "arguments": sys.argv[1:], "told": told}).encode()
        self.send_response(200 if self.path in ("/told", health_path()) else 404)
        self.end_headers()
        self.wfile.write(body)


def health_path() -> str:
    """Give the health address the fleet promises to poll."""
    return f"/{sys.argv[2]}/health/ready" if len(sys.argv) > 2 else "/health/ready"


def main() -> None:
    """Run one command."""
    if os.environ.get("STAND_IN_DIES") == "-".join(sys.argv[1:]):
        sys.stderr.write("stand-in dies as asked\n")
        sys.exit(7)
    asyncio.run(reach_servers())
    if sys.argv[1] in ("init", "migrate"):
        with (Path(os.environ["PEIBU_HOME"]) / "once").open("a") as once:
            once.write(f"{sys.argv[1]} {' '.join(DATABASES)}\n")
        return
    port = os.environ["PEIBU_WORKER_PORT" if sys.argv[1] == "work" else "PEIBU_HTTP_PORT"]
    ThreadingHTTPServer(("127.0.0.1", int(port)), Answers).serve_forever()


main()
