"""Tables of payment."""

import sqlalchemy as sa
from alembic import op

revision = "payment_0001"
down_revision = None
branch_labels = ("payment",)
depends_on = None


def _create_replays() -> None:
    op.create_table(
        "replay",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("rulebook_id", sa.String(length=200), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_replay")),
    )
    op.create_table(
        "replay_part",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("reached", sa.String(length=200), nullable=False),
        sa.Column("until", sa.String(length=200), nullable=True),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["replay.name"], name=op.f("fk_replay_part_name_replay")),
        sa.PrimaryKeyConstraint("name", "part", name=op.f("pk_replay_part")),
    )
    op.create_table(
        "replay_claim",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("stops", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("traces", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["replay.name"], name=op.f("fk_replay_claim_name_replay")),
        sa.PrimaryKeyConstraint("name", "claim_id", name=op.f("pk_replay_claim")),
    )
    op.create_table(
        "replay_line",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=True),
        sa.Column("programme", sa.String(length=100), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("after_fen", sa.BigInteger(), nullable=False),
        sa.Column("recognised", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", "claim_id", "line_no", name=op.f("pk_replay_line")),
    )


def _create_reports() -> None:
    op.create_table(
        "monthly_report",
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("rulebook_id", sa.String(length=200), nullable=False),
        sa.Column("drafted_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.CheckConstraint("drafted_on <= due", name=op.f("ck_monthly_report_days")),
        sa.PrimaryKeyConstraint("region", "month", name=op.f("pk_monthly_report")),
    )
    op.create_table(
        "monthly_report_copy",
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_by", sa.String(length=200), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "number >= 0 AND (number = 0) = (reason IS NULL)", name=op.f("ck_monthly_report_copy_correction")
        ),
        sa.ForeignKeyConstraint(
            ["region", "month"],
            ["monthly_report.region", "monthly_report.month"],
            name=op.f("fk_monthly_report_copy_region_month_monthly_report"),
        ),
        sa.PrimaryKeyConstraint("region", "month", "number", name=op.f("pk_monthly_report_copy")),
    )
    op.create_table(
        "monthly_report_dispatch",
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_by", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region", "month", "number"],
            ["monthly_report_copy.region", "monthly_report_copy.month", "monthly_report_copy.number"],
            name=op.f("fk_monthly_report_dispatch_copy"),
        ),
        sa.PrimaryKeyConstraint("region", "month", "number", name=op.f("pk_monthly_report_dispatch")),
    )


_STANDING = sa.text("reverses IS NULL AND state IN ('stated','confirmed')")
_COUNTED_MONTH = sa.text("reverses IS NULL AND state = 'confirmed' AND is_full")
_REVERSAL = sa.text("state IN ('stated','confirmed')")


def _number(*, autoincrement: bool = True) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("number", kind, autoincrement=autoincrement, nullable=False)


def _create_work() -> None:
    op.create_table(
        "employment",
        _number(),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=True),
        sa.Column("employed_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.CheckConstraint("employed_on <= recorded_on", name=op.f("ck_employment_days")),
        sa.CheckConstraint(
            "last_day IS NULL OR (last_day >= employed_on AND last_day <= recorded_on)",
            name=op.f("ck_employment_last_day"),
        ),
        sa.ForeignKeyConstraint(["class_id"], ["class_file.class_id"], name=op.f("fk_employment_class_id_class_file")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_employment")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_employment_class_id", "employment", ["class_id"], unique=False)
    op.create_table(
        "work_month",
        _number(),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stated_by", sa.String(length=200), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('stated','confirmed','refused','reversed')", name=op.f("ck_work_month_state")),
        sa.CheckConstraint("(state = 'stated') = (decided_by IS NULL)", name=op.f("ck_work_month_decided")),
        sa.CheckConstraint("decided_by <> stated_by", name=op.f("ck_work_month_another_person")),
        sa.CheckConstraint(
            "CAST(month AS VARCHAR(10)) LIKE '%-01' AND month < stated_on", name=op.f("ck_work_month_month")
        ),
        sa.ForeignKeyConstraint(["class_id"], ["class_file.class_id"], name=op.f("fk_work_month_class_id_class_file")),
        sa.ForeignKeyConstraint(["reverses"], ["work_month.number"], name=op.f("fk_work_month_reverses_work_month")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_work_month")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_work_month_class_id", "work_month", ["class_id"], unique=False)
    for name, columns, where in (
        ("uq_work_month_standing", ["class_id", "person_id", "month"], _STANDING),
        ("uq_work_month_paid_once", ["person_id", "month"], _COUNTED_MONTH),
        ("uq_work_month_reverses", ["reverses"], _REVERSAL),
    ):
        op.create_index(name, "work_month", columns, unique=True, postgresql_where=where, sqlite_where=where)
    op.create_table(
        "allowance_payout",
        _number(),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stated_by", sa.String(length=200), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('stated','confirmed','refused','reversed')", name=op.f("ck_allowance_payout_state")
        ),
        sa.CheckConstraint("(state = 'stated') = (decided_by IS NULL)", name=op.f("ck_allowance_payout_decided")),
        sa.CheckConstraint("decided_by <> stated_by", name=op.f("ck_allowance_payout_another_person")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_allowance_payout_amount")),
        sa.CheckConstraint("paid_on <= stated_on", name=op.f("ck_allowance_payout_days")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["class_file.class_id"], name=op.f("fk_allowance_payout_class_id_class_file")
        ),
        sa.ForeignKeyConstraint(
            ["reverses"], ["allowance_payout.number"], name=op.f("fk_allowance_payout_reverses_allowance_payout")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_allowance_payout")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_allowance_payout_class_id", "allowance_payout", ["class_id"], unique=False)
    for name, columns, where in (
        ("uq_allowance_payout_standing", ["class_id", "person_id", "paid_on"], _STANDING),
        ("uq_allowance_payout_reverses", ["reverses"], _REVERSAL),
    ):
        op.create_index(name, "allowance_payout", columns, unique=True, postgresql_where=where, sqlite_where=where)


def _create_past() -> None:
    op.create_table(
        "past_subsidy",
        _number(),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("programme", sa.String(length=100), nullable=False),
        sa.Column("occupation", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=True),
        sa.Column("had_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("imported_by", sa.String(length=200), nullable=False),
        sa.Column("imported_on", sa.Date(), nullable=False),
        sa.CheckConstraint("had_on <= imported_on", name=op.f("ck_past_subsidy_days")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_past_subsidy")),
        sa.UniqueConstraint("number", "imported_by", name=op.f("uq_past_subsidy_number_imported_by")),
        sa.UniqueConstraint(
            "person_key",
            "programme",
            "occupation",
            "level",
            "had_on",
            "source",
            name="uq_past_subsidy_once",
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "past_person",
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("check_key", sa.String(length=20), nullable=False),
        sa.Column("identity_check", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("person_key", "check_key", name=op.f("pk_past_person")),
    )
    op.create_index("ix_past_person_identity_check", "past_person", ["identity_check"], unique=False)
    op.create_table(
        "past_subsidy_withdrawal",
        _number(autoincrement=False),
        sa.Column("imported_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=False),
        sa.CheckConstraint("withdrawn_by <> imported_by", name=op.f("ck_past_subsidy_withdrawal_another_person")),
        sa.ForeignKeyConstraint(
            ["number", "imported_by"],
            ["past_subsidy.number", "past_subsidy.imported_by"],
            name=op.f("fk_past_subsidy_withdrawal_number_imported_by_past_subsidy"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_past_subsidy_withdrawal")),
    )
    op.create_table(
        "reported_figure",
        sa.Column("entry", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("figure_on", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=200), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_reported_figure_number")),
        sa.CheckConstraint("figure_on <= entered_on", name=op.f("ck_reported_figure_days")),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_reported_figure")),
    )
    op.create_table(
        "filing",
        sa.Column("filing_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.String(length=100), nullable=False),
        sa.Column("task", sa.String(length=100), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("filed_by", sa.String(length=200), nullable=False),
        sa.Column("assignment", sa.Text(), nullable=True),
        sa.Column("contents", sa.JSON(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(content IS NULL) = (sha256 IS NULL)", name=op.f("ck_filing_sealed")),
        sa.PrimaryKeyConstraint("filing_id", name=op.f("pk_filing")),
    )


def _create_advances() -> None:
    op.create_table(
        "advance",
        sa.Column("advance_id", sa.String(length=200), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("institution_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("rulebook_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("advances_max", sa.Integer(), nullable=True),
        sa.Column("requested_fen", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("ordered_by", sa.String(length=200), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=200), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(ordered_by IS NULL) = (ordered_on IS NULL) AND (ordered_by IS NOT NULL OR state IN "
            "('requested','refused','decided','withdrawn'))",
            name=op.f("ck_advance_ordered"),
        ),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_on IS NULL) AND "
            "(decided_by IS NULL) = (decision_reason IS NULL)",
            name=op.f("ck_advance_decided"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_by IS NOT NULL) AND (withdrawn_by IS NULL) = (withdrawn_on IS "
            "NULL) AND (withdrawn_by IS NULL) = (withdrawal_reason IS NULL)",
            name=op.f("ck_advance_withdrawn"),
        ),
        sa.CheckConstraint(
            "(state IN ('requested','refused')) = (amount_fen = 0) AND (amount_fen = 0) = (limit_fen = 0) "
            "AND (amount_fen = 0) = (funding_source IS NULL)",
            name=op.f("ck_advance_whole"),
        ),
        sa.CheckConstraint(
            "state IN ('requested','decided','ready','sent','returned','paid','refused','withdrawn')",
            name=op.f("ck_advance_state"),
        ),
        sa.CheckConstraint(
            "amount_fen >= 0 AND amount_fen <= requested_fen AND amount_fen <= limit_fen",
            name=op.f("ck_advance_amount"),
        ),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_advance_attempt")),
        sa.CheckConstraint("decided_by <> requested_by", name=op.f("ck_advance_another_decides")),
        sa.CheckConstraint(
            "number >= 1 AND (advances_max IS NULL OR number <= advances_max)", name=op.f("ck_advance_number")
        ),
        sa.CheckConstraint(
            "ordered_by <> decided_by AND ordered_by <> requested_by", name=op.f("ck_advance_another_orders")
        ),
        sa.CheckConstraint("requested_fen > 0", name=op.f("ck_advance_requested")),
        sa.ForeignKeyConstraint(["class_id"], ["class_file.class_id"], name=op.f("fk_advance_class_id_class_file")),
        sa.PrimaryKeyConstraint("advance_id", name=op.f("pk_advance")),
        sa.UniqueConstraint("advance_id", "class_id", name=op.f("uq_advance_advance_id_class_id")),
    )
    with op.batch_alter_table("advance", schema=None) as batch_op:
        batch_op.create_index("ix_advance_region", ["region"], unique=False)
        batch_op.create_index("ix_advance_state", ["funding_source", "state"], unique=False)
        batch_op.create_index(
            "uq_advance_number",
            ["class_id", "number"],
            unique=True,
            postgresql_where=sa.text("state NOT IN ('refused','withdrawn')"),
            sqlite_where=sa.text("state NOT IN ('refused','withdrawn')"),
        )

    op.create_table(
        "advance_duty",
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "duty IN ('first_review','second_review','bureau_opinion','payment','inspection')",
            name=op.f("ck_advance_duty_duty"),
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["class_file.class_id"], name=op.f("fk_advance_duty_class_id_class_file")
        ),
        sa.PrimaryKeyConstraint("class_id", "actor", name=op.f("pk_advance_duty")),
        sa.UniqueConstraint("class_id", "actor", "duty", name=op.f("uq_advance_duty_class_id_actor_duty")),
    )
    op.create_table(
        "advance_account",
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("advance_id", sa.String(length=200), nullable=False),
        sa.Column("holder_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("bank_name", sa.String(length=200), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_masked", sa.String(length=50), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("submitted_by", sa.String(length=200), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint("state IN ('pending','active','replaced')", name=op.f("ck_advance_account_state")),
        sa.CheckConstraint("approved_by <> submitted_by", name=op.f("ck_advance_account_another_person")),
        sa.ForeignKeyConstraint(
            ["advance_id"], ["advance.advance_id"], name=op.f("fk_advance_account_advance_id_advance")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_advance_account")),
    )
    with op.batch_alter_table("advance_account", schema=None) as batch_op:
        batch_op.create_index(
            "uq_advance_account_active",
            ["advance_id"],
            unique=True,
            postgresql_where=sa.text("state = 'active'"),
            sqlite_where=sa.text("state = 'active'"),
        )
        batch_op.create_index(
            "uq_advance_account_pending",
            ["advance_id"],
            unique=True,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "advance_recovery",
        sa.Column("advance_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL) AND (state = 'proposed') = (decision_reason IS NULL) "
            "AND (state = 'proposed') = (decided_on IS NULL)",
            name=op.f("ck_advance_recovery_decided"),
        ),
        sa.CheckConstraint("duty IN ('first_review','second_review')", name=op.f("ck_advance_recovery_duty")),
        sa.CheckConstraint("state IN ('proposed','refused','ordered')", name=op.f("ck_advance_recovery_state")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_advance_recovery_amount")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_advance_recovery_two_people")),
        sa.CheckConstraint("due_on > proposed_on", name=op.f("ck_advance_recovery_due")),
        sa.ForeignKeyConstraint(
            ["advance_id", "class_id"],
            ["advance.advance_id", "advance.class_id"],
            name=op.f("fk_advance_recovery_advance_id_class_id_advance"),
        ),
        sa.ForeignKeyConstraint(
            ["class_id", "proposed_by", "duty"],
            ["advance_duty.class_id", "advance_duty.actor", "advance_duty.duty"],
            name=op.f("fk_advance_recovery_class_id_proposed_by_duty_advance_duty"),
        ),
        sa.PrimaryKeyConstraint("advance_id", "number", name=op.f("pk_advance_recovery")),
    )
    with op.batch_alter_table("advance_recovery", schema=None) as batch_op:
        batch_op.create_index(
            "uq_advance_recovery_standing",
            ["advance_id"],
            unique=True,
            postgresql_where=sa.text("state <> 'refused'"),
            sqlite_where=sa.text("state <> 'refused'"),
        )

    op.create_table(
        "advance_attempt",
        sa.Column("advance_id", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("bank_file_id", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), server_default="payment", nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("reason_code", sa.String(length=100), nullable=True),
        sa.CheckConstraint("duty = 'payment'", name=op.f("ck_advance_attempt_duty")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('settled','returned')", name=op.f("ck_advance_attempt_outcome")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name=op.f("ck_advance_attempt_answered")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["advance_account.account_id"], name=op.f("fk_advance_attempt_account_id_advance_account")
        ),
        sa.ForeignKeyConstraint(
            ["advance_id", "class_id"],
            ["advance.advance_id", "advance.class_id"],
            name=op.f("fk_advance_attempt_advance_id_class_id_advance"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_file_id"], ["bank_file.bank_file_id"], name=op.f("fk_advance_attempt_bank_file_id_bank_file")
        ),
        sa.ForeignKeyConstraint(
            ["class_id", "sender", "duty"],
            ["advance_duty.class_id", "advance_duty.actor", "advance_duty.duty"],
            name=op.f("fk_advance_attempt_class_id_sender_duty_advance_duty"),
        ),
        sa.PrimaryKeyConstraint("advance_id", "attempt", name=op.f("pk_advance_attempt")),
    )
    with op.batch_alter_table("advance_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_advance_attempt_bank_file_id", ["bank_file_id"], unique=False)

    op.create_table(
        "advance_clearing",
        sa.Column("advance_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.String(length=200), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("order_id", sa.String(length=200), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(kind = 'repaid') = (reference IS NOT NULL)", name=op.f("ck_advance_clearing_receipt")),
        sa.CheckConstraint("(kind = 'set_off') = (order_id IS NOT NULL)", name=op.f("ck_advance_clearing_set_off")),
        sa.CheckConstraint("kind IN ('set_off','repaid')", name=op.f("ck_advance_clearing_kind")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_advance_clearing_amount")),
        sa.ForeignKeyConstraint(
            ["advance_id"], ["advance.advance_id"], name=op.f("fk_advance_clearing_advance_id_advance")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payment_order.order_id"], name=op.f("fk_advance_clearing_order_id_payment_order")
        ),
        sa.PrimaryKeyConstraint("advance_id", "number", name=op.f("pk_advance_clearing")),
        sa.UniqueConstraint(
            "institution_id",
            "funding_source",
            "reference",
            name=op.f("uq_advance_clearing_institution_id_funding_source_reference"),
        ),
        sa.UniqueConstraint("order_id", name=op.f("uq_advance_clearing_order_id")),
    )


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    op.create_table(
        "application",
        sa.Column("application_id", sa.String(length=200), nullable=False),
        sa.Column("institution_id", sa.String(length=200), nullable=False),
        sa.Column("submitted_by", sa.String(length=200), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_application")),
    )
    op.create_table(
        "bank_file",
        sa.Column("bank_file_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=False),
        sa.Column("orders_count", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.CheckConstraint("orders_count > 0 AND amount_fen > 0", name=op.f("ck_bank_file_not_empty")),
        sa.PrimaryKeyConstraint("bank_file_id", name=op.f("pk_bank_file")),
    )
    op.create_table(
        "budget",
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("allotted_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "reserved_fen >= 0 AND reserved_fen <= allotted_fen", name=op.f("ck_budget_not_over_reserved")
        ),
        sa.PrimaryKeyConstraint("region", "funding_source", "year", name=op.f("pk_budget")),
    )
    op.create_table(
        "class_file",
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("institution_id", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=6), nullable=True),
        sa.Column("rulebook_id", sa.String(length=200), nullable=True),
        sa.Column("funding_source", sa.String(length=100), nullable=True),
        sa.Column("asked_version", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("budget_refused", sa.String(length=100), nullable=True),
        sa.Column("budget_refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released", sa.String(length=100), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("asked_version >= 0", name=op.f("ck_class_file_asked_version")),
        sa.CheckConstraint(
            "(budget_refused IS NULL) = (budget_refused_at IS NULL)", name=op.f("ck_class_file_refused")
        ),
        sa.PrimaryKeyConstraint("class_id", name=op.f("pk_class_file")),
    )
    _create_reports()
    _create_replays()
    _create_work()
    _create_past()
    op.create_table(
        "entitlement_entry",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("slot_no", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.CheckConstraint("act IN ('reserved','used','moved','released')", name=op.f("ck_entitlement_entry_act")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_entitlement_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("entitlement_entry", schema=None) as batch_op:
        batch_op.create_index("ix_entitlement_entry_class_id", ["class_id", "act"], unique=False)

    op.create_table(
        "rate_correction",
        sa.Column("correction_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("programme", sa.String(length=100), nullable=False),
        sa.Column("occupation", sa.String(length=100), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("certificate_kind", sa.String(length=50), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_rate_correction_amount")),
        sa.CheckConstraint("unit IN ('each','day','month','year')", name=op.f("ck_rate_correction_unit")),
        sa.CheckConstraint("state IN ('proposed','confirmed','refused')", name=op.f("ck_rate_correction_state")),
        sa.CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name=op.f("ck_rate_correction_decided")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_rate_correction_another_person")),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_rate_correction")),
    )
    with op.batch_alter_table("rate_correction", schema=None) as batch_op:
        batch_op.create_index("ix_rate_correction_region", ["region"], unique=False)

    op.create_table(
        "rate",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("programme", sa.String(length=100), nullable=False),
        sa.Column("occupation", sa.String(length=100), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("certificate_kind", sa.String(length=50), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=200), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("correction_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_rate_amount")),
        sa.CheckConstraint("unit IN ('each','day','month','year')", name=op.f("ck_rate_unit")),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["rate_correction.correction_id"],
            name=op.f("fk_rate_correction_id_rate_correction"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rate")),
        sa.UniqueConstraint("correction_id", name=op.f("uq_rate_correction_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("rate", schema=None) as batch_op:
        batch_op.create_index("ix_rate_region", ["region"], unique=False)

    op.create_table(
        "budget_allotment",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=200), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_budget_allotment_amount")),
        sa.ForeignKeyConstraint(
            ["region", "funding_source", "year"],
            ["budget.region", "budget.funding_source", "budget.year"],
            name=op.f("fk_budget_allotment_region_funding_source_year_budget"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_budget_allotment")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "budget_commitment",
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_budget_commitment_amount")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["class_file.class_id"], name=op.f("fk_budget_commitment_class_id_class_file")
        ),
        sa.ForeignKeyConstraint(
            ["region", "funding_source", "year"],
            ["budget.region", "budget.funding_source", "budget.year"],
            name=op.f("fk_budget_commitment_region_funding_source_year_budget"),
        ),
        sa.PrimaryKeyConstraint("class_id", "region", "funding_source", "year", name=op.f("pk_budget_commitment")),
    )
    op.create_table(
        "claim",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("institution_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("rulebook_id", sa.String(length=200), nullable=False),
        sa.Column("claimant", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("application_id", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("review_due", sa.Date(), nullable=True),
        sa.Column("review_due_outer", sa.Date(), nullable=True),
        sa.Column("overdue", sa.JSON(), nullable=False),
        sa.Column("clawback_fen", sa.BigInteger(), nullable=False),
        sa.Column("uncomputed", sa.Boolean(), nullable=False),
        sa.Column("state_since", sa.Date(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("recognised", sa.Integer(), nullable=False),
        sa.Column("traces", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("undertaking_version", sa.String(length=100), nullable=False),
        sa.Column("undertaking_signer", sa.String(length=200), nullable=False),
        sa.Column("undertaking_signer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("undertaking_signed_on", sa.Date(), nullable=False),
        sa.Column("employer_payment", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "claimant IN ('institution','enterprise','individual','assessor')", name=op.f("ck_claim_claimant")
        ),
        sa.CheckConstraint(
            "state IN ('submitted','first_review','second_review','notice','notice_clear',"
            "'approved','ordered','paid','returned')",
            name=op.f("ck_claim_state"),
        ),
        sa.CheckConstraint("base >= 0 AND recognised >= 0", name=op.f("ck_claim_heads")),
        sa.CheckConstraint("clawback_fen >= 0", name=op.f("ck_claim_clawback")),
        sa.CheckConstraint("round >= 1", name=op.f("ck_claim_round")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.application_id"], name=op.f("fk_claim_application_id_application")
        ),
        sa.ForeignKeyConstraint(["class_id"], ["class_file.class_id"], name=op.f("fk_claim_class_id_class_file")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim")),
        sa.UniqueConstraint("claim_id", "class_id", name=op.f("uq_claim_claim_id_class_id")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index("ix_claim_application_id", ["application_id"], unique=False)
        batch_op.create_index("ix_claim_class_id", ["class_id"], unique=False)
        batch_op.create_index("ix_claim_owner", ["owner"], unique=False)

    op.create_table(
        "class_fact",
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "event <> 'CertificateIssued' OR person_id IS NOT NULL", name=op.f("ck_class_fact_certified_person")
        ),
        sa.ForeignKeyConstraint(["class_id"], ["class_file.class_id"], name=op.f("fk_class_fact_class_id_class_file")),
        sa.PrimaryKeyConstraint("class_id", "event", "item", name=op.f("pk_class_fact")),
    )
    op.create_index("ix_class_fact_person_id", "class_fact", ["person_id"], unique=False)
    op.create_table(
        "entitlement_slot",
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("slot_no", sa.Integer(), nullable=False),
        sa.Column("slots_max", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.CheckConstraint("state IN ('reserved','used')", name=op.f("ck_entitlement_slot_state")),
        sa.CheckConstraint("slot_no BETWEEN 1 AND slots_max", name=op.f("ck_entitlement_slot_cap")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["class_file.class_id"], name=op.f("fk_entitlement_slot_class_id_class_file")
        ),
        sa.PrimaryKeyConstraint("person_id", "scope", "slot_no", name=op.f("pk_entitlement_slot")),
        sa.UniqueConstraint("class_id", "person_id", name=op.f("uq_entitlement_slot_class_id_person_id")),
    )
    op.create_table(
        "account",
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("holder_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("bank_name", sa.String(length=200), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_masked", sa.String(length=50), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("submitted_by", sa.String(length=200), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("refused_by", sa.String(length=200), nullable=True),
        sa.Column("refusal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('pending','active','replaced','refused')", name=op.f("ck_account_state")),
        sa.CheckConstraint(
            "(state = 'refused') = (refused_by IS NOT NULL AND refusal_reason IS NOT NULL)",
            name=op.f("ck_account_refusal"),
        ),
        sa.CheckConstraint("approved_by <> submitted_by", name=op.f("ck_account_another_person")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_account_claim_id_claim")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(
            "uq_account_active",
            ["claim_id"],
            unique=True,
            postgresql_where=sa.text("state = 'active'"),
            sqlite_where=sa.text("state = 'active'"),
        )
        batch_op.create_index(
            "uq_account_pending",
            ["claim_id"],
            unique=True,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "claim_decision",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=50), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("persons", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("funder", sa.String(length=20), nullable=True),
        sa.CheckConstraint("funder IN ('learner', 'enterprise', 'both')", name=op.f("ck_claim_decision_funder")),
        sa.CheckConstraint(
            "funder IS NULL OR (accepted AND persons IS NOT NULL)", name=op.f("ck_claim_decision_funder_of_people")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_decision_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_claim_decision")),
    )
    op.create_table(
        "claim_difference",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("amounts", sa.JSON(), nullable=False),
        sa.Column("cause", sa.String(length=100), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('supplement','clawback_pending','dissolved')", name=op.f("ck_claim_difference_kind")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_difference_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_claim_difference")),
    )
    op.create_table(
        "claim_duty",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "duty IN ('first_review','second_review','bureau_opinion','payment','inspection')",
            name=op.f("ck_claim_duty_duty"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_duty_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "actor", name=op.f("pk_claim_duty")),
        sa.UniqueConstraint("claim_id", "actor", "duty", name=op.f("uq_claim_duty_claim_id_actor_duty")),
    )
    op.create_table(
        "claim_entry",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("first_reviewer", sa.String(length=200), nullable=False),
        sa.Column("second_reviewer", sa.String(length=200), nullable=True),
        sa.Column("approver", sa.String(length=200), nullable=False),
        sa.Column("rates_until", sa.BigInteger(), nullable=False),
        sa.Column("clawback", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "first_reviewer <> approver AND (clawback IS NULL) = (second_reviewer IS NOT NULL) "
            "AND (second_reviewer IS NULL OR (first_reviewer <> second_reviewer AND second_reviewer <> approver))",
            name=op.f("ck_claim_entry_three_people"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_entry_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "entry", name=op.f("pk_claim_entry")),
    )
    op.create_table(
        "claim_line",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=True),
        sa.Column("masked_name", sa.String(length=200), nullable=True),
        sa.Column("payee_check", sa.String(length=100), nullable=True),
        sa.Column("programme", sa.String(length=100), nullable=False),
        sa.Column("certificate_kind", sa.String(length=50), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("recognised", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("traces", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL AND amount_fen <= 0) OR (person_id IS NOT NULL AND amount_fen >= 0)",
            name=op.f("ck_claim_line_amount"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_line_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "line_no", name=op.f("pk_claim_line")),
        sa.UniqueConstraint(
            "claim_id", "person_id", "programme", name=op.f("uq_claim_line_claim_id_person_id_programme")
        ),
    )
    op.create_table(
        "cap_person",
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_cap_person")),
    )
    op.create_table(
        "cap_use",
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("award", sa.String(length=300), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("programme", sa.String(length=100), nullable=False),
        sa.Column("occupation", sa.String(length=100), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("employer", sa.String(length=200), nullable=True),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_cap_use_claim_id_claim")),
        sa.ForeignKeyConstraint(["class_id"], ["class_file.class_id"], name=op.f("fk_cap_use_class_id_class_file")),
        sa.PrimaryKeyConstraint("class_id", "person_id", "award", name=op.f("pk_cap_use")),
    )
    with op.batch_alter_table("cap_use", schema=None) as batch_op:
        batch_op.create_index("ix_cap_use_claim_id", ["claim_id"], unique=False)
        batch_op.create_index("ix_cap_use_person_id", ["person_id"], unique=False)

    op.create_table(
        "cap_slot",
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("slot_no", sa.Integer(), nullable=False),
        sa.Column("slots_max", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("award", sa.String(length=300), nullable=False),
        sa.CheckConstraint("slot_no BETWEEN 1 AND slots_max", name=op.f("ck_cap_slot_cap")),
        sa.ForeignKeyConstraint(
            ["class_id", "person_id", "award"],
            ["cap_use.class_id", "cap_use.person_id", "cap_use.award"],
            name=op.f("fk_cap_slot_class_id_person_id_award_cap_use"),
        ),
        sa.PrimaryKeyConstraint("person_id", "scope", "slot_no", name=op.f("pk_cap_slot")),
        sa.UniqueConstraint(
            "class_id", "person_id", "award", "scope", name=op.f("uq_cap_slot_class_id_person_id_award_scope")
        ),
    )
    op.create_table(
        "claim_person",
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("payee", sa.String(length=20), nullable=False),
        sa.Column("body_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("identity_check", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id", "class_id"],
            ["claim.claim_id", "claim.class_id"],
            name=op.f("fk_claim_person_claim_id_class_id_claim"),
        ),
        sa.CheckConstraint(
            "payee IN ('','learner','enterprise','institution','assessor')", name=op.f("ck_claim_person_payee")
        ),
        sa.CheckConstraint("body_id = '' OR payee = 'assessor'", name=op.f("ck_claim_person_body")),
        sa.PrimaryKeyConstraint("class_id", "person_id", "payee", "body_id", name=op.f("pk_claim_person")),
    )
    with op.batch_alter_table("claim_person", schema=None) as batch_op:
        batch_op.create_index("ix_claim_person_claim_id", ["claim_id"], unique=False)
        batch_op.create_index("ix_claim_person_identity_check", ["identity_check"], unique=False)
        batch_op.create_index("ix_claim_person_person_id", ["person_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("notice_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("payable_from", sa.Date(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("amounts", sa.JSON(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("list_hash", sa.String(length=64), nullable=False),
        sa.Column("published_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state IN ('published','ended','withdrawn')", name=op.f("ck_notice_state")),
        sa.CheckConstraint("starts_on <= ends_on AND ends_on < payable_from", name=op.f("ck_notice_days")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_notice_claim_id_claim")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
        sa.UniqueConstraint("claim_id", "round", name=op.f("uq_notice_claim_id_round")),
    )
    op.create_table(
        "claim_entry_line",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("certificate_kind", sa.String(length=50), nullable=True),
        sa.Column("traces", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_claim_entry_line_amount")),
        sa.ForeignKeyConstraint(
            ["claim_id", "entry"],
            ["claim_entry.claim_id", "claim_entry.entry"],
            name=op.f("fk_claim_entry_line_claim_id_entry_claim_entry"),
        ),
        sa.PrimaryKeyConstraint("claim_id", "entry", "line_no", name=op.f("pk_claim_entry_line")),
    )
    with op.batch_alter_table("claim_entry_line", schema=None) as batch_op:
        batch_op.create_index("ix_claim_entry_line_line", ["claim_id", "line_no"], unique=False)

    op.create_table(
        "claim_review",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.String(length=100), nullable=True),
        sa.CheckConstraint(
            "step IN ('first_review','second_review','bureau_opinion')", name=op.f("ck_claim_review_step")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "actor", "step"],
            ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"],
            name=op.f("fk_claim_review_claim_id_actor_step_claim_duty"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_review_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "round", "step", name=op.f("pk_claim_review")),
    )
    op.create_table(
        "claim_breach",
        sa.Column("breach_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("conclusion", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("line_nos", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "conclusion IN ('confirmed','unfounded','work_error')", name=op.f("ck_claim_breach_conclusion")
        ),
        sa.CheckConstraint(
            "(conclusion IS NULL) = (reason IS NULL) AND (conclusion IS NULL) = (closed_by IS NULL) "
            "AND (conclusion IS NULL) = (closed_on IS NULL)",
            name=op.f("ck_claim_breach_closed"),
        ),
        sa.CheckConstraint("closed_by <> opened_by", name=op.f("ck_claim_breach_two_people")),
        sa.CheckConstraint(
            "coalesce(conclusion, '') = 'confirmed' OR CAST(line_nos AS TEXT) = '[]'",
            name=op.f("ck_claim_breach_lines"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_breach_claim_id_claim")),
        sa.PrimaryKeyConstraint("breach_id", name=op.f("pk_claim_breach")),
    )
    with op.batch_alter_table("claim_breach", schema=None) as batch_op:
        batch_op.create_index("ix_claim_breach_claim_id", ["claim_id"], unique=False)

    op.create_table(
        "claim_line_return",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.String(length=50), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("returned_by", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=200), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.CheckConstraint("duty IN ('first_review','second_review')", name=op.f("ck_claim_line_return_duty")),
        sa.CheckConstraint("answer IN ('resubmitted','given_up')", name=op.f("ck_claim_line_return_answer")),
        sa.CheckConstraint(
            "(answer IS NULL) = (statement IS NULL) AND (answer IS NULL) = (answered_by IS NULL) "
            "AND (answer IS NULL) = (answered_on IS NULL)",
            name=op.f("ck_claim_line_return_answered"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "returned_by", "duty"],
            ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"],
            name=op.f("fk_claim_line_return_claim_id_returned_by_duty_claim_duty"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_line_return_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_claim_line_return")),
    )
    with op.batch_alter_table("claim_line_return", schema=None) as batch_op:
        batch_op.create_index(
            "uq_claim_line_return_waiting",
            ["claim_id", "line_no"],
            unique=True,
            postgresql_where=sa.text("answer IS NULL"),
            sqlite_where=sa.text("answer IS NULL"),
        )

    op.create_table(
        "objection",
        sa.Column("objection_id", sa.String(length=200), nullable=False),
        sa.Column("notice_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("line_nos", sa.JSON(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.String(length=200), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(upheld IS NULL) = (finding IS NULL)", name=op.f("ck_objection_finding")),
        sa.CheckConstraint("(upheld IS NULL) = (resolved_by IS NULL)", name=op.f("ck_objection_resolver")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_objection_claim_id_claim")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.notice_id"], name=op.f("fk_objection_notice_id_notice")),
        sa.PrimaryKeyConstraint("objection_id", name=op.f("pk_objection")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index("ix_objection_claim_id", ["claim_id"], unique=False)

    op.create_table(
        "payment_order",
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("class_id", sa.String(length=200), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("payer", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), server_default="payment", nullable=False),
        sa.CheckConstraint("duty = 'payment'", name=op.f("ck_payment_order_duty")),
        sa.CheckConstraint(
            "state IN ('drafted','ready','sent','settled','returned','reversed')", name=op.f("ck_payment_order_state")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_order_amount")),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_payment_order_attempt")),
        sa.ForeignKeyConstraint(
            ["claim_id", "class_id"],
            ["claim.claim_id", "claim.class_id"],
            name=op.f("fk_payment_order_claim_id_class_id_claim"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "payer", "duty"],
            ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"],
            name=op.f("fk_payment_order_claim_id_payer_duty_claim_duty"),
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_payment_order")),
        sa.UniqueConstraint("order_id", "claim_id", name=op.f("uq_payment_order_order_id_claim_id")),
    )
    with op.batch_alter_table("payment_order", schema=None) as batch_op:
        batch_op.create_index("ix_payment_order_claim_id", ["claim_id"], unique=False)
        batch_op.create_index("ix_payment_order_state", ["funding_source", "state"], unique=False)

    op.create_table(
        "order_attempt",
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("bank_file_id", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), server_default="payment", nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("reason_code", sa.String(length=100), nullable=True),
        sa.CheckConstraint("duty = 'payment'", name=op.f("ck_order_attempt_duty")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('settled','returned')", name=op.f("ck_order_attempt_outcome")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name=op.f("ck_order_attempt_answered")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_order_attempt_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["bank_file_id"], ["bank_file.bank_file_id"], name=op.f("fk_order_attempt_bank_file_id_bank_file")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "sender", "duty"],
            ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"],
            name=op.f("fk_order_attempt_claim_id_sender_duty_claim_duty"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "claim_id"],
            ["payment_order.order_id", "payment_order.claim_id"],
            name=op.f("fk_order_attempt_order_id_claim_id_payment_order"),
        ),
        sa.PrimaryKeyConstraint("order_id", "attempt", name=op.f("pk_order_attempt")),
    )
    with op.batch_alter_table("order_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_order_attempt_bank_file_id", ["bank_file_id"], unique=False)

    op.create_table(
        "order_entry",
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("entry_no", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_order_entry_amount")),
        sa.ForeignKeyConstraint(
            ["order_id", "claim_id"],
            ["payment_order.order_id", "payment_order.claim_id"],
            name=op.f("fk_order_entry_order_id_claim_id_payment_order"),
        ),
        sa.PrimaryKeyConstraint("claim_id", "line_no", "entry_no", name=op.f("pk_order_entry")),
    )
    with op.batch_alter_table("order_entry", schema=None) as batch_op:
        batch_op.create_index("ix_order_entry_order_id", ["order_id"], unique=False)

    op.create_table(
        "order_reversal",
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("was", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("duty", sa.String(length=20), server_default="payment", nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.CheckConstraint("was IN ('ready','returned','settled')", name=op.f("ck_order_reversal_was")),
        sa.CheckConstraint("amount_fen < 0", name=op.f("ck_order_reversal_amount")),
        sa.CheckConstraint("duty = 'payment'", name=op.f("ck_order_reversal_duty")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_order_reversal_another_person")),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_on IS NULL)", name=op.f("ck_order_reversal_approved")),
        sa.ForeignKeyConstraint(
            ["order_id", "claim_id"],
            ["payment_order.order_id", "payment_order.claim_id"],
            name=op.f("fk_order_reversal_order_id_claim_id_payment_order"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "proposed_by", "duty"],
            ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"],
            name=op.f("fk_order_reversal_claim_id_proposed_by_duty_claim_duty"),
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_reversal")),
    )
    op.create_table(
        "order_resending",
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.CheckConstraint("attempt >= 2", name=op.f("ck_order_resending_attempt")),
        sa.ForeignKeyConstraint(
            ["order_id", "claim_id"],
            ["payment_order.order_id", "payment_order.claim_id"],
            name=op.f("fk_order_resending_order_id_claim_id_payment_order"),
        ),
        sa.PrimaryKeyConstraint("order_id", "attempt", name=op.f("pk_order_resending")),
    )
    op.create_table(
        "clawback",
        sa.Column("clawback_id", sa.String(length=200), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("amounts", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("cause", sa.String(length=100), nullable=False),
        sa.Column("rule", sa.String(length=50), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=20), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_clawback_amount")),
        sa.CheckConstraint("duty IN ('first_review','second_review')", name=op.f("ck_clawback_duty")),
        sa.CheckConstraint("state IN ('proposed','refused','ordered','settled')", name=op.f("ck_clawback_state")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_clawback_two_people")),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL) AND (state = 'proposed') = (decision_reason IS NULL) "
            "AND (state = 'proposed') = (decided_on IS NULL)",
            name=op.f("ck_clawback_decided"),
        ),
        sa.CheckConstraint("(state IN ('ordered','settled')) = (entry IS NOT NULL)", name=op.f("ck_clawback_entry")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_clawback_claim_id_claim")),
        sa.ForeignKeyConstraint(
            ["claim_id", "entry"],
            ["claim_entry.claim_id", "claim_entry.entry"],
            name=op.f("fk_clawback_claim_id_entry_claim_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "proposed_by", "duty"],
            ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"],
            name=op.f("fk_clawback_claim_id_proposed_by_duty_claim_duty"),
        ),
        sa.PrimaryKeyConstraint("clawback_id", name=op.f("pk_clawback")),
        sa.UniqueConstraint("clawback_id", "claim_id", name=op.f("uq_clawback_clawback_id_claim_id")),
    )
    with op.batch_alter_table("clawback", schema=None) as batch_op:
        batch_op.create_index("ix_clawback_claim_id", ["claim_id"], unique=False)

    op.create_table(
        "clawback_line",
        sa.Column("clawback_id", sa.String(length=200), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_clawback_line_amount")),
        sa.ForeignKeyConstraint(
            ["clawback_id", "claim_id"],
            ["clawback.clawback_id", "clawback.claim_id"],
            name=op.f("fk_clawback_line_clawback_id_claim_id_clawback"),
        ),
        sa.PrimaryKeyConstraint("clawback_id", "line_no", name=op.f("pk_clawback_line")),
    )
    with op.batch_alter_table("clawback_line", schema=None) as batch_op:
        batch_op.create_index("ix_clawback_line_claim_id", ["claim_id", "line_no"], unique=False)

    op.create_table(
        "clawback_repayment",
        sa.Column("clawback_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("funding_source", sa.String(length=100), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("order_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_clawback_repayment_amount")),
        sa.CheckConstraint("kind IN ('bank','offset')", name=op.f("ck_clawback_repayment_kind")),
        sa.CheckConstraint("(kind = 'offset') = (order_id IS NOT NULL)", name=op.f("ck_clawback_repayment_offset")),
        sa.CheckConstraint("(kind = 'bank') = (reference IS NOT NULL)", name=op.f("ck_clawback_repayment_receipt")),
        sa.ForeignKeyConstraint(
            ["clawback_id"], ["clawback.clawback_id"], name=op.f("fk_clawback_repayment_clawback_id_clawback")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payment_order.order_id"], name=op.f("fk_clawback_repayment_order_id_payment_order")
        ),
        sa.PrimaryKeyConstraint("clawback_id", "number", name=op.f("pk_clawback_repayment")),
        sa.UniqueConstraint(
            "clawback_id",
            "funding_source",
            "reference",
            name=op.f("uq_clawback_repayment_clawback_id_funding_source_reference"),
        ),
        sa.UniqueConstraint("order_id", name=op.f("uq_clawback_repayment_order_id")),
    )
    _create_advances()
