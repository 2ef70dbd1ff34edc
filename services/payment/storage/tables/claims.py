"""Claims from their application to the end of their notice, with decisions, duties, reviews and breaches."""

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

from services.payment.storage.tables.shared import DUTIES, METADATA
from shared.database.metadata import Instant

STATES: Final = (
    "'submitted','first_review','second_review','notice','notice_clear','approved','ordered','paid','returned'"
)

APPLICATION: Final = Table(
    "application",
    METADATA,
    Column("application_id", String(200), primary_key=True),
    Column("institution_id", String(200), nullable=False),
    Column("submitted_by", String(200), nullable=False),
    Column("received_on", Date, nullable=False),
)
"""One application with several batches, each a claim of its own (JY-CLM-09); append-only."""

CLAIM: Final = Table(
    "claim",
    METADATA,
    Column("claim_id", String(200), primary_key=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("institution_id", String(200), nullable=False),
    Column("region", String(6), nullable=False),
    Column("rulebook_id", String(200), nullable=False),
    Column("claimant", String(20), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("application_id", ForeignKey("application.application_id")),
    Column("state", String(20), nullable=False),
    Column("round", Integer, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("review_due", Date),
    Column("review_due_outer", Date),
    Column("overdue", JSON, nullable=False),
    Column("clawback_fen", BigInteger, nullable=False),
    Column("uncomputed", Boolean, nullable=False),
    Column("state_since", Date, nullable=False),
    Column("base", Integer, nullable=False),
    Column("recognised", Integer, nullable=False),
    Column("traces", JSON, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("held", JSON, nullable=False),
    Column("undertaking_version", String(100), nullable=False),
    Column("undertaking_signer", String(200), nullable=False),
    Column("undertaking_signer_sealed", LargeBinary, nullable=False),
    Column("undertaking_signed_on", Date, nullable=False),
    Column("employer_payment", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("claim_id", "class_id"),
    CheckConstraint(f"state IN ({STATES})", name="state"),
    CheckConstraint("claimant IN ('institution','enterprise','individual','assessor')", name="claimant"),
    CheckConstraint("round >= 1", name="round"),
    CheckConstraint("clawback_fen >= 0", name="clawback"),
    CheckConstraint("base >= 0 AND recognised >= 0", name="heads"),
    Index("ix_claim_class_id", "class_id"),
    Index("ix_claim_application_id", "application_id"),
    Index("ix_claim_owner", "owner"),
)

CLAIM_PERSON: Final = Table(
    "claim_person",
    METADATA,
    Column("class_id", String(200), primary_key=True),
    Column("person_id", String(200), primary_key=True),
    Column("payee", String(20), primary_key=True),
    Column("body_id", String(200), primary_key=True),
    Column("claim_id", String(200), nullable=False),
    Column("identity_check", String(100)),
    ForeignKeyConstraint(["claim_id", "class_id"], ["claim.claim_id", "claim.class_id"]),
    CheckConstraint("payee IN ('','learner','enterprise','institution','assessor')", name="payee"),
    CheckConstraint("body_id = '' OR payee = 'assessor'", name="body"),
    Index("ix_claim_person_claim_id", "claim_id"),
    Index("ix_claim_person_identity_check", "identity_check"),
    Index("ix_claim_person_person_id", "person_id"),
)
"""A person's training in a class is claimed once over all kinds of claimants (JY-CLM-01).

Only where the document itself says who is paid for what, each payee claims what is theirs, each assessment body what
rests on its own certificates (HB-PAY-02): `body_id` is empty for every other claimant. By `identity_check` claims are
found whose people turn out to have had something elsewhere.
"""

CLAIM_LINE: Final = Table(
    "claim_line",
    METADATA,
    Column("claim_id", ForeignKey("claim.claim_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("person_id", String(200)),
    Column("masked_name", String(200)),
    Column("payee_check", String(100)),
    Column("programme", String(100), nullable=False),
    Column("certificate_kind", String(50)),
    Column("amount_fen", BigInteger, nullable=False),
    Column("recognised", Boolean, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("traces", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    UniqueConstraint("claim_id", "person_id", "programme"),
    CheckConstraint(
        "(person_id IS NULL AND amount_fen <= 0) OR (person_id IS NOT NULL AND amount_fen >= 0)", name="amount"
    ),
)
"""The present assessment; what was approved of it stands in `claim_entry_line`."""

CLAIM_DECISION: Final = Table(
    "claim_decision",
    METADATA,
    Column("claim_id", ForeignKey("claim.claim_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("rule", String(50), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("persons", JSON(none_as_null=True)),
    Column("kinds", JSON, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("funder", String(20)),
    CheckConstraint("funder IN ('learner', 'enterprise', 'both')", name="funder"),
    CheckConstraint("funder IS NULL OR (accepted AND persons IS NOT NULL)", name="funder_of_people"),
)

CLAIM_DUTY: Final = Table(
    "claim_duty",
    METADATA,
    Column("claim_id", ForeignKey("claim.claim_id"), primary_key=True),
    Column("actor", String(200), primary_key=True),
    Column("duty", String(20), nullable=False),
    UniqueConstraint("claim_id", "actor", "duty"),
    CheckConstraint(f"duty IN ({DUTIES})", name="duty"),
)
"""Four-eyes: a person holds one duty in a claim; reviews and orders refer to the duty they were done in."""

CLAIM_REVIEW: Final = Table(
    "claim_review",
    METADATA,
    Column("claim_id", ForeignKey("claim.claim_id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("step", String(20), primary_key=True),
    Column("approved", Boolean, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("opinion", Text, nullable=False),
    Column("reason_code", String(100)),
    CheckConstraint("step IN ('first_review','second_review','bureau_opinion')", name="step"),
    ForeignKeyConstraint(["claim_id", "actor", "step"], ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"]),
)

CLAIM_LINE_RETURN: Final = Table(
    "claim_line_return",
    METADATA,
    Column("claim_id", ForeignKey("claim.claim_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line_no", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("reason_code", String(50), nullable=False),
    Column("note", Text, nullable=False),
    Column("returned_by", String(200), nullable=False),
    Column("duty", String(20), nullable=False),
    Column("returned_on", Date, nullable=False),
    Column("answer", String(20)),
    Column("statement", Text),
    Column("answered_by", String(200)),
    Column("answered_on", Date),
    CheckConstraint("duty IN ('first_review','second_review')", name="duty"),
    CheckConstraint("answer IN ('resubmitted','given_up')", name="answer"),
    CheckConstraint(
        "(answer IS NULL) = (statement IS NULL) AND (answer IS NULL) = (answered_by IS NULL) "
        "AND (answer IS NULL) = (answered_on IS NULL)",
        name="answered",
    ),
    ForeignKeyConstraint(
        ["claim_id", "returned_by", "duty"], ["claim_duty.claim_id", "claim_duty.actor", "claim_duty.duty"]
    ),
    Index(
        "uq_claim_line_return_waiting",
        "claim_id",
        "line_no",
        unique=True,
        postgresql_where=text("answer IS NULL"),
        sqlite_where=text("answer IS NULL"),
    ),
)
"""Lines given back to the claimant one by one, for a standard reason."""

CLAIM_ENTRY: Final = Table(
    "claim_entry",
    METADATA,
    Column("claim_id", ForeignKey("claim.claim_id"), primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("round", Integer, nullable=False),
    Column("approved_on", Date, nullable=False),
    Column("first_reviewer", String(200), nullable=False),
    Column("second_reviewer", String(200)),
    Column("approver", String(200), nullable=False),
    Column("rates_until", BigInteger, nullable=False),
    Column("clawback", JSON(none_as_null=True)),
    CheckConstraint(
        "first_reviewer <> approver AND (clawback IS NULL) = (second_reviewer IS NOT NULL) "
        "AND (second_reviewer IS NULL OR (first_reviewer <> second_reviewer AND second_reviewer <> approver))",
        name="three_people",
    ),
)
"""Approvals by three people and, by two, the opposite entries of claw-backs; append-only."""

CLAIM_ENTRY_LINE: Final = Table(
    "claim_entry_line",
    METADATA,
    Column("claim_id", String(200), primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("certificate_kind", String(50)),
    Column("traces", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    ForeignKeyConstraint(["claim_id", "entry"], ["claim_entry.claim_id", "claim_entry.entry"]),
    CheckConstraint("amount_fen <> 0", name="amount"),
    Index("ix_claim_entry_line_line", "claim_id", "line_no"),
)
"""What an approval added to a line, with the traces and evidence it was approved on; append-only."""

CLAIM_DIFFERENCE: Final = Table(
    "claim_difference",
    METADATA,
    Column("claim_id", ForeignKey("claim.claim_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("amounts", JSON, nullable=False),
    Column("cause", String(100), nullable=False),
    Column("found_on", Date, nullable=False),
    CheckConstraint("kind IN ('supplement','clawback_pending','dissolved')", name="kind"),
)
"""Differences found after an approval, append-only; the last one is the present one."""

NOTICE: Final = Table(
    "notice",
    METADATA,
    Column("notice_id", String(200), primary_key=True),
    Column("claim_id", ForeignKey("claim.claim_id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("payable_from", Date, nullable=False),
    Column("site", Text, nullable=False),
    Column("amounts", JSON, nullable=False),
    Column("content", JSON, nullable=False),
    Column("list_hash", String(64), nullable=False),
    Column("published_by", String(200), nullable=False),
    UniqueConstraint("claim_id", "round"),
    CheckConstraint("state IN ('published','ended','withdrawn')", name="state"),
    CheckConstraint("starts_on <= ends_on AND ends_on < payable_from", name="days"),
)
"""Public notices; what was published is never changed."""

CLAIM_BREACH: Final = Table(
    "claim_breach",
    METADATA,
    Column("breach_id", String(200), primary_key=True),
    Column("claim_id", ForeignKey("claim.claim_id"), nullable=False),
    Column("facts", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("opened_by", String(200), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("conclusion", String(20)),
    Column("reason", Text),
    Column("closed_by", String(200)),
    Column("closed_on", Date),
    Column("line_nos", JSON, nullable=False),
    CheckConstraint("conclusion IN ('confirmed','unfounded','work_error')", name="conclusion"),
    CheckConstraint(
        "(conclusion IS NULL) = (reason IS NULL) AND (conclusion IS NULL) = (closed_by IS NULL) "
        "AND (conclusion IS NULL) = (closed_on IS NULL)",
        name="closed",
    ),
    CheckConstraint("closed_by <> opened_by", name="two_people"),
    CheckConstraint("coalesce(conclusion, '') = 'confirmed' OR CAST(line_nos AS TEXT) = '[]'", name="lines"),
    Index("ix_claim_breach_claim_id", "claim_id"),
)
"""Breaches of the undertaking; an open one stops review and payment of its claim."""

OBJECTION: Final = Table(
    "objection",
    METADATA,
    Column("objection_id", String(200), primary_key=True),
    Column("notice_id", ForeignKey("notice.notice_id"), nullable=False),
    Column("claim_id", ForeignKey("claim.claim_id"), nullable=False),
    Column("line_nos", JSON, nullable=False),
    Column("raised_on", Date, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Column("contact_sealed", LargeBinary),
    Column("upheld", Boolean),
    Column("finding", Text),
    Column("resolved_by", String(200)),
    Column("resolved_on", Date),
    CheckConstraint("(upheld IS NULL) = (finding IS NULL)", name="finding"),
    CheckConstraint("(upheld IS NULL) = (resolved_by IS NULL)", name="resolver"),
    Index("ix_objection_claim_id", "claim_id"),
)
