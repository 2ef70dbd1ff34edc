"""Tables of enrollment. Whatever names or identifies a person stands sealed (`LargeBinary`) or as a keyed hash."""

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
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.enrollment.domain.training_class import STATES
from services.enrollment.storage import institution_tables
from shared.database.metadata import SEQUENCE, Instant

METADATA: Final = institution_tables.METADATA
"""Of this module and of `institution_tables`: together they are the service's model."""

OCCUPATION: Final = Table(
    "occupation",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("region", String(6), nullable=False),
    Column("code", String(50), nullable=False),
    Column("name", String(200), nullable=False),
    Column("certifiable", JSON, nullable=False),
    Column("levels", JSON, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("new_since", Date),
    Column("new_until", Date),
    CheckConstraint("new_until IS NULL OR new_until >= new_since", name="new_days"),
    Index("ix_occupation_code", "region", "code", "valid_from"),
    sqlite_autoincrement=True,
)
"""Append-only, as a trigger holds: the last row of a region valid on a day holds."""

INSTITUTION: Final = Table(
    "institution",
    METADATA,
    Column("institution_id", String(100), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("credit_code", String(18), nullable=False, unique=True),
    Column("kind", String(50), nullable=False),
    Column("region", String(6), nullable=False),
    Column("ownership", String(10), nullable=False),
    Column("sealed_incidents", LargeBinary, nullable=False),
    Column("annual_inspections", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("ownership IN ('public', 'private')", name="ownership"),
)

DIRECTORY_ENTRY: Final = Table(
    "directory_entry",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("entry_id", String(100), nullable=False, unique=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("occupations", JSON, nullable=False),
    Column("sealed_end_reason", LargeBinary),
    CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
    sqlite_autoincrement=True,
)

SUSPENSION: Final = Table(
    "suspension",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("suspension_id", String(100), nullable=False, unique=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False, index=True),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("rulebook_id", String(100), nullable=False),
    Column("reason", String(50), nullable=False),
    Column("sealed_remark", LargeBinary, nullable=False),
    Column("rectify_by", Date, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("lifted_on", Date),
    Column("lifted_by", String(200)),
    Column("lifting_reason", String(50)),
    Column("sealed_lifting_remark", LargeBinary),
    CheckConstraint("until IS NULL OR until >= since", name="dates"),
    CheckConstraint("rectify_by >= since", name="rectify_by"),
    CheckConstraint(
        "(lifted_on IS NULL) = (lifted_by IS NULL) AND (lifted_on IS NULL) = (lifting_reason IS NULL) "
        "AND (lifted_on IS NULL) = (sealed_lifting_remark IS NULL)",
        name="lifted",
    ),
    sqlite_autoincrement=True,
)

PERSON: Final = Table(
    "person",
    METADATA,
    Column("person_id", String(100), primary_key=True),
    Column("lookup", String(64), nullable=False, unique=True),
    Column("sealed_identity_number", LargeBinary, nullable=False),
    Column("sealed_name", LargeBinary, nullable=False),
    Column("masked_name", String(200), nullable=False),
    Column("confirmed", Boolean, nullable=False),
)
"""One row per real person: `lookup` is the keyed hash of the identity number; a bureau saw a `confirmed` name."""

TEACHER: Final = Table(
    "teacher",
    METADATA,
    Column("teacher_id", String(100), primary_key=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("specialty", String(200), nullable=False),
    Column("qualification", String(200), nullable=False),
    Column("full_time", Boolean, nullable=False),
    Column("filed_on", Date, nullable=False),
    UniqueConstraint("institution_id", "person_id"),
)

VENUE: Final = Table(
    "venue",
    METADATA,
    Column("venue_id", String(100), primary_key=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("address", String(500), nullable=False),
    Column("stations", JSON, nullable=False),
)

_STATE_LIST = ", ".join(f"'{state}'" for state in STATES)

TRAINING_CLASS: Final = Table(
    "training_class",
    METADATA,
    Column("class_id", String(100), primary_key=True),
    Column("institution_id", ForeignKey("institution.institution_id"), nullable=False, index=True),
    Column("region", String(6), nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("training_type", String(50), nullable=False),
    Column("programme", String(50), nullable=False),
    Column("occupation", String(50), nullable=False),
    Column("level", String(20)),
    Column("planned", Integer, nullable=False),
    Column("opening_date", Date, nullable=False),
    Column("closing_date", Date, nullable=False),
    Column("funding_source", String(50), nullable=False),
    Column("delivery", String(10), nullable=False),
    Column("training_mode", String(100), nullable=False),
    Column("applicant_seal", Boolean, nullable=False),
    Column("sealed_contact", LargeBinary, nullable=False),
    Column("batch_year", Integer, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("exceptions", JSON, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("rulebook_id", String(100), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("applied_on", Date),
    Column("applied_at", Instant),
    Column("reservation_version", BigInteger),
    Column("answer", JSON(none_as_null=True)),
    Column("blocker", JSON(none_as_null=True)),
    Column("claims", JSON, nullable=False),
    Column("sealed_closing_reason", LargeBinary),
    CheckConstraint(f"state IN ({_STATE_LIST})", name="state"),
    CheckConstraint("planned > 0", name="planned"),
    CheckConstraint("closing_date >= opening_date", name="dates"),
    CheckConstraint(
        "state NOT IN ('approved', 'reserved', 'opened', 'completed', 'cancelled') OR reservation_version IS NOT NULL",
        name="approved",
    ),
    CheckConstraint(
        "state NOT IN ('reserved', 'opened', 'completed', 'cancelled') OR answer IS NOT NULL", name="answered"
    ),
    Index("ix_training_class_opening", "opening_date", "class_id"),
    Index(
        "uq_training_class_batch",
        *("institution_id", "batch_year", "batch"),
        unique=True,
        sqlite_where=text("round > 0"),
        postgresql_where=text("round > 0"),
    ),
)
"""A trigger freezes `planned` outside draft and returned; `claims` are the approved claims, for viewing only.

`batch` is used up by the first submission (JY-FLD-08); `sealed_contact` holds contact person and telephone."""

CLASS_SESSION: Final = Table(
    "class_session",
    METADATA,
    Column("session_id", String(100), primary_key=True),
    Column("class_id", ForeignKey("training_class.class_id"), nullable=False, index=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("class_hours", Integer, nullable=False),
    Column("teacher_id", String(100), nullable=False, index=True),
    Column("venue_id", String(100), nullable=False, index=True),
    CheckConstraint("ends_at > starts_at", name="times"),
    CheckConstraint("kind IN ('theory', 'practice')", name="kind"),
    CheckConstraint("class_hours > 0", name="class_hours"),
)

ROSTER_ROW: Final = Table(
    "roster_row",
    METADATA,
    Column("class_id", ForeignKey("training_class.class_id"), primary_key=True),
    Column("row_no", Integer, primary_key=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("masked_name", String(200), nullable=False),
    Column("sealed_particulars", LargeBinary, nullable=False),
    Column("group_code", String(50), nullable=False),
    Column("employer_name", String(200), nullable=False),
    Column("employer_credit_code", String(50), nullable=False),
    Column("employer_region", String(6), nullable=False),
    Column("fee_fen", BigInteger, nullable=False),
    Column("declares_ability_and_will", Boolean, nullable=False),
    Column("exclusions", JSON, nullable=False),
    Column("employee_focus", JSON, nullable=False),
    Column("malformed", JSON, nullable=False),
    Column("name_differs", Boolean, nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("relies_on", JSON, nullable=False),
    Column("withdrawn_on", Date),
    Column("sealed_withdrawal_reason", LargeBinary),
    Column("withdrawal_code", String(50)),
    Column("change_no", Integer, nullable=False),
    CheckConstraint("verdict IN ('accepted', 'refused', 'ask')", name="verdict"),
    CheckConstraint("verdict = 'refused' OR person_id IS NOT NULL", name="person"),
    CheckConstraint("row_no > 0", name="row_no"),
    Index(
        "uq_roster_row_person",
        "class_id",
        "person_id",
        unique=True,
        sqlite_where=text("verdict <> 'refused'"),
        postgresql_where=text("verdict <> 'refused'"),
    ),
)
"""Triggers let rows come, go and change only while the class is draft or returned; then people leave, come by the
approved change that `change_no` names (0: the application), or back by a decision under review."""

DUTY: Final = Table(
    "duty",
    METADATA,
    Column("class_id", ForeignKey("training_class.class_id"), primary_key=True),
    Column("actor", String(200), primary_key=True),
    Column("duty", String(50), nullable=False),
    UniqueConstraint("class_id", "actor", "duty"),
)
"""Four-eyes (JY-REP-07): one person has one duty in a class, for ever; a trigger keeps duties and reviews."""

CLASS_CHANGE: Final = Table(
    "class_change",
    METADATA,
    Column("class_id", ForeignKey("training_class.class_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("opening_date", Date, nullable=False),
    Column("closing_date", Date, nullable=False),
    Column("sessions", JSON(none_as_null=True)),
    Column("removed", JSON, nullable=False),
    Column("sealed_added", LargeBinary, nullable=False),
    Column("sealed_reason", LargeBinary, nullable=False),
    Column("questions", JSON, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    CheckConstraint("state IN ('proposed', 'approved', 'returned', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("number > 0", name="number"),
    Index(
        "uq_class_change_proposed",
        "class_id",
        unique=True,
        sqlite_where=text("state = 'proposed'"),
        postgresql_where=text("state = 'proposed'"),
    ),
)
"""Changes proposed after approval (JY-ENR-06), one at a time; a trigger keeps what was decided."""

DECISION: Final = Table(
    "decision",
    METADATA,
    Column("class_id", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("round", Integer, nullable=False),
    Column("change_no", Integer, nullable=False),
    Column("step", String(50), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("row_no", Integer),
    Column("code", String(50), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("basis", String(50)),
    Column("rule", String(50), nullable=False),
    Column("document", String(200), nullable=False),
    Column("clause", String(200), nullable=False),
    Column("sealed_reason", LargeBinary, nullable=False),
    Column("decided_at", Instant, nullable=False),
    ForeignKeyConstraint(["class_id", "actor", "step"], ["duty.class_id", "duty.actor", "duty.duty"]),
    CheckConstraint("outcome IN ('allow', 'refuse', 'return')", name="outcome"),
    CheckConstraint("outcome <> 'return' OR row_no IS NOT NULL AND basis IS NOT NULL", name="return"),
)
"""Append-only, as a trigger holds: what people decided on questions of the rules, with sealed reasons."""

QUOTA_USE: Final = Table(
    "quota_use",
    METADATA,
    Column("class_id", ForeignKey("training_class.class_id"), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("document", String(200), nullable=False),
    Column("training_type", String(50), nullable=False),
    Column("provider", String(200), nullable=False),
    Column("persons", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    CheckConstraint("state IN ('planned', 'actual', 'released')", name="state"),
    CheckConstraint("persons >= 0", name="persons"),
    Index("ix_quota_use_place", "region", "document", "training_type", "provider"),
)
"""What a class takes of the annual plan (JY-REP-05)."""

REVIEW: Final = Table(
    "review",
    METADATA,
    Column("class_id", String(100), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("change_no", Integer, primary_key=True),
    Column("step", String(50), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("opinion", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    ForeignKeyConstraint(["class_id", "actor", "step"], ["duty.class_id", "duty.actor", "duty.duty"]),
    UniqueConstraint("class_id", "position"),
    CheckConstraint("decision IN ('approve', 'return', 'refuse')", name="decision"),
)
"""A step can be taken only by whoever holds its duty; `position` orders the steps of all rounds and changes."""
