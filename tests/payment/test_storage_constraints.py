"""Every rule that protects money stands in the database too: each test plants a violation with raw SQL."""

import pytest
from sqlalchemy import BigInteger
from sqlalchemy.exc import IntegrityError

from services.payment.storage.tables import METADATA
from shared.database.migrate import check
from tests.payment.office import EMPLOYMENT, FINANCE, INSURANCE, Office

LEDGERS = {
    "rate": "amount_fen = amount_fen + 1",
    "budget_allotment": "amount_fen = amount_fen + 1",
    "entitlement_entry": "act = 'released'",
    "claim_entry": "approved_on = '2021-01-01'",
    "claim_entry_line": "amount_fen = amount_fen + 1",
    "claim_difference": "kind = 'supplement'",
    "order_entry": "amount_fen = amount_fen + 1",
    "bank_file": "sha256 = 'y'",
    "payment_order": "amount_fen = amount_fen + 1",
    "notice": "list_hash = 'y'",
    "claim_duty": "duty = 'payment'",
    "claim_review": "approved = false",
    "claim_decision": "accepted = false",
    "claim_person": "person_id = 'somebody'",
    "monthly_report": "due = '2021-12-31'",
    "monthly_report_copy": "content = '{}'",
    "monthly_report_dispatch": "proof = 'another'",
    "employment": "source = 'another'",
    "reported_figure": "number = number + 1",
    "filing": "contents = '{}'",
}
"""What only grows, and a change that must not be possible."""


async def refused(office: Office, statement: str, **values: object) -> None:
    with pytest.raises(IntegrityError):
        await office.rows(statement, **values)


async def test_the_model_is_what_the_migrations_make(office: Office) -> None:
    url = office.database.engine.url.render_as_string(hide_password=False)

    assert await check("payment", url) == []


async def test_a_person_holds_no_slot_twice_and_none_beyond_the_cap(office: Office) -> None:
    await office.provide()
    await office.open_class()
    await office.open_class("class-2", roster=["p20"])
    slot = (
        "INSERT INTO entitlement_slot (person_id, scope, slot_no, slots_max, class_id, state) "
        "VALUES (:person, 'jiyuan/any/2021', :number, 1, 'class-2', 'reserved')"
    )

    await refused(office, slot, person="p1", number=1)
    await refused(office, slot, person="p1", number=2)
    await refused(office, slot, person="p20", number=1)
    await refused(office, slot, person="p21", number=0)
    await office.rows(slot, person="p21", number=1)


async def test_a_budget_never_promises_more_than_it_has(office: Office) -> None:
    await office.provide(budget_yuan=1000)

    await refused(office, "UPDATE budget SET reserved_fen = 100001 WHERE funding_source = :source", source=EMPLOYMENT)
    await refused(office, "UPDATE budget SET reserved_fen = -1 WHERE funding_source = :source", source=EMPLOYMENT)
    await office.rows("UPDATE budget SET reserved_fen = 100000 WHERE funding_source = :source", source=EMPLOYMENT)


async def test_ledgers_refuse_every_change_and_refuse_to_forget(approved_office: Office, claim_id: str) -> None:
    """HB-SUP-01: a paid claim is not edited; a correction is an entry of its own."""
    office = approved_office
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.rows(
        "INSERT INTO claim_difference (claim_id, number, kind, amount_fen, amounts, cause, found_on) "
        "VALUES (:claim, 1, 'dissolved', 0, '{}', 'test', '2021-09-13')",
        claim=claim_id,
    )
    await office.rows(
        "INSERT INTO claim_decision (claim_id, number, rule, accepted, reason, decided_by, decided_on, kinds) "
        "VALUES (:claim, 1, 'JY-SUP-07', true, 'x', 'x', '2021-09-13', '[]')",
        claim=claim_id,
    )
    await office.rows(
        "INSERT INTO bank_file (bank_file_id, region, funding_source, orders_count, amount_fen, sha256, created_by, "
        "created_on) VALUES ('f', '419001', 'x', 1, 1, 'x', 'x', '2021-09-13')"
    )
    await report_a_month(office)
    for table, change in LEDGERS.items():
        assert await office.rows(f"SELECT 1 FROM {table}"), table  # noqa: S608 - a fixed list
        await refused(office, f"UPDATE {table} SET {change}")  # noqa: S608
        await refused(office, f"DELETE FROM {table}")  # noqa: S608
        if office.database.engine.dialect.name == "postgresql":
            await refused(office, f"TRUNCATE {table} CASCADE")


async def report_a_month(office: Office) -> None:
    """Draft, sign and dispatch a month with raw SQL, record an employment, enter a figure and file a plan."""
    for statement in (
        "INSERT INTO monthly_report (region, month, rulebook_id, drafted_on, due) "
        "VALUES ('419001', '2020-06', 'r', '2020-07-01', '2020-07-06')",
        "INSERT INTO monthly_report_copy (region, month, number, content, sha256, signed_by, signed_at) "
        "VALUES ('419001', '2020-06', 0, '{}', 'x', 'a', '2021-07-02 00:00:00')",
        "INSERT INTO monthly_report_dispatch (region, month, number, dispatched_at, dispatched_by, recipient, proof) "
        "VALUES ('419001', '2020-06', 0, '2021-07-03 00:00:00', 'a', 'r', 'p')",
        "INSERT INTO employment (class_id, person_id, employed_on, stands, source, recorded_by, recorded_on) "
        "VALUES ('class-1', 'p1', '2021-08-01', true, 's', 'a', '2021-08-02')",
        "INSERT INTO reported_figure (entry, region, code, figure_on, number, source, entered_by, entered_on) "
        "VALUES (1, '211400', 'skilled', '2021-08-01', 5, 's', 'a', '2021-08-02')",
        "INSERT INTO filing (filing_id, region, code, unit, task, filed_on, filed_by, contents) "
        "VALUES ('f', '211400', 'annual_plan', '211400', '', '2021-08-02', 'a', '{}')",
    ):
        await office.rows(statement)


async def test_a_months_copies_and_their_delivery_stand_once(office: Office) -> None:
    """JY-INT-02: no second report of a month, no correction without a reason, no second stamp, none without a copy."""
    await office.open_class()
    await report_a_month(office)
    copy = (
        "INSERT INTO monthly_report_copy (region, month, number, content, sha256, signed_by, signed_at, reason) "
        "VALUES ('419001', :month, :number, '{}', 'x', 'a', '2021-07-02 00:00:00', :reason)"
    )
    await refused(office, copy, month="2020-06", number=0, reason=None)
    await refused(office, copy, month="2020-06", number=1, reason=None)
    await refused(office, copy, month="2020-07", number=0, reason=None)
    stamp = (
        "INSERT INTO monthly_report_dispatch (region, month, number, dispatched_at, dispatched_by, recipient, proof) "
        "VALUES ('419001', '2020-06', :number, '2021-07-03 00:00:00', 'a', 'r', 'p')"
    )
    await refused(office, stamp, number=0)
    await refused(office, stamp, number=1)
    await office.rows(copy, month="2020-06", number=1, reason="更正")
    await office.rows(stamp, number=1)


async def test_an_amount_is_never_unknown(approved_office: Office, claim_id: str) -> None:
    await refused(
        approved_office,
        "INSERT INTO rate (region, programme, valid_from, amount_fen, unit, source, entered_by, entered_at) "
        "VALUES ('419001', 'training', '2021-01-01', NULL, 'each', 'x', 'x', '2021-01-01 00:00:00')",
    )
    await refused(
        approved_office,
        "INSERT INTO claim_entry_line (claim_id, entry, line_no, amount_fen, traces, evidence) "
        "VALUES (:claim, 1, 50, NULL, '[]', '[]')",
        claim=claim_id,
    )
    columns = [column for table in METADATA.tables.values() for column in table.columns if column.name.endswith("_fen")]
    assert len(columns) > 10
    assert all(isinstance(column.type, BigInteger) and not column.nullable for column in columns)


async def test_the_traces_of_an_approved_line_never_change(approved_office: Office, claim_id: str) -> None:
    await refused(approved_office, "UPDATE claim_entry_line SET traces = '[]' WHERE claim_id = :claim", claim=claim_id)
    await refused(approved_office, "UPDATE claim_entry SET approver = 'other' WHERE claim_id = :claim", claim=claim_id)


async def test_what_was_published_never_changes_but_its_state_does(approved_office: Office, claim_id: str) -> None:
    for change in ("list_hash = 'x'", "content = '{}'", "amounts = '{}'", "ends_on = '2021-09-14'"):
        await refused(approved_office, f"UPDATE notice SET {change}")  # noqa: S608
    await approved_office.rows("UPDATE notice SET state = 'withdrawn'")


async def drafted(office: Office, claim_id: str, amount_fen: int = 100, order_id: str = "planted") -> None:
    """Plant a draft of an order, as the use-case does."""
    await office.rows(
        "INSERT INTO claim_duty (claim_id, actor, duty) VALUES (:claim, :payer, 'payment') ON CONFLICT DO NOTHING",
        claim=claim_id,
        payer=FINANCE.subject,
    )
    await office.rows(
        "INSERT INTO payment_order (order_id, claim_id, class_id, funding_source, amount_fen, state, attempt, payer) "
        "VALUES (:order, :claim, 'class-1', 'x', :amount, 'drafted', 1, :payer)",
        order=order_id,
        claim=claim_id,
        amount=amount_fen,
        payer=FINANCE.subject,
    )


ENTRY = (
    "INSERT INTO order_entry (claim_id, line_no, entry_no, order_id, amount_fen) "
    "VALUES (:claim, :line, :number, :order, :amount)"
)


async def entry(office: Office, claim_id: str, line: int, amount: int, number: int = 1, order: str = "planted") -> None:
    await office.rows(ENTRY, claim=claim_id, line=line, number=number, order=order, amount=amount)


async def test_no_line_is_ordered_beyond_what_was_decided_for_it(approved_office: Office, claim_id: str) -> None:
    await drafted(approved_office, claim_id)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 1, 150_001)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 99, 1)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 1, -1)
    await entry(approved_office, claim_id, 1, 100_000)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 1, 50_001, number=2)
    await entry(approved_office, claim_id, 1, 50_000, number=2)


async def test_the_cut_is_neither_exceeded_nor_turned_round(approved_office: Office, claim_id: str) -> None:
    await drafted(approved_office, claim_id)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 11, -150_001)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 11, 1)
    await entry(approved_office, claim_id, 11, -150_000)


async def test_a_claim_is_never_ordered_beyond_its_decided_sum_by_leaving_the_cut_out(
    approved_office: Office, claim_id: str
) -> None:
    await drafted(approved_office, claim_id)
    for line in range(1, 10):
        await entry(approved_office, claim_id, line, 150_000)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 10, 150_000)


async def test_an_order_only_moves_a_line_towards_what_was_decided_for_it(
    approved_office: Office, claim_id: str
) -> None:
    await drafted(approved_office, claim_id)
    await entry(approved_office, claim_id, 1, 100_000)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 1, -1, number=2)
    await entry(approved_office, claim_id, 11, -100_000)
    with pytest.raises(IntegrityError, match="more would be ordered than was decided"):
        await entry(approved_office, claim_id, 11, 1, number=2)


async def test_a_part_of_a_line_is_ordered_once(approved_office: Office, claim_id: str) -> None:
    await drafted(approved_office, claim_id)
    await entry(approved_office, claim_id, 1, 100)
    with pytest.raises(IntegrityError):
        await entry(approved_office, claim_id, 1, 100)


async def test_an_order_leaves_its_draft_only_as_the_sum_of_its_entries(approved_office: Office, claim_id: str) -> None:
    ready = "UPDATE payment_order SET state = 'ready' WHERE order_id = 'planted'"
    await drafted(approved_office, claim_id)
    await entry(approved_office, claim_id, 1, 99)
    with pytest.raises(IntegrityError, match="sum of its entries"):
        await approved_office.rows(ready)
    await entry(approved_office, claim_id, 2, 1)
    await approved_office.rows(ready)
    with pytest.raises(IntegrityError, match="only while it is drafted"):
        await entry(approved_office, claim_id, 3, 1)


async def test_an_order_begins_as_a_draft_and_keeps_amount_and_source(approved_office: Office, claim_id: str) -> None:
    born_ready = (
        "INSERT INTO payment_order (order_id, claim_id, class_id, funding_source, amount_fen, state, attempt, payer) "
        "VALUES ('planted', :claim, 'class-1', 'x', 1, 'ready', 1, :payer)"
    )
    await drafted(approved_office, claim_id, order_id="other")
    with pytest.raises(IntegrityError, match="begins as a draft"):
        await approved_office.rows(born_ready, claim=claim_id, payer=FINANCE.subject)
    for change in ("amount_fen = 2", "funding_source = 'y'", "payer = 'somebody'"):
        with pytest.raises(IntegrityError, match="never change"):
            await approved_office.rows(f"UPDATE payment_order SET {change}")  # noqa: S608


async def test_an_order_moves_only_along_its_states(approved_office: Office, claim_id: str) -> None:
    await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    for change in (
        "state = 'settled'",
        "state = 'returned'",
        "state = 'drafted'",
        "attempt = 2",
        "state = 'sent', attempt = 2",
        "state = 'lost'",
    ):
        await refused(approved_office, f"UPDATE payment_order SET {change}")  # noqa: S608
    await approved_office.rows("UPDATE payment_order SET state = 'sent'")
    await approved_office.rows("UPDATE payment_order SET state = 'settled'")
    await refused(approved_office, "UPDATE payment_order SET state = 'ready', attempt = 2")


async def test_what_was_sent_and_answered_is_never_rewritten(approved_office: Office, claim_id: str) -> None:
    [order] = await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    file = await approved_office.send()
    for change in ("sender = 'approver-1'", "account_id = 'other'", "bank_file_id = 'other'", "attempt = 2"):
        with pytest.raises(IntegrityError, match="sent and answered"):
            await approved_office.rows(f"UPDATE order_attempt SET {change}")  # noqa: S608
    await approved_office.answer(file, order.order_id, "returned")

    for change in ("outcome = 'settled'", "outcome = NULL, answered_on = NULL", "reason_code = 'X'"):
        with pytest.raises(IntegrityError, match="sent and answered"):
            await approved_office.rows(f"UPDATE order_attempt SET {change}")  # noqa: S608
    await refused(approved_office, "DELETE FROM order_attempt")


async def test_nobody_holds_two_duties_in_a_claim(approved_office: Office, claim_id: str) -> None:
    duty = "INSERT INTO claim_duty (claim_id, actor, duty) VALUES (:claim, 'first-1', 'payment')"
    await refused(approved_office, duty, claim=claim_id)
    # Nor does who reviewed the class: their duty in it stands in the claim from its receipt.
    await refused(approved_office, duty.replace("first-1", "reviewer-0"), claim=claim_id)
    # The first reviewer cannot be written down as payer either: an order refers to the payer's duty.
    await refused(
        approved_office,
        "INSERT INTO payment_order (order_id, claim_id, class_id, funding_source, amount_fen, state, attempt, payer) "
        "VALUES ('planted', :claim, 'class-1', 'x', 1, 'drafted', 1, 'first-1')",
        claim=claim_id,
    )
    review = (
        "INSERT INTO claim_review (claim_id, round, step, approved, actor, decided_at, opinion) "
        "VALUES (:claim, 2, :step, true, :actor, '2021-09-13 00:00:00', 'x')"
    )
    await refused(approved_office, review, claim=claim_id, step="second_review", actor="first-1")
    await refused(approved_office, review, claim=claim_id, step="bureau_opinion", actor="nobody")
    await approved_office.rows(review, claim=claim_id, step="first_review", actor="first-1")


async def test_an_approval_names_three_people(approved_office: Office, claim_id: str) -> None:
    await refused(
        approved_office,
        "INSERT INTO claim_entry (claim_id, entry, round, approved_on, first_reviewer, second_reviewer, approver, "
        "rates_until) VALUES (:claim, 2, 2, '2021-09-13', 'a', 'b', 'a', 1)",
        claim=claim_id,
    )


async def test_a_person_is_claimed_once_for_a_class(approved_office: Office, claim_id: str) -> None:
    await refused(
        approved_office,
        "INSERT INTO claim_person (class_id, person_id, claim_id) VALUES ('class-1', 'p1', :claim)",
        claim=claim_id,
    )


async def test_a_claim_has_a_known_state_and_sane_numbers(approved_office: Office, claim_id: str) -> None:
    for change in ("state = 'invented'", "round = 0", "clawback_fen = -1", "base = NULL"):
        await refused(approved_office, f"UPDATE claim SET {change}")  # noqa: S608


async def test_a_persons_line_is_never_negative_and_a_class_level_line_never_positive(
    approved_office: Office, claim_id: str
) -> None:
    await refused(approved_office, "UPDATE claim_line SET amount_fen = -1 WHERE line_no = 1")
    await refused(approved_office, "UPDATE claim_line SET amount_fen = 1 WHERE line_no = 11")
    await refused(approved_office, "UPDATE claim_line SET amount_fen = NULL")


async def test_a_claim_has_one_active_account(approved_office: Office, claim_id: str) -> None:
    columns = "account_id, claim_id, holder_sealed, bank_name, number_sealed, number_masked, state, submitted_by"
    await refused(
        approved_office,
        f"INSERT INTO account ({columns}) SELECT 'second', claim_id, holder_sealed, bank_name, number_sealed, "  # noqa: S608
        "number_masked, state, submitted_by FROM account",
    )


async def test_nobodys_account_or_signature_stands_in_clear(approved_office: Office, claim_id: str) -> None:
    [account] = await approved_office.rows("SELECT holder_sealed, number_sealed, number_masked FROM account")
    [signer] = await approved_office.rows("SELECT undertaking_signer, undertaking_signer_sealed FROM claim")
    digits = "41000000864209753 1".replace(" ", "")

    assert digits.encode() not in bytes(account.number_sealed)
    assert account.number_masked.startswith("****")
    assert "样例".encode() not in bytes(account.holder_sealed)
    assert signer.undertaking_signer == "样****"
    assert "负责人".encode() not in bytes(signer.undertaking_signer_sealed)


async def test_commitments_add_up_to_what_a_budget_has_reserved(approved_office: Office, claim_id: str) -> None:
    await approved_office.order(claim_id, {EMPLOYMENT: 10_000, INSURANCE: 3_500})

    budgets = await approved_office.rows("SELECT funding_source, reserved_fen FROM budget ORDER BY funding_source")
    held = await approved_office.rows(
        "SELECT funding_source, SUM(amount_fen) AS held FROM budget_commitment GROUP BY funding_source "
        "ORDER BY funding_source"
    )
    assert (
        [tuple(row) for row in budgets]
        == [tuple(row) for row in held]
        == [(EMPLOYMENT, 1_000_000), (INSURANCE, 350_000)]
    )
