"""Kafka's launcher: a real broker that keeps its records and its address, and jars that are what was listed."""

import asyncio
import os
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.errors import LaunchError, ToolMissing
from deploy.kafka import KafkaBroker
from deploy.kafka.artifacts import find_java, jars

DEADLINE_SECONDS = 20


async def produce(broker: KafkaBroker, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    await producer.start()
    try:
        await asyncio.wait_for(producer.send_and_wait(topic, value, key=b"class-1"), DEADLINE_SECONDS)
    finally:
        await producer.stop()


async def first_record(broker: KafkaBroker, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        value: bytes | None = (await asyncio.wait_for(consumer.getone(), DEADLINE_SECONDS)).value
        return value
    finally:
        await consumer.stop()


async def test_a_record_and_the_address_survive_a_kill(breakable_kafka: KafkaBroker) -> None:
    breakable_kafka.create_topics(["killed"], 12)
    bootstrap = breakable_kafka.bootstrap
    await produce(breakable_kafka, "killed", b"ClassOpened")

    breakable_kafka.kill()
    assert not breakable_kafka.running
    breakable_kafka.start()

    assert breakable_kafka.bootstrap == bootstrap
    assert await first_record(breakable_kafka, "killed") == b"ClassOpened"


async def test_a_record_survives_a_stop(breakable_kafka: KafkaBroker) -> None:
    breakable_kafka.create_topics(["stopped"], 1)
    await produce(breakable_kafka, "stopped", b"ClassOpened")
    breakable_kafka.stop()
    assert not breakable_kafka.running
    breakable_kafka.start()
    assert await first_record(breakable_kafka, "stopped") == b"ClassOpened"


async def test_a_frozen_broker_answers_nothing_until_it_is_thawed(breakable_kafka: KafkaBroker) -> None:
    breakable_kafka.create_topics(["frozen"], 1)
    producer = AIOKafkaProducer(bootstrap_servers=breakable_kafka.bootstrap, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait("frozen", b"before")
        breakable_kafka.freeze()
        acknowledged = await producer.send("frozen", b"during")
        _, pending = await asyncio.wait({acknowledged}, timeout=1)
        assert pending
        breakable_kafka.thaw()
        assert (await asyncio.wait_for(acknowledged, DEADLINE_SECONDS)).offset == 1
    finally:
        breakable_kafka.thaw()
        await producer.stop()


async def test_topics_are_made_once_with_their_partitions_for_life(kafka_broker: KafkaBroker) -> None:
    for _ in range(2):
        kafka_broker.create_topics(["lasting.a", "lasting.b"], 12)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(["lasting.a", "lasting.b"])
    finally:
        await admin.close()
    assert [len(topic["partitions"]) for topic in described] == [12, 12]
    with pytest.raises(LaunchError, match=r"lasting\.a has 12 partitions instead of 6"):
        kafka_broker.create_topics(["lasting.a"], 6)


async def test_a_topic_nobody_made_does_not_appear_by_being_used(kafka_broker: KafkaBroker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(["misspelt"])
        assert [topic["partitions"] for topic in described] == [[]]
        assert "misspelt" not in await admin.list_topics()
    finally:
        await admin.close()


def test_a_broker_without_a_first_start_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="was never started"):
        _ = KafkaBroker(tmp_path).bootstrap


def test_jars_that_are_not_the_listed_ones_are_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "bin/mvn"
    maven.parent.mkdir()
    maven.write_text(
        '#!/bin/sh\nfor last in "$@"; do :; done\n'
        'folder="${last#-DoutputDirectory=}"\nmkdir -p "$folder"\necho other > "$folder/kafka-clients-4.3.1.jar"\n'
    )
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}:{os.environ['PATH']}")
    with pytest.raises(LaunchError, match=r"is not what jars\.sha256 lists.*kafka-clients-4\.3\.1\.jar"):
        jars(tmp_path / "tools")
    assert not list((tmp_path / "tools").rglob("kafka-*/*.jar"))


def test_missing_maven_and_java_are_errors_that_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ToolMissing, match="apt-get install maven"):
        jars(tmp_path / "tools")
    with pytest.raises(ToolMissing, match="apt-get install default-jre-headless"):
        find_java()
