"""What only the embedded log has to prove: its one file outlasts a power cut."""

import random
import shutil
from pathlib import Path

import pytest

from shared.messaging.bus import Partition, Record
from shared.messaging.embedded import EmbeddedBus

TOPIC = "test.torn"


async def values_in(bus: EmbeddedBus) -> list[int]:
    """Give what stands on the topic; its positions must have no hole."""
    batches = await bus.reads.run(bus.reads.read, {TOPIC: 0}, 1_000)
    records = batches.get(Partition(TOPIC, 0), [])
    assert [record.offset for record in records] == list(range(len(records)))
    return [int(record.value) for record in records]


@pytest.fixture
async def torn(embedded_bus: EmbeddedBus, tmp_path: Path) -> Path:
    """Give a copy of a log of 40 records as it stands before its first checkpoint, each sent and synced by itself."""
    await embedded_bus.ensure_topics([TOPIC])
    publisher = embedded_bus.publisher()
    for number in range(40):
        assert await publisher.send([Record(TOPIC, "key", str(number).encode())]) == [None]
    copy = tmp_path / "torn"
    copy.mkdir()
    for name in ("log.sqlite3", "log.sqlite3-wal"):
        shutil.copy(embedded_bus.directory / name, copy / name)
    return copy


@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
async def test_of_a_log_whose_end_is_torn_the_beginning_stands_and_the_next_record_follows_it(
    torn: Path, damage: str
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    wal = torn / "log.sqlite3-wal"
    whole = wal.read_bytes()
    place = random.Random(seed).randrange(len(whole) // 2, len(whole) - 1)
    wal.write_bytes(whole[:place] + (b"" if damage == "cut off" else b"\xff" * (len(whole) - place)))
    bus = EmbeddedBus(torn)
    await bus.ensure_topics([TOPIC])
    standing = await values_in(bus)
    assert standing == list(range(len(standing)))
    assert 0 < len(standing) < 40
    assert await bus.publisher().send([Record(TOPIC, "key", b"40")]) == [None]
    assert await values_in(bus) == [*standing, 40]
    await bus.close()


async def test_an_append_waits_for_the_disk(embedded_bus: EmbeddedBus) -> None:
    def pragma(name: str) -> object:
        return embedded_bus.appends._open().execute(f"PRAGMA {name}").fetchone()[0]

    assert await embedded_bus.appends.run(pragma, "journal_mode") == "wal"
    assert await embedded_bus.appends.run(pragma, "synchronous") == 2, "FULL"
