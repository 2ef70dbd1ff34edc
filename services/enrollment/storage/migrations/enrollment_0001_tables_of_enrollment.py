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
        sa.Column("sealed_incidents", sa.LargeBinary(), nullable=False),
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
        sa.Column("new_since", sa.Date(), nullable=True),
        sa.Column("new_until", sa.Date(), nullable=True),
        sa.CheckConstraint("new_until IS NULL OR new_until >= new_since", name=op.f("ck_occupation_new_days")),
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
        sa.Column("entry_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("occupations", sa.JSON(), nullable=False),
        sa.Column("sealed_end_reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_directory_entry_dates")),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.institution_id"],
            name=op.f("fk_directory_entry_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_directory_entry")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_directory_entry_entry_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("directory_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_directory_entry_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "suspension",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("suspension_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("rulebook_id", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=50), nullable=False),
        sa.Column("sealed_remark", sa.LargeBinary(), nullable=False),
        sa.Column("rectify_by", sa.Date(), nullable=False),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("lifted_on", sa.Date(), nullable=True),
        sa.Column("lifted_by", sa.String(length=200), nullable=True),
        sa.Column("lifting_reason", sa.String(length=50), nullable=True),
        sa.Column("sealed_lifting_remark", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_suspension_dates")),
        sa.CheckConstraint("rectify_by >= since", name=op.f("ck_suspension_rectify_by")),
        sa.CheckConstraint(
            "(lifted_on IS NULL) = (lifted_by IS NULL) AND (lifted_on IS NULL) = (lifting_reason IS NULL) "
            "AND (lifted_on IS NULL) = (sealed_lifting_remark IS NULL)",
            name=op.f("ck_suspension_lifted"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.institution_id"], name=op.f("fk_suspension_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_suspension")),
        sa.UniqueConstraint("suspension_id", name=op.f("uq_suspension_suspension_id")),
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
        sa.Column("applicant_seal", sa.Boolean(), nullable=False),
        sa.Column("sealed_contact", sa.LargeBinary(), nullable=False),
        sa.Column("batch_year", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("rulebook_id", sa.String(length=100), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reservation_version", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("blocker", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("sealed_closing_reason", sa.LargeBinary(), nullable=True),
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
        batch_op.create_index(
            "uq_training_class_batch",
            ["institution_id", "batch_year", "batch"],
            unique=True,
            sqlite_where=sa.text("round > 0"),
            postgresql_where=sa.text("round > 0"),
        )

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
        "centre_application",
        sa.Column("application_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("applied_by", sa.String(length=200), nullable=False),
        sa.Column("rulebook_id", sa.String(length=100), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("assessed_on", sa.Date(), nullable=True),
        sa.Column("assessed_by", sa.String(length=200), nullable=True),
        sa.Column("sealed_experts", sa.LargeBinary(), nullable=True),
        sa.Column("assessment_reference", sa.String(length=200), nullable=True),
        sa.Column("assessment_sha256", sa.String(length=64), nullable=True),
        sa.Column("reply_number", sa.String(length=200), nullable=True),
        sa.Column("reply_approves", sa.Boolean(), nullable=True),
        sa.Column("replied_on", sa.Date(), nullable=True),
        sa.Column("replied_by", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('applied', 'assessed', 'failed', 'approved', 'refused', 'listed')",
            name=op.f("ck_centre_application_state"),
        ),
        sa.CheckConstraint(
            "state IN ('applied', 'assessed', 'failed', 'refused') "
            "OR (reply_approves IS TRUE AND reply_number IS NOT NULL)",
            name=op.f("ck_centre_application_approved"),
        ),
        sa.CheckConstraint(
            "state IN ('applied', 'failed') "
            "OR (passed IS TRUE AND sealed_experts IS NOT NULL AND assessed_by IS NOT NULL)",
            name=op.f("ck_centre_application_assessed"),
        ),
        sa.CheckConstraint(
            "replied_by IS NULL OR replied_by <> assessed_by", name=op.f("ck_centre_application_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.institution_id"],
            name=op.f("fk_centre_application_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_centre_application")),
    )
    with op.batch_alter_table("centre_application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_centre_application_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(
            "uq_centre_application_under_way",
            ["institution_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('applied', 'assessed', 'approved')"),
            postgresql_where=sa.text("state IN ('applied', 'assessed', 'approved')"),
        )

    op.create_table(
        "condition_finding",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("occupation", sa.String(length=50), nullable=False),
        sa.Column("condition", sa.String(length=50), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.institution_id"],
            name=op.f("fk_condition_finding_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_condition_finding")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("condition_finding", schema=None) as batch_op:
        batch_op.create_index("ix_condition_finding_occupation", ["institution_id", "occupation"], unique=False)

    op.create_table(
        "register_entry",
        sa.Column("entry_id", sa.String(length=100), nullable=False),
        sa.Column("register", sa.String(length=50), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=True),
        sa.Column("person_id", sa.String(length=100), nullable=True),
        sa.Column("masked_name", sa.String(length=200), nullable=True),
        sa.Column("natural_key", sa.String(length=64), nullable=False),
        sa.Column("open_values", sa.JSON(), nullable=False),
        sa.Column("sealed_values", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("struck_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.institution_id"],
            name=op.f("fk_register_entry_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_register_entry_person_id_person")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_register_entry")),
    )
    with op.batch_alter_table("register_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_register_entry_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_register_entry_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_register_entry_region", ["register", "region", "recorded_on", "entry_id"], unique=False
        )
        batch_op.create_index(
            "uq_register_entry_natural_key",
            ["register", "natural_key"],
            unique=True,
            sqlite_where=sa.text("struck_on IS NULL"),
            postgresql_where=sa.text("struck_on IS NULL"),
        )

    op.create_table(
        "quality_case",
        sa.Column("case_id", sa.String(length=100), nullable=False),
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("rulebook_id", sa.String(length=100), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.Column("valid_responses", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("sealed_remark", sa.LargeBinary(), nullable=True),
        sa.Column("suspension_id", sa.String(length=100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'confirmed') = (suspension_id IS NOT NULL)", name=op.f("ck_quality_case_confirmed")
        ),
        sa.CheckConstraint(
            "(state IN ('confirmed', 'dismissed')) = (decided_by IS NOT NULL)", name=op.f("ck_quality_case_decided")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'confirmed', 'dismissed', 'cleared')", name=op.f("ck_quality_case_state")
        ),
        sa.CheckConstraint("satisfied >= 0 AND satisfied <= valid_responses", name=op.f("ck_quality_case_answers")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_quality_case_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.institution_id"], name=op.f("fk_quality_case_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["suspension_id"], ["suspension.suspension_id"], name=op.f("fk_quality_case_suspension_id_suspension")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_quality_case")),
        sa.UniqueConstraint("class_id", name=op.f("uq_quality_case_class_id")),
        sa.UniqueConstraint("suspension_id", name=op.f("uq_quality_case_suspension_id")),
    )
    with op.batch_alter_table("quality_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quality_case_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "rectification_report",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("report_id", sa.String(length=100), nullable=False),
        sa.Column("suspension_id", sa.String(length=100), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("submitted_by", sa.String(length=200), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("sealed_opinion", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(state = 'submitted') = (decided_by IS NULL) AND (state = 'submitted') = (decided_on IS NULL) "
            "AND (state = 'submitted') = (sealed_opinion IS NULL)",
            name=op.f("ck_rectification_report_decided"),
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'accepted', 'rejected')", name=op.f("ck_rectification_report_state")
        ),
        sa.ForeignKeyConstraint(
            ["suspension_id"],
            ["suspension.suspension_id"],
            name=op.f("fk_rectification_report_suspension_id_suspension"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_rectification_report")),
        sa.UniqueConstraint("report_id", name=op.f("uq_rectification_report_report_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("rectification_report", schema=None) as batch_op:
        batch_op.create_index(
            "uq_rectification_report_submitted",
            ["suspension_id"],
            unique=True,
            sqlite_where=sa.text("state = 'submitted'"),
            postgresql_where=sa.text("state = 'submitted'"),
        )

    op.create_table(
        "register_revision",
        sa.Column("entry_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("open_values", sa.JSON(), nullable=False),
        sa.Column("sealed_values", sa.LargeBinary(), nullable=False),
        sa.Column("struck", sa.Boolean(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["register_entry.entry_id"], name=op.f("fk_register_revision_entry_id_register_entry")
        ),
        sa.PrimaryKeyConstraint("entry_id", "version", name=op.f("pk_register_revision")),
    )
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
        sa.Column("employee_focus", sa.JSON(), nullable=False),
        sa.Column("malformed", sa.JSON(), nullable=False),
        sa.Column("name_differs", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("relies_on", sa.JSON(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("sealed_withdrawal_reason", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawal_code", sa.String(length=50), nullable=True),
        sa.Column("change_no", sa.Integer(), nullable=False),
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
        "class_change",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("opening_date", sa.Date(), nullable=False),
        sa.Column("closing_date", sa.Date(), nullable=False),
        sa.Column("sessions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("sealed_added", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'returned', 'refused', 'withdrawn')",
            name=op.f("ck_class_change_state"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_class_change_number")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_class_change_class_id_training_class")
        ),
        sa.PrimaryKeyConstraint("class_id", "number", name=op.f("pk_class_change")),
    )
    with op.batch_alter_table("class_change", schema=None) as batch_op:
        batch_op.create_index(
            "uq_class_change_proposed",
            ["class_id"],
            unique=True,
            sqlite_where=sa.text("state = 'proposed'"),
            postgresql_where=sa.text("state = 'proposed'"),
        )

    op.create_table(
        "decision",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=50), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("basis", sa.String(length=50), nullable=True),
        sa.Column("rule", sa.String(length=50), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('allow', 'refuse', 'return')", name=op.f("ck_decision_outcome")),
        sa.CheckConstraint(
            "outcome <> 'return' OR row_no IS NOT NULL AND basis IS NOT NULL", name=op.f("ck_decision_return")
        ),
        sa.ForeignKeyConstraint(
            ["class_id", "actor", "step"],
            ["duty.class_id", "duty.actor", "duty.duty"],
            name=op.f("fk_decision_class_id_actor_step_duty"),
        ),
        sa.PrimaryKeyConstraint("class_id", "number", name=op.f("pk_decision")),
    )
    op.create_table(
        "quota_use",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("training_type", sa.String(length=50), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'actual', 'released')", name=op.f("ck_quota_use_state")),
        sa.CheckConstraint("persons >= 0", name=op.f("ck_quota_use_persons")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.class_id"], name=op.f("fk_quota_use_class_id_training_class")
        ),
        sa.PrimaryKeyConstraint("class_id", name=op.f("pk_quota_use")),
    )
    with op.batch_alter_table("quota_use", schema=None) as batch_op:
        batch_op.create_index("ix_quota_use_place", ["region", "document", "training_type", "provider"], unique=False)

    op.create_table(
        "review",
        sa.Column("class_id", sa.String(length=100), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
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
        sa.PrimaryKeyConstraint("class_id", "round", "change_no", "step", name=op.f("pk_review")),
        sa.UniqueConstraint("class_id", "position", name=op.f("uq_review_class_id_position")),
    )
