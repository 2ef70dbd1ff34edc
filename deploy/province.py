"""Play a provincial gateway, well-behaved or not: `python -m deploy.province --port 9000 --lose-every 7`.

It keeps a receipt per idempotency key and answers a known key with the old one. It keeps nothing else: what is pushed
holds identities. `GET /records` lists keys, lines and receipts.
"""

import argparse
import itertools
import json
import re
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MAX_BYTES = 1_000_000


@dataclass
class Province:
    """A provincial gateway's memory and moods; each mood may be changed while it runs.

    `slow_seconds` delays every answer; of the requests so far, every `fail_every`-th is answered 500, every
    `limit_every`-th 429, and every `lose_every`-th is accepted and never answered (0: none). A line whose name matches
    `refuse` is refused; while `down` is set nothing is accepted and everything answered 503.
    """

    token: str = "sandbox"  # noqa: S105 - the simulator guards nothing
    slow_seconds: float = 0.0
    fail_every: int = 0
    limit_every: int = 0
    lose_every: int = 0
    lose_seconds: float = 60.0
    refuse: str | None = None
    refusal: dict[str, str] = field(default_factory=lambda: {"code": "DATA_CONFLICT", "reason": "与省库信息不一致"})
    down: bool = False
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0
    duplicates: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.woken = threading.Event()

    def answer(self, key: str, record: dict[str, Any]) -> tuple[int, dict[str, Any], bool]:
        """Give status, body, and whether the answer gets lost."""
        with self._lock:
            self.requests += 1
            count = self.requests
            if self.down:
                return 503, {}, False
            if self.fail_every and count % self.fail_every == 0:
                return 500, {}, False
            if self.limit_every and count % self.limit_every == 0:
                return 429, {}, False
            lost = bool(self.lose_every) and count % self.lose_every == 0
            if key in self.receipts:
                self.duplicates += 1
                return 200, self._receipt(key), lost
            if self.refuse is not None and re.fullmatch(self.refuse, record["line"]):
                return 422, dict(self.refusal), lost
            self.receipts[key] = {
                "receipt": f"P{next(self._numbers):08d}",
                "received_at": datetime.now(UTC).isoformat(),
                "checkpoint": record["checkpoint"],
                "class_id": record["class_id"],
                "line": record["line"],
            }
            return 201, self._receipt(key), lost

    def _receipt(self, key: str) -> dict[str, Any]:
        return {name: self.receipts[key][name] for name in ("receipt", "received_at")}


def server_of(province: Province, port: int = 0) -> ThreadingHTTPServer:
    """Give a server on the loopback address that answers as the province does; the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """List the receipts."""
            self._send(200 if self.path == "/records" else 404, {"items": list(province.receipts.values())})

        def do_POST(self) -> None:
            """Take one record."""
            length = int(self.headers.get("content-length", "0"))
            if length > MAX_BYTES:
                self.close_connection = True
                self._send(413, {})
                return
            body = self.rfile.read(length)
            if self.headers.get("authorization") != f"Bearer {province.token}":
                self._send(401, {})
                return
            if self.path != "/records" or not self.headers.get("idempotency-key"):
                self._send(404, {})
                return
            if province.slow_seconds:
                time.sleep(province.slow_seconds)
            status, answer, lost = province.answer(self.headers["idempotency-key"], json.loads(body))
            if lost:
                province.woken.wait(province.lose_seconds)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self._send(status, answer)

        def _send(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if status in (429, 503):
                self.send_header("retry-after", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
            """Say nothing: a line would hold an address at best."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """Let a client that gave up go."""

    return Server(("127.0.0.1", port), Handler)


def main(arguments: list[str] | None = None) -> int:
    """Run the simulator until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m deploy.province", description="Play a provincial gateway.")
    parser.add_argument("--port", type=int, default=9000, help="0: a free one")
    parser.add_argument("--token", default="sandbox", help="the bearer token that is accepted (province_token)")
    parser.add_argument("--slow", type=float, default=0.0, metavar="SECONDS", help="delay every answer")
    parser.add_argument("--fail-every", type=int, default=0, metavar="N", help="answer every Nth request with 500")
    parser.add_argument("--limit-every", type=int, default=0, metavar="N", help="answer every Nth request with 429")
    parser.add_argument("--lose-every", type=int, default=0, metavar="N", help="accept every Nth and never answer")
    parser.add_argument("--refuse", metavar="PATTERN", help="refuse lines whose name matches, such as trainee:7")
    options = parser.parse_args(arguments)
    province = Province(
        token=options.token,
        slow_seconds=options.slow,
        fail_every=options.fail_every,
        limit_every=options.limit_every,
        lose_every=options.lose_every,
        refuse=options.refuse,
    )
    with server_of(province, options.port) as server:
        print(f"province: http://127.0.0.1:{server.server_address[1]} (PEIBU_PROVINCE_URL)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"{len(province.receipts)} receipts, {province.duplicates} duplicates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
