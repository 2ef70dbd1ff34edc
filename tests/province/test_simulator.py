"""The simulated province as a vendor runs it: a command, an address, receipts that a repeat gets again."""

import re
import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
RECORD = {"checkpoint": "plan_and_roster", "class_id": "class", "line": "plan", "content": {"planned": 3}}


def test_the_simulator_runs_as_a_command_and_gives_a_known_key_its_old_receipt() -> None:
    command = [sys.executable, "-m", "deploy.province", "--port", "0", "--refuse", "trainee:7"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            with httpx.Client(base_url=found[0], headers={"authorization": "Bearer sandbox"}) as http:

                def push(key: str, **given: object) -> httpx.Response:
                    return http.post("/records", json={**RECORD, **given}, headers={"idempotency-key": key})

                first, again, other = push("one"), push("one"), push("two")
                assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
                assert first.json() == again.json() != other.json()
                assert push("three", line="trainee:7").status_code == 422
                assert http.post("/records", json=RECORD, headers={"authorization": "x"}).status_code == 401
                assert len(http.get("/records").json()["items"]) == 2
                assert "planned" not in http.get("/records").text, "contents are not kept"
        finally:
            process.terminate()
