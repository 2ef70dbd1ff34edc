"""Frozen rosters: after submission no row comes, changes or comes back, and the planned headcount stands.

Two doors are left, each opened by a recorded act alone: an approved change brings rows, and a decision under review
lets a refused row back. Duties, reviews, decisions, listed occupations, findings on conditions and what registers said
are only ever added; a settled change stands.
"""

from alembic import op

revision = "enrollment_0002"
down_revision = "enrollment_0001"
branch_labels = None
depends_on = None

_ROW = "roster_row is closed: the class is neither draft nor returned"
_PLANNED = "planned is frozen: the class is neither draft nor returned"
_BACK = "roster_row is closed: whoever was refused or has left does not come back"
_KEPT = (
    *("duty", "review", "decision", "occupation"),
    *("condition_finding", "register_revision"),
)
_SETTLED = "class_change is settled: it was decided or withdrawn"
_FIXED = (
    *("class_id", "row_no", "person_id", "sealed_particulars", "masked_name", "group_code", "fee_fen", "name_differs"),
    *("employer_name", "employer_credit_code", "employer_region", "declares_ability_and_will", "exclusions"),
    *("malformed", "employee_focus", "change_no"),
)
_BROUGHT = (
    "EXISTS (SELECT 1 FROM class_change WHERE class_id = NEW.class_id AND number = NEW.change_no "
    "AND state = 'approved')"
)
_COMES_BACK = (
    "(OLD.verdict = 'refused' AND NEW.verdict <> 'refused' "
    "OR OLD.withdrawn_on IS NOT NULL AND NEW.withdrawn_on IS NULL)"
)
_LET_BACK = (
    "(NEW.withdrawn_on IS NULL AND OLD.withdrawn_on IS NULL "
    "AND (SELECT state FROM training_class WHERE class_id = OLD.class_id) "
    "IN ('applied', 'first_review', 'second_review') "
    "AND EXISTS (SELECT 1 FROM decision WHERE class_id = OLD.class_id AND row_no = OLD.row_no "
    "AND outcome = 'allow'))"
)


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    closed = "(SELECT state FROM training_class WHERE class_id = {row}.class_id) NOT IN ('draft', 'returned')"
    for act, row, unless in (
        ("INSERT", "NEW", f" AND NOT {_BROUGHT}"),
        ("DELETE", "OLD", ""),
        (f"UPDATE OF {', '.join(_FIXED)}", "OLD", ""),
    ):
        op.execute(
            f"CREATE TRIGGER roster_row_refuses_{act.split()[0].lower()} BEFORE {act} ON roster_row "
            f"WHEN {closed.format(row=row)}{unless} BEGIN SELECT RAISE(ABORT, '{_ROW}'); END"
        )
    op.execute(
        "CREATE TRIGGER roster_row_lets_nobody_back BEFORE UPDATE OF verdict, withdrawn_on ON roster_row "
        f"WHEN {_COMES_BACK} AND NOT {_LET_BACK} AND {closed.format(row='OLD')} "
        f"BEGIN SELECT RAISE(ABORT, '{_BACK}'); END"
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER class_change_refuses_{act.lower()} BEFORE {act} ON class_change "
            f"WHEN OLD.state <> 'proposed' BEGIN SELECT RAISE(ABORT, '{_SETTLED}'); END"
        )
    for table in _KEPT:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{act} of {table} refused: it only grows'); END"
            )
    op.execute(
        "CREATE TRIGGER training_class_freezes_planned BEFORE UPDATE OF planned ON training_class "
        "WHEN NEW.planned <> OLD.planned AND OLD.state NOT IN ('draft', 'returned') "
        f"BEGIN SELECT RAISE(ABORT, '{_PLANNED}'); END"
    )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_closed_roster() RETURNS trigger LANGUAGE plpgsql AS $$ "  # noqa: S608 - our own words
        "DECLARE class text := CASE WHEN TG_OP = 'INSERT' THEN NEW.class_id ELSE OLD.class_id END; "
        "BEGIN IF (SELECT state FROM training_class WHERE class_id = class) NOT IN ('draft', 'returned') "
        f"AND NOT (TG_OP = 'INSERT' AND {_BROUGHT}) "
        f"THEN RAISE EXCEPTION '{_ROW}' USING ERRCODE = 'restrict_violation'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    for act in ("INSERT", "DELETE", f"UPDATE OF {', '.join(_FIXED)}"):
        op.execute(
            f"CREATE TRIGGER roster_row_refuses_{act.split()[0].lower()} BEFORE {act} ON roster_row "
            "FOR EACH ROW EXECUTE FUNCTION refuse_closed_roster()"
        )
    op.execute(
        "CREATE FUNCTION let_nobody_back() RETURNS trigger LANGUAGE plpgsql AS $$ "  # noqa: S608 - our own words
        f"BEGIN IF {_COMES_BACK} AND NOT {_LET_BACK} AND "
        "(SELECT state FROM training_class WHERE class_id = OLD.class_id) NOT IN ('draft', 'returned') "
        f"THEN RAISE EXCEPTION '{_BACK}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER roster_row_lets_nobody_back BEFORE UPDATE OF verdict, withdrawn_on ON roster_row "
        "FOR EACH ROW EXECUTE FUNCTION let_nobody_back()"
    )
    op.execute(
        "CREATE FUNCTION keep_settled_changes() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF OLD.state <> 'proposed' THEN RAISE EXCEPTION '{_SETTLED}' USING ERRCODE = 'restrict_violation'; "
        "END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER class_change_keeps_what_was_decided BEFORE UPDATE OR DELETE ON class_change "
        "FOR EACH ROW EXECUTE FUNCTION keep_settled_changes()"
    )
    op.execute(
        "CREATE FUNCTION refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION USING MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' refused: it only grows', "
        "ERRCODE = 'restrict_violation'; END $$"
    )
    for table in _KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_any_change()"
        )
    op.execute(
        "CREATE FUNCTION freeze_planned() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF NEW.planned <> OLD.planned AND OLD.state NOT IN ('draft', 'returned') "
        f"THEN RAISE EXCEPTION '{_PLANNED}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER training_class_freezes_planned BEFORE UPDATE OF planned ON training_class "
        "FOR EACH ROW EXECUTE FUNCTION freeze_planned()"
    )
