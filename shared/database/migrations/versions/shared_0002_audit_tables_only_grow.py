"""Audit tables and the change log only grow: the database refuses to change or delete what they hold, and queues
audit entries for sealing."""

from alembic import op

revision = "shared_0002"
down_revision = "shared_0001"
branch_labels = None
depends_on = None

TABLES = ("audit_entry", "audit_seal", "change")
ANSWER = "the audit log only grows; so does the change log"


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuses_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{ANSWER}'); END"
                )
        op.execute(
            "CREATE TRIGGER audit_entry_awaits_sealing AFTER INSERT ON audit_entry "
            "BEGIN INSERT INTO audit_pending (entry) VALUES (NEW.seq); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{ANSWER}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
    op.execute(
        "CREATE FUNCTION await_sealing() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO audit_pending (entry) VALUES (NEW.seq); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_awaits_sealing AFTER INSERT ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION await_sealing()"
    )
