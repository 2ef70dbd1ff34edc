"""Tables of reports: months as they were sent, figures that people enter, documents that are filed."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
)

from services.payment.storage.tables.shared import METADATA
from shared.database.metadata import Instant

MONTHLY_REPORT: Final = Table(
    "monthly_report",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("rulebook_id", String(200), nullable=False),
    Column("drafted_on", Date, nullable=False),
    Column("due", Date, nullable=False),
    CheckConstraint("drafted_on <= due", name="days"),
)
"""That a month is to be reported, and until when; a draft holds no number, it is counted whenever it is read."""

MONTHLY_REPORT_COPY: Final = Table(
    "monthly_report_copy",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("signed_by", String(200), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("reason", Text),
    ForeignKeyConstraint(["region", "month"], ["monthly_report.region", "monthly_report.month"]),
    CheckConstraint("number >= 0 AND (number = 0) = (reason IS NULL)", name="correction"),
)
"""What was signed of a month, as canonical text with its hash: the report is number 0, corrections follow;
append-only."""

MONTHLY_REPORT_DISPATCH: Final = Table(
    "monthly_report_dispatch",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("dispatched_at", Instant, nullable=False),
    Column("dispatched_by", String(200), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("proof", Text, nullable=False),
    ForeignKeyConstraint(
        ["region", "month", "number"],
        ["monthly_report_copy.region", "monthly_report_copy.month", "monthly_report_copy.number"],
        name="fk_monthly_report_dispatch_copy",  # the usual name is longer than PostgreSQL allows
    ),
)
"""The stamp of a copy's delivery, once and for good; append-only."""

REPORTED_FIGURE: Final = Table(
    "reported_figure",
    METADATA,
    Column("entry", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("code", String(100), nullable=False),
    Column("figure_on", Date, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_by", String(200), nullable=False),
    Column("entered_on", Date, nullable=False),
    CheckConstraint("number >= 0", name="number"),
    CheckConstraint("figure_on <= entered_on", name="days"),
)
"""Figures of official statistics as people entered them: a later one for a day corrects it; append-only."""

FILING: Final = Table(
    "filing",
    METADATA,
    Column("filing_id", String(200), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("code", String(100), nullable=False),
    Column("unit", String(100), nullable=False),
    Column("task", String(100), nullable=False),
    Column("filed_on", Date, nullable=False),
    Column("filed_by", String(200), nullable=False),
    Column("assignment", Text),
    Column("contents", JSON, nullable=False),
    Column("content", Text),
    Column("sha256", String(64)),
    CheckConstraint("(content IS NULL) = (sha256 IS NULL)", name="sealed"),
)
"""Plans, evaluations and disclosures as they were filed, with what was counted and sealed; append-only."""
