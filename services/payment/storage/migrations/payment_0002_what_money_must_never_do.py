"""What money must never do, whoever writes to the database.

Ledgers only grow, and so does what people did and decided. An order moves a line only towards what was decided for it,
never past it, and never orders more of a claim than was decided. An order is the sum of its entries from the moment it
leaves its draft, keeps amount and source for ever, and moves only along its states. An attempt is answered once.
"""

from collections.abc import Callable

from alembic import op

revision = "payment_0002"
down_revision = "payment_0001"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "rate",
    "budget_allotment",
    "entitlement_entry",
    "claim_person",
    "claim_duty",
    "claim_decision",
    "claim_review",
    "claim_entry",
    "claim_entry_line",
    "claim_difference",
    "order_entry",
    "bank_file",
)
ONLY_GROWS = "this ledger only grows"
ANSWERED = "what was sent and answered is never rewritten"
PUBLISHED = "what was published is never changed"
BEYOND_DECIDED = "more would be ordered than was decided"
NO_DRAFT = "an order takes entries only while it is drafted"
NOT_THE_SUM = "an order is the sum of its entries"
FIXED = "amount, claim and source of an order never change"
WRONG_WAY = "an order moves only along its states"
BORN_DRAFTED = "an order begins as a draft"

DECIDED = "SELECT COALESCE(SUM(amount_fen), 0) FROM claim_entry_line WHERE claim_id = NEW.claim_id"
ORDERED = "SELECT COALESCE(SUM(amount_fen), 0) FROM order_entry WHERE claim_id = NEW.claim_id"
LINE = " AND line_no = NEW.line_no"
ENTRIES = "SELECT COALESCE(SUM(amount_fen), 0) FROM order_entry WHERE order_id = NEW.order_id"

CHANGED = (
    "OLD.order_id <> NEW.order_id OR OLD.claim_id <> NEW.claim_id OR OLD.class_id <> NEW.class_id "
    "OR OLD.funding_source <> NEW.funding_source OR OLD.amount_fen <> NEW.amount_fen OR OLD.payer <> NEW.payer"
)
ALONG = (
    "(OLD.state = NEW.state AND OLD.attempt = NEW.attempt) "
    "OR (OLD.state = 'drafted' AND NEW.state = 'ready' AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'ready' AND NEW.state = 'sent' AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'sent' AND NEW.state IN ('settled', 'returned') AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'returned' AND NEW.state = 'ready' AND NEW.attempt = OLD.attempt + 1)"
)
NOTICE_CHANGED = (
    "OLD.claim_id <> NEW.claim_id OR OLD.list_hash <> NEW.list_hash OR OLD.starts_on <> NEW.starts_on "
    "OR OLD.ends_on <> NEW.ends_on OR OLD.payable_from <> NEW.payable_from "
    "OR CAST(OLD.content AS TEXT) <> CAST(NEW.content AS TEXT) "
    "OR CAST(OLD.amounts AS TEXT) <> CAST(NEW.amounts AS TEXT)"
)

ATTEMPT_CHANGED = (
    "OLD.outcome IS NOT NULL OR OLD.order_id <> NEW.order_id OR OLD.attempt <> NEW.attempt "
    "OR OLD.claim_id <> NEW.claim_id OR OLD.bank_file_id <> NEW.bank_file_id OR OLD.account_id <> NEW.account_id "
    "OR OLD.sender <> NEW.sender"
)


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    def refuse(name: str, event: str, condition: str, message: str) -> None:
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END")

    for table in APPEND_ONLY:
        refuse(f"{table}_refuses_update", f"UPDATE ON {table}", "1", ONLY_GROWS)
        refuse(f"{table}_refuses_delete", f"DELETE ON {table}", "1", ONLY_GROWS)
    refuse("notice_refuses_change", "UPDATE ON notice", NOTICE_CHANGED, PUBLISHED)
    refuse("notice_refuses_delete", "DELETE ON notice", "1", PUBLISHED)
    refuse("order_attempt_refuses_change", "UPDATE ON order_attempt", ATTEMPT_CHANGED, ANSWERED)
    refuse("order_attempt_refuses_delete", "DELETE ON order_attempt", "1", ANSWERED)
    decided, ordered = f"({DECIDED}{LINE})", f"(({ORDERED}{LINE}) + NEW.amount_fen)"
    beyond = (
        f"(NEW.amount_fen > 0 AND {ordered} > {decided}) OR (NEW.amount_fen < 0 AND {ordered} < {decided}) "
        f"OR ({ORDERED}) + NEW.amount_fen > ({DECIDED})"
    )
    drafted = "(SELECT state FROM payment_order WHERE order_id = NEW.order_id)"
    refuse("order_entry_within_decided", "INSERT ON order_entry", beyond, BEYOND_DECIDED)
    refuse("order_entry_in_draft", "INSERT ON order_entry", f"{drafted} <> 'drafted'", NO_DRAFT)
    refuse("payment_order_born_drafted", "INSERT ON payment_order", "NEW.state <> 'drafted'", BORN_DRAFTED)
    refuse("payment_order_fixed", "UPDATE ON payment_order", CHANGED, FIXED)
    refuse("payment_order_along_its_states", "UPDATE ON payment_order", f"NOT ({ALONG})", WRONG_WAY)
    leaving = f"OLD.state = 'drafted' AND NEW.state <> 'drafted' AND ({ENTRIES}) <> NEW.amount_fen"
    refuse("payment_order_is_its_sum", "UPDATE ON payment_order", leaving, NOT_THE_SUM)
    refuse("payment_order_refuses_delete", "DELETE ON payment_order", "1", ONLY_GROWS)


def _guard_postgresql() -> None:
    def raising(message: str) -> str:
        return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation';"

    def function(name: str, body: str, variables: str = "") -> None:
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {variables} BEGIN {body} END $$")

    function("refuse_ledger_change", raising(ONLY_GROWS))
    for table in (*APPEND_ONLY, "payment_order", "order_attempt", "notice"):
        acts = "UPDATE OR DELETE OR TRUNCATE" if table in APPEND_ONLY else "DELETE OR TRUNCATE"
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE {acts} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()"
        )
    function("refuse_notice_change", f"IF {NOTICE_CHANGED} THEN {raising(PUBLISHED)} END IF; RETURN NEW;")
    _before_row("notice", "UPDATE", "refuse_notice_change")
    function("refuse_attempt_change", f"IF {ATTEMPT_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("order_attempt", "UPDATE", "refuse_attempt_change")
    function("keep_within_decided", *_within_decided(raising))
    _before_row("order_entry", "INSERT", "keep_within_decided")
    function(
        "keep_order",
        f"IF TG_OP = 'INSERT' THEN IF NEW.state <> 'drafted' THEN {raising(BORN_DRAFTED)} END IF; RETURN NEW; END IF; "
        f"IF {CHANGED} THEN {raising(FIXED)} END IF; "
        f"IF NOT ({ALONG}) THEN {raising(WRONG_WAY)} END IF; "
        f"IF OLD.state = 'drafted' AND NEW.state <> 'drafted' AND ({ENTRIES}) <> NEW.amount_fen "
        f"THEN {raising(NOT_THE_SUM)} END IF; RETURN NEW;",
    )
    _before_row("payment_order", "INSERT OR UPDATE", "keep_order")


def _within_decided(raising: Callable[[str], str]) -> tuple[str, str]:
    # The claim's row is locked first: of two transactions ordering for one claim the second sees the first's entries.
    steps = (
        "PERFORM 1 FROM claim WHERE claim_id = NEW.claim_id FOR UPDATE;",
        "IF (SELECT state FROM payment_order WHERE order_id = NEW.order_id) <> 'drafted'",
        f"THEN {raising(NO_DRAFT)} END IF;",
        f"decided := ({DECIDED}{LINE}); ordered := ({ORDERED}{LINE}) + NEW.amount_fen;",
        "IF (NEW.amount_fen > 0 AND ordered > decided) OR (NEW.amount_fen < 0 AND ordered < decided)",
        f"OR ({ORDERED}) + NEW.amount_fen > ({DECIDED}) THEN {raising(BEYOND_DECIDED)} END IF; RETURN NEW;",
    )
    return " ".join(steps), "DECLARE decided bigint; ordered bigint;"


def _before_row(table: str, acts: str, function: str) -> None:
    op.execute(f"CREATE TRIGGER {function} BEFORE {acts} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
