"""The table of answers already given; it stands in every service's database."""

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from shared.database.metadata import SHARED, Instant

IDEMPOTENCY_KEY: Final = Table(
    "idempotency_key",
    SHARED,
    Column("id", String(64), primary_key=True),
    Column("organisation", String(200), nullable=False),
    Column("operation", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", LargeBinary),
    Column("created_at", Instant, nullable=False, index=True),
)
"""One row per effect of a keyed POST, written in the effect's own transaction.

`id` is the SHA-256 of organisation, method, path and key; `fingerprint` is an HMAC of caller, query and body under the
key itself, so that nobody can guess a body (it may hold an identity number) from the row. `status`, `headers` and
`body` are empty only inside the open transaction. `created_at` is a machine instant; `pruning.py` forgets
rows by it. `body` is compressed.
"""
