"""Re-driving what was buried: in order, past the inbox, stopping where it fails again."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from shared.audit.tables import AUDIT_ENTRY
from shared.clock import machine_now
from shared.contracts.enrollment import ClassClosed, TraineeWithdrawn
from shared.contracts.envelope import Envelope
from shared.contracts.supervision import FindingRaised
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor, Role
from shared.messaging.bus import Record
from shared.messaging.dead_letters import (
    discard,
    held_count,
    list_dead_letters,
    list_held,
    redrive,
)
from shared.messaging.delivery import Delivery, read
from shared.messaging.inbox import Inbox, Outcome
from shared.messaging.tables import DEAD_LETTER
from tests.messaging.events import (
    HANDLERS,
    closed,
    effects,
    inbox_of,
    known,
    note,
    raised,
    received,
    record_of,
    withdrawn,
)


class Repairable:
    """A handler with a bug that a release removes."""

    def __init__(self) -> None:
        self.broken = True

    async def __call__(self, uow: UnitOfWork, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
        """Fail for person 2 while broken."""
        await note(uow, fact.class_id, f"withdrawn {fact.person_id}")
        if self.broken and fact.person_id == "person 2":
            raise ZeroDivisionError


def repairable_inbox(database: Database) -> tuple[Repairable, Inbox]:
    """Give the little world with one repairable handler."""
    handler = Repairable()
    return handler, inbox_of(database, {**HANDLERS, TraineeWithdrawn: handler})


def deliveries(*records: Record) -> list[Delivery]:
    """Give records as the inbox takes them."""
    return [read(received(record, offset)) for offset, record in enumerate(records)]


async def condemn(inbox: Inbox, bad: Record, *others: Record) -> Outcome:
    """Apply records, of which the first is buried for its own fault."""
    all_of_them = deliveries(bad, *others)
    return await inbox.apply(all_of_them, condemned={all_of_them[0].event_id: "it failed"})


async def test_a_repaired_handler_gets_its_events_again_in_order(database: Database) -> None:
    handler, inbox = repairable_inbox(database)
    await inbox.apply(deliveries(record_of(withdrawn("class 1", 1), 1)))
    await condemn(inbox, *(record_of(withdrawn("class 1", number), number) for number in (2, 3, 4)))
    assert await effects(database) == {"class 1": ["withdrawn person 1"]}

    still = await redrive(inbox)
    assert still.events == {"class 1": 0}
    assert still.stopped["class 1"].startswith("ZeroDivisionError at tests/messaging/")
    letters = await list_dead_letters(database)
    assert [letter.attempts for letter in letters] == [2, 1, 1]
    assert letters[0].reason == still.stopped["class 1"]

    handler.broken = False
    again = await redrive(inbox)
    assert (again.events, again.stopped) == ({"class 1": 3}, {})
    assert (await effects(database))["class 1"] == [f"withdrawn person {number}" for number in (1, 2, 3, 4)]
    assert await list_dead_letters(database) == []

    await inbox.apply(deliveries(record_of(withdrawn("class 1", 5), 5)))
    assert (await effects(database))["class 1"][-1] == "withdrawn person 5", "the key flows again"


async def test_a_redriven_event_that_comes_once_more_changes_nothing(database: Database) -> None:
    handler, inbox = repairable_inbox(database)
    handler.broken = False
    bad = record_of(withdrawn("class 1", 2), 1)
    await condemn(inbox, bad)
    await redrive(inbox)
    assert (await inbox.apply(deliveries(bad))).duplicates == 1
    assert await effects(database) == {"class 1": ["withdrawn person 2"]}


async def test_one_key_is_redriven_without_the_others(database: Database) -> None:
    handler, inbox = repairable_inbox(database)
    for key in ("class 1", "class 2"):
        await condemn(inbox, record_of(withdrawn(key, 2), 1), record_of(withdrawn(key, 3), 2))
    handler.broken = False
    assert (await redrive(inbox, key="class 2")).events == {"class 2": 2}
    assert list(await effects(database)) == ["class 2"]
    assert {letter.key for letter in await list_dead_letters(database)} == {"class 1"}


async def test_what_stands_behind_may_wait_for_a_fact_that_stands_behind_it(database: Database) -> None:
    """The finding was buried before the fact it needs: stopping at it would be a deadlock, so it is held."""
    handler, inbox = repairable_inbox(database)
    await condemn(
        inbox,
        record_of(withdrawn("class 1", 2), 1),
        record_of(raised("class 1", "a"), 1),
        record_of(closed("class 1", "a"), 2),
        record_of(known("class 1"), 2),
    )
    handler.broken = False
    assert (await redrive(inbox)).stopped == {}
    assert (await effects(database))["class 1"] == [
        "withdrawn person 2",
        "known",
        "finding raised a",
        "finding closed a",
    ]
    assert (await held_count(database), await list_dead_letters(database)) == (0, [])


async def test_a_held_event_that_turns_out_to_be_poison_goes_back_to_its_old_place(database: Database) -> None:
    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    handler, inbox = repairable_inbox(database)
    first = record_of(withdrawn("class 1", 2), 1)
    waiting = record_of(raised("class 1", "a"), 1)
    await condemn(inbox, first, waiting)
    handler.broken = False
    await redrive(inbox)
    assert [held.aggregate_type for held in await list_held(database)] == ["class"]
    broken = inbox_of(database, {ClassClosed: HANDLERS[ClassClosed], FindingRaised: fail})
    [event] = deliveries(waiting)
    await broken.apply(
        deliveries(record_of(known("class 1"), 2)), condemned={event.event_id: "it failed while it was released"}
    )
    [letter] = await list_dead_letters(database)
    assert (letter.event_id, letter.attempts, letter.reason) == (event.event_id, 2, "it failed while it was released")
    assert (await effects(database))["class 1"] == ["withdrawn person 2", "known"]
    assert (await redrive(inbox)).events == {"class 1": 1}
    assert (await effects(database))["class 1"][-1] == "finding raised a"


async def test_a_poisonous_held_event_does_not_keep_a_redriven_one_from_its_effect(database: Database) -> None:
    async def fail_once_known(uow: UnitOfWork, fact: FindingRaised, envelope: Envelope) -> None:
        await HANDLERS[FindingRaised](uow, fact, envelope)
        raise ZeroDivisionError

    _, inbox = repairable_inbox(database)
    await condemn(
        inbox,
        record_of(withdrawn("class 1", 2), 1),
        record_of(raised("class 1", "a"), 1),
        record_of(known("class 1"), 2),
        record_of(withdrawn("class 1", 3), 3),
    )
    redriven = await redrive(inbox_of(database, {**HANDLERS, FindingRaised: fail_once_known}))
    assert redriven.events == {"class 1": 3}
    assert "ZeroDivisionError" in redriven.stopped["class 1"]
    assert (await effects(database))["class 1"] == ["withdrawn person 2", "known"]
    assert [letter.attempts for letter in await list_dead_letters(database)] == [3, 1]
    assert (await redrive(inbox_of(database))).stopped == {}
    assert (await effects(database))["class 1"] == [
        "withdrawn person 2",
        "known",
        "finding raised a",
        "withdrawn person 3",
    ]


async def test_an_unreadable_record_blocks_its_key_until_it_is_discarded(database: Database) -> None:
    inbox = inbox_of(database)
    await inbox.apply(deliveries(Record("peibu.enrollment.v1", "class 1", b"junk"), record_of(known("class 1"), 1)))
    stopped = (await redrive(inbox)).stopped
    assert stopped["class 1"].startswith("unreadable")
    [junk, _] = await list_dead_letters(database)
    admin = Actor(subject="admin 1", organisation="peibu", region="000000", roles=frozenset({Role.SYSTEM_ADMIN}))
    assert await discard(inbox, seq=junk.seq, actor=admin, reason_code="NO_EVENT")
    assert not await discard(inbox, seq=junk.seq, actor=admin, reason_code="NO_EVENT")
    assert (await redrive(inbox)).events == {"class 1": 1}
    assert await effects(database) == {"class 1": ["known"]}
    async with database.connect(write=False) as connection:
        [entry] = (await connection.execute(select(AUDIT_ENTRY))).all()
    assert (entry.action, entry.actor, entry.details["reason"]) == ("dead_letter_discarded", "admin 1", "NO_EVENT")


async def test_a_dead_letter_without_an_id_is_refused_because_it_could_stand_there_twice(database: Database) -> None:
    row = {"consumer": "test", "topic": "t", "key": "k", "payload": b"", "reason": "r", "buried_at": machine_now()}
    with pytest.raises(IntegrityError):
        async with database.connect() as connection, connection.begin():
            await connection.execute(insert(DEAD_LETTER).values(event_id=None, **row))


async def test_a_reused_version_fails_again_and_is_never_applied(database: Database) -> None:
    inbox = inbox_of(database)
    await inbox.apply(deliveries(record_of(withdrawn("class 1", 1), 1), record_of(withdrawn("class 1", "restored"), 1)))
    assert "went back in time" in (await redrive(inbox)).stopped["class 1"]
    assert await effects(database) == {"class 1": ["withdrawn person 1"]}


async def test_a_redrive_that_the_database_interrupts_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, inbox = repairable_inbox(database)
    await condemn(inbox, record_of(withdrawn("class 1", 2), 1))
    handler.broken = False

    class Interrupted(UnitOfWork):
        async def commit(self) -> None:
            raise ConnectionResetError

    cut = Inbox(database=database, consumer="test", handlers=inbox.handlers, open_unit=partial(Interrupted, database))
    with pytest.raises(ConnectionResetError):
        await redrive(cut)
    assert await effects(database) == {}
    assert [letter.reason for letter in await list_dead_letters(database)] == ["it failed"]
