"""Money that leaves and comes back: accounts, orders, the bank's files and answers, clawbacks."""

from typing import Final

from sqlalchemy import (
    JSON,
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

from services.payment.storage.tables.shared import METADATA

ACCOUNT: Final = Table(
    "account",
    METADATA,
    Column("account_id", String(200), primary_key=True),
    Column("claim_id", ForeignKey("claim.claim_id"), nullable=False),
    Column("holder_sealed", LargeBinary, nullable=False),
    Column("bank_name", String(200), nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_masked", String(50), nullable=False),
    Column("kind", String(50)),
    Column("state", String(20), nullable=False),
    Column("submitted_by", String(200), nullable=False),
    Column("submitted_on", Date, nullable=False),
    Column("approved_by", String(200)),
    Column("refused_by", String(200)),
    Column("refusal_reason", Text),
    CheckConstraint("state IN ('pending','active','replaced','refused')", name="state"),
    CheckConstraint("approved_by <> submitted_by", name="another_person"),
    CheckConstraint("(state = 'refused') = (refused_by IS NOT NULL AND refusal_reason IS NOT NULL)", name="refusal"),
    Index(
        "uq_account_active",
        "claim_id",
        unique=True,
        postgresql_where=text("state = 'active'"),
        sqlite_where=text("state = 'active'"),
    ),
    Index(
        "uq_account_pending",
        "claim_id",
        unique=True,
        postgresql_where=text("state = 'pending'"),
        sqlite_where=text("state = 'pending'"),
    ),
)

PAYMENT_ORDER: Final = Table(
    "payment_order",
    METADATA,
    Column("order_id", String(200), primary_key=True),
    Column("claim_id", String(200), nullable=False),
    Column("class_id", String(200), nullable=False),
    Column("funding_source", String(100), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("payer", String(200), nullable=False),
    Column("duty", String(20), nullable=False, server_default="payment"),
    UniqueConstraint("order_id", "claim_id"),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("attempt >= 1", name="attempt"),
    CheckConstraint("state IN ('drafted','ready','sent','settled','returned','reversed')", name="state"),
    CheckConstraint("duty = 'payment'", name="duty"),
    ForeignKeyConstraint(["claim_id", "class_id"], ["claim.claim_id", "claim.class_id"]),
    ForeignKeyConstraint(["claim_id", "payer", "duty"], ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"]),
    Index("ix_payment_order_claim_id", "claim_id"),
    Index("ix_payment_order_state", "funding_source", "state"),
)

ORDER_ENTRY: Final = Table(
    "order_entry",
    METADATA,
    Column("claim_id", String(200), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("entry_no", Integer, primary_key=True),
    Column("order_id", String(200), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    ForeignKeyConstraint(["order_id", "claim_id"], ["payment_order.order_id", "payment_order.claim_id"]),
    CheckConstraint("amount_fen <> 0", name="amount"),
    Index("ix_order_entry_order_id", "order_id"),
)
"""Which part of which line an order pays; append-only."""

BANK_FILE: Final = Table(
    "bank_file",
    METADATA,
    Column("bank_file_id", String(200), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("funding_source", String(100), nullable=False),
    Column("orders_count", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_on", Date, nullable=False),
    CheckConstraint("orders_count > 0 AND amount_fen > 0", name="not_empty"),
)
"""Files handed to a bank, append-only; the bytes are made again from the attempts in it."""

ORDER_ATTEMPT: Final = Table(
    "order_attempt",
    METADATA,
    Column("order_id", String(200), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("claim_id", String(200), nullable=False),
    Column("bank_file_id", ForeignKey("bank_file.bank_file_id"), nullable=False),
    Column("account_id", ForeignKey("account.account_id"), nullable=False),
    Column("sender", String(200), nullable=False),
    Column("duty", String(20), nullable=False, server_default="payment"),
    Column("outcome", String(20)),
    Column("answered_on", Date),
    Column("reason_code", String(100)),
    CheckConstraint("outcome IS NULL OR outcome IN ('settled','returned')", name="outcome"),
    CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name="answered"),
    CheckConstraint("duty = 'payment'", name="duty"),
    ForeignKeyConstraint(["order_id", "claim_id"], ["payment_order.order_id", "payment_order.claim_id"]),
    ForeignKeyConstraint(
        ["claim_id", "sender", "duty"], ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"]
    ),
    Index("ix_order_attempt_bank_file_id", "bank_file_id"),
)
"""One sending of one order to the bank, with the account it went to."""

ORDER_REVERSAL: Final = Table(
    "order_reversal",
    METADATA,
    Column("order_id", String(200), primary_key=True),
    Column("claim_id", String(200), nullable=False),
    Column("was", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("duty", String(20), nullable=False, server_default="payment"),
    Column("approved_by", String(200)),
    Column("approved_on", Date),
    CheckConstraint("was IN ('ready','returned','settled')", name="was"),
    CheckConstraint("amount_fen < 0", name="amount"),
    CheckConstraint("duty = 'payment'", name="duty"),
    CheckConstraint("approved_by <> proposed_by", name="another_person"),
    CheckConstraint("(approved_by IS NULL) = (approved_on IS NULL)", name="approved"),
    ForeignKeyConstraint(["order_id", "claim_id"], ["payment_order.order_id", "payment_order.claim_id"]),
    ForeignKeyConstraint(
        ["claim_id", "proposed_by", "duty"], ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"]
    ),
)
"""The opposite entry of an order; what was recorded as settled in error needs a second person."""

ORDER_RESENDING: Final = Table(
    "order_resending",
    METADATA,
    Column("order_id", String(200), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("claim_id", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_on", Date, nullable=False),
    ForeignKeyConstraint(["order_id", "claim_id"], ["payment_order.order_id", "payment_order.claim_id"]),
    CheckConstraint("attempt >= 2", name="attempt"),
)
"""Why a returned order went out again to the account it had; append-only."""

CLAWBACK: Final = Table(
    "clawback",
    METADATA,
    Column("clawback_id", String(200), primary_key=True),
    Column("claim_id", ForeignKey("claim.claim_id"), nullable=False),
    Column("amounts", JSON, nullable=False),
    Column("asked", JSON, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("cause", String(100), nullable=False),
    Column("rule", String(50), nullable=False),
    Column("clause", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("duty", String(20), nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("entry", Integer),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("decision_reason", Text),
    UniqueConstraint("clawback_id", "claim_id"),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("duty IN ('first_review','second_review')", name="duty"),
    CheckConstraint("state IN ('proposed','refused','ordered','settled')", name="state"),
    CheckConstraint("decided_by <> proposed_by", name="two_people"),
    CheckConstraint(
        "(state = 'proposed') = (decided_by IS NULL) AND (state = 'proposed') = (decision_reason IS NULL) "
        "AND (state = 'proposed') = (decided_on IS NULL)",
        name="decided",
    ),
    CheckConstraint("(state IN ('ordered','settled')) = (entry IS NOT NULL)", name="entry"),
    ForeignKeyConstraint(["claim_id", "entry"], ["claim_entry.claim_id", "claim_entry.entry"]),
    ForeignKeyConstraint(
        ["claim_id", "proposed_by", "duty"], ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"]
    ),
    Index("ix_clawback_claim_id", "claim_id"),
)
"""Money asked back; what was proposed never changes, and it moves only along its states."""

CLAWBACK_LINE: Final = Table(
    "clawback_line",
    METADATA,
    Column("clawback_id", String(200), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("claim_id", String(200), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    CheckConstraint("amount_fen <> 0", name="amount"),
    ForeignKeyConstraint(["clawback_id", "claim_id"], ["clawback.clawback_id", "clawback.claim_id"]),
    Index("ix_clawback_line_claim_id", "claim_id", "line_no"),
)
"""What an ordered claw-back asks back of each line; append-only."""

CLAWBACK_REPAYMENT: Final = Table(
    "clawback_repayment",
    METADATA,
    Column("clawback_id", ForeignKey("clawback.clawback_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("funding_source", String(100), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("reference", String(200)),
    Column("order_id", ForeignKey("payment_order.order_id"), unique=True),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("kind IN ('bank','offset')", name="kind"),
    CheckConstraint("(kind = 'offset') = (order_id IS NOT NULL)", name="offset"),
    CheckConstraint("(kind = 'bank') = (reference IS NOT NULL)", name="receipt"),
    UniqueConstraint("clawback_id", "funding_source", "reference"),
)
"""Money that came back, append-only; the database takes no more than was asked."""
