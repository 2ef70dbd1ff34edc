"""The sandbox's clock survives a bus that takes nothing, and says what it waits for."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from peibu import sandbox_clock
from peibu.clock_api import clock_application
from peibu.issuer import Issuer
from peibu.sandbox_clock import SandboxClock
from shared.clock import machine_now
from shared.contracts.envelope import decode
from shared.domain.actor import Role
from shared.messaging.bus import Progress, Publisher, Received, Record, SendFailed
from shared.messaging.embedded import EmbeddedBus
from shared.web.authentication import Authenticator, StaticKeys

ISSUER = "urn:test:issuer"


class Broken:
    """A publisher whose records are not taken."""

    async def send(self, records: Sequence[Record]) -> list[SendFailed | None]:
        return [SendFailed("the broker is away") for _ in records]

    async def close(self) -> None:
        return None


class Interrupted:
    """The embedded log, and for a while nothing can be sent to it."""

    def __init__(self, inner: EmbeddedBus) -> None:
        self.inner = inner
        self.away = True

    def publisher(self) -> Publisher:
        return Broken() if self.away else self.inner.publisher()

    async def progress(self, group: str, topics: Collection[str]) -> Progress:
        if group == "payment":  # which has always done everything
            return Progress(waiting=0, finished=0)
        return await self.inner.progress(group, topics)

    def tail(self, topics: Collection[str], *, from_start: bool = False) -> AsyncIterator[Received]:
        return self.inner.tail(topics, from_start=from_start)


class Service:
    """What payment says of itself; `busy` is how many events it has not published."""

    def __init__(self) -> None:
        self.offset_seconds = 0
        self.busy = 0

    async def status(self, _service: str) -> dict[str, Any]:
        status = {"next_due": None, "failing": [], "unpublished": self.busy, "consumes": []}
        return {**status, "offset_seconds": self.offset_seconds}


async def test_a_move_that_could_not_be_announced_is_no_gap_in_the_clocks_versions(tmp_path: Path) -> None:
    inner, service = EmbeddedBus(tmp_path / "events"), Service()
    await inner.ensure_topics()
    bus = Interrupted(inner)
    clock = SandboxClock(bus, ("payment",), service.status)  # type: ignore[arg-type]
    with pytest.raises(sandbox_clock.ClockStuck, match="the broker is away"):
        await clock.move(machine_now() + timedelta(days=2))
    assert (await clock.now()) - machine_now() < timedelta(days=1)
    bus.away, service.offset_seconds = False, 86_400
    moved = await clock.move(machine_now() + timedelta(days=1))
    assert moved.steps == 1
    async for record in inner.tail(["peibu.clock"], from_start=True):
        assert decode(record.value).aggregateversion == 1
        break
    await inner.close()


async def test_a_move_that_does_not_come_to_its_end_says_what_it_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_clock, "_STEP_SECONDS_MAX", 0.05)
    inner, service = EmbeddedBus(tmp_path / "events"), Service()
    await inner.ensure_topics()
    service.busy = 1
    clock = SandboxClock(Interrupted(inner), ("payment",), service.status)  # type: ignore[arg-type]
    issuer = Issuer(tmp_path / "home", issuer=ISSUER)
    application = clock_application(clock, Authenticator(issuer=ISSUER, keys=StaticKeys(issuer.public_keys())))
    token = issuer.own_token(subject="admin", roles=[Role.SYSTEM_ADMIN])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://test") as client:
        answer = await client.post(
            "/clock/v1/move",
            json={"to": "2021-06-01T09:00:00+08:00"},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert (answer.status_code, answer.json()["code"]) == (503, "CLOCK_STUCK")
    assert "the outbox of payment" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0
    await inner.close()
