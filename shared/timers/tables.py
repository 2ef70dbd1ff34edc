"""The table of what falls due later; it stands in every service's database."""

from typing import Final

from sqlalchemy import Column, Index, Integer, String, Table, Text

from shared.database.metadata import SHARED, Instant

TIMER: Final = Table(
    "timer",
    SHARED,
    Column("kind", String(100), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("due", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Instant),
    Column("last_error", Text),
    Index("ix_timer_due", "due"),
)
"""`due` is a legal instant; `retry_at` a machine instant, set after a failed attempt. A fired timer's row is gone."""
