"""Advances: what is asked for, ordered, taken up by a claim or asked back."""

from typing import Final

from sqlalchemy import (
    BigInteger,
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

from services.payment.storage.tables.shared import DUTIES, METADATA

_GONE: Final = "'refused','withdrawn'"

_ADVANCE_STATES: Final = f"'requested','decided','ready','sent','returned','paid',{_GONE}"

ADVANCE: Final = Table(
    "advance",
    METADATA,
    Column("advance_id", String(200), primary_key=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("institution_id", String(200), nullable=False),
    Column("region", String(6), nullable=False),
    Column("rulebook_id", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("advances_max", Integer),
    Column("requested_fen", BigInteger, nullable=False),
    Column("requested_by", String(200), nullable=False),
    Column("requested_on", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("limit_fen", BigInteger, nullable=False),
    Column("funding_source", String(100)),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("decision_reason", Text),
    Column("ordered_by", String(200)),
    Column("ordered_on", Date),
    Column("attempt", Integer, nullable=False),
    Column("withdrawn_by", String(200)),
    Column("withdrawn_on", Date),
    Column("withdrawal_reason", Text),
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("advance_id", "class_id"),
    CheckConstraint(f"state IN ({_ADVANCE_STATES})", name="state"),
    CheckConstraint("number >= 1 AND (advances_max IS NULL OR number <= advances_max)", name="number"),
    CheckConstraint("requested_fen > 0", name="requested"),
    CheckConstraint("amount_fen >= 0 AND amount_fen <= requested_fen AND amount_fen <= limit_fen", name="amount"),
    CheckConstraint("attempt >= 1", name="attempt"),
    CheckConstraint("decided_by <> requested_by", name="another_decides"),
    CheckConstraint("ordered_by <> decided_by AND ordered_by <> requested_by", name="another_orders"),
    CheckConstraint(
        "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_on IS NULL) "
        "AND (decided_by IS NULL) = (decision_reason IS NULL)",
        name="decided",
    ),
    CheckConstraint(
        "(state IN ('requested','refused')) = (amount_fen = 0) AND (amount_fen = 0) = (limit_fen = 0) "
        "AND (amount_fen = 0) = (funding_source IS NULL)",
        name="whole",
    ),
    CheckConstraint(
        "(ordered_by IS NULL) = (ordered_on IS NULL) "
        "AND (ordered_by IS NOT NULL OR state IN ('requested','refused','decided','withdrawn'))",
        name="ordered",
    ),
    CheckConstraint(
        "(state = 'withdrawn') = (withdrawn_by IS NOT NULL) AND (withdrawn_by IS NULL) = (withdrawn_on IS NULL) "
        "AND (withdrawn_by IS NULL) = (withdrawal_reason IS NULL)",
        name="withdrawn",
    ),
    Index(
        "uq_advance_number",
        "class_id",
        "number",
        unique=True,
        postgresql_where=text(f"state NOT IN ({_GONE})"),
        sqlite_where=text(f"state NOT IN ({_GONE})"),
    ),
    Index("ix_advance_state", "funding_source", "state"),
    Index("ix_advance_region", "region"),
)
"""Money before the claim: one place of a class at a time; what was asked and decided never changes."""

ADVANCE_DUTY: Final = Table(
    "advance_duty",
    METADATA,
    Column("class_id", ForeignKey("class_file.class_id"), primary_key=True),
    Column("actor", String(200), primary_key=True),
    Column("duty", String(20), nullable=False),
    UniqueConstraint("class_id", "actor", "duty"),
    CheckConstraint(f"duty IN ({DUTIES})", name="duty"),
)
"""Four-eyes: a person holds one duty in the advances of a class; append-only."""

ADVANCE_ACCOUNT: Final = Table(
    "advance_account",
    METADATA,
    Column("account_id", String(200), primary_key=True),
    Column("advance_id", ForeignKey("advance.advance_id"), nullable=False),
    Column("holder_sealed", LargeBinary, nullable=False),
    Column("bank_name", String(200), nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_masked", String(50), nullable=False),
    Column("kind", String(50)),
    Column("state", String(20), nullable=False),
    Column("submitted_by", String(200), nullable=False),
    Column("submitted_on", Date, nullable=False),
    Column("approved_by", String(200)),
    CheckConstraint("state IN ('pending','active','replaced')", name="state"),
    CheckConstraint("approved_by <> submitted_by", name="another_person"),
    Index(
        "uq_advance_account_active",
        "advance_id",
        unique=True,
        postgresql_where=text("state = 'active'"),
        sqlite_where=text("state = 'active'"),
    ),
    Index(
        "uq_advance_account_pending",
        "advance_id",
        unique=True,
        postgresql_where=text("state = 'pending'"),
        sqlite_where=text("state = 'pending'"),
    ),
)

ADVANCE_ATTEMPT: Final = Table(
    "advance_attempt",
    METADATA,
    Column("advance_id", String(200), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("class_id", String(200), nullable=False),
    Column("bank_file_id", ForeignKey("bank_file.bank_file_id"), nullable=False),
    Column("account_id", ForeignKey("advance_account.account_id"), nullable=False),
    Column("sender", String(200), nullable=False),
    Column("duty", String(20), nullable=False, server_default="payment"),
    Column("outcome", String(20)),
    Column("answered_on", Date),
    Column("reason_code", String(100)),
    CheckConstraint("outcome IS NULL OR outcome IN ('settled','returned')", name="outcome"),
    CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name="answered"),
    CheckConstraint("duty = 'payment'", name="duty"),
    ForeignKeyConstraint(["advance_id", "class_id"], ["advance.advance_id", "advance.class_id"]),
    ForeignKeyConstraint(
        ["class_id", "sender", "duty"], ["advance_duty.class_id", "advance_duty.actor", "advance_duty.duty"]
    ),
    Index("ix_advance_attempt_bank_file_id", "bank_file_id"),
)
"""One sending of one advance to the bank, with the account it went to."""

ADVANCE_RECOVERY: Final = Table(
    "advance_recovery",
    METADATA,
    Column("advance_id", String(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("class_id", String(200), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("duty", String(20), nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("decision_reason", Text),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("due_on > proposed_on", name="due"),
    CheckConstraint("duty IN ('first_review','second_review')", name="duty"),
    CheckConstraint("state IN ('proposed','refused','ordered')", name="state"),
    CheckConstraint("decided_by <> proposed_by", name="two_people"),
    CheckConstraint(
        "(state = 'proposed') = (decided_by IS NULL) AND (state = 'proposed') = (decision_reason IS NULL) "
        "AND (state = 'proposed') = (decided_on IS NULL)",
        name="decided",
    ),
    ForeignKeyConstraint(["advance_id", "class_id"], ["advance.advance_id", "advance.class_id"]),
    ForeignKeyConstraint(
        ["class_id", "proposed_by", "duty"], ["advance_duty.class_id", "advance_duty.actor", "advance_duty.duty"]
    ),
    Index(
        "uq_advance_recovery_standing",
        "advance_id",
        unique=True,
        postgresql_where=text("state <> 'refused'"),
        sqlite_where=text("state <> 'refused'"),
    ),
)
"""A demand for what an advance is still owed; what was proposed never changes."""

ADVANCE_CLEARING: Final = Table(
    "advance_clearing",
    METADATA,
    Column("advance_id", String(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("institution_id", String(200), nullable=False),
    Column("funding_source", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("cleared_on", Date, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("order_id", ForeignKey("payment_order.order_id"), unique=True),
    Column("reference", String(200)),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("kind IN ('set_off','repaid')", name="kind"),
    CheckConstraint("(kind = 'set_off') = (order_id IS NOT NULL)", name="set_off"),
    CheckConstraint("(kind = 'repaid') = (reference IS NOT NULL)", name="receipt"),
    ForeignKeyConstraint(["advance_id"], ["advance.advance_id"]),
    UniqueConstraint("institution_id", "funding_source", "reference"),
)
"""What an advance is owed less by, append-only; the database takes no more than the bank credited."""
