"""A real one-node Apache Kafka from its Maven artifacts."""

from deploy.kafka.broker import KafkaBroker, tools_folder

__all__ = ["KafkaBroker", "tools_folder"]
