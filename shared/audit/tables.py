"""Tables of the audit log: entries written with their effect, and the hash chain that seals them.

Triggers (migration `shared_0002`) refuse every change and deletion of entries and seals. A
migration that rebuilds one of these tables (batch mode on SQLite) has to make its triggers again.
"""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, String, Table

from shared.database.metadata import SEQUENCE, SHARED, Instant

AUDIT_ENTRY: Final = Table(
    "audit_entry",
    SHARED,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("recorded_at", Instant, nullable=False),
    Column("legal_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("organisation", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)
"""Who did what to what, in the effect's own transaction; `details` holds codes and counts, never personal data.

Application, review, payment and statistics all write here; nothing is corrected but by a further entry (HB-SUP-01).
"""

AUDIT_SEAL: Final = Table(
    "audit_seal",
    SHARED,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", ForeignKey("audit_entry.seq"), nullable=False, unique=True),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),
)
"""Each sealed entry's place in the chain; positions have no gap and each hash covers the one before it."""

AUDIT_PENDING: Final = Table(
    "audit_pending",
    SHARED,
    Column("entry", ForeignKey("audit_entry.seq"), primary_key=True, autoincrement=False),
)
"""Entries not sealed yet; a trigger adds each, sealing takes it away, so a late commit is found whatever its seq."""
