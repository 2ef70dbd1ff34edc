"""Tables about institutions beside the directory: rectification, quality cases, centres' applications, registers.

What people wrote in words, experts' names and the numbers of papers stand sealed.
"""

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)

from shared.database.metadata import SEQUENCE, new_metadata

METADATA: Final = new_metadata()

RECTIFICATION_REPORT: Final = Table(
    "rectification_report",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("report_id", String(100), nullable=False, unique=True),
    Column("suspension_id", ForeignKey("suspension.suspension_id"), nullable=False),
    Column("submitted_on", Date, nullable=False),
    Column("submitted_by", String(200), nullable=False),
    Column("sealed_content", LargeBinary, nullable=False),
    Column("reference", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("decided_on", Date),
    Column("decided_by", String(200)),
    Column("sealed_opinion", LargeBinary),
    CheckConstraint("state IN ('submitted', 'accepted', 'rejected')", name="state"),
    CheckConstraint(
        "(state = 'submitted') = (decided_by IS NULL) AND (state = 'submitted') = (decided_on IS NULL) "
        "AND (state = 'submitted') = (sealed_opinion IS NULL)",
        name="decided",
    ),
    Index(
        "uq_rectification_report_submitted",
        "suspension_id",
        unique=True,
        sqlite_where=text("state = 'submitted'"),
        postgresql_where=text("state = 'submitted'"),
    ),
    sqlite_autoincrement=True,
)
"""At most one report of a suspension waits for its decision."""

QUALITY_CASE: Final = Table(
    "quality_case",
    METADATA,
    Column("case_id", String(100), primary_key=True),
    Column("class_id", ForeignKey("training_class.class_id"), nullable=False, unique=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False, index=True),
    Column("region", String(6), nullable=False),
    Column("rulebook_id", String(100), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("satisfied", Integer, nullable=False),
    Column("valid_responses", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("decided_on", Date),
    Column("decided_by", String(200)),
    Column("sealed_remark", LargeBinary),
    Column("suspension_id", ForeignKey("suspension.suspension_id"), unique=True),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('open', 'confirmed', 'dismissed', 'cleared')", name="state"),
    CheckConstraint("satisfied >= 0 AND satisfied <= valid_responses", name="answers"),
    CheckConstraint("(state = 'confirmed') = (suspension_id IS NOT NULL)", name="confirmed"),
    CheckConstraint("(state IN ('confirmed', 'dismissed')) = (decided_by IS NOT NULL)", name="decided"),
)

CENTRE_APPLICATION: Final = Table(
    "centre_application",
    METADATA,
    Column("application_id", String(100), primary_key=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False, index=True),
    Column("applied_on", Date, nullable=False),
    Column("applied_by", String(200), nullable=False),
    Column("rulebook_id", String(100), nullable=False),
    Column("attachments", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("passed", Boolean),
    Column("assessed_on", Date),
    Column("assessed_by", String(200)),
    Column("sealed_experts", LargeBinary),
    Column("assessment_reference", String(200)),
    Column("assessment_sha256", String(64)),
    Column("reply_number", String(200)),
    Column("reply_approves", Boolean),
    Column("replied_on", Date),
    Column("replied_by", String(200)),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('applied', 'assessed', 'failed', 'approved', 'refused', 'listed')", name="state"),
    CheckConstraint(
        "state IN ('applied', 'failed') OR (passed IS TRUE AND sealed_experts IS NOT NULL AND assessed_by IS NOT NULL)",
        name="assessed",
    ),
    CheckConstraint(
        "state IN ('applied', 'assessed', 'failed', 'refused') "
        "OR (reply_approves IS TRUE AND reply_number IS NOT NULL)",
        name="approved",
    ),
    CheckConstraint("replied_by IS NULL OR replied_by <> assessed_by", name="two_people"),
    Index(
        "uq_centre_application_under_way",
        "institution_id",
        unique=True,
        sqlite_where=text("state IN ('applied', 'assessed', 'approved')"),
        postgresql_where=text("state IN ('applied', 'assessed', 'approved')"),
    ),
)
"""No step is skipped (JY-INS-03), two people assess and reply, and one application of a centre is under way."""

CONDITION_FINDING: Final = Table(
    "condition_finding",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False),
    Column("occupation", String(50), nullable=False),
    Column("condition", String(50), nullable=False),
    Column("met", Boolean, nullable=False),
    Column("found_on", Date, nullable=False),
    Column("evidence", String(200), nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Index("ix_condition_finding_occupation", "institution_id", "occupation"),
    sqlite_autoincrement=True,
)
"""Append-only, as a trigger holds: the last finding of a condition holds (JY-INS-08)."""

REGISTER_ENTRY: Final = Table(
    "register_entry",
    METADATA,
    Column("entry_id", String(100), primary_key=True),
    Column("register", String(50), nullable=False),
    Column("region", String(6), nullable=False),
    Column("institution_id", ForeignKey("institution.institution_id"), index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("masked_name", String(200)),
    Column("natural_key", String(64), nullable=False),
    Column("open_values", JSON, nullable=False),
    Column("sealed_values", LargeBinary, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("struck_on", Date),
    Column("version", Integer, nullable=False),
    Index("ix_register_entry_region", "register", "region", "recorded_on", "entry_id"),
    Index(
        "uq_register_entry_natural_key",
        "register",
        "natural_key",
        unique=True,
        sqlite_where=text("struck_on IS NULL"),
        postgresql_where=text("struck_on IS NULL"),
    ),
)
"""The newest state of every entry; nothing stands twice in one register."""

REGISTER_REVISION: Final = Table(
    "register_revision",
    METADATA,
    Column("entry_id", ForeignKey("register_entry.entry_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("open_values", JSON, nullable=False),
    Column("sealed_values", LargeBinary, nullable=False),
    Column("struck", Boolean, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("recorded_by", String(200), nullable=False),
)
"""Append-only, as a trigger holds: what every version of an entry said and who wrote it."""
