"""Tables of assessment: bodies, pass marks, rulings, classes, exams with their results, certificates, surveys."""

from typing import Final

from sqlalchemy import (
    JSON,
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
    UniqueConstraint,
    text,
)

from shared.database.metadata import SEQUENCE, Instant, new_metadata

METADATA: Final = new_metadata()

BODY: Final = Table(
    "body",
    METADATA,
    Column("body_id", String(100), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("credit_code", String(18), nullable=False, unique=True),
    Column("region", String(6), nullable=False),
    Column("certificate_kinds", JSON, nullable=False),
    Column("occupations", JSON, nullable=False),
    Column("is_bureau", Boolean, nullable=False),
    Column("kind", String(50)),
    Column("version", Integer, nullable=False),
)

BODY_LISTING: Final = Table(
    "body_listing",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("listing_id", String(100), nullable=False, unique=True),
    Column("body_id", ForeignKey("body.body_id"), nullable=False, index=True),
    Column("list_code", String(50), nullable=False),
    Column("region", String(6), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("published_on", Date, nullable=False),
    Column("document", String(500), nullable=False),
    Column("recorded_by", String(200), nullable=False),
    CheckConstraint("valid_from <= valid_to", name="ordered"),
    sqlite_autoincrement=True,
)
"""Append-only (triggers): on which lists of which regions a body stood (HB-ASM-01, HL-ASM-04, HL-ASM-06)."""

BODY_REVIEW: Final = Table(
    "body_review",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("review_id", String(100), nullable=False, unique=True),
    Column("body_id", ForeignKey("body.body_id"), nullable=False, index=True),
    Column("region", String(6), nullable=False),
    Column("held_on", Date, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("findings", Text, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    CheckConstraint("verdict IN ('sound', 'poor', 'suspended', 'reinstated')", name="verdict"),
    sqlite_autoincrement=True,
)
"""Append-only (triggers): what bureaus found of a body's exams, and when they suspended it (HB-ASM-03, HL-ASM-03)."""

PASS_MARK: Final = Table(
    "pass_mark",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("region", String(6), nullable=False),
    Column("occupation", String(50), nullable=False),
    Column("level", String(20), nullable=False),
    Column("certificate_kind", String(30), nullable=False),
    Column("part", String(10), nullable=False),
    Column("full_mark", Integer, nullable=False),
    Column("pass_mark", Integer, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("source", String(500), nullable=False),
    Column("set_by", String(200), nullable=False),
    Column("set_at", Instant, nullable=False),
    UniqueConstraint(
        "occupation", "level", "certificate_kind", "part", "region", "valid_from", name="uq_pass_mark_day"
    ),
    CheckConstraint("part IN ('theory', 'practice')", name="part"),
    CheckConstraint("pass_mark > 0 AND pass_mark <= full_mark", name="attainable"),
    sqlite_autoincrement=True,
)
"""Append-only (triggers). No level is the empty text: a null would be unequal to itself and escape the constraint."""

EXAM_WINDOW: Final = Table(
    "exam_window",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("region", String(6), nullable=False),
    Column("opens", Date, nullable=False),
    Column("closes", Date, nullable=False),
    Column("source", String(500), nullable=False),
    Column("set_by", String(200), nullable=False),
    UniqueConstraint("region", "opens"),
    CheckConstraint("opens <= closes", name="ordered"),
    sqlite_autoincrement=True,
)
"""Append-only (triggers): when exams of online classes are applied for (JY-ASM-03)."""

TRANSITIONAL_EXCEPTION: Final = Table(
    "transitional_exception",
    METADATA,
    Column("exception_id", String(100), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("occupation", String(50), nullable=False, index=True),
    Column("certificate_kind", String(30), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("document", String(500), nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("revoked_from", Date),
    Column("revoked_by", String(200)),
    Column("revocation_reason", Text),
    CheckConstraint("starts_on <= ends_on", name="ordered"),
    CheckConstraint(
        "(revoked_from IS NULL) = (revoked_by IS NULL) AND (revoked_from IS NULL) = (revocation_reason IS NULL)",
        name="revoked_whole",
    ),
)
"""Never changed but for one revocation (triggers): the completion exam may stand in for a kind (JY-ASM-06)."""

EXAMINED_CLASS: Final = Table(
    "examined_class",
    METADATA,
    Column("class_id", String(100), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("rulebook_id", String(100), nullable=False),
    Column("training_type", String(50), nullable=False),
    Column("institution_id", String(100), nullable=False),
    Column("institution_credit_code", String(18), nullable=False),
    Column("occupation", String(50), nullable=False),
    Column("level", String(20)),
    Column("certifiable", JSON, nullable=False),
    Column("teachers", JSON, nullable=False),
    Column("taught", Boolean, nullable=False),
    Column("delivery", String(10), nullable=False),
    Column("closing_date", Date, nullable=False),
    Column("ending", String(10)),
    Column("training_revision", Integer, nullable=False),
    Column("opinion_passed", Boolean),
    Column("completion_revision", Integer, nullable=False),
    Column("completion_basis", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("ending IN ('cancelled', 'withdrawn')", name="ending"),
)
"""Its row is the lock of the whole case: whoever changes an exam or a certificate of the class has locked it first."""

TRAINEE: Final = Table(
    "trainee",
    METADATA,
    Column("class_id", ForeignKey("examined_class.class_id"), primary_key=True),
    Column("person_id", String(100), primary_key=True),
    Column("masked_name", String(200), nullable=False),
    Column("groups", JSON, nullable=False),
    Column("left_on", Date),
)

ASSESSMENT: Final = Table(
    "assessment",
    METADATA,
    Column("assessment_id", String(100), primary_key=True),
    Column("class_id", ForeignKey("examined_class.class_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("body_id", ForeignKey("body.body_id"), nullable=False),
    Column("certificate_kind", String(30), nullable=False),
    Column("mode", String(10), nullable=False),
    Column("exam_on", Date, nullable=False),
    Column("applied_on", Date, nullable=False),
    Column("applied_by", String(200), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("paper_received_on", Date),
    Column("fee_fen", Integer, nullable=False),
    Column("examiners", JSON, nullable=False),
    Column("finalised_on", Date),
    Column("finalised_by", String(200)),
    Column("needs_admission", Boolean, nullable=False),
    Column("withdrawn_on", Date),
    Column("withdrawn_by", String(200)),
    Column("withdrawal_reason", Text),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("class_id", "number"),
    CheckConstraint("finalised_on IS NULL OR withdrawn_on IS NULL", name="one_end"),
    CheckConstraint(
        "(withdrawn_on IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_on IS NULL) = (withdrawal_reason IS NULL)",
        name="withdrawn_whole",
    ),
    CheckConstraint("(finalised_on IS NULL) = (finalised_by IS NULL)", name="finalised_whole"),
    CheckConstraint("fee_fen >= 0", name="fee"),
    CheckConstraint("(channel = 'paper') = (paper_received_on IS NOT NULL)", name="paper"),
)

ADMISSION: Final = Table(
    "admission",
    METADATA,
    Column("assessment_id", ForeignKey("assessment.assessment_id"), primary_key=True),
    Column("decision", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at", Instant, nullable=False),
    CheckConstraint("decision IN ('admit', 'refuse')", name="decision"),
)
"""Append-only (triggers): what a person decided about an application (JY-ASM-03)."""

MOVE: Final = Table(
    "move",
    METADATA,
    Column("assessment_id", ForeignKey("assessment.assessment_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("from_exam_on", Date, nullable=False),
    Column("from_body_id", ForeignKey("body.body_id"), nullable=False),
    Column("exam_on", Date, nullable=False),
    Column("body_id", ForeignKey("body.body_id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("moved_by", String(200), nullable=False),
    Column("moved_at", Instant, nullable=False),
)
"""Append-only (triggers): where an exam stood before it was moved."""

CANDIDATE: Final = Table(
    "candidate",
    METADATA,
    Column("assessment_id", ForeignKey("assessment.assessment_id"), primary_key=True),
    Column("person_id", String(100), primary_key=True),
)
"""Who sits an exam; nobody joins or leaves it afterwards (triggers)."""

DUTY: Final = Table(
    "duty",
    METADATA,
    Column("assessment_id", ForeignKey("assessment.assessment_id"), primary_key=True),
    Column("actor", String(200), primary_key=True),
    Column("duty", String(20), nullable=False),
    UniqueConstraint("assessment_id", "actor", "duty"),
    CheckConstraint("duty IN ('examination', 'patrol', 'correction')", name="duty"),
)
"""Four-eyes (JY-REP-07, JY-ASM-09): one person has one duty in an exam; scores, signatures and outcomes need theirs."""

SCORE: Final = Table(
    "score",
    METADATA,
    Column("assessment_id", String(100), primary_key=True),
    Column("person_id", String(100), primary_key=True),
    Column("part", String(10), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("points", Integer),
    Column("entered_by", String(200), nullable=False),
    Column("duty", String(20), nullable=False),
    Column("entered_at", Instant, nullable=False),
    ForeignKeyConstraint(["assessment_id", "person_id"], ["candidate.assessment_id", "candidate.person_id"]),
    ForeignKeyConstraint(["assessment_id", "entered_by", "duty"], ["duty.assessment_id", "duty.actor", "duty.duty"]),
    CheckConstraint("duty IN ('examination', 'correction')", name="duty"),
    CheckConstraint("part IN ('theory', 'practice')", name="part"),
    CheckConstraint("points >= 0", name="points"),
    CheckConstraint("version > 0", name="version"),
)
"""Append-only (triggers): the latest version wins, none is lost (JY-ASM-04); without points it strikes out."""

OUTCOME: Final = Table(
    "outcome",
    METADATA,
    Column("assessment_id", String(100), primary_key=True),
    Column("person_id", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("outcome", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("duty", String(20), nullable=False),
    Column("decided_at", Instant, nullable=False),
    UniqueConstraint("assessment_id", "person_id", "number", "outcome"),
    ForeignKeyConstraint(["assessment_id", "person_id"], ["candidate.assessment_id", "candidate.person_id"]),
    ForeignKeyConstraint(["assessment_id", "decided_by", "duty"], ["duty.assessment_id", "duty.actor", "duty.duty"]),
    CheckConstraint("outcome IN ('passed', 'failed', 'absent')", name="outcome"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint(
        "(number = 1 AND duty = 'examination' AND reason = '') OR (number > 1 AND duty = 'correction')", name="duty"
    ),
)
"""Append-only (triggers): number 1 is the exam's own result, every further one a correction; the last counts."""

SIGNATURE: Final = Table(
    "signature",
    METADATA,
    Column("assessment_id", ForeignKey("assessment.assessment_id"), primary_key=True),
    Column("signed_by", String(200), nullable=False),
    Column("duty", String(20), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("remark", Text, nullable=False),
    ForeignKeyConstraint(["assessment_id", "signed_by", "duty"], ["duty.assessment_id", "duty.actor", "duty.duty"]),
    CheckConstraint("duty = 'patrol'", name="duty"),
)

_STANDING = text("voided_on IS NULL")

CERTIFICATE: Final = Table(
    "certificate",
    METADATA,
    Column("certificate_id", String(100), primary_key=True),
    Column("class_id", ForeignKey("examined_class.class_id"), nullable=False, index=True),
    Column("assessment_id", String(100), nullable=False),
    Column("person_id", String(100), nullable=False),
    Column("outcome_number", Integer, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("occupation", String(50), nullable=False),
    Column("level", String(20)),
    Column("number", String(40), nullable=False),
    Column("number_key", String(64), nullable=False),
    Column("issuer", String(100), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("body_id", ForeignKey("body.body_id"), nullable=False),
    Column("attempted_kinds", JSON, nullable=False),
    Column("excepted_kinds", JSON, nullable=False),
    Column("agreement_on", Date),
    Column("voided_on", Date),
    Column("voided_by", String(200)),
    Column("void_reason", Text),
    ForeignKeyConstraint(
        ["assessment_id", "person_id", "outcome_number", "outcome"],
        ["outcome.assessment_id", "outcome.person_id", "outcome.number", "outcome.outcome"],
        name="fk_certificate_passed",
    ),
    CheckConstraint("outcome = 'passed'", name="outcome"),
    CheckConstraint("attempt > 0", name="attempt"),
    CheckConstraint(
        "(voided_on IS NULL) = (voided_by IS NULL) AND (voided_on IS NULL) = (void_reason IS NULL)",
        name="voided_whole",
    ),
    Index(
        "uq_certificate_number",
        "kind",
        "issuer",
        "number_key",
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    ),
    Index(
        "uq_certificate_person",
        "assessment_id",
        "person_id",
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    ),
)
"""Only who passed has one; of those that stand, one per person and exam, and one per number of its kind and
issuer (empty: the nation). The key of a number made of an identity number is its keyed hash, the number is masked."""

SURVEY: Final = Table(
    "survey",
    METADATA,
    Column("class_id", ForeignKey("examined_class.class_id"), primary_key=True),
    Column("round", Integer, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("invited", Integer, nullable=False),
    Column("measured", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)

SURVEY_INVITATION: Final = Table(
    "survey_invitation",
    METADATA,
    Column("class_id", ForeignKey("survey.class_id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("person_id", String(100), primary_key=True),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("used", Boolean, nullable=False),
)
"""Who was asked; the code is never stored. When an invitation was used is not kept: it could betray an answer."""

SURVEY_TALLY: Final = Table(
    "survey_tally",
    METADATA,
    Column("class_id", ForeignKey("survey.class_id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("answer", String(50), primary_key=True),
    Column("responses", Integer, nullable=False),
    CheckConstraint("responses > 0", name="responses"),
)
"""How often each answer was given, and no answer by itself; the counts of a round only grow (triggers)."""

SURVEY_DECISION: Final = Table(
    "survey_decision",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("class_id", ForeignKey("survey.class_id"), nullable=False, index=True),
    Column("decision", String(10), nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at", Instant, nullable=False),
    CheckConstraint("decision IN ('extend', 'repeat')", name="decision"),
    sqlite_autoincrement=True,
)
"""Append-only (triggers)."""
