"""A real HTTP receiver in a thread: it verifies signatures, drops repeats by their id, and can be told to misbehave."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """What arrived, in order: every message whose signature was right, repeats included, and what it was answered.

    `answer` gives status and headers, or None to break off without an answer; `delay` is waited for before.
    """

    port: int
    secret: str = ""
    answer: Callable[[dict[str, Any]], tuple[int, dict[str, str]] | None] = lambda _: (200, {})
    delay: threading.Event | None = None
    seen: list[tuple[str, dict[str, Any], int | None]] = field(default_factory=list)
    unsigned: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def accepted(self) -> dict[str, list[str]]:
        """Give the effect: persons by class in order of arrival, every id once."""
        found: dict[str, list[str]] = {}
        known: set[str] = set()
        with self.lock:
            for message_id, event, status in self.seen:
                if (status is None or 200 <= status < 300) and message_id not in known:
                    known.add(message_id)
                    found.setdefault(event.get("partitionkey", "ping"), []).append(event["data"].get("person_id", ""))
        return found

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]] | None:
        try:
            event = Webhook(self.secret).verify(body, headers)
        except Exception:
            self.unsigned += 1
            return 401, {}
        if self.delay is not None:
            self.delay.wait(5)
        answer = self.answer(event)
        with self.lock:
            self.seen.append((headers["webhook-id"], event, answer[0] if answer else None))
        return answer


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Run a receiver; leaving the context is its death."""
    receiver = Receiver(port=port)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            if answer is None:  # it took the message, and its answer is lost
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer[0])
            for name, value in {"content-length": "2", **answer[1]}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, *_: Any) -> None:
            """A client that broke off is no error of ours."""

    server = Server(("127.0.0.1", port), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.delay is not None:
            receiver.delay.set()
        server.shutdown()
        server.server_close()
        thread.join()
