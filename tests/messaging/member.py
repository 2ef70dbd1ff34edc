"""A process to be killed: `python -m tests.messaging.member append|join BUS ADDRESS TOPIC [GROUP]`.

`append` sends for ever and prints the number of each acknowledged record; `join` fetches without committing and prints
how many records it holds.
"""

import asyncio
import itertools
import sys
from pathlib import Path

from shared.messaging.bus import Bus, Record
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.kafka import KafkaBus
from shared.messaging.kafka_settings import KafkaSettings


async def append(bus: Bus, topic: str) -> None:
    """Send one record at a time and say which were acknowledged."""
    publisher = bus.publisher()
    for number in itertools.count():
        [failure] = await publisher.send([Record(topic, "key", str(number).encode())])
        assert failure is None
        print(number, flush=True)  # noqa: T201


async def join(bus: Bus, topic: str, group: str) -> None:
    """Fetch everything and commit nothing."""
    subscription = await bus.subscribe(group, [topic])
    fetched = 0
    while True:
        batches = await subscription.fetch(max_records=1_000, timeout_seconds=1)
        if batches:
            fetched += sum(map(len, batches.values()))
            print(fetched, flush=True)  # noqa: T201


def main() -> None:
    """Do one of the two until killed."""
    role, kind, address, topic, *rest = sys.argv[1:]

    async def run() -> None:
        bus: Bus = (
            EmbeddedBus(Path(address))
            if kind == "embedded"
            else KafkaBus(KafkaSettings(bootstrap=address, session_seconds=2))
        )
        await (append(bus, topic) if role == "append" else join(bus, topic, rest[0]))

    asyncio.run(run())


if __name__ == "__main__":
    main()
