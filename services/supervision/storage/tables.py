"""Tables of supervision: classes as they run, devices and their sign-ins, videos, inspections and findings."""

from typing import Any, Final

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
    String,
    Table,
    Text,
    text,
)

from shared.database.metadata import Instant, new_metadata

METADATA: Final = new_metadata()


def voiding_columns() -> tuple[Column[Any] | CheckConstraint, ...]:
    """Give the columns of a record that can be declared void by another person than its author."""
    return (
        Column("voided_by", String(200)),
        Column("voided_at", Instant),
        Column("void_reason", Text),
        CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL)",
            name="voided_whole",
        ),
    )


DEVICE: Final = Table(
    "device",
    METADATA,
    Column("device_id", String(100), primary_key=True),
    Column("institution_id", String(100), nullable=False),
    Column("serial", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("region", String(6), nullable=False),
    Column("methods", JSON, nullable=False),
    Column("registered_by", String(200), nullable=False),
    Column("registered_at", Instant, nullable=False),
    Column("retired_by", String(200)),
    Column("retired_at", Instant),
    Column("retirement_reason", Text),
    Column("version", Integer, nullable=False),
    Index(
        "uq_device_serial",
        "serial",
        unique=True,
        postgresql_where=text("retired_at IS NULL"),
        sqlite_where=text("retired_at IS NULL"),
    ),
    CheckConstraint(
        "(retired_at IS NULL) = (retired_by IS NULL) AND (retired_at IS NULL) = (retirement_reason IS NULL)",
        name="retired_whole",
    ),
)
"""A serial number stands once among the devices in use."""

TRAINING_CLASS: Final = Table(
    "training_class",
    METADATA,
    Column("class_id", String(100), primary_key=True),
    Column("institution_id", String(100), nullable=False),
    Column("region", String(6), nullable=False),
    Column("rulebook_id", String(100), nullable=False),
    Column("planned", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("opening_date", Date, nullable=False),
    Column("closing_date", Date, nullable=False),
    Column("counts_from", Instant, nullable=False),
    Column("trainees", JSON, nullable=False),
    Column("joined", JSON, nullable=False),
    Column("custody", JSON, nullable=False),
    Column("exempt_by_decision", JSON, nullable=False),
    Column("register_decisions", JSON, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("ending", String(10)),
    Column("opinion", JSON(none_as_null=True)),
    Column("completion", JSON(none_as_null=True)),
    Column("version", Integer, nullable=False),
    CheckConstraint("ending IN ('cancelled', 'withdrawn')", name="ending"),
    Index("ix_training_class_opening", "opening_date", "class_id"),
)
"""`trainees` gives per person id the day of leaving or null, `joined` the instant of joining for those who came to the
running class; `completion` is the TrainingCompleted published last."""

UNOPENED_CLASS: Final = Table("unopened_class", METADATA, Column("class_id", String(100), primary_key=True))
"""Classes that ended before they opened; what a device still sends for one of them must not wait for ever."""

SESSION: Final = Table(
    "session",
    METADATA,
    Column("class_id", ForeignKey("training_class.class_id"), primary_key=True),
    Column("session_id", String(100), primary_key=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("class_hours", Integer, nullable=False),
    Column("teacher_id", String(100), nullable=False),
    Column("venue_id", String(100), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("dropped", Boolean, nullable=False),
    Column("headcount", Integer, nullable=False),
    Column("present", JSON, nullable=False),
    Column("absent", JSON, nullable=False),
    CheckConstraint("kind IN ('theory', 'practice')", name="kind"),
    CheckConstraint("revision >= 0", name="revision"),
    Index("ix_session_starts_at", "starts_at"),
)
"""`present` and `absent` are those of the AttendanceChecked published last, `headcount` the number of those present; a
dropped session is no longer held by an approved change of the timetable."""

SIGN_IN: Final = Table(
    "sign_in",
    METADATA,
    Column("device_id", String(100), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("class_id", String(100), nullable=False),
    Column("person_id", String(100), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("method", String(50), nullable=False),
    Column("score", Integer),
    Column("received_at", Instant, nullable=False),
    Column("session_id", String(100)),
    Column("outcome", String(10), nullable=False),
    Column("code", String(50)),
    Column("approved_by", String(200)),
    Column("approval_reason", Text),
    CheckConstraint("outcome IN ('accepted', 'late', 'pending', 'refused')", name="outcome"),
    Index("ix_sign_in_class", "class_id", "session_id"),
)
"""Every sign-in ever received under its number, whatever became of it; accepted and late ones count.

There is no foreign key: the table takes most of the writes, and a class may still be unknown.
"""

REUSED_SEQUENCE: Final = Table(
    "reused_sequence",
    METADATA,
    Column("device_id", String(100), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("class_id", String(100), nullable=False),
    Column("person_id", String(100), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("method", String(50), nullable=False),
    Column("received_at", Instant, nullable=False),
)
"""What a device sent under a number it had used before: refused, kept as evidence, once per content."""

VIDEO: Final = Table(
    "video",
    METADATA,
    Column("class_id", String(100), primary_key=True),
    Column("video_id", String(100), primary_key=True),
    Column("session_id", String(100), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("reported_by", String(200), nullable=False),
    *voiding_columns(),
    ForeignKeyConstraint(["class_id", "session_id"], ["session.class_id", "session.session_id"]),
)

INSPECTION: Final = Table(
    "inspection",
    METADATA,
    Column("check_id", String(100), primary_key=True),
    Column("class_id", ForeignKey("training_class.class_id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("held_at", Instant, nullable=False),
    Column("place", String(200), nullable=False),
    Column("headcount", Integer, nullable=False),
    Column("sign_in_in_order", Boolean),
    Column("records_retained", Boolean),
    Column("teachers_seen", JSON, nullable=False),
    Column("inspectors", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("venue_id", String(100)),
    Column("photos", JSON, nullable=False),
    *voiding_columns(),
    CheckConstraint("kind IN ('opening', 'spot')", name="kind"),
    CheckConstraint("headcount >= 0", name="headcount"),
)

FINDING: Final = Table(
    "finding",
    METADATA,
    Column("finding_id", String(100), primary_key=True),
    Column("class_id", ForeignKey("training_class.class_id"), nullable=False, index=True),
    Column("check_name", String(50), nullable=False),
    Column("about", String(200), nullable=False),
    Column("rule", String(50), nullable=False),
    Column("clause", String(200), nullable=False),
    Column("blocking", Boolean, nullable=False),
    Column("seen", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("owner", String(50)),
    Column("due_on", Date),
    Column("conclusion", String(10)),
    Column("closed_by", String(200)),
    Column("closed_at", Instant),
    Column("reason", Text),
    Index(
        "uq_finding_open",
        "class_id",
        "check_name",
        "about",
        unique=True,
        postgresql_where=text("conclusion IS NULL"),
        sqlite_where=text("conclusion IS NULL"),
    ),
    Index(
        "ix_finding_due",
        "due_on",
        "finding_id",
        postgresql_where=text("conclusion IS NULL"),
        sqlite_where=text("conclusion IS NULL"),
    ),
    CheckConstraint("conclusion IN ('confirmed', 'waived', 'unfounded')", name="conclusion"),
    CheckConstraint(
        "(conclusion IS NULL) = (closed_by IS NULL) AND (conclusion IS NULL) = (closed_at IS NULL) "
        "AND (conclusion IS NULL) = (reason IS NULL)",
        name="closed_whole",
    ),
)
"""Cases; one open at most per class, check and thing looked at."""

UNKNOWN_CLASS: Final = Table(
    "unknown_class",
    METADATA,
    Column("case_id", String(100), primary_key=True),
    Column("device_id", ForeignKey("device.device_id"), nullable=False),
    Column("class_id", String(100), nullable=False, index=True),
    Column("institution_id", String(100), nullable=False),
    Column("region", String(6), nullable=False),
    Column("rule", String(50), nullable=False),
    Column("clause", String(200), nullable=False),
    Column("first_received_at", Instant, nullable=False),
    Column("flag_at", Instant, nullable=False),
    Column("flagged_at", Instant),
    Column("sign_ins", Integer, nullable=False),
    Column("owner", String(50)),
    Column("due_on", Date),
    Column("closed_by", String(200)),
    Column("closed_at", Instant),
    Column("reason", Text),
    Index(
        "uq_unknown_class_open",
        "device_id",
        "class_id",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
        sqlite_where=text("closed_at IS NULL"),
    ),
    CheckConstraint(
        "(closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (reason IS NULL)", name="closed_whole"
    ),
)
"""Sign-ins of one device for one class that is not known here; one open at most per device and class."""
