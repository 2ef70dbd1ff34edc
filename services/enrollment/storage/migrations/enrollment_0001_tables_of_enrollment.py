"""Tables of enrollment."""

import sqlalchemy as sa
from alembic import op

revision = "enrollment_0001"
down_revision = None
branch_labels = ("enrollment",)
depends_on = None


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    op.create_table(
        "institution",
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("ownership", sa.String(length=10), nullable=False),
        sa.Column("liability_incidents", sa.JSON(), nullable=False),
        sa.Column("annual_inspections", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ownership IN ('public', 'private')", name=op.f("ck_institution_ownership")),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_institution")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_institution_credit_code")),
    )
    op.create_table(
        "occupation",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("certifiable", sa.JSON(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_occupation")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("occupation", schema=None) as batch_op:
        batch_op.create_index("ix_occupation_code", ["region", "code", "valid_from"], unique=False)

    op.create_table(
        "person",
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("sealed_identity_number", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("masked_name", sa.String(length=200), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("lookup", name=op.f("uq_person_lookup")),
    )
    op.create_table(
        "directory_entry",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("occupations", sa.JSON(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_directory_entry_dates")),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.institution_id"],
            name=op.f("fk_directory_entry_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_directory_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("directory_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_directory_entry_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "suspension",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_suspension_dates")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.institution_id"], name=op.f("fk_suspension_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_suspension")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("suspension", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suspension_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "teacher",
        sa.Column("teacher_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("specialty", sa.String(length=200), nullable=False),
        sa.Column("qualification", sa.String(length=200), nullable=False),
        sa.Column("full_time", sa.Boolean(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.institution_id"], name=op.f("fk_teacher_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_teacher_person_id_person")),
        sa.PrimaryKeyConstraint("teacher_id", name=op.f("pk_teacher")),
        sa.UniqueConstraint("institution_id", "person_id", name=op.f("uq_teacher_institution_id_person_id")),
    )
    with op.batch_alter_table("teacher", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_teacher_person_id"), ["person_id"], unique=False)

    op.create_table(
        "training_class",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("training_type", sa.String(length=50), nullable=False),
        sa.Column("programme", sa.String(length=50), nullable=False),
        sa.Column("occupation", sa.String(length=50), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("opening_date", sa.Date(), nullable=False),
        sa.Column("closing_date", sa.Date(), nullable=False),
        sa.Column("funding_source", sa.String(length=50), nullable=False),
        sa.Column("delivery", sa.String(length=10), nullable=False),
        sa.Column("training_mode", sa.String(length=100), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("rulebook_id", sa.String(length=100), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("reservation_version", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("blocker", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'returned', 'applied', 'first_review', 'second_review', 'approved', 'reserved', "
            "'opened', 'completed', 'cancelled', 'withdrawn', 'not_opened', 'refused')",
            name=op.f("ck_training_class_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'reserved', 'opened', 'completed', 'cancelled') "
            "OR reservation_version IS NOT NULL",
            name=op.f("ck_training_class_approved"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('reserved', 'opened', 'completed', 'cancelled') OR answer IS NOT NULL",
            name=op.f("ck_training_class_answered"),
        ),
        sa.CheckConstraint("closing_date >= opening_date", name=op.f("ck_training_class_dates")),
        sa.CheckConstraint("planned > 0", name=op.f("ck_training_class_planned")),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.institution_id"],
            name=op.f("fk_training_class_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("class_id", name=op.f("pk_training_class")),
    )
    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_class_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index("ix_training_class_opening", ["opening_date", "class_id"], unique=False)

    op.create_table(
        "venue",
        sa.Column("venue_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("stations", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.institution_id"], name=op.f("fk_venue_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("venue_id", name=op.f("pk_venue")),
    )
    with op.batch_alter_table("venue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_venue_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "class_session",
        sa.Column("session_id", sa.String(length=100), nullable=False),
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("class_hours", sa.Integer(), nullable=False),
        sa.Column("teacher_id", sa.String(length=100), nullable=False),
        sa.Column("venue_id", sa.String(length=100), nullable=False),
        sa.CheckConstraint("kind IN ('theory', 'practice')", name=op.f("ck_class_session_kind")),
        sa.CheckConstraint("class_hours > 0", name=op.f("ck_class_session_class_hours")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_class_session_times")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_class_session_class_id_training_class")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_class_session")),
    )
    with op.batch_alter_table("class_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_class_session_class_id"), ["class_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_class_session_teacher_id"), ["teacher_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_class_session_venue_id"), ["venue_id"], unique=False)

    op.create_table(
        "duty",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_duty_class_id_training_class")
        ),
        sa.PrimaryKeyConstraint("class_id", "actor", name=op.f("pk_duty")),
        sa.UniqueConstraint("class_id", "actor", "duty", name=op.f("uq_duty_class_id_actor_duty")),
    )
    op.create_table(
        "roster_row",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=True),
        sa.Column("masked_name", sa.String(length=200), nullable=False),
        sa.Column("sealed_particulars", sa.LargeBinary(), nullable=False),
        sa.Column("group_code", sa.String(length=50), nullable=False),
        sa.Column("employer_name", sa.String(length=200), nullable=False),
        sa.Column("employer_credit_code", sa.String(length=50), nullable=False),
        sa.Column("employer_region", sa.String(length=6), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("declares_ability_and_will", sa.Boolean(), nullable=False),
        sa.Column("exclusions", sa.JSON(), nullable=False),
        sa.Column("malformed", sa.JSON(), nullable=False),
        sa.Column("name_differs", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("relies_on", sa.JSON(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("sealed_withdrawal_reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("verdict = 'refused' OR person_id IS NOT NULL", name=op.f("ck_roster_row_person")),
        sa.CheckConstraint("verdict IN ('accepted', 'refused', 'ask')", name=op.f("ck_roster_row_verdict")),
        sa.CheckConstraint("row_no > 0", name=op.f("ck_roster_row_row_no")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_roster_row_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_roster_row_person_id_person")),
        sa.PrimaryKeyConstraint("class_id", "row_no", name=op.f("pk_roster_row")),
    )
    with op.batch_alter_table("roster_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_row_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_roster_row_person",
            ["class_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("verdict <> 'refused'"),
            postgresql_where=sa.text("verdict <> 'refused'"),
        )

    op.create_table(
        "review",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=50), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision IN ('approve', 'return', 'refuse')", name=op.f("ck_review_decision")),
        sa.ForeignKeyConstraint(
            ["class_id", "actor", "step"],
            ["duty.class_id", "duty.actor", "duty.duty"],
            name=op.f("fk_review_class_id_actor_step_duty"),
        ),
        sa.PrimaryKeyConstraint("class_id", "round", "step", name=op.f("pk_review")),
        sa.UniqueConstraint("class_id", "position", name=op.f("uq_review_class_id_position")),
    )
