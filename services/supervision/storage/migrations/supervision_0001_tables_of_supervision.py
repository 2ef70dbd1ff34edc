"""Tables of supervision."""

import sqlalchemy as sa
from alembic import op

revision = "supervision_0001"
down_revision = None
branch_labels = ("supervision",)
depends_on = None


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    op.create_table(
        "device",
        sa.Column("device_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("registered_by", sa.String(length=200), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_by", sa.String(length=200), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retirement_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(retired_at IS NULL) = (retired_by IS NULL) AND (retired_at IS NULL) = (retirement_reason IS NULL)",
            name=op.f("ck_device_retired_whole"),
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index(
            "uq_device_serial",
            ["serial"],
            unique=True,
            postgresql_where=sa.text("retired_at IS NULL"),
            sqlite_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "reused_sequence",
        sa.Column("device_id", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=50), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "sequence", "digest", name=op.f("pk_reused_sequence")),
    )
    op.create_table(
        "sign_in",
        sa.Column("device_id", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=50), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.String(length=100), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=True),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("approval_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IN ('accepted', 'late', 'pending', 'refused')", name=op.f("ck_sign_in_outcome")),
        sa.PrimaryKeyConstraint("device_id", "sequence", name=op.f("pk_sign_in")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_class", ["class_id", "session_id"], unique=False)

    op.create_table(
        "training_class",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("rulebook_id", sa.String(length=100), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("opening_date", sa.Date(), nullable=False),
        sa.Column("closing_date", sa.Date(), nullable=False),
        sa.Column("counts_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trainees", sa.JSON(), nullable=False),
        sa.Column("joined", sa.JSON(), nullable=False),
        sa.Column("custody", sa.JSON(), nullable=False),
        sa.Column("exempt_by_decision", sa.JSON(), nullable=False),
        sa.Column("register_decisions", sa.JSON(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("ending", sa.String(length=10), nullable=True),
        sa.Column("opinion", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("completion", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ending IN ('cancelled', 'withdrawn')", name=op.f("ck_training_class_ending")),
        sa.PrimaryKeyConstraint("class_id", name=op.f("pk_training_class")),
    )
    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.create_index("ix_training_class_opening", ["opening_date", "class_id"], unique=False)

    op.create_table(
        "unopened_class",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("class_id", name=op.f("pk_unopened_class")),
    )
    op.create_table(
        "finding",
        sa.Column("finding_id", sa.String(length=100), nullable=False),
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("check_name", sa.String(length=50), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=50), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=50), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("conclusion", sa.String(length=10), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("conclusion IN ('confirmed', 'waived', 'unfounded')", name=op.f("ck_finding_conclusion")),
        sa.CheckConstraint(
            "(conclusion IS NULL) = (closed_by IS NULL) AND (conclusion IS NULL) = (closed_at IS NULL) "
            "AND (conclusion IS NULL) = (reason IS NULL)",
            name=op.f("ck_finding_closed_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_finding_class_id_training_class")
        ),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_class_id"), ["class_id"], unique=False)
        batch_op.create_index(
            "ix_finding_due",
            ["due_on", "finding_id"],
            unique=False,
            postgresql_where=sa.text("conclusion IS NULL"),
            sqlite_where=sa.text("conclusion IS NULL"),
        )
        batch_op.create_index(
            "uq_finding_open",
            ["class_id", "check_name", "about"],
            unique=True,
            postgresql_where=sa.text("conclusion IS NULL"),
            sqlite_where=sa.text("conclusion IS NULL"),
        )

    op.create_table(
        "inspection",
        sa.Column("check_id", sa.String(length=100), nullable=False),
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("sign_in_in_order", sa.Boolean(), nullable=True),
        sa.Column("records_retained", sa.Boolean(), nullable=True),
        sa.Column("teachers_seen", sa.JSON(), nullable=False),
        sa.Column("inspectors", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("venue_id", sa.String(length=100), nullable=True),
        sa.Column("photos", sa.JSON(), nullable=False),
        sa.Column("voided_by", sa.String(length=200), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL)",
            name=op.f("ck_inspection_voided_whole"),
        ),
        sa.CheckConstraint("kind IN ('opening', 'spot')", name=op.f("ck_inspection_kind")),
        sa.CheckConstraint("headcount >= 0", name=op.f("ck_inspection_headcount")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_inspection_class_id_training_class")
        ),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_inspection")),
    )
    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inspection_class_id"), ["class_id"], unique=False)

    op.create_table(
        "session",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("session_id", sa.String(length=100), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("class_hours", sa.Integer(), nullable=False),
        sa.Column("teacher_id", sa.String(length=100), nullable=False),
        sa.Column("venue_id", sa.String(length=100), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("present", sa.JSON(), nullable=False),
        sa.Column("absent", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('theory', 'practice')", name=op.f("ck_session_kind")),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_session_revision")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_session_class_id_training_class")
        ),
        sa.PrimaryKeyConstraint("class_id", "session_id", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index("ix_session_starts_at", ["starts_at"], unique=False)

    op.create_table(
        "video",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("video_id", sa.String(length=100), nullable=False),
        sa.Column("session_id", sa.String(length=100), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reported_by", sa.String(length=200), nullable=False),
        sa.Column("voided_by", sa.String(length=200), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL)",
            name=op.f("ck_video_voided_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["class_id", "session_id"],
            ["session.class_id", "session.session_id"],
            name=op.f("fk_video_class_id_session_id_session"),
        ),
        sa.PrimaryKeyConstraint("class_id", "video_id", name=op.f("pk_video")),
    )
    op.create_table(
        "unknown_class",
        sa.Column("case_id", sa.String(length=100), nullable=False),
        sa.Column("device_id", sa.String(length=100), nullable=False),
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("rule", sa.String(length=50), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("first_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flag_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sign_ins", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=50), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_unknown_class_closed_whole"),
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.device_id"], name=op.f("fk_unknown_class_device_id_device")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_unknown_class")),
    )
    with op.batch_alter_table("unknown_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unknown_class_class_id"), ["class_id"], unique=False)
        batch_op.create_index(
            "uq_unknown_class_open",
            ["device_id", "class_id"],
            unique=True,
            postgresql_where=sa.text("closed_at IS NULL"),
            sqlite_where=sa.text("closed_at IS NULL"),
        )
