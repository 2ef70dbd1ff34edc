"""A signal ends the serving and nothing else: what has to close afterwards is closed."""

import signal
import sys
from pathlib import Path

import pytest

from deploy.process import Process

SERVING = """
import asyncio
import socket

from peibu.serving import serve


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def say_when_it_answers(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
    print((await reader.read()).split()[1].decode(), flush=True)
    writer.close()


async def live():
    listener = socket.create_server(("127.0.0.1", 0))
    asking = asyncio.create_task(say_when_it_answers(listener.getsockname()[1]))
    try:
        await serve(application, host="127.0.0.1", port=0, trusted_proxies='127.0.0.1', listener=listener)
        await asking
    finally:
        print("closed", flush=True)


asyncio.run(live())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_comes_after_the_serving_is_done_before_the_process_ends(tmp_path: Path, number: signal.Signals) -> None:
    process = Process("server", pid_file=tmp_path / "pid", log_file=tmp_path / "log")
    process.start([sys.executable, "-c", SERVING])
    try:
        process.await_ready(lambda: "204" in process.log_tail(), deadline_seconds=20)
        assert process.stop(deadline_seconds=10, number=number)
        assert process.log_tail().splitlines()[-1] == "closed"
        assert process.exit_code == 0
    finally:
        process.kill()
