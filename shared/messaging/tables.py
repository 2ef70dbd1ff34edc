"""Tables of the outbox and the inbox; they stand in every service's database."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from shared.database.metadata import SEQUENCE, SHARED, Instant

AGGREGATE_VERSION: Final = Table(
    "aggregate_version",
    SHARED,
    Column("aggregate_type", String(100), primary_key=True),
    Column("aggregate_id", String(200), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("region", String(6)),
)
"""The last published version of every aggregate; bumping it locks the aggregate until the transaction ends.

`region` is where the aggregate belongs, as far as its events or its service have said.
"""

OUTBOX: Final = Table(
    "outbox",
    SHARED,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("event_id", String(100), nullable=False, unique=True),
    Column("topic", String(200), nullable=False),
    Column("type", String(200), nullable=False),
    Column("region", String(6), nullable=False),
    Column("key", String(200), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    Index(
        "ix_outbox_unpublished",
        "seq",
        postgresql_where=text("published_at IS NULL"),
        sqlite_where=text("published_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""Events committed with their effect; `created_at` and `published_at` are machine instants."""

INBOX: Final = Table(
    "inbox",
    SHARED,
    Column("consumer", String(100), primary_key=True),
    Column("event_id", String(100), primary_key=True),
    Column("source", String(100), nullable=False),
    Column("aggregate_type", String(100), nullable=False),
    Column("aggregate_id", String(200), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    UniqueConstraint("consumer", "source", "aggregate_type", "aggregate_id", "version"),
)
"""Every event that took effect here; a version seen under two ids means that a publisher went back in time."""

GATE: Final = Table(
    "version_gate",
    SHARED,
    Column("consumer", String(100), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("aggregate_type", String(100), primary_key=True),
    Column("aggregate_id", String(200), primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""The highest version of each foreign aggregate that was applied here; the next one is this plus one."""

HELD_EVENT: Final = Table(
    "held_event",
    SHARED,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("consumer", String(100), nullable=False),
    Column("event_id", String(100), nullable=False),
    Column("key", String(200), nullable=False),
    Column("source", String(100), nullable=False),
    Column("aggregate_type", String(100), nullable=False),
    Column("aggregate_id", String(200), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("held_at", Instant, nullable=False),
    UniqueConstraint("consumer", "event_id"),
    Index("ix_held_event_key", "consumer", "key"),
    sqlite_autoincrement=True,
)
"""Events that wait for an earlier version or for a fact they need; tried again after each fact of their key."""

DEAD_LETTER: Final = Table(
    "dead_letter",
    SHARED,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("consumer", String(100), nullable=False),
    Column("event_id", String(100), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("buried_at", Instant, nullable=False),
    Column("redriven_at", Instant),
    UniqueConstraint("consumer", "event_id"),
    Index("ix_dead_letter_key", "consumer", "key", "redriven_at"),
    sqlite_autoincrement=True,
)
"""What can never succeed as it is, with its reason; later events of the same key stand behind it in order."""
