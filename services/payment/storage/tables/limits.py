"""What may be paid: places under caps, rates, budgets and what they have promised."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from services.payment.storage.tables.shared import METADATA
from shared.database.metadata import SEQUENCE, Instant

UNITS: Final = "'each','day','month','year'"

ENTITLEMENT_SLOT: Final = Table(
    "entitlement_slot",
    METADATA,
    Column("person_id", String(200), primary_key=True),
    Column("scope", String(200), primary_key=True),
    Column("slot_no", Integer, primary_key=True),
    Column("slots_max", Integer, nullable=False),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("state", String(20), nullable=False),
    UniqueConstraint("class_id", "person_id"),
    CheckConstraint("slot_no BETWEEN 1 AND slots_max", name="cap"),
    CheckConstraint("state IN ('reserved','used')", name="state"),
)

ENTITLEMENT_ENTRY: Final = Table(
    "entitlement_entry",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("person_id", String(200), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("slot_no", Integer, nullable=False),
    Column("class_id", String(200), nullable=False),
    Column("act", String(20), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("entered_on", Date, nullable=False),
    CheckConstraint("act IN ('reserved','used','moved','released')", name="act"),
    Index("ix_entitlement_entry_class_id", "class_id", "act"),
    sqlite_autoincrement=True,
)
"""The entitlement ledger: every change of a slot, append-only."""

CAP_PERSON: Final = Table("cap_person", METADATA, Column("person_id", String(200), primary_key=True))
"""The lock of a person: whoever judges what they are paid for, to write it down, holds their row to the end."""

CAP_USE: Final = Table(
    "cap_use",
    METADATA,
    Column("class_id", ForeignKey("class_file.class_id"), primary_key=True),
    Column("person_id", String(200), primary_key=True),
    Column("award", String(300), primary_key=True),
    Column("claim_id", ForeignKey("claim.claim_id"), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100)),
    Column("level", String(20)),
    Column("employer", String(200)),
    Column("used_on", Date, nullable=False),
    Column("days", JSON, nullable=False),
    Index("ix_cap_use_person_id", "person_id"),
    Index("ix_cap_use_claim_id", "claim_id"),
)
"""What people are paid for where a document says how often: one row for each award that a claim holds.

What is paid by the day names its `days`; each of them is a place of its own in `cap_slot`.
"""

CAP_SLOT: Final = Table(
    "cap_slot",
    METADATA,
    Column("person_id", String(200), primary_key=True),
    Column("scope", String(300), primary_key=True),
    Column("slot_no", Integer, primary_key=True),
    Column("slots_max", Integer, nullable=False),
    Column("class_id", String(200), nullable=False),
    Column("award", String(300), nullable=False),
    ForeignKeyConstraint(
        ["class_id", "person_id", "award"], ["cap_use.class_id", "cap_use.person_id", "cap_use.award"]
    ),
    UniqueConstraint("class_id", "person_id", "award", "scope"),
    CheckConstraint("slot_no BETWEEN 1 AND slots_max", name="cap"),
)
"""The place of an award under a cap: of two claims asking for a person's last one, the database lets one have it.

`slots_max` is the document's number; more only for a person whom a recorded decision lets go beyond it, or while the
same class holds a place whose money is asked back.
"""

RATE: Final = Table(
    "rate",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("region", String(6), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100)),
    Column("level", String(20)),
    Column("certificate_kind", String(50)),
    Column("valid_from", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_by", String(200), nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("correction_id", ForeignKey("rate_correction.correction_id"), unique=True),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint(f"unit IN ({UNITS})", name="unit"),
    Index("ix_rate_region", "region"),
    sqlite_autoincrement=True,
)
"""Append-only; a second row for the same key and day is there only by a confirmed correction."""

RATE_CORRECTION: Final = Table(
    "rate_correction",
    METADATA,
    Column("correction_id", String(200), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100)),
    Column("level", String(20)),
    Column("certificate_kind", String(50)),
    Column("valid_from", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("decision_reason", Text),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint(f"unit IN ({UNITS})", name="unit"),
    CheckConstraint("state IN ('proposed','confirmed','refused')", name="state"),
    CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided"),
    CheckConstraint("decided_by <> proposed_by", name="another_person"),
    Index("ix_rate_correction_region", "region"),
)
"""A rate that would change what a standing one pays: proposed by one person, decided by another."""

BUDGET: Final = Table(
    "budget",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("funding_source", String(100), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("allotted_fen", BigInteger, nullable=False),
    Column("reserved_fen", BigInteger, nullable=False),
    CheckConstraint("reserved_fen >= 0 AND reserved_fen <= allotted_fen", name="not_over_reserved"),
)

BUDGET_ALLOTMENT: Final = Table(
    "budget_allotment",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("region", String(6), nullable=False),
    Column("funding_source", String(100), nullable=False),
    Column("year", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("entered_by", String(200), nullable=False),
    Column("entered_at", Instant, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
    ForeignKeyConstraint(
        ["region", "funding_source", "year"], ["budget.region", "budget.funding_source", "budget.year"]
    ),
    sqlite_autoincrement=True,
)

BUDGET_COMMITMENT: Final = Table(
    "budget_commitment",
    METADATA,
    Column("class_id", ForeignKey("class_file.class_id"), primary_key=True),
    Column("region", String(6), primary_key=True),
    Column("funding_source", String(100), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
    ForeignKeyConstraint(
        ["region", "funding_source", "year"], ["budget.region", "budget.funding_source", "budget.year"]
    ),
)
"""What a class holds of a budget; all rows of a budget add up to its `reserved_fen`."""
