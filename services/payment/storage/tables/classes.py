"""What payment knows of classes and people: their facts, work, payouts and subsidies had elsewhere."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.payment.storage.tables.shared import METADATA
from shared.database.metadata import SEQUENCE, Instant

_STANDING: Final = "reverses IS NULL AND state IN ('stated','confirmed')"

_COUNTED_MONTH: Final = "reverses IS NULL AND state = 'confirmed' AND is_full"

_REVERSAL: Final = "state IN ('stated','confirmed')"

CLASS_FILE: Final = Table(
    "class_file",
    METADATA,
    Column("class_id", String(200), primary_key=True),
    Column("institution_id", String(200)),
    Column("region", String(6)),
    Column("rulebook_id", String(200)),
    Column("funding_source", String(100)),
    Column("asked_version", BigInteger, nullable=False),
    Column("request", JSON(none_as_null=True)),
    Column("budget_refused", String(100)),
    Column("budget_refused_at", Instant),
    Column("released", String(100)),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("asked_version >= 0", name="asked_version"),
    CheckConstraint("(budget_refused IS NULL) = (budget_refused_at IS NULL)", name="refused"),
)
"""One row per class: its lock, its tenancy and what it asked to reserve."""

CLASS_FACT: Final = Table(
    "class_fact",
    METADATA,
    Column("class_id", ForeignKey("class_file.class_id"), primary_key=True),
    Column("event", String(100), primary_key=True),
    Column("item", String(200), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("event_id", String(100), nullable=False),
    Column("data", JSON, nullable=False),
    Column("person_id", String(200)),
    CheckConstraint("event <> 'CertificateIssued' OR person_id IS NOT NULL", name="certified_person"),
    Index("ix_class_fact_person_id", "person_id"),
)
"""What events said, by kind and by the thing they speak of; a higher revision replaces a lower one.

`person_id` is whom a fact of one person speaks of, so that a person's certificates are found in every class.
"""

EMPLOYMENT: Final = Table(
    "employment",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("employer", String(200)),
    Column("employed_on", Date, nullable=False),
    Column("last_day", Date),
    Column("stands", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_on", Date, nullable=False),
    CheckConstraint("employed_on <= recorded_on", name="days"),
    CheckConstraint("last_day IS NULL OR (last_day >= employed_on AND last_day <= recorded_on)", name="last_day"),
    Index("ix_employment_class_id", "class_id"),
    sqlite_autoincrement=True,
)
"""Who took up which job, as a person found it; append-only. The newest row of a person's job counts, `stands` false
takes it back."""

WORK_MONTH: Final = Table(
    "work_month",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("month", Date, nullable=False),
    Column("is_full", Boolean, nullable=False),
    Column("employer", String(200)),
    Column("source", Text, nullable=False),
    Column("stated_by", String(200), nullable=False),
    Column("stated_on", Date, nullable=False),
    Column("reverses", ForeignKey("work_month.number")),
    Column("state", String(20), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("reason", Text),
    CheckConstraint("state IN ('stated','confirmed','refused','reversed')", name="state"),
    CheckConstraint("(state = 'stated') = (decided_by IS NULL)", name="decided"),
    CheckConstraint("decided_by <> stated_by", name="another_person"),
    CheckConstraint("CAST(month AS VARCHAR(10)) LIKE '%-01' AND month < stated_on", name="month"),
    Index("ix_work_month_class_id", "class_id"),
    Index(
        "uq_work_month_standing",
        "class_id",
        "person_id",
        "month",
        unique=True,
        postgresql_where=text(_STANDING),
        sqlite_where=text(_STANDING),
    ),
    Index(
        "uq_work_month_paid_once",
        "person_id",
        "month",
        unique=True,
        postgresql_where=text(_COUNTED_MONTH),
        sqlite_where=text(_COUNTED_MONTH),
    ),
    Index(
        "uq_work_month_reverses",
        "reverses",
        unique=True,
        postgresql_where=text(_REVERSAL),
        sqlite_where=text(_REVERSAL),
    ),
    sqlite_autoincrement=True,
)
"""Months that people worked: stated by one person, confirmed by another, corrected by an opposite row (`reverses`).
A month of a person stands once in a class, and a full one is confirmed once in all classes."""

ALLOWANCE_PAYOUT: Final = Table(
    "allowance_payout",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("stated_by", String(200), nullable=False),
    Column("stated_on", Date, nullable=False),
    Column("reverses", ForeignKey("allowance_payout.number")),
    Column("state", String(20), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("reason", Text),
    CheckConstraint("state IN ('stated','confirmed','refused','reversed')", name="state"),
    CheckConstraint("(state = 'stated') = (decided_by IS NULL)", name="decided"),
    CheckConstraint("decided_by <> stated_by", name="another_person"),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("paid_on <= stated_on", name="days"),
    Index("ix_allowance_payout_class_id", "class_id"),
    Index(
        "uq_allowance_payout_standing",
        "class_id",
        "person_id",
        "paid_on",
        unique=True,
        postgresql_where=text(_STANDING),
        sqlite_where=text(_STANDING),
    ),
    Index(
        "uq_allowance_payout_reverses",
        "reverses",
        unique=True,
        postgresql_where=text(_REVERSAL),
        sqlite_where=text(_REVERSAL),
    ),
    sqlite_autoincrement=True,
)
"""What people were handed of an allowance that somebody else claims (LS-CLM-04): stated by one person, confirmed by
another, corrected by an opposite row (`reverses`)."""

PAST_SUBSIDY: Final = Table(
    "past_subsidy",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("person_key", String(64), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100), nullable=False),
    Column("level", String(20), nullable=False),
    Column("employer", String(200)),
    Column("had_on", Date, nullable=False),
    Column("source", String(200), nullable=False),
    Column("imported_by", String(200), nullable=False),
    Column("imported_on", Date, nullable=False),
    UniqueConstraint("person_key", "programme", "occupation", "level", "had_on", "source", name="uq_past_subsidy_once"),
    UniqueConstraint("number", "imported_by"),
    CheckConstraint("had_on <= imported_on", name="days"),
    sqlite_autoincrement=True,
)
"""Subsidies that people had elsewhere, append-only; `occupation` and `level` are empty where the source names none.

`person_key` is a keyed hash of the identity number; neither it nor the name is stored in any other form.
"""

PAST_PERSON: Final = Table(
    "past_person",
    METADATA,
    Column("person_key", String(64), primary_key=True),
    Column("check_key", String(20), primary_key=True),
    Column("identity_check", String(100), nullable=False),
    Index("ix_past_person_identity_check", "identity_check"),
)
"""By which check of the number somebody with a past subsidy is recognised on a roster, for each key; append-only."""

PAST_SUBSIDY_WITHDRAWAL: Final = Table(
    "past_subsidy_withdrawal",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=False),
    Column("imported_by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_by", String(200), nullable=False),
    Column("withdrawn_on", Date, nullable=False),
    ForeignKeyConstraint(["number", "imported_by"], ["past_subsidy.number", "past_subsidy.imported_by"]),
    CheckConstraint("withdrawn_by <> imported_by", name="another_person"),
)
"""The opposite entry of a past subsidy imported in error, by another person than imported it; append-only."""
