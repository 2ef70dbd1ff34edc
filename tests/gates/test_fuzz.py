"""Whatever is sent, nobody gets a failure of ours, an answer that the document does not know, or somebody's data back.

`make test` sends 20,000 requests; `make test-fuzz` 100,000 (`--fuzz-requests`).
"""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from starlette.responses import JSONResponse

from services.payment.api import claims
from shared.domain.errors import Refused
from shared.web.problems import ProblemKind, WebProblem
from tests.gates.authorisation import TABLE_FILE, Table, read_table
from tests.gates.conftest import none
from tests.gates.fuzzing import Findings, fuzz
from tests.gates.world import World
from tests.journey.progress import say

# The system runs in another thread while requests are generated, and draws random pauses of its own.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

CLAIM = "GET /payment/v1/claims/{claim_id}"
SHARES = {"enrollment": 0.34, "supervision": 0.2, "assessment": 0.18, "payment": 0.28}


@pytest.fixture(scope="module")
def table() -> Table:
    return read_table(TABLE_FILE.read_text(encoding="utf-8"))


async def fuzzed(world: World, table: Table, service: str, requests: int, only: Collection[str] = ()) -> Findings:
    loop = asyncio.get_running_loop()
    found = await asyncio.to_thread(fuzz, world, table, service, requests=requests, loop=loop, only=only)
    say(f"{service}: {found.sent} requests, {dict(sorted(found.statuses.items()))}")
    return found


async def gate(world: World, table: Table, service: str, config: pytest.Config) -> None:
    requests = int(config.getoption("--fuzz-requests") * SHARES[service])
    found = await fuzzed(world, table, service, requests)
    none(found.paragraphs())
    assert found.sent >= requests
    succeeded = sum(count for status, count in found.statuses.items() if status < 300)
    assert succeeded > found.sent // 50  # most requests are refused, but not all before anything happened


@pytest.mark.asyncio(loop_scope="package")
class TestPipelineBegins:
    """Grouped by class, so that `--dist loadscope` gives each half to a processor."""

    @pytest.mark.parametrize("service", ["enrollment", "assessment"])
    async def test_nothing_that_is_sent_makes_a_service_fail_or_talk(
        self, world: World, table: Table, service: str, pytestconfig: pytest.Config
    ) -> None:
        await gate(world, table, service, pytestconfig)


@pytest.mark.asyncio(loop_scope="package")
class TestPipelineEnds:
    """The other half."""

    @pytest.mark.parametrize("service", ["supervision", "payment"])
    async def test_nothing_that_is_sent_makes_a_service_fail_or_talk(
        self, world: World, table: Table, service: str, pytestconfig: pytest.Config
    ) -> None:
        await gate(world, table, service, pytestconfig)

    @pytest.mark.parametrize(
        ("planted", "found"),
        [
            (RuntimeError("planted"), "failed with 500"),
            (WebProblem(ProblemKind("PLANTED", 418, "计划外"), "计划外。", "无。"), "UndefinedStatusCode 418"),
            (None, "JsonSchemaError 200"),
        ],
        ids=["failure", "status", "schema"],
    )
    async def test_what_must_not_come_back_is_found_when_it_is_planted(
        self, world: World, table: Table, monkeypatch: pytest.MonkeyPatch, planted: Exception | None, found: str
    ) -> None:
        async def answer(*_: Any) -> JSONResponse:
            if planted is not None:
                raise planted
            return JSONResponse({"claim_id": 7})

        monkeypatch.setattr(claims, "claim_view", answer)
        report = (await fuzzed(world, table, "payment", 60, only=[CLAIM])).paragraphs()[0]
        assert report.startswith(f"{CLAIM}: {found} (")
        assert "GET http://gate.test/payment/v1/claims/" in report

    async def test_a_refusal_that_repeats_what_was_sent_is_found(
        self, world: World, table: Table, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(_unit: Any, **given: Any) -> None:
            raise Refused(code="PLANTED", message=f"{given}不可以。", advice="请改正。")

        monkeypatch.setattr(claims, "submit_claim", refuse)
        found = (await fuzzed(world, table, "payment", 450, only=["POST /payment/v1/claims"])).paragraphs()
        assert any("POST /payment/v1/claims: repeats personal data (" in one for one in found)
