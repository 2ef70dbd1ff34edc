"""Races for money, on both databases: many writers at once, exactly one winner, sums that hold.

Every contender has a connection pool of its own, as processes have, so that nothing but the database decides.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import pytest
from sqlalchemy.exc import IntegrityError

from services.payment.messaging.incoming import HANDLERS
from services.payment.storage.classes import StoredClasses
from shared.clock import LegalClock
from shared.contracts.contract import Contract
from shared.contracts.payment import EntitlementReserved, PaymentSettled
from shared.database.engine import Database, open_database
from shared.domain.errors import Conflict, Refused
from tests.payment.office import EMPLOYMENT, INSURANCE, Office, approved
from tests.payment.sample import assessment_completed, certificate, people, training_completed

POOLS = 4


@pytest.fixture
async def rivals(office: Office) -> AsyncIterator[list[Office]]:
    """Give several offices on one fresh database."""
    async for found in _rivals(office):
        yield found


@pytest.fixture
async def approved_rivals(approved_office: Office) -> AsyncIterator[list[Office]]:
    """Give several offices on one database with an approved claim."""
    async for found in _rivals(approved_office):
        yield found


async def _rivals(office: Office) -> AsyncIterator[list[Office]]:
    url = office.database.engine.url.render_as_string(hide_password=False)
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(POOLS):
            database: Database = open_database("payment", url, clock=LegalClock())
            stack.push_async_callback(database.close)
            found.append(Office(database, versions_before=office.versions_before))
        yield found


async def at_once(*races: Callable[[], Awaitable[object]]) -> list[object]:
    """Start everything at the same moment; give results and refusals."""
    gate = asyncio.Event()

    async def run(race: Callable[[], Awaitable[object]]) -> object:
        await gate.wait()
        return await race()

    running = [asyncio.create_task(run(race)) for race in races]
    await asyncio.sleep(0)
    gate.set()
    return await asyncio.gather(*running, return_exceptions=True)


async def apply(office: Office, fact: Contract) -> None:
    """Take one event as a consumer does, in a transaction of its own."""
    envelope = office.envelope(fact)
    async with office.unit() as uow:
        await HANDLERS[type(fact)](uow, fact, envelope)
        await uow.commit()


async def test_twenty_approvals_race_for_one_persons_last_entitlement_and_exactly_one_wins(
    office: Office, rivals: Sequence[Office]
) -> None:
    await office.provide()
    facts = [approved(f"class-{number}", ["p1", f"q{number}"]) for number in range(20)]

    results = await at_once(
        *(lambda rival=rivals[number % POOLS], fact=fact: apply(rival, fact) for number, fact in enumerate(facts))
    )

    assert results == [None] * 20
    answers = await office.events(EntitlementReserved)
    assert sum("p1" in answer["granted"] for answer in answers) == 1
    assert sum(len(answer["refused"]) for answer in answers) == 19
    assert sum(len(answer["granted"]) for answer in answers) == 21
    [slots] = await office.rows("SELECT COUNT(*) AS held FROM entitlement_slot WHERE person_id = 'p1'")
    assert slots.held == 1
    [budget] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 21 * 150_000


async def test_two_classes_race_for_the_last_of_a_budget_and_exactly_one_wins(
    office: Office, rivals: Sequence[Office]
) -> None:
    await office.provide(budget_yuan=15_000 + 14_999)
    first, second = approved("class-1", people(1, 10)), approved("class-2", people(11, 20))

    results = await at_once(lambda: apply(rivals[0], first), lambda: apply(rivals[1], second))

    assert results == [None, None]
    answers = await office.events(EntitlementReserved)
    assert sorted(answer["budget"]["granted"] for answer in answers) == [False, True]
    [budget] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 1_500_000


async def test_many_order_requests_at_once_order_everything_exactly_once(
    approved_rivals: Sequence[Office], approved_office: Office, claim_id: str
) -> None:
    results = await at_once(
        *(
            lambda rival=approved_rivals[number % POOLS]: rival.order(claim_id, {EMPLOYMENT: 10_000, INSURANCE: 3_500})
            for number in range(8)
        )
    )

    assert sum(isinstance(result, tuple) for result in results) == 1
    assert all(isinstance(result, tuple | Conflict) for result in results)
    await require_balance(approved_office, ordered_fen=1_350_000)


async def test_a_bank_file_and_its_answer_race_with_a_recomputation_and_a_second_order(
    approved_rivals: Sequence[Office], approved_office: Office, claim_id: str
) -> None:
    """Whatever comes first: nothing is ordered, sent or settled twice, and the sums hold."""
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    remaining = [certificate(each) for each in people(1, 9)]
    late = [training_completed(opening=10, spot=(10, 10), revision=2), assessment_completed(remaining, revision=2)]

    files = await at_once(
        approved_rivals[0].send,
        approved_rivals[1].send,
        lambda: apply(approved_rivals[2], late[0]),
        lambda: approved_rivals[3].order(claim_id, {EMPLOYMENT: 13_500}),
    )
    sent = [each for each in files[:2] if not isinstance(each, Exception)]
    assert len(sent) == 1
    assert all(each is None or isinstance(each, Refused) or each in sent for each in files)

    file = sent[0]
    answers = await at_once(
        lambda: approved_rivals[0].answer(file, order.order_id, "settled"),  # type: ignore[arg-type]
        lambda: approved_rivals[1].answer(file, order.order_id, "settled"),  # type: ignore[arg-type]
        lambda: apply(approved_rivals[2], late[1]),
        lambda: approved_rivals[3].order(claim_id, {EMPLOYMENT: 1_500}),
        approved_rivals[0].send,
    )
    assert sorted(getattr(each, "result", "") for each in answers[:2]) == ["applied", "duplicate"]
    assert answers[2] is None
    assert all(isinstance(each, Refused) for each in answers[3:])

    assert len(await office.events(PaymentSettled)) == 1
    await require_balance(office, ordered_fen=1_350_000)


async def test_even_without_the_classes_lock_the_database_orders_nothing_twice(
    approved_rivals: Sequence[Office],
    approved_office: Office,
    claim_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Take the lock away and let the constraints alone decide; the claim's version is the second net."""
    find = StoredClasses.find

    async def find_unlocked(self: StoredClasses, class_id: str, *, lock: bool = False) -> object:
        return await find(self, class_id, lock=False)

    monkeypatch.setattr(StoredClasses, "find", find_unlocked)
    results = await at_once(
        *(
            lambda rival=approved_rivals[number % POOLS]: rival.order(claim_id, {EMPLOYMENT: 13_500})
            for number in range(8)
        )
    )

    assert sum(isinstance(result, tuple) for result in results) == 1
    assert all(isinstance(result, tuple | Conflict | IntegrityError) for result in results)
    await require_balance(approved_office, ordered_fen=1_350_000)


async def test_two_writers_of_raw_entries_for_one_line_stay_within_what_was_decided(
    approved_rivals: Sequence[Office], approved_office: Office, claim_id: str
) -> None:
    """Go past every use-case: each writer fills a draft of its own with 1,000 of a line's 1,500 yuan."""
    await approved_office.rows(
        "INSERT INTO claim_duty (claim_id, actor, duty) VALUES (:claim, 'payer', 'payment')", claim=claim_id
    )
    for number in range(POOLS):
        await approved_office.rows(
            "INSERT INTO payment_order (order_id, claim_id, class_id, funding_source, amount_fen, state, attempt, "
            "payer) VALUES (:order, :claim, 'class-1', 'x', 100000, 'drafted', 1, 'payer')",
            order=f"order-{number}",
            claim=claim_id,
        )

    results = await at_once(
        *(
            lambda rival=rival, number=number: rival.rows(
                "INSERT INTO order_entry (claim_id, line_no, entry_no, order_id, amount_fen) "
                "VALUES (:claim, 1, :number, :order, 100000)",
                claim=claim_id,
                number=number,
                order=f"order-{number}",
            )
            for number, rival in enumerate(approved_rivals)
        )
    )

    assert sum(result == [] for result in results) == 1
    assert sum(isinstance(result, IntegrityError) for result in results) == POOLS - 1


async def require_balance(office: Office, *, ordered_fen: int) -> None:
    """Check sums from the rows alone: entries, orders, lines, budgets."""
    [entries] = await office.rows("SELECT SUM(amount_fen) AS fen FROM order_entry")
    [orders] = await office.rows("SELECT SUM(amount_fen) AS fen FROM payment_order")
    assert entries.fen == orders.fen == ordered_fen
    over = await office.rows(
        "SELECT e.line_no FROM (SELECT line_no, SUM(amount_fen) AS fen FROM order_entry GROUP BY line_no) e "
        "LEFT JOIN (SELECT line_no, SUM(amount_fen) AS fen FROM claim_entry_line GROUP BY line_no) d "
        "ON d.line_no = e.line_no WHERE d.fen IS NULL OR e.fen > d.fen"
    )
    assert over == []
    unbalanced = await office.rows(
        "SELECT b.funding_source FROM budget b WHERE b.reserved_fen <> COALESCE((SELECT SUM(c.amount_fen) "
        "FROM budget_commitment c WHERE c.region = b.region AND c.funding_source = b.funding_source "
        "AND c.year = b.year), 0)"
    )
    assert unbalanced == []
