"""Tables of the change log and of webhooks; they stand in every service's database."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from shared.database.metadata import SEQUENCE, SHARED, Instant

CHANGE: Final = Table(
    "change",
    SHARED,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", String(100), nullable=False, unique=True),
    Column("region", String(6), nullable=False),
    Column("key", String(200), nullable=False),
    Column("type", String(200), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("published_at", Instant, nullable=False),
    CheckConstraint("number > 0", name="number"),
    Index("ix_change_region", "region", "number"),
)
"""Everything this service ever published, in the order in which it was acknowledged; numbers have no gap.

Triggers (migration `shared_0002`) refuse every change and deletion. `published_at` is a machine instant.
"""

WEBHOOK: Final = Table(
    "webhook",
    SHARED,
    Column("webhook_id", String(100), primary_key=True),
    Column("organisation", String(200), nullable=False),
    Column("region", String(6), nullable=False),
    Column("url", String(1000), nullable=False),
    Column("types", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(100)),
    Column("cursor", BigInteger, nullable=False),
    Column("fruitless", Integer, nullable=False, server_default="0"),
    Column("rest_until", Instant),
    Column("created_by", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organisation", "url", "region"),
    CheckConstraint("state IN ('active', 'paused', 'disabled')", name="state"),
    CheckConstraint("(state = 'disabled') = (reason IS NOT NULL)", name="reason"),
)
"""A receiver that wants to be told; `cursor` is the last number of the log whose delivery is written down.

`types` empty means every type. `fruitless` counts rounds in a row in which the receiver as a whole did not answer, and
`rest_until` is when it is tried again. Instants are machine instants.
"""

WEBHOOK_SECRET: Final = Table(
    "webhook_secret",
    SHARED,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhook.webhook_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("valid_until", Instant),
    sqlite_autoincrement=True,
)
"""Secrets that sign: the newest has no end, the ones before it a little time."""

_WAITING: Final = text("delivered_at IS NULL")

WEBHOOK_DELIVERY: Final = Table(
    "webhook_delivery",
    SHARED,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhook.webhook_id", ondelete="CASCADE"), nullable=False),
    Column("number", BigInteger),
    Column("message_id", String(100), nullable=False),
    Column("key", String(200), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant, nullable=False),
    Column("failing_since", Instant),
    Column("last_status", Integer),
    Column("last_problem", String(50)),
    Column("delivered_at", Instant),
    UniqueConstraint("webhook_id", "number"),
    Index(
        "ix_webhook_delivery_waiting",
        "webhook_id",
        "key",
        "number",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    Index("ix_webhook_delivery_delivered", "delivered_at"),
    sqlite_autoincrement=True,
)
"""One message to one receiver; of a key only the lowest number that waits may be sent. A ping has no number."""

WEBHOOK_ATTEMPT: Final = Table(
    "webhook_attempt",
    SHARED,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhook.webhook_id", ondelete="CASCADE"), nullable=False),
    Column("message_id", String(100), nullable=False),
    Column("attempted_at", Instant, nullable=False),
    Column("status", Integer),
    Column("problem", String(50)),
    Column("milliseconds", Integer, nullable=False),
    Index("ix_webhook_attempt_message", "webhook_id", "message_id"),
    Index("ix_webhook_attempt_at", "attempted_at"),
    sqlite_autoincrement=True,
)
"""Every attempt: when, what status or which kind of failure, how long; never a body."""
