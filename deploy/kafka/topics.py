"""Kafka's answer to two questions: are you ready, and have you these topics?

The client's library is needed only here, so that installing and stopping a broker work without it.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.errors import LaunchError

_REQUEST_SECONDS: Final = 10.0

T = TypeVar("T")


def is_ready(bootstrap: str) -> bool:
    """Say whether the broker answers, belongs to its cluster and leads every partition it holds."""

    async def ask(admin: AIOKafkaAdminClient) -> bool:
        partitions = [partition for topic in await admin.describe_topics() for partition in topic["partitions"]]
        return bool((await admin.describe_cluster())["brokers"]) and all(one["leader"] >= 0 for one in partitions)

    host, _, port = bootstrap.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), _REQUEST_SECONDS):
            pass  # the client would write a warning to the log for each refused attempt
        return _ask(bootstrap, ask)
    except (KafkaError, OSError, TimeoutError):
        return False


def create_topics(bootstrap: str, names: Iterable[str], partitions: int) -> None:
    """Make each topic that is not there; raise when one is there with another number of partitions."""
    wanted = sorted(set(names))

    async def create(admin: AIOKafkaAdminClient) -> None:
        answer = await admin.create_topics([NewTopic(name, partitions, 1) for name in wanted])
        for name, code, *details in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise LaunchError(f"Kafka refused topic {name}: {for_code(code).__name__} {details}")
        while True:  # the caller's deadline ends it
            topics = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics(wanted)}
            led = {name: [one for one in topics.get(name, []) if one["leader"] >= 0] for name in wanted}
            if all(led[name] and len(led[name]) == len(topics[name]) for name in wanted):
                break
            await asyncio.sleep(0.05)
        for name in wanted:
            if len(led[name]) != partitions:
                raise LaunchError(
                    f"topic {name} has {len(led[name])} partitions instead of {partitions}; the number is for life "
                    "because another would reorder keys: use another broker or remove this one's data"
                )

    _ask(bootstrap, create)


def _ask(bootstrap: str, question: Callable[[AIOKafkaAdminClient], Coroutine[Any, Any, T]]) -> T:
    """Ask the broker in a thread with a loop of its own, so that callers inside a running loop can ask too."""

    async def ask() -> T:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(_REQUEST_SECONDS * 1000))
        async with asyncio.timeout(_REQUEST_SECONDS):
            try:
                await admin.start()
                return await question(admin)
            finally:
                await admin.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()
