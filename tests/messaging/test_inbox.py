"""Once, in order, nothing lost: how events are applied, on both databases."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, func, insert, select

from shared.clock import new_id
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassClosed, TraineeWithdrawn
from shared.contracts.envelope import Envelope
from shared.contracts.supervision import FindingRaised
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.messaging.bus import Partition, Received, Record
from shared.messaging.dead_letters import (
    dead_letter_count,
    discard,
    held_age_seconds,
    held_count,
    list_dead_letters,
    list_held,
    redrive,
)
from shared.messaging.delivery import Delivery, read
from shared.messaging.inbox import REUSED_VERSION, Handler, Inbox, Outcome, Passage, Poisoned
from shared.messaging.inbox_state import BEHIND, InboxState
from shared.messaging.tables import DEAD_LETTER, GATE, HELD_EVENT, INBOX
from tests.messaging.events import (
    EFFECT,
    HANDLERS,
    KNOWN,
    LATER,
    closed,
    effects,
    inbox_of,
    known,
    note,
    of_later_release,
    raised,
    received,
    record_of,
    upgrade,
    withdrawn,
)

STATE = (EFFECT, KNOWN, INBOX, GATE, HELD_EVENT)


def deliveries(records: Sequence[Record]) -> list[Delivery]:
    """Give records as the inbox takes them."""
    return [read(received(record, offset)) for offset, record in enumerate(records)]


async def apply(inbox: Inbox, *records: Record) -> Outcome:
    """Apply records in one transaction."""
    return await inbox.apply(deliveries(records))


def history(class_id: str) -> tuple[list[Record], list[Record]]:
    """Give all that ever happens to a class: enrollment's events and supervision's, each in the order of versions."""
    enrollment: list[Contract] = [withdrawn(class_id, 1), known(class_id), withdrawn(class_id, 2)]
    supervision: list[Contract] = [raised(class_id, "a"), raised(class_id, "b"), closed(class_id, "a")]
    return (
        [record_of(fact, version) for version, fact in enumerate(enrollment, 1)],
        [record_of(fact, version) for version, fact in enumerate(supervision, 1)],
    )


ENROLLMENT_EFFECTS = ["withdrawn person 1", "known", "withdrawn person 2"]
SUPERVISION_EFFECTS = ["finding raised a", "finding raised b", "finding closed a"]


async def assert_everything_once(database: Database, class_id: str) -> None:
    """See every effect of a class's history, once, and each service's in order."""
    happened = (await effects(database)).get(class_id, [])
    assert [what for what in happened if what in ENROLLMENT_EFFECTS] == ENROLLMENT_EFFECTS
    assert [what for what in happened if what in SUPERVISION_EFFECTS] == SUPERVISION_EFFECTS
    assert len(happened) == 6
    assert not [held for held in await list_held(database) if held.key == class_id]
    assert not await list_dead_letters(database, key=class_id)


async def test_every_event_twice_has_every_effect_once(database: Database) -> None:
    enrollment, supervision = history("class 1")
    inbox = inbox_of(database)
    await apply(inbox, *enrollment, *enrollment, *supervision)
    outcome = await apply(inbox, *enrollment, *supervision)
    assert outcome.duplicates == 6
    await assert_everything_once(database, "class 1")


async def twice(database: Database) -> None:
    """Deliver a history twice and see it once."""
    enrollment, supervision = history("class 1")
    inbox = inbox_of(database)
    for _ in range(2):
        await apply(inbox, *enrollment, *supervision)
    await assert_everything_once(database, "class 1")


async def test_control_without_the_inbox_a_repeat_would_show(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InboxState, "knows", lambda *_: False)
    with pytest.raises(AssertionError):
        await twice(database)


async def test_control_without_inbox_and_gate_a_repeat_would_double_the_effect(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InboxState, "knows", lambda *_: False)
    monkeypatch.setattr(InboxState, "gate", lambda *_: 0)
    monkeypatch.setattr(InboxState, "store", _store_nothing)
    once = record_of(withdrawn("class 1", 1), 1)
    await apply(inbox_of(database), once, once)
    await apply(inbox_of(database), once)
    assert await effects(database) == {"class 1": ["withdrawn person 1"] * 3}


async def _store_nothing(_state: InboxState, _connection: object) -> None:
    """Switch the inbox's memory off."""


def elsewhere(records: Sequence[Record]) -> list[Delivery]:
    """Give the same records from another place of their topic, as after a rebalance, a replay or a moved topic."""
    places = [(Partition(record.topic, 7), 1_000 + offset) for offset, record in enumerate(records)]
    return [
        read(Received(*place, record.key.encode(), record.value)) for place, record in zip(places, records, strict=True)
    ]


async def everything(database: Database, *tables: Table) -> dict[str, list[Any]]:
    """Give every row of the tables."""
    async with database.connect(write=False) as connection:
        return {table.name: sorted(map(tuple, await connection.execute(select(table)))) for table in tables}


async def test_the_same_ids_from_another_place_of_the_topic_change_no_row(database: Database) -> None:
    inbox = inbox_of(database)
    enrollment, supervision = history("class 1")
    waiting, poison = record_of(raised("class 2", "a"), 1), record_of(closed("class 3", "never raised"), 1)
    records = [*enrollment, *supervision, waiting, poison]
    await inbox.apply(deliveries(records), condemned={read(received(poison)).event_id: "it failed"})
    before = await everything(database, *STATE, DEAD_LETTER)
    assert all(before.values()), "applied, held and buried ones alike"

    outcome = await inbox.apply(elsewhere(records))
    assert outcome.duplicates == len(records)
    for record in elsewhere(records):
        await inbox.apply([record])
    assert await everything(database, *STATE, DEAD_LETTER) == before


async def test_the_same_facts_under_new_ids_change_nothing_and_stop_their_key_until_somebody_has_looked(
    database: Database,
) -> None:
    """What a publisher says again after its database was restored: its versions are spent, whatever they say."""
    inbox = inbox_of(database)
    enrollment, supervision = history("class 1")
    await apply(inbox, *enrollment, *supervision)
    before = await everything(database, *STATE)
    restored, following = history("class 1")[0], record_of(withdrawn("class 1", 4), 4)
    for again in (restored, restored):
        await inbox.apply(elsewhere([*again, following]))
    assert await everything(database, *STATE) == before
    letters = await list_dead_letters(database)
    assert [letter.reason for letter in letters] == [REUSED_VERSION, *[BEHIND] * 3]

    for letter in letters[:3]:
        assert await discard(inbox, seq=letter.seq, actor=SYSTEM, reason_code="RESTORED")
    assert (await redrive(inbox)).events == {"class 1": 1}
    assert (await effects(database))["class 1"][len(before["effect"]) :] == ["withdrawn person 4"]


async def test_a_gap_is_held_and_closed_by_the_missing_version(database: Database) -> None:
    inbox = inbox_of(database)
    enrollment, _ = history("class 1")
    outcome = await apply(inbox, enrollment[2], enrollment[1])
    assert (outcome.held, outcome.gaps, outcome.applied) == (2, 2, 0)
    assert [held.reason for held in await list_held(database)] == [
        "version 3 came while 1 is missing",
        "version 2 came while 1 is missing",
    ]
    assert await held_age_seconds(database) >= 0
    outcome = await apply(inbox, enrollment[0])
    assert (outcome.applied, outcome.released) == (3, 2)
    assert (await effects(database))["class 1"] == ENROLLMENT_EFFECTS
    assert await held_count(database) == 0


async def test_what_misses_a_fact_is_held_with_all_that_follows_until_the_fact_is_there(database: Database) -> None:
    inbox = inbox_of(database)
    enrollment, supervision = history("class 1")
    await apply(inbox, *supervision)
    assert await effects(database) == {}, "what the handler wrote before it missed the fact is taken back"
    assert [held.reason for held in await list_held(database)] == [
        "missing fact: MissingFact CLASS_UNKNOWN",
        "version 2 came while 1 is missing",
        "version 3 came while 1 is missing",
    ]
    await apply(inbox, enrollment[0])
    assert await held_count(database) == 3
    await apply(inbox, *enrollment[1:])
    await assert_everything_once(database, "class 1")


async def test_a_fact_releases_held_events_within_the_same_batch(database: Database) -> None:
    enrollment, supervision = history("class 1")
    outcome = await apply(inbox_of(database), *supervision, *enrollment)
    assert (outcome.held, outcome.released, outcome.applied) == (3, 3, 6)
    await assert_everything_once(database, "class 1")


async def test_a_handler_without_the_savepoint_would_leave_half_an_effect(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control arm of the savepoint: without it the row written before MissingFact stays."""
    from contextlib import asynccontextmanager

    from sqlalchemy.ext.asyncio import AsyncConnection

    @asynccontextmanager
    async def no_savepoint(_connection: AsyncConnection):  # type: ignore[no-untyped-def]
        yield

    monkeypatch.setattr(AsyncConnection, "begin_nested", no_savepoint)
    await apply(inbox_of(database), *history("class 1")[1])
    assert await effects(database) != {}


async def test_repositories_are_opened_anew_after_a_savepoint_was_taken_back(database: Database) -> None:
    opened: list[str] = []

    class Remembering(UnitOfWork):
        def open_repositories(self) -> None:
            opened.append("opened")

    inbox = Inbox(
        database=database,
        consumer="test",
        handlers=HANDLERS,
        open_unit=lambda *, actor: Remembering(database, actor=actor),
    )
    await inbox.apply(deliveries([record_of(raised("class 1", "a"), 1), record_of(known("class 2"), 1)]))
    assert len(opened) == 2


async def test_types_without_a_handler_pass_the_gate(database: Database) -> None:
    inbox = inbox_of(database, {TraineeWithdrawn: HANDLERS[TraineeWithdrawn]})
    outcome = await apply(inbox, record_of(known("class 1"), 1), record_of(withdrawn("class 1", 1), 2))
    assert (outcome.ignored, outcome.applied, outcome.held) == (1, 1, 0)


@pytest.mark.parametrize("event_type", LATER)
async def test_what_only_a_later_release_knows_waits_for_it_with_all_that_follows(
    database: Database, monkeypatch: pytest.MonkeyPatch, event_type: str
) -> None:
    outcome = await apply(
        inbox_of(database),
        record_of(known("class 1"), 1),
        of_later_release(event_type, "class 1", 2, version=2),
        record_of(withdrawn("class 1", 3), 3),
        record_of(raised("class 1", "a"), 1),
        record_of(withdrawn("class 2", 1), 1),
    )
    assert (outcome.ignored, outcome.held, outcome.buried) == (0, 2, 0)
    assert [held.reason for held in await list_held(database)] == [
        f"a later release's: {event_type}",
        "version 3 came while 2 is missing",
    ]
    assert await effects(database) == {
        "class 1": ["known", "finding raised a"],
        "class 2": ["withdrawn person 1"],
    }, "another service's events of the class and other classes go on"

    upgraded = inbox_of(database, upgrade(monkeypatch, event_type))
    await upgraded.apply([], retry_keys=["class 1"])
    assert (await effects(database))["class 1"][2:] == ["withdrawn person 2", "withdrawn person 3"]
    assert await held_count(database) == 0


@pytest.mark.parametrize("event_type", ["com.example.ClassDreamt.v1", "cn.peibu.supervision.ClassDreamt.v1", "v1"])
async def test_a_type_that_no_release_of_the_source_will_know_is_buried(database: Database, event_type: str) -> None:
    await apply(inbox_of(database), of_later_release(event_type, "class 1", 1, version=1))
    [letter] = await list_dead_letters(database)
    assert letter.reason == "unreadable: type: is no event of the source"


LIES = {
    "another class": ("subject", "class 2", "subject: is not the class_id in the data"),
    "another service": ("source", "/payment", "source: is not /enrollment, whose event this is"),
    "another kind of aggregate": ("aggregatetype", "device", "aggregatetype: is not class"),
    "another key": ("partitionkey", "class 2", "partitionkey: is not the class_id in the data"),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("handlers", [HANDLERS, {}], ids=["handled", "ignored"])
async def test_an_envelope_that_says_otherwise_than_its_data_is_buried_and_spends_nobodys_version(
    database: Database, handlers: Mapping[type[Contract], Handler], lie: str
) -> None:
    attribute, said, reason = LIES[lie]
    inbox = inbox_of(database, handlers)
    true = record_of(withdrawn("class 1", 1), 1)
    document = {**json.loads(true.value), attribute: said}
    lying = Record(true.topic, true.key, json.dumps(document).encode())
    outcome = await apply(inbox, lying, record_of(withdrawn("class 2", 1), 1), record_of(withdrawn("class 3", 1), 1))
    assert (outcome.buried, outcome.ignored + outcome.applied) == (1, 2)
    [letter] = await list_dead_letters(database)
    assert (letter.key, letter.reason) == ("class 1", f"unreadable: {reason}")

    assert await discard(inbox, seq=letter.seq, actor=SYSTEM, reason_code="NOT_AN_EVENT")
    outcome = await inbox.apply([read(received(true, 9))])
    assert outcome.applied + outcome.ignored == 1, "neither its id nor its version was spent"


async def test_broken_data_of_a_type_nobody_here_reads_does_no_harm(database: Database) -> None:
    record = record_of(known("class 1"), 1)
    broken = Record(record.topic, record.key, record.value.replace(b'"completed"', b"17"))
    inbox = inbox_of(database, {TraineeWithdrawn: HANDLERS[TraineeWithdrawn]})
    assert (await apply(inbox, broken)).ignored == 1
    other = record_of(known("class 2"), 1)
    broken = Record(other.topic, other.key, other.value.replace(b'"completed"', b"17"))
    with pytest.raises(Poisoned, match="unreadable: reason"):
        await apply(inbox_of(database), broken)


async def test_a_version_seen_under_another_id_stops_its_key_alone(database: Database) -> None:
    inbox = inbox_of(database)
    await apply(inbox, record_of(withdrawn("class 1", 1), 1), record_of(withdrawn("class 1", 2), 2))
    outcome = await apply(
        inbox,
        record_of(withdrawn("class 1", "restored"), 2),
        record_of(withdrawn("class 1", 3), 3),
        record_of(withdrawn("class 2", 1), 1),
    )
    assert (outcome.reused_versions, outcome.behind, outcome.applied) == (1, 1, 1)
    assert await effects(database) == {
        "class 1": ["withdrawn person 1", "withdrawn person 2"],
        "class 2": ["withdrawn person 1"],
    }
    letters = await list_dead_letters(database)
    assert [letter.reason for letter in letters] == [REUSED_VERSION, "behind an earlier dead letter of its key"]


async def test_control_without_the_gate_a_restored_publisher_would_be_believed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Passage, "_reused", lambda *_: "")
    monkeypatch.setattr(InboxState, "gate", lambda _self, aggregate: 0)
    inbox = inbox_of(database)
    await apply(inbox, record_of(withdrawn("class 1", 1), 1))
    with pytest.raises(Exception, match="applied by another process"):  # even then the inbox's constraint refuses
        await apply(inbox, record_of(withdrawn("class 1", "restored"), 1))


UNREADABLE = {
    "no JSON": b"\xff\xfe",
    "no event": b'{"hello": "world"}',
    "no object": b"[1, 2]",
    "nothing": b"",
    "a NUL in the id": record_of(known("class x"), 1, "i\0d").value,
    "a version beyond 64 bits": record_of(known("class x"), 2**63).value,
    "a large body": b'{"id": "' + b"x" * 5_000_000 + b'"}',
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_unreadable_record_is_buried_once_and_others_go_on(database: Database, name: str) -> None:
    inbox = inbox_of(database)
    bad, good = Record("peibu.enrollment.v1", "class 1", UNREADABLE[name]), record_of(known("class 2"), 1)
    for _ in range(2):
        await apply(inbox, bad, good)
    [letter] = await list_dead_letters(database)
    assert (letter.key, letter.event_id) == ("class 1", "peibu.enrollment.v1:0:0")
    assert letter.reason.startswith("unreadable")
    assert await effects(database) == {"class 2": ["known"]}
    assert await dead_letter_count(database) == 1


@pytest.mark.parametrize("key", [None, b"\xff", b"with \0 nul", b"k" * 201])
def test_an_unreadable_record_without_a_readable_key_is_known_by_its_place(key: bytes | None) -> None:
    assert read(Received(Partition("t", 7), 3, key, b"garbage")).key == "t:7"


async def test_what_a_handler_cannot_do_leaves_as_poison_and_nothing_has_changed(database: Database) -> None:
    with pytest.raises(Poisoned, match="Refused FINDING_UNKNOWN"):
        await apply(inbox_of(database), record_of(withdrawn("class 1", 1), 1), record_of(closed("class 2", "a"), 1))
    assert await effects(database) == {}
    async with database.connect(write=False) as connection:
        assert (await connection.execute(select(func.count()).select_from(INBOX))).scalar_one() == 0


async def test_a_broken_constraint_is_named_without_its_values(database: Database) -> None:
    with pytest.raises(Poisoned) as poison:
        await apply(inbox_of(database), record_of(known("class 1"), 1), record_of(raised("class 1", "forbidden"), 1))
    assert "IntegrityError" in poison.value.reason
    assert "allowed" in poison.value.reason
    assert "finding raised" not in poison.value.reason


async def test_a_value_that_no_column_takes_is_poison_and_not_a_failing_database(database: Database) -> None:
    """PostgreSQL's driver refuses it before the server sees it, as it refuses calls on a lost connection."""

    async def overflow(uow: UnitOfWork, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
        await uow.connection.execute(insert(EFFECT).values(seq=2**70, class_id=fact.class_id, what="too large"))

    with pytest.raises(Poisoned):
        await apply(inbox_of(database, {TraineeWithdrawn: overflow}), record_of(withdrawn("class 1", 1), 1))


async def test_a_reason_repeats_nothing_that_an_exception_says(database: Database) -> None:
    async def fail(_uow: UnitOfWork, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
        raise ValueError(f"secret of {fact.person_id}")

    with pytest.raises(Poisoned) as poison:
        await apply(inbox_of(database, {TraineeWithdrawn: fail}), record_of(withdrawn("class 1", 1), 1))
    assert poison.value.reason.startswith("ValueError at tests/messaging/test_inbox.py:")
    assert "secret" not in poison.value.reason


async def test_a_handler_that_swallows_a_database_error_is_poison_not_a_half_done_effect(database: Database) -> None:
    async def swallow(uow: UnitOfWork, fact: ClassClosed, _envelope: Envelope) -> None:
        await note(uow, fact.class_id, "before")
        try:
            await uow.connection.execute(insert(EFFECT).values(class_id=fact.class_id, what=None))
        except Exception:
            await note(uow, fact.class_id, "after")

    inbox = inbox_of(database, {ClassClosed: swallow})
    if database.is_sqlite:  # the statement alone is undone, and the handler's answer to that stands
        await apply(inbox, record_of(known("class 1"), 1))
        assert await effects(database) == {"class 1": ["before", "after"]}
    else:  # PostgreSQL accepts nothing more before the savepoint is taken back
        with pytest.raises(Poisoned):
            await apply(inbox, record_of(known("class 1"), 1))
        assert await effects(database) == {}


async def test_a_condemned_event_is_buried_with_its_keys_held_events_behind_it(database: Database) -> None:
    inbox = inbox_of(database)
    poison = record_of(closed("class 1", "never raised"), 1)
    await apply(inbox, record_of(withdrawn("class 1", 2), 2))  # held: version 1 is missing
    [bad] = deliveries([poison])
    outcome = await inbox.apply(
        [bad, *deliveries([record_of(withdrawn("class 1", 1), 1), record_of(withdrawn("class 2", 1), 1)])],
        condemned={bad.event_id: "it is broken"},
    )
    assert (len(outcome.burials), outcome.behind, outcome.applied) == (1, 2, 1)
    assert await held_count(database) == 0
    assert [letter.reason for letter in await list_dead_letters(database, key="class 1")] == [
        "it is broken",
        "behind an earlier dead letter of its key",
        "behind an earlier dead letter of its key",
    ]
    assert list(await effects(database)) == ["class 2"]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    order=st.permutations(range(18)),
    repeats=st.lists(st.tuples(st.integers(0, 17), st.integers(0, 17)), max_size=12),
    batch=st.integers(1, 9),
)
async def test_any_order_with_any_repeats_in_any_batches_ends_the_same(
    database: Database, order: list[int], repeats: list[tuple[int, int]], batch: int
) -> None:
    classes = [f"class {new_id()}" for _ in range(3)]
    everything = [record for one in classes for line in history(one) for record in line]
    records = [everything[index] for index in order]
    for which, where in repeats:
        records.insert(where, everything[which])
    inbox = inbox_of(database)
    for begin in range(0, len(records), batch):
        await apply(inbox, *records[begin : begin + batch])
    for one in classes:
        await assert_everything_once(database, one)


async def test_a_reading_of_findings_needs_the_class(database: Database) -> None:
    """The little world itself: the fact is what releases the finding, not the passing of events."""
    inbox = inbox_of(database, {FindingRaised: HANDLERS[FindingRaised]})
    await apply(inbox, record_of(raised("class 1", "a"), 1), record_of(known("class 1"), 1))
    assert await held_count(database) == 1
