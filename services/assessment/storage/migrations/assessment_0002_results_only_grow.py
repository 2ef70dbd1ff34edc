"""Results only grow: scores, marks, duties and signatures stand, an exam ends once, a certificate is at most voided."""

from typing import Final

from alembic import op

revision = "assessment_0002"
down_revision = "assessment_0001"
branch_labels = None
depends_on = None

_AFTER_THE_END: Final = (
    "EXISTS (SELECT 1 FROM assessment a WHERE a.assessment_id = NEW.assessment_id "
    "AND (a.finalised_on IS NOT NULL OR a.withdrawn_on IS NOT NULL))"
)

_NOT_FINAL: Final = (
    "NOT EXISTS (SELECT 1 FROM assessment a WHERE a.assessment_id = NEW.assessment_id AND a.finalised_on IS NOT NULL)"
)

_REFUSALS: Final = (
    (
        "score",
        "INSERT",
        f"(NEW.duty <> 'correction' AND {_AFTER_THE_END}) OR (NEW.duty = 'correction' AND {_NOT_FINAL})",
    ),
    ("score", "UPDATE", "true"),
    ("score", "DELETE", "true"),
    ("pass_mark", "UPDATE", "true"),
    ("pass_mark", "DELETE", "true"),
    ("duty", "UPDATE", "true"),
    ("duty", "DELETE", "true"),
    ("signature", "UPDATE", "true"),
    ("signature", "DELETE", "true"),
    ("candidate", "INSERT", _AFTER_THE_END),
    ("candidate", "UPDATE", "true"),
    ("candidate", "DELETE", "true"),
    ("outcome", "INSERT", _NOT_FINAL),
    (
        "outcome",
        "INSERT",
        "NEW.outcome <> 'passed' AND EXISTS (SELECT 1 FROM certificate c WHERE c.assessment_id = NEW.assessment_id "
        "AND c.person_id = NEW.person_id AND c.voided_on IS NULL)",
    ),
    ("outcome", "UPDATE", "true"),
    ("outcome", "DELETE", "true"),
    ("assessment", "INSERT", "NEW.finalised_on IS NOT NULL"),
    (
        "assessment",
        "UPDATE",
        "OLD.finalised_on IS NOT NULL AND (NEW.finalised_on IS NULL OR NEW.finalised_on <> OLD.finalised_on "
        "OR NEW.finalised_by <> OLD.finalised_by)",
    ),
    (
        "assessment",
        "UPDATE",
        "NEW.finalised_on IS NOT NULL AND NOT EXISTS (SELECT 1 FROM duty d WHERE d.assessment_id = NEW.assessment_id "
        "AND d.actor = NEW.finalised_by AND d.duty = 'examination')",
    ),
    (
        "assessment",
        "UPDATE",
        "(OLD.finalised_on IS NOT NULL OR OLD.withdrawn_on IS NOT NULL) "
        "AND (NEW.exam_on <> OLD.exam_on OR NEW.body_id <> OLD.body_id)",
    ),
    (
        "assessment",
        "UPDATE",
        "OLD.withdrawn_on IS NOT NULL AND (NEW.withdrawn_on IS NULL OR NEW.withdrawn_on <> OLD.withdrawn_on)",
    ),
    ("assessment", "UPDATE", "NEW.certificate_kind <> OLD.certificate_kind OR NEW.class_id <> OLD.class_id"),
    ("admission", "UPDATE", "true"),
    ("admission", "DELETE", "true"),
    ("move", "UPDATE", "true"),
    ("move", "DELETE", "true"),
    ("body_listing", "UPDATE", "true"),
    ("body_listing", "DELETE", "true"),
    ("body_review", "UPDATE", "true"),
    ("body_review", "DELETE", "true"),
    ("exam_window", "UPDATE", "true"),
    ("exam_window", "DELETE", "true"),
    (
        "transitional_exception",
        "UPDATE",
        "OLD.revoked_from IS NOT NULL OR NEW.occupation <> OLD.occupation OR NEW.starts_on <> OLD.starts_on "
        "OR NEW.certificate_kind <> OLD.certificate_kind OR NEW.ends_on <> OLD.ends_on OR NEW.region <> OLD.region",
    ),
    ("transitional_exception", "DELETE", "true"),
    (
        "certificate",
        "INSERT",
        "EXISTS (SELECT 1 FROM outcome o WHERE o.assessment_id = NEW.assessment_id AND o.person_id = NEW.person_id "
        "AND o.number > NEW.outcome_number)",
    ),
    ("certificate", "UPDATE", "OLD.voided_on IS NOT NULL"),
    (
        "certificate",
        "UPDATE",
        "NEW.person_id <> OLD.person_id OR NEW.number <> OLD.number OR NEW.number_key <> OLD.number_key "
        "OR NEW.issuer <> OLD.issuer OR NEW.kind <> OLD.kind "
        "OR NEW.issued_on <> OLD.issued_on OR NEW.attempt <> OLD.attempt OR NEW.occupation <> OLD.occupation "
        "OR COALESCE(NEW.level, '') <> COALESCE(OLD.level, '') OR NEW.class_id <> OLD.class_id "
        "OR NEW.assessment_id <> OLD.assessment_id OR NEW.body_id <> OLD.body_id "
        "OR NEW.outcome_number <> OLD.outcome_number "
        "OR COALESCE(NEW.agreement_on, '0001-01-01') <> COALESCE(OLD.agreement_on, '0001-01-01')",
    ),
    ("certificate", "DELETE", "true"),
    ("survey_invitation", "UPDATE", "OLD.used"),
    ("survey_invitation", "DELETE", "true"),
    ("survey_tally", "UPDATE", "NEW.responses < OLD.responses"),
    ("survey_tally", "DELETE", "true"),
    ("survey_decision", "UPDATE", "true"),
    ("survey_decision", "DELETE", "true"),
)
"""Table, act, and when the act is refused; spelled alike in both databases."""


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(
            "CREATE FUNCTION refuse_change_of_results() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% of % refused: results only grow', TG_OP, TG_TABLE_NAME "
            "USING ERRCODE = 'restrict_violation'; END $$"
        )
    for number, (table, act, refused) in enumerate(_REFUSALS, 1):
        name = f"results_only_grow_{number:02}_{table}_{act.lower()}"
        if sqlite:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {refused} "
                f"BEGIN SELECT RAISE(ABORT, '{act} of {table} refused: results only grow'); END"
            )
        elif "SELECT" in refused:  # a WHEN clause of PostgreSQL holds no query
            _refuse_by_query(name, table, act, refused)
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW WHEN ({refused}) "
                "EXECUTE FUNCTION refuse_change_of_results()"
            )


def _refuse_by_query(name: str, table: str, act: str, refused: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused} THEN "
        f"RAISE EXCEPTION '{act} of {table} refused: results only grow' USING ERRCODE = 'restrict_violation'; "
        "END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
