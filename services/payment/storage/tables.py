"""Payment's own tables.

Every rule that protects money is also a constraint here or a trigger in migration `payment_0002`: what is append-only
refuses change, what is ordered of a line stays within what was decided for it, an order is the sum of its entries,
nobody holds two duties in a claim, no person holds a slot twice, no budget promises more than it has.
"""

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

from shared.database.metadata import SEQUENCE, Instant, new_metadata

METADATA: Final = new_metadata()

STATES: Final = (
    "'submitted','first_review','second_review','notice','notice_clear','approved','ordered','paid','returned'"
)
UNITS: Final = "'each','day','month','year'"
_STANDING: Final = "reverses IS NULL AND state IN ('stated','confirmed')"
_COUNTED_MONTH: Final = "reverses IS NULL AND state = 'confirmed' AND is_full"
_REVERSAL: Final = "state IN ('stated','confirmed')"
DUTIES: Final = "'first_review','second_review','bureau_opinion','payment','inspection'"

CLASS_FILE: Final = Table(
    "class_file",
    METADATA,
    Column("class_id", String(200), primary_key=True),
    Column("institution_id", String(200)),
    Column("region", String(6)),
    Column("rulebook_id", String(200)),
    Column("funding_source", String(100)),
    Column("asked_version", BigInteger, nullable=False),
    Column("request", JSON(none_as_null=True)),
    Column("budget_refused", String(100)),
    Column("budget_refused_at", Instant),
    Column("released", String(100)),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("asked_version >= 0", name="asked_version"),
    CheckConstraint("(budget_refused IS NULL) = (budget_refused_at IS NULL)", name="refused"),
)
"""One row per class: its lock, its tenancy and what it asked to reserve."""

CLASS_FACT: Final = Table(
    "class_fact",
    METADATA,
    Column("class_id", ForeignKey("class_file.class_id"), primary_key=True),
    Column("event", String(100), primary_key=True),
    Column("item", String(200), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("event_id", String(100), nullable=False),
    Column("data", JSON, nullable=False),
)
"""What events said, by kind and by the thing they speak of; a higher revision replaces a lower one."""

MONTHLY_REPORT: Final = Table(
    "monthly_report",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("rulebook_id", String(200), nullable=False),
    Column("drafted_on", Date, nullable=False),
    Column("due", Date, nullable=False),
    CheckConstraint("drafted_on <= due", name="days"),
)
"""That a month is to be reported, and until when; a draft holds no number, it is counted whenever it is read."""

MONTHLY_REPORT_COPY: Final = Table(
    "monthly_report_copy",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("signed_by", String(200), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("reason", Text),
    ForeignKeyConstraint(["region", "month"], ["monthly_report.region", "monthly_report.month"]),
    CheckConstraint("number >= 0 AND (number = 0) = (reason IS NULL)", name="correction"),
)
"""What was signed of a month, as canonical text with its hash: the report is number 0, corrections follow;
append-only."""

MONTHLY_REPORT_DISPATCH: Final = Table(
    "monthly_report_dispatch",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("dispatched_at", Instant, nullable=False),
    Column("dispatched_by", String(200), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("proof", Text, nullable=False),
    ForeignKeyConstraint(
        ["region", "month", "number"],
        ["monthly_report_copy.region", "monthly_report_copy.month", "monthly_report_copy.number"],
        name="fk_monthly_report_dispatch_copy",  # the usual name is longer than PostgreSQL allows
    ),
)
"""The stamp of a copy's delivery, once and for good; append-only."""

EMPLOYMENT: Final = Table(
    "employment",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("employer", String(200)),
    Column("employed_on", Date, nullable=False),
    Column("last_day", Date),
    Column("stands", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_on", Date, nullable=False),
    CheckConstraint("employed_on <= recorded_on", name="days"),
    CheckConstraint("last_day IS NULL OR (last_day >= employed_on AND last_day <= recorded_on)", name="last_day"),
    Index("ix_employment_class_id", "class_id"),
    sqlite_autoincrement=True,
)
"""Who took up which job, as a person found it; append-only. The newest row of a person's job counts, `stands` false
takes it back."""

WORK_MONTH: Final = Table(
    "work_month",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("month", Date, nullable=False),
    Column("is_full", Boolean, nullable=False),
    Column("employer", String(200)),
    Column("source", Text, nullable=False),
    Column("stated_by", String(200), nullable=False),
    Column("stated_on", Date, nullable=False),
    Column("reverses", ForeignKey("work_month.number")),
    Column("state", String(20), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("reason", Text),
    CheckConstraint("state IN ('stated','confirmed','refused','reversed')", name="state"),
    CheckConstraint("(state = 'stated') = (decided_by IS NULL)", name="decided"),
    CheckConstraint("decided_by <> stated_by", name="another_person"),
    CheckConstraint("CAST(month AS VARCHAR(10)) LIKE '%-01' AND month < stated_on", name="month"),
    Index("ix_work_month_class_id", "class_id"),
    Index(
        "uq_work_month_standing",
        "class_id",
        "person_id",
        "month",
        unique=True,
        postgresql_where=text(_STANDING),
        sqlite_where=text(_STANDING),
    ),
    Index(
        "uq_work_month_paid_once",
        "person_id",
        "month",
        unique=True,
        postgresql_where=text(_COUNTED_MONTH),
        sqlite_where=text(_COUNTED_MONTH),
    ),
    Index(
        "uq_work_month_reverses",
        "reverses",
        unique=True,
        postgresql_where=text(_REVERSAL),
        sqlite_where=text(_REVERSAL),
    ),
    sqlite_autoincrement=True,
)
"""Months that people worked: stated by one person, confirmed by another, corrected by an opposite row (`reverses`).
A month of a person stands once in a class, and a full one is confirmed once in all classes."""

ALLOWANCE_PAYOUT: Final = Table(
    "allowance_payout",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("stated_by", String(200), nullable=False),
    Column("stated_on", Date, nullable=False),
    Column("reverses", ForeignKey("allowance_payout.number")),
    Column("state", String(20), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("reason", Text),
    CheckConstraint("state IN ('stated','confirmed','refused','reversed')", name="state"),
    CheckConstraint("(state = 'stated') = (decided_by IS NULL)", name="decided"),
    CheckConstraint("decided_by <> stated_by", name="another_person"),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("paid_on <= stated_on", name="days"),
    Index("ix_allowance_payout_class_id", "class_id"),
    Index(
        "uq_allowance_payout_standing",
        "class_id",
        "person_id",
        "paid_on",
        unique=True,
        postgresql_where=text(_STANDING),
        sqlite_where=text(_STANDING),
    ),
    Index(
        "uq_allowance_payout_reverses",
        "reverses",
        unique=True,
        postgresql_where=text(_REVERSAL),
        sqlite_where=text(_REVERSAL),
    ),
    sqlite_autoincrement=True,
)
"""What people were handed of an allowance that somebody else claims (LS-CLM-04): stated by one person, confirmed by
another, corrected by an opposite row (`reverses`)."""

PAST_SUBSIDY: Final = Table(
    "past_subsidy",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("person_key", String(64), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100), nullable=False),
    Column("level", String(20), nullable=False),
    Column("employer", String(200)),
    Column("had_on", Date, nullable=False),
    Column("source", String(200), nullable=False),
    Column("imported_by", String(200), nullable=False),
    Column("imported_on", Date, nullable=False),
    UniqueConstraint("person_key", "programme", "occupation", "level", "had_on", "source", name="uq_past_subsidy_once"),
    UniqueConstraint("number", "imported_by"),
    CheckConstraint("had_on <= imported_on", name="days"),
    sqlite_autoincrement=True,
)
"""Subsidies that people had elsewhere, append-only; `occupation` and `level` are empty where the source names none.

`person_key` is a keyed hash of the identity number; neither it nor the name is stored in any other form.
"""

PAST_PERSON: Final = Table(
    "past_person",
    METADATA,
    Column("person_key", String(64), primary_key=True),
    Column("check_key", String(20), primary_key=True),
    Column("identity_check", String(100), nullable=False),
    Index("ix_past_person_identity_check", "identity_check"),
)
"""By which check of the number somebody with a past subsidy is recognised on a roster, for each key; append-only."""

PAST_SUBSIDY_WITHDRAWAL: Final = Table(
    "past_subsidy_withdrawal",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=False),
    Column("imported_by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_by", String(200), nullable=False),
    Column("withdrawn_on", Date, nullable=False),
    ForeignKeyConstraint(["number", "imported_by"], ["past_subsidy.number", "past_subsidy.imported_by"]),
    CheckConstraint("withdrawn_by <> imported_by", name="another_person"),
)
"""The opposite entry of a past subsidy imported in error, by another person than imported it; append-only."""

REPORTED_FIGURE: Final = Table(
    "reported_figure",
    METADATA,
    Column("entry", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("code", String(100), nullable=False),
    Column("figure_on", Date, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_by", String(200), nullable=False),
    Column("entered_on", Date, nullable=False),
    CheckConstraint("number >= 0", name="number"),
    CheckConstraint("figure_on <= entered_on", name="days"),
)
"""Figures of official statistics as people entered them: a later one for a day corrects it; append-only."""

FILING: Final = Table(
    "filing",
    METADATA,
    Column("filing_id", String(200), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("code", String(100), nullable=False),
    Column("unit", String(100), nullable=False),
    Column("task", String(100), nullable=False),
    Column("filed_on", Date, nullable=False),
    Column("filed_by", String(200), nullable=False),
    Column("assignment", Text),
    Column("contents", JSON, nullable=False),
    Column("content", Text),
    Column("sha256", String(64)),
    CheckConstraint("(content IS NULL) = (sha256 IS NULL)", name="sealed"),
)
"""Plans, evaluations and disclosures as they were filed, with what was counted and sealed; append-only."""

ENTITLEMENT_SLOT: Final = Table(
    "entitlement_slot",
    METADATA,
    Column("person_id", String(200), primary_key=True),
    Column("scope", String(200), primary_key=True),
    Column("slot_no", Integer, primary_key=True),
    Column("slots_max", Integer, nullable=False),
    Column("class_id", ForeignKey("class_file.class_id"), nullable=False),
    Column("state", String(20), nullable=False),
    UniqueConstraint("class_id", "person_id"),
    CheckConstraint("slot_no BETWEEN 1 AND slots_max", name="cap"),
    CheckConstraint("state IN ('reserved','used')", name="state"),
)

ENTITLEMENT_ENTRY: Final = Table(
    "entitlement_entry",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("person_id", String(200), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("slot_no", Integer, nullable=False),
    Column("class_id", String(200), nullable=False),
    Column("act", String(20), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("entered_on", Date, nullable=False),
    CheckConstraint("act IN ('reserved','used','moved','released')", name="act"),
    Index("ix_entitlement_entry_class_id", "class_id", "act"),
    sqlite_autoincrement=True,
)
"""The entitlement ledger: every change of a slot, append-only."""

CAP_PERSON: Final = Table("cap_person", METADATA, Column("person_id", String(200), primary_key=True))
"""The lock of a person: whoever judges what they are paid for, to write it down, holds their row to the end."""

CAP_USE: Final = Table(
    "cap_use",
    METADATA,
    Column("class_id", ForeignKey("class_file.class_id"), primary_key=True),
    Column("person_id", String(200), primary_key=True),
    Column("award", String(300), primary_key=True),
    Column("claim_id", ForeignKey("claim.claim_id"), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100)),
    Column("level", String(20)),
    Column("employer", String(200)),
    Column("used_on", Date, nullable=False),
    Column("days", JSON, nullable=False),
    Index("ix_cap_use_person_id", "person_id"),
    Index("ix_cap_use_claim_id", "claim_id"),
)
"""What people are paid for where a document says how often: one row for each award that a claim holds.

What is paid by the day names its `days`; each of them is a place of its own in `cap_slot`.
"""

CAP_SLOT: Final = Table(
    "cap_slot",
    METADATA,
    Column("person_id", String(200), primary_key=True),
    Column("scope", String(300), primary_key=True),
    Column("slot_no", Integer, primary_key=True),
    Column("slots_max", Integer, nullable=False),
    Column("class_id", String(200), nullable=False),
    Column("award", String(300), nullable=False),
    ForeignKeyConstraint(
        ["class_id", "person_id", "award"], ["cap_use.class_id", "cap_use.person_id", "cap_use.award"]
    ),
    UniqueConstraint("class_id", "person_id", "award", "scope"),
    CheckConstraint("slot_no BETWEEN 1 AND slots_max", name="cap"),
)
"""The place of an award under a cap: of two claims asking for a person's last one, the database lets one have it.

`slots_max` is the document's number; more only for a person whom a recorded decision lets go beyond it, or while the
same class holds a place whose money is asked back.
"""

RATE: Final = Table(
    "rate",
    METADATA,
    Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    Column("region", String(6), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100)),
    Column("level", String(20)),
    Column("certificate_kind", String(50)),
    Column("valid_from", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_by", String(200), nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("correction_id", ForeignKey("rate_correction.correction_id"), unique=True),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint(f"unit IN ({UNITS})", name="unit"),
    Index("ix_rate_region", "region"),
    sqlite_autoincrement=True,
)
"""Append-only; a second row for the same key and day is there only by a confirmed correction."""

RATE_CORRECTION: Final = Table(
    "rate_correction",
    METADATA,
    Column("correction_id", String(200), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("occupation", String(100)),
    Column("level", String(20)),
    Column("certificate_kind", String(50)),
    Column("valid_from", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_on", Date),
    Column("decision_reason", Text),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint(f"unit IN ({UNITS})", name="unit"),
    CheckConstraint("state IN ('proposed','confirmed','refused')", name="state"),
    CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided"),
    CheckConstraint("decided_by <> proposed_by", name="another_person"),
    Index("ix_rate_correction_region", "region"),
)
"""A rate that would change what a standing one pays: proposed by one person, decided by another."""

BUDGET: Final = Table(
    "budget",
    METADATA,
    Column("region", String(6), primary_key=True),
    Column("funding_source", String(100), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("allotted_fen", BigInteger, nullable=False),
    Column("reserved_fen", BigInteger, nullable=False),
    CheckConstraint("reserved_fen >= 0 AND reserved_fen <= allotted_fen", name="not_over_reserved"),
)

BUDGET_ALLOTMENT: Final = Table(
    "budget_allotment",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("region", String(6), nullable=False),
    Column("funding_source", String(100), nullable=False),
    Column("year", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("entered_by", String(200), nullable=False),
    Column("entered_at", Instant, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
    ForeignKeyConstraint(
        ["region", "funding_source", "year"], ["budget.region", "budget.funding_source", "budget.year"]
    ),
    sqlite_autoincrement=True,
)

BUDGET_COMMITMENT: Final = Table(
    "budget_commitment",
    METADATA,
    Column("class_id", ForeignKey("class_file.class_id"), primary_key=True),
    Column("region", String(6), primary_key=True),
    Column("funding_source", String(100), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
    ForeignKeyConstraint(
        ["region", "funding_source", "year"], ["budget.region", "budget.funding_source", "budget.year"]
    ),
)
"""What a class holds of a budget; all rows of a budget add up to its `reserved_fen`."""

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

REPLAY: Final = Table(
    "replay",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("rulebook_id", String(200), nullable=False),
    Column("begun_at", Instant, nullable=False),
)
"""Approved claims judged again under a draft. Nothing is paid by it."""

REPLAY_PART: Final = Table(
    "replay_part",
    METADATA,
    Column("name", ForeignKey("replay.name"), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("reached", String(200), nullable=False),
    Column("until", String(200)),
    Column("steps", BigInteger, nullable=False),
)
"""The claims of a replay from one to the next, dealt out once: how far each part came, and `until` where it goes."""

REPLAY_CLAIM: Final = Table(
    "replay_claim",
    METADATA,
    Column("name", ForeignKey("replay.name"), primary_key=True),
    Column("claim_id", String(200), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("stops", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("traces", Text, nullable=False),
    Column("reasons", Text, nullable=False),
)
"""A claim judged again: its findings and traces each once, and as `reasons` pairs of places in the two of them."""

REPLAY_LINE: Final = Table(
    "replay_line",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("claim_id", String(200), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("person_id", String(200)),
    Column("programme", String(100), nullable=False),
    Column("before_fen", BigInteger, nullable=False),
    Column("after_fen", BigInteger, nullable=False),
    Column("recognised", Boolean, nullable=False),
    Column("reason", Integer),
)
"""What a line came to and comes to, and which of its claim's reasons is why; one that is no more has none."""
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
