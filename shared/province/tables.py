"""Tables of the pushes to the provincial system; they stand in every service's database."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text, text

from shared.database.metadata import SHARED, Instant

PROVINCIAL_PUSH: Final = Table(
    "provincial_push",
    SHARED,
    Column("push_id", String(64), primary_key=True),
    Column("checkpoint", String(50), nullable=False),
    Column("class_id", String(100), nullable=False),
    Column("line", String(200), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("receipt", String(200)),
    Column("received_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("waiting_since", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("last_problem", String(50)),
    Column("refusal_code", String(50)),
    Column("refusal", Text),
    CheckConstraint("state IN ('waiting', 'received', 'refused', 'superseded')", name="state"),
    CheckConstraint("state <> 'received' OR receipt IS NOT NULL", name="receipt"),
    CheckConstraint("(receipt IS NULL) = (received_at IS NULL)", name="receipt_whole"),
    CheckConstraint("state <> 'refused' OR refusal_code IS NOT NULL", name="refusal"),
    Index("ix_provincial_push_class", "checkpoint", "class_id", "line"),
    Index(
        "ix_provincial_push_waiting",
        "next_attempt_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
"""One content of one line: `push_id` is the idempotency key, a digest of checkpoint, class, line and content hash.

The content itself (it holds identities) is never here: it is built again when it is sent. `content_hash` is keyed, so
that nobody can guess an identity number from it. Of a line at most one row is not superseded. `waiting_since` is when
the row last began to wait, whatever was attempted since.
"""

PROVINCIAL_CURSOR: Final = Table(
    "provincial_cursor",
    SHARED,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)
"""Up to which number of the service's own change log its classes have been looked at."""
