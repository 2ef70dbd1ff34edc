"""What must never happen to an advance, planted with raw SQL against the database's own rules."""

import pytest
from sqlalchemy.exc import IntegrityError

from services.payment.domain.advance_money import AdvancePayment
from tests.payment.advance_sample import YUAN, advanced, asked_back, decided, of_enterprise, open_class, provide
from tests.payment.office import Office
from tests.payment.test_use_cases_advances import DUE

CLEARING = (
    "INSERT INTO advance_clearing (advance_id, number, institution_id, funding_source, kind, amount_fen, cleared_on, "
    "recorded_by, reference) VALUES (:advance, :number, 'institution-1', 'employment_subsidy_fund', 'repaid', :fen, "
    "'2020-07-02', 'finance-1', :reference)"
)


async def refused(office: Office, statement: str, **values: object) -> None:
    with pytest.raises(IntegrityError):
        await office.rows(statement, **values)


async def paid(office: Office) -> AdvancePayment:
    await provide(office)
    await open_class(office, of_enterprise())
    return await advanced(office, of_enterprise(), 1_000 * YUAN)


async def test_what_was_asked_and_decided_of_an_advance_never_changes(office: Office) -> None:
    advance = await paid(office)
    for change in (
        "amount_fen = amount_fen + 1",
        "requested_fen = requested_fen + 1",
        "limit_fen = limit_fen + 1",
        "funding_source = 'talent_fund'",
        "decided_by = 'somebody'",
        "ordered_by = 'somebody'",
        "state = 'ready'",
        "state = 'withdrawn', withdrawn_by = 'x', withdrawn_on = '2020-07-02', withdrawal_reason = 'x'",
        "attempt = attempt + 1",
    ):
        await refused(office, f"UPDATE advance SET {change}")  # noqa: S608 - a fixed list
    await refused(office, "DELETE FROM advance")
    await refused(office, "UPDATE advance_attempt SET outcome = 'returned'")
    await refused(office, "DELETE FROM advance_attempt")
    await refused(office, "UPDATE advance_duty SET duty = 'payment'")
    await refused(office, "DELETE FROM advance_duty")
    assert advance.paid_fen == 1_000 * YUAN


async def test_an_advance_begins_as_a_request_and_its_place_is_taken_once(office: Office) -> None:
    await paid(office)
    born = (
        "INSERT INTO advance (advance_id, class_id, institution_id, region, rulebook_id, number, advances_max, "
        "requested_fen, requested_by, requested_on, state, amount_fen, limit_fen, attempt, version) "
        "VALUES ('b', 'class-1', 'institution-1', "
        "'211400', 'r', :number, :most, 100, 'school-1', '2020-07-01', :state, 0, 0, 1, 1)"
    )
    await refused(office, born, number=1, most=None, state="requested")
    await refused(office, born, number=2, most=1, state="requested")
    await refused(office, born, number=2, most=None, state="refused")
    await office.rows(born, number=2, most=None, state="requested")


async def test_the_advances_of_a_class_keep_within_what_the_document_allows(office: Office) -> None:
    """HL-PAY-02"""
    await paid(office)
    second = await decided(office, of_enterprise(), 59_000 * YUAN)
    third = (
        "INSERT INTO advance (advance_id, class_id, institution_id, region, rulebook_id, number, requested_fen, "
        "requested_by, requested_on, state, amount_fen, limit_fen, attempt, version) "
        "VALUES ('c', 'class-1', 'institution-1', '211400', 'r', "
        "3, 100, 'school-1', '2020-07-01', 'requested', 0, 0, 1, 1)"
    )
    await office.rows(third)
    decide = (
        "UPDATE advance SET state = 'decided', amount_fen = 1, limit_fen = 6000000, funding_source = 'f', "
        "decided_by = :by, decided_on = '2020-07-01', decision_reason = 'x' WHERE advance_id = 'c'"
    )
    await refused(office, decide, by="approver-1")
    await office.rows(
        "UPDATE advance SET state = 'withdrawn', withdrawn_by = 'f', withdrawn_on = '2020-07-01', "
        "withdrawal_reason = 'x' WHERE advance_id = :advance",
        advance=second.advance_id,
    )
    await refused(office, decide, by="school-1")  # who asked does not decide
    await office.rows(decide, by="approver-1")
    order = "UPDATE advance SET state = 'ready', ordered_by = :by, ordered_on = '2020-07-01' WHERE advance_id = 'c'"
    await refused(office, order, by="approver-1")  # who decided does not order
    await office.rows(order, by="finance-1")


async def test_no_more_is_repaid_than_was_paid_and_asked_back(office: Office) -> None:
    advance = await paid(office)
    values = {"advance": advance.advance_id, "reference": "回单 1"}
    await refused(office, CLEARING, **values, number=1, fen=1)  # nobody asked it back
    await asked_back(office, of_enterprise(), advance, DUE)
    await refused(office, CLEARING, **values, number=1, fen=1_000 * YUAN + 1)
    await office.rows(CLEARING, **values, number=1, fen=400 * YUAN)
    await refused(office, CLEARING, **values, number=2, fen=1)  # the same receipt
    other = {**values, "reference": "回单 2"}
    await refused(office, CLEARING, **other, number=2, fen=600 * YUAN + 1)
    await office.rows(CLEARING, **other, number=2, fen=600 * YUAN)
    await refused(office, "UPDATE advance_clearing SET amount_fen = 1")
    await refused(office, "DELETE FROM advance_clearing")
    await refused(office, "UPDATE advance_recovery SET amount_fen = 1")
    await refused(office, "DELETE FROM advance_recovery")


async def test_nothing_is_set_off_against_an_order_that_pays_something_else(office: Office) -> None:
    advance = await paid(office)
    await refused(
        office,
        "INSERT INTO advance_clearing (advance_id, number, institution_id, funding_source, kind, amount_fen, "
        "cleared_on, recorded_by, order_id) VALUES (:advance, 1, 'institution-1', 'employment_subsidy_fund', "
        "'set_off', 100, '2020-07-02', 'finance-1', 'no-order')",
        advance=advance.advance_id,
    )
