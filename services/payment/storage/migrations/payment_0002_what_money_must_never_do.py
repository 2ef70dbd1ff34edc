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
    "application",
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
    "order_resending",
    "clawback_line",
    "clawback_repayment",
    "bank_file",
    "monthly_report",
    "monthly_report_copy",
    "monthly_report_dispatch",
    "employment",
    "past_subsidy",
    "past_person",
    "past_subsidy_withdrawal",
    "reported_figure",
    "filing",
    "advance_duty",
    "advance_clearing",
)
GUARDED = (
    "payment_order",
    "order_attempt",
    "order_reversal",
    "clawback",
    "claim_line_return",
    "claim_breach",
    "notice",
    "rate_correction",
    "work_month",
    "allowance_payout",
    "advance",
    "advance_attempt",
    "advance_recovery",
)
STATED = {
    "work_month": ("month", "is_full", "employer"),
    "allowance_payout": ("amount_fen", "paid_on"),
}
"""What people state, confirm and take back, with what each states of a person."""
ONLY_GROWS = "this ledger only grows"
ANSWERED = "what was sent and answered is never rewritten"
PUBLISHED = "what was published is never changed"
BEYOND_DECIDED = "more would be ordered than was decided"
NO_DRAFT = "an order takes entries only while it is drafted"
NOT_THE_SUM = "an order is the sum of its entries"
FIXED = "amount, claim and source of an order never change"
BORN_STATED = "what is stated is decided afterwards"
WRONG_WAY = "an order moves only along its states"
BORN_DRAFTED = "an order begins as a draft"

RATE_STANDS = "a standing rate is corrected by two people"

BEYOND_ASKED = "more came back than was asked"

BORN_REQUESTED = "an advance begins as a request"
BEYOND_LIMIT = "more would be advanced than the document allows"
BEYOND_ADVANCED = "more would be set off or repaid than was advanced"

LINE = " AND line_no = NEW.line_no"


def statement_changed(table: str) -> str:
    """Say when a change of a statement is none of its ways: stated, decided, taken back by a confirmed opposite."""
    kept = ("number", "class_id", "person_id", *STATED[table], "source", "stated_by", "stated_on", "reverses")
    edited = " OR ".join(f"OLD.{name} <> NEW.{name} OR (OLD.{name} IS NULL) <> (NEW.{name} IS NULL)" for name in kept)
    opposite = f"SELECT 1 FROM {table} AS opposite WHERE opposite.reverses = OLD.number"  # noqa: S608 - our own names
    return (
        f"{edited} OR NOT ((OLD.state = 'stated' AND NEW.state IN ('confirmed', 'refused')) OR "
        "(OLD.state = 'confirmed' AND NEW.state = 'reversed' AND OLD.decided_by = NEW.decided_by AND EXISTS "
        f"({opposite} AND opposite.state = 'confirmed')))"
    )


def decided(line: str = "") -> str:
    """Give what may stand ordered of a claim (of a line of it): what is decided, and what was asked back of it."""
    return (
        f"(SELECT COALESCE(SUM(amount_fen), 0) FROM claim_entry_line WHERE claim_id = NEW.claim_id{line})"  # noqa: S608 constants of this file
        f" + (SELECT COALESCE(SUM(amount_fen), 0) FROM clawback_line WHERE claim_id = NEW.claim_id{line})"
    )


def ordered(line: str = "") -> str:
    """Give what stands ordered of a claim (of a line of it): the entries of orders that were not reversed."""
    return (
        "(SELECT COALESCE(SUM(amount_fen), 0) FROM order_entry AS entry WHERE entry.claim_id = NEW.claim_id"  # noqa: S608
        f"{line.replace('line_no', 'entry.line_no', 1)} AND EXISTS (SELECT 1 FROM payment_order AS standing "
        "WHERE standing.order_id = entry.order_id AND standing.state <> 'reversed'))"
    )


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
    "OR (OLD.state = 'returned' AND NEW.state = 'ready' AND NEW.attempt = OLD.attempt + 1) "
    "OR (OLD.state = 'ready' AND NEW.state = 'settled' AND NEW.attempt = OLD.attempt AND EXISTS (SELECT 1 "
    "FROM clawback_repayment AS paid WHERE paid.order_id = OLD.order_id AND paid.amount_fen = OLD.amount_fen "
    "UNION ALL SELECT 1 FROM advance_clearing AS taken WHERE taken.order_id = OLD.order_id "
    "AND taken.amount_fen = OLD.amount_fen)) "
    "OR (OLD.state IN ('ready', 'returned', 'settled') AND NEW.state = 'reversed' AND NEW.attempt = OLD.attempt "
    "AND NOT EXISTS (SELECT 1 FROM advance_clearing AS taken WHERE taken.order_id = OLD.order_id) "
    "AND EXISTS (SELECT 1 FROM order_reversal AS opposite WHERE opposite.order_id = OLD.order_id "
    "AND opposite.amount_fen = -OLD.amount_fen AND opposite.was = OLD.state "
    "AND (OLD.state <> 'settled' OR opposite.approved_by IS NOT NULL)))"
)
BREACH_CHANGED = (
    "OLD.conclusion IS NOT NULL OR OLD.breach_id <> NEW.breach_id OR OLD.claim_id <> NEW.claim_id "
    "OR OLD.facts <> NEW.facts OR OLD.evidence <> NEW.evidence OR OLD.opened_by <> NEW.opened_by"
)
REVERSAL_CHANGED = (
    "OLD.approved_by IS NOT NULL OR OLD.order_id <> NEW.order_id OR OLD.claim_id <> NEW.claim_id OR OLD.was <> NEW.was "
    "OR OLD.amount_fen <> NEW.amount_fen OR OLD.reason <> NEW.reason OR OLD.proposed_by <> NEW.proposed_by"
)
CLAWBACK_CHANGED = (
    "OLD.clawback_id <> NEW.clawback_id OR OLD.claim_id <> NEW.claim_id OR OLD.amount_fen <> NEW.amount_fen "
    "OR OLD.reason <> NEW.reason OR OLD.proposed_by <> NEW.proposed_by OR OLD.cause <> NEW.cause "
    "OR CAST(OLD.amounts AS TEXT) <> CAST(NEW.amounts AS TEXT) OR CAST(OLD.asked AS TEXT) <> CAST(NEW.asked AS TEXT) "
    "OR CAST(OLD.sources AS TEXT) <> CAST(NEW.sources AS TEXT) "
    "OR (OLD.state <> 'proposed' AND (OLD.decided_by <> NEW.decided_by OR OLD.entry <> NEW.entry)) "
    "OR NOT ((OLD.state = 'proposed' AND NEW.state IN ('ordered', 'refused')) OR OLD.state = NEW.state "
    "OR (OLD.state = 'ordered' AND NEW.state = 'settled' AND (SELECT COALESCE(SUM(paid.amount_fen), 0) "
    "FROM clawback_repayment AS paid WHERE paid.clawback_id = NEW.clawback_id) = NEW.amount_fen))"
)
TOO_MUCH_BACK = (
    "NEW.amount_fen + (SELECT COALESCE(SUM(paid.amount_fen), 0) FROM clawback_repayment AS paid "
    "WHERE paid.clawback_id = NEW.clawback_id) > (SELECT COALESCE(SUM(asked.amount_fen), 0) FROM clawback AS asked "
    "WHERE asked.clawback_id = NEW.clawback_id AND asked.state IN ('ordered', 'settled'))"
)
RATE_ALONE = (
    "(NEW.correction_id IS NULL AND EXISTS (SELECT 1 FROM rate AS standing WHERE standing.region = NEW.region "
    "AND standing.programme = NEW.programme AND standing.valid_from = NEW.valid_from "
    "AND COALESCE(standing.occupation, '') = COALESCE(NEW.occupation, '') "
    "AND COALESCE(standing.level, '') = COALESCE(NEW.level, '') "
    "AND COALESCE(standing.certificate_kind, '') = COALESCE(NEW.certificate_kind, ''))) "
    "OR (NEW.correction_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rate_correction AS correction "
    "WHERE correction.correction_id = NEW.correction_id AND correction.state = 'confirmed' "
    "AND correction.amount_fen = NEW.amount_fen AND correction.unit = NEW.unit))"
)
CORRECTION_CHANGED = (
    "OLD.state <> 'proposed' OR OLD.correction_id <> NEW.correction_id OR OLD.region <> NEW.region "
    "OR OLD.programme <> NEW.programme OR OLD.valid_from <> NEW.valid_from OR OLD.amount_fen <> NEW.amount_fen "
    "OR OLD.source <> NEW.source OR OLD.reason <> NEW.reason OR OLD.proposed_by <> NEW.proposed_by "
    "OR OLD.unit <> NEW.unit OR COALESCE(OLD.occupation, '') <> COALESCE(NEW.occupation, '') "
    "OR COALESCE(OLD.level, '') <> COALESCE(NEW.level, '') "
    "OR COALESCE(OLD.certificate_kind, '') <> COALESCE(NEW.certificate_kind, '')"
)
NOTICE_CHANGED = (
    "OLD.claim_id <> NEW.claim_id OR OLD.list_hash <> NEW.list_hash OR OLD.starts_on <> NEW.starts_on "
    "OR OLD.ends_on <> NEW.ends_on OR OLD.payable_from <> NEW.payable_from "
    "OR CAST(OLD.content AS TEXT) <> CAST(NEW.content AS TEXT) "
    "OR CAST(OLD.amounts AS TEXT) <> CAST(NEW.amounts AS TEXT)"
)

RETURN_CHANGED = (
    "OLD.answer IS NOT NULL OR OLD.claim_id <> NEW.claim_id OR OLD.number <> NEW.number OR OLD.line_no <> NEW.line_no "
    "OR OLD.reason_code <> NEW.reason_code OR OLD.note <> NEW.note OR OLD.returned_by <> NEW.returned_by"
)
ATTEMPT_CHANGED = (
    "OLD.outcome IS NOT NULL OR OLD.order_id <> NEW.order_id OR OLD.attempt <> NEW.attempt "
    "OR OLD.claim_id <> NEW.claim_id OR OLD.bank_file_id <> NEW.bank_file_id OR OLD.account_id <> NEW.account_id "
    "OR OLD.sender <> NEW.sender"
)
ADVANCE_ATTEMPT_CHANGED = (
    "OLD.outcome IS NOT NULL OR OLD.advance_id <> NEW.advance_id OR OLD.attempt <> NEW.attempt "
    "OR OLD.class_id <> NEW.class_id OR OLD.bank_file_id <> NEW.bank_file_id OR OLD.account_id <> NEW.account_id "
    "OR OLD.sender <> NEW.sender"
)
ADVANCE_CHANGED = (
    "OLD.advance_id <> NEW.advance_id OR OLD.class_id <> NEW.class_id OR OLD.institution_id <> NEW.institution_id "
    "OR OLD.region <> NEW.region OR OLD.rulebook_id <> NEW.rulebook_id OR OLD.number <> NEW.number "
    "OR OLD.requested_fen <> NEW.requested_fen OR OLD.requested_by <> NEW.requested_by "
    "OR COALESCE(OLD.advances_max, 0) <> COALESCE(NEW.advances_max, 0) "
    "OR (OLD.state <> 'requested' AND (OLD.amount_fen <> NEW.amount_fen "
    "OR OLD.limit_fen <> NEW.limit_fen "
    "OR COALESCE(OLD.funding_source, '') <> COALESCE(NEW.funding_source, '') OR OLD.decided_by <> NEW.decided_by "
    "OR OLD.ordered_by <> COALESCE(NEW.ordered_by, '')))"
)
ADVANCE_ALONG = (
    "(OLD.state = NEW.state AND OLD.attempt = NEW.attempt) "
    "OR (OLD.state = 'requested' AND NEW.state IN ('decided', 'refused') AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'decided' AND NEW.state IN ('ready', 'withdrawn') AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'ready' AND NEW.state IN ('sent', 'withdrawn') AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'sent' AND NEW.state IN ('paid', 'returned') AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'returned' AND NEW.state = 'withdrawn' AND NEW.attempt = OLD.attempt) "
    "OR (OLD.state = 'returned' AND NEW.state = 'ready' AND NEW.attempt = OLD.attempt + 1)"
)
TOO_MUCH_ADVANCED = (
    "NEW.amount_fen + (SELECT COALESCE(SUM(other.amount_fen), 0) FROM advance AS other "
    "WHERE other.class_id = NEW.class_id AND other.advance_id <> NEW.advance_id "
    "AND other.state NOT IN ('refused', 'withdrawn')) > NEW.limit_fen"
)
RECOVERY_CHANGED = (
    "OLD.state <> 'proposed' OR OLD.advance_id <> NEW.advance_id OR OLD.number <> NEW.number "
    "OR OLD.amount_fen <> NEW.amount_fen OR OLD.due_on <> NEW.due_on OR OLD.reason <> NEW.reason "
    "OR OLD.proposed_by <> NEW.proposed_by OR OLD.duty <> NEW.duty"
)
NOT_OWED = (
    "NOT EXISTS (SELECT 1 FROM advance AS paid WHERE paid.advance_id = NEW.advance_id AND paid.state = 'paid' "
    "AND paid.institution_id = NEW.institution_id AND paid.funding_source = NEW.funding_source "
    "AND NEW.amount_fen + (SELECT COALESCE(SUM(less.amount_fen), 0) FROM advance_clearing AS less "
    "WHERE less.advance_id = NEW.advance_id) <= paid.amount_fen AND (NEW.kind <> 'set_off' OR EXISTS (SELECT 1 "
    "FROM payment_order AS taking WHERE taking.order_id = NEW.order_id AND taking.class_id = paid.class_id "
    "AND taking.funding_source = paid.funding_source AND taking.amount_fen = NEW.amount_fen))) "
    "OR (NEW.kind = 'repaid' AND NOT EXISTS (SELECT 1 FROM advance_recovery AS asked "
    "WHERE asked.advance_id = NEW.advance_id AND asked.state = 'ordered'))"
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
    refuse("rate_stands", "INSERT ON rate", RATE_ALONE, RATE_STANDS)
    refuse("rate_correction_refuses_change", "UPDATE ON rate_correction", CORRECTION_CHANGED, ANSWERED)
    refuse("rate_correction_refuses_delete", "DELETE ON rate_correction", "1", ONLY_GROWS)
    for table in STATED:
        refuse(f"{table}_born_stated", f"INSERT ON {table}", "NEW.state <> 'stated'", BORN_STATED)
        refuse(f"{table}_refuses_change", f"UPDATE ON {table}", statement_changed(table), ANSWERED)
        refuse(f"{table}_refuses_delete", f"DELETE ON {table}", "1", ONLY_GROWS)
    refuse("notice_refuses_change", "UPDATE ON notice", NOTICE_CHANGED, PUBLISHED)
    refuse("notice_refuses_delete", "DELETE ON notice", "1", PUBLISHED)
    refuse("claim_line_return_refuses_change", "UPDATE ON claim_line_return", RETURN_CHANGED, ANSWERED)
    refuse("claim_line_return_refuses_delete", "DELETE ON claim_line_return", "1", ANSWERED)
    refuse("claim_breach_refuses_change", "UPDATE ON claim_breach", BREACH_CHANGED, ANSWERED)
    refuse("claim_breach_refuses_delete", "DELETE ON claim_breach", "1", ONLY_GROWS)
    refuse("order_reversal_refuses_change", "UPDATE ON order_reversal", REVERSAL_CHANGED, ANSWERED)
    refuse("order_reversal_refuses_delete", "DELETE ON order_reversal", "1", ONLY_GROWS)
    refuse("clawback_along_its_states", "UPDATE ON clawback", CLAWBACK_CHANGED, ANSWERED)
    refuse("clawback_refuses_delete", "DELETE ON clawback", "1", ONLY_GROWS)
    refuse("clawback_repayment_within_asked", "INSERT ON clawback_repayment", TOO_MUCH_BACK, BEYOND_ASKED)
    refuse("advance_born_requested", "INSERT ON advance", "NEW.state <> 'requested'", BORN_REQUESTED)
    refuse("advance_fixed", "UPDATE ON advance", ADVANCE_CHANGED, ANSWERED)
    refuse("advance_along_its_states", "UPDATE ON advance", f"NOT ({ADVANCE_ALONG})", WRONG_WAY)
    refuse("advance_within_limit", "UPDATE ON advance", f"NEW.state = 'decided' AND {TOO_MUCH_ADVANCED}", BEYOND_LIMIT)
    refuse("advance_refuses_delete", "DELETE ON advance", "1", ONLY_GROWS)
    refuse("advance_attempt_refuses_change", "UPDATE ON advance_attempt", ADVANCE_ATTEMPT_CHANGED, ANSWERED)
    refuse("advance_attempt_refuses_delete", "DELETE ON advance_attempt", "1", ANSWERED)
    refuse("advance_recovery_refuses_change", "UPDATE ON advance_recovery", RECOVERY_CHANGED, ANSWERED)
    refuse("advance_recovery_refuses_delete", "DELETE ON advance_recovery", "1", ONLY_GROWS)
    refuse("advance_clearing_within_paid", "INSERT ON advance_clearing", NOT_OWED, BEYOND_ADVANCED)
    refuse("order_attempt_refuses_change", "UPDATE ON order_attempt", ATTEMPT_CHANGED, ANSWERED)
    refuse("order_attempt_refuses_delete", "DELETE ON order_attempt", "1", ANSWERED)
    of_line, with_this = f"({decided(LINE)})", f"({ordered(LINE)} + NEW.amount_fen)"
    beyond = (
        f"(NEW.amount_fen > 0 AND {with_this} > {of_line}) OR (NEW.amount_fen < 0 AND {with_this} < {of_line}) "
        f"OR {ordered()} + NEW.amount_fen > {decided()}"
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
    for table in (*APPEND_ONLY, *GUARDED):
        acts = "UPDATE OR DELETE OR TRUNCATE" if table in APPEND_ONLY else "DELETE OR TRUNCATE"
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE {acts} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()"
        )
    function("keep_rates", f"IF {RATE_ALONE} THEN {raising(RATE_STANDS)} END IF; RETURN NEW;")
    _before_row("rate", "INSERT", "keep_rates")
    function("refuse_correction_change", f"IF {CORRECTION_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("rate_correction", "UPDATE", "refuse_correction_change")
    function("keep_stated", f"IF NEW.state <> 'stated' THEN {raising(BORN_STATED)} END IF; RETURN NEW;")
    for table in STATED:
        _before_row(table, "INSERT", "keep_stated")
        changed = f"IF {statement_changed(table)} THEN {raising(ANSWERED)} END IF; RETURN NEW;"
        function(f"refuse_{table}_change", changed)
        _before_row(table, "UPDATE", f"refuse_{table}_change")
    function("refuse_notice_change", f"IF {NOTICE_CHANGED} THEN {raising(PUBLISHED)} END IF; RETURN NEW;")
    _before_row("notice", "UPDATE", "refuse_notice_change")
    function("refuse_attempt_change", f"IF {ATTEMPT_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("order_attempt", "UPDATE", "refuse_attempt_change")
    function("refuse_line_return_change", f"IF {RETURN_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("claim_line_return", "UPDATE", "refuse_line_return_change")
    function("refuse_breach_change", f"IF {BREACH_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("claim_breach", "UPDATE", "refuse_breach_change")
    function("refuse_reversal_change", f"IF {REVERSAL_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("order_reversal", "UPDATE", "refuse_reversal_change")
    function("refuse_clawback_change", f"IF {CLAWBACK_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("clawback", "UPDATE", "refuse_clawback_change")
    function(
        "keep_within_asked",
        "PERFORM 1 FROM clawback WHERE clawback_id = NEW.clawback_id FOR UPDATE; "
        f"IF {TOO_MUCH_BACK} THEN {raising(BEYOND_ASKED)} END IF; RETURN NEW;",
    )
    _before_row("clawback_repayment", "INSERT", "keep_within_asked")
    # The class's and the advance's rows are locked first: of two at once the second sees what the first did.
    function(
        "keep_advance",
        f"IF TG_OP = 'INSERT' THEN IF NEW.state <> 'requested' THEN {raising(BORN_REQUESTED)} END IF; RETURN NEW; "
        f"END IF; IF {ADVANCE_CHANGED} THEN {raising(ANSWERED)} END IF; "
        f"IF NOT ({ADVANCE_ALONG}) THEN {raising(WRONG_WAY)} END IF; IF NEW.state = 'decided' THEN "
        "PERFORM 1 FROM class_file WHERE class_id = NEW.class_id FOR UPDATE; "
        f"IF {TOO_MUCH_ADVANCED} THEN {raising(BEYOND_LIMIT)} END IF; END IF; RETURN NEW;",
    )
    _before_row("advance", "INSERT OR UPDATE", "keep_advance")
    function(
        "refuse_advance_attempt_change", f"IF {ADVANCE_ATTEMPT_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;"
    )
    _before_row("advance_attempt", "UPDATE", "refuse_advance_attempt_change")
    function("refuse_recovery_change", f"IF {RECOVERY_CHANGED} THEN {raising(ANSWERED)} END IF; RETURN NEW;")
    _before_row("advance_recovery", "UPDATE", "refuse_recovery_change")
    function(
        "keep_within_advanced",
        "PERFORM 1 FROM advance WHERE advance_id = NEW.advance_id FOR UPDATE; "
        f"IF {NOT_OWED} THEN {raising(BEYOND_ADVANCED)} END IF; RETURN NEW;",
    )
    _before_row("advance_clearing", "INSERT", "keep_within_advanced")
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
        f"decided := {decided(LINE)}; ordered := {ordered(LINE)} + NEW.amount_fen;",
        "IF (NEW.amount_fen > 0 AND ordered > decided) OR (NEW.amount_fen < 0 AND ordered < decided)",
        f"OR {ordered()} + NEW.amount_fen > {decided()} THEN {raising(BEYOND_DECIDED)} END IF; RETURN NEW;",
    )
    return " ".join(steps), "DECLARE decided bigint; ordered bigint;"


def _before_row(table: str, acts: str, function: str) -> None:
    op.execute(f"CREATE TRIGGER {function} BEFORE {acts} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
