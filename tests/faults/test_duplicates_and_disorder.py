"""Everything delivered at least twice and in every order that is allowed: the class ends with the same ledger."""

import asyncio
from pathlib import Path

import httpx
import pytest

from peibu.credentials import read_credentials, read_sample
from peibu.demo.play import cast_over
from peibu.sandbox_clock import DEFAULT_LEGAL_START
from peibu.system import running_system
from shared.database.migrate import migrate
from shared.messaging.bus import Record
from shared.messaging.embedded import EmbeddedBus
from tests.faults.disorder import DisorderedBus
from tests.faults.observation import SERVICES, database_url
from tests.faults.oracle import judge, parked
from tests.journey.playing import at_rest, canonical_ledger, tell, undisturbed_ledger
from tests.journey.progress import say
from tests.journey.stages import KEYS, Embedded

STORY_SEED = 1
DISORDER_SEED = 20210508
REPEATS_SECONDS_MAX = 30.0
TOPICS = ("peibu.enrollment.v1", "peibu.supervision.v1")


async def fetched(bus: DisorderedBus) -> dict[str, list[bytes]]:
    """Give what a consumer of two topics gets, by topic, committing as it goes, until everything has come."""
    subscription = await bus.subscribe("test", TOPICS)
    got: dict[str, list[bytes]] = {topic: [] for topic in TOPICS}
    while not bus.lanes or not bus.through.is_set():
        for partition, records in (await subscription.fetch(max_records=5, timeout_seconds=1)).items():
            got[partition.topic] += [record.value for record in records]
            await subscription.commit(partition, records[-1].offset + 1)
    return got


@pytest.mark.parametrize("seed", range(5))
async def test_the_bus_gives_everything_twice_shuffled_across_keys_and_in_order_within_each(
    tmp_path: Path, seed: int
) -> None:
    inner = EmbeddedBus(tmp_path / "events")
    await inner.ensure_topics(TOPICS)
    sent = [Record(topic, key, f"{key}{n}".encode()) for n in range(20) for topic in TOPICS for key in "abc"]
    assert not any(await inner.publisher().send(sent))
    bus = DisorderedBus(inner, seed=seed)
    got = await fetched(bus)
    for values in got.values():
        firsts = list(dict.fromkeys(values))
        for key in b"abc":
            of_key = [value for value in firsts if value[0] == key]
            assert of_key == [f"{chr(key)}{n}".encode() for n in range(20)]
        assert firsts != [record.value for record in sent if record.topic == TOPICS[0]]
        assert all(values.count(value) == 2 for value in firsts)
    assert (await bus.progress("test", TOPICS)).waiting == 0
    await bus.close()


def test_everything_twice_and_shuffled_ends_with_the_same_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = undisturbed_ledger(STORY_SEED)
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    bus = asyncio.run(live(tmp_path))
    left_behind = Embedded(tmp_path)  # the same home, for its commands and for who observes it
    seen = asyncio.run(at_rest(left_behind))
    assert canonical_ledger(left_behind) == undisturbed
    assert judge(seen) == {}
    assert parked(seen) == []
    assert all(min(lane.given.values()) >= 2 for lane in bus.lanes)
    say(f"{sum(lane.overtaking for lane in bus.lanes)} records overtook others (seed {DISORDER_SEED})")
    assert any(lane.overtaking for lane in bus.lanes)


async def live(home: Path) -> DisorderedBus:
    """Play the story in a system of this process, on a disordered bus."""
    for service in SERVICES:
        await migrate(service, database_url(home, service))
    bus = DisorderedBus(EmbeddedBus(home / "events"), seed=DISORDER_SEED)
    async with running_system(home, legal_start=DEFAULT_LEGAL_START, bus=bus) as system:
        transport = httpx.ASGITransport(app=system.front)
        async with httpx.AsyncClient(transport=transport, base_url="http://peibu.test", timeout=90.0) as http:
            cast = cast_over(http, read_credentials(home), read_sample(home))
            await tell(cast, STORY_SEED)
            # An instant that has passed moves nothing, and is answered when nothing is on its way any more.
            await cast.system_admin.post("/clock/v1/move", {"to": DEFAULT_LEGAL_START.isoformat()})
        async with asyncio.timeout(REPEATS_SECONDS_MAX):
            await bus.through.wait()
    return bus
