"""Judge what a fault left behind, from databases and topics alone: `python -m tests.faults.oracle HOME`.

    L  lost         an event not on its topic, or on a topic and not with a consumer; a request taken and not answered
    D  doubled      one effect twice: in an inbox, on a topic, under a natural key
    O  disorder     an aggregate's versions on its topic are not 1, 2, 3, ... n
    B  unbalanced   a fen, a slot or a reservation that its source does not account for
    R  unrest       something still on its way: unpublished, held, or due and failing
    E  unexplained  something that stands aside without a reason

Each letter gives sentences; none is the verdict that nothing happened. A dead letter with a reason is explained, and
still `parked`: a run in which nothing may be refused asks for that too.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.faults.balance import unbalanced
from tests.faults.observation import Observation, Row, observe_home

FOLLOWS: Final = {
    "enrollment": ("supervision", "assessment", "payment"),
    "supervision": ("enrollment",),
    "assessment": ("enrollment", "supervision"),
    "payment": ("enrollment", "supervision", "assessment"),
}
"""Whose events each service consumes; it passes all of them through its inbox, those it ignores included."""

UNIQUE_EVENTS: Final = {
    "AttendanceChecked": ("class_id", "session_id", "revision"),
    "TrainingCompleted": ("class_id", "revision"),
    "SpotCheckRecorded": ("check_id",),
    "SpotCheckVoided": ("check_id",),
    "FindingRaised": ("finding_id",),
    "FindingClosed": ("finding_id",),
    "ClassCancelled": ("class_id",),
    "ClassApplied": ("class_id",),
    "ClassApproved": ("class_id",),
    "ClassOpened": ("class_id",),
    "ClassClosed": ("class_id",),
    "TraineeWithdrawn": ("class_id", "person_id"),
    "EntitlementReserved": ("class_id", "answers_version"),
    "AssessmentScheduled": ("assessment_id",),
    "AssessmentCompleted": ("class_id", "revision"),
    "CertificateIssued": ("certificate_id",),
    "CertificateVoided": ("certificate_id",),
    "ClaimSubmitted": ("claim_id", "round"),
    "NoticePublished": ("notice_id",),
    "ObjectionRaised": ("objection_id",),
    "ObjectionResolved": ("objection_id",),
    "ClaimApproved": ("claim_id", "entry"),
    "PaymentSettled": ("order_id",),
    "PaymentReturned": ("order_id", "attempt"),
    "ClawbackOrdered": ("clawback_id",),
    "AdvancePaid": ("advance_id",),
    "AssessmentWithdrawn": ("assessment_id",),
    "SatisfactionMeasured": ("class_id", "revision"),
}
"""What each kind of event says at most once, whatever its id; a class is not returned and applied for again here."""

UNIQUE_ROWS: Final = {
    ("supervision", "sign_in"): ("device_id", "sequence"),
    ("supervision", "video"): ("class_id", "video_id"),
    ("assessment", "certificate"): ("number",),
    ("payment", "entitlement_slot"): ("person_id", "scope", "slot_no"),
    ("payment", "claim_person"): ("class_id", "person_id"),
    ("payment", "claim_entry_line"): ("claim_id", "entry", "line_no"),
    ("payment", "order_entry"): ("claim_id", "line_no", "entry_no"),
    ("payment", "order_attempt"): ("order_id", "attempt"),
}
"""Natural keys, counted here again and not left to the constraints that also keep them."""


def judge(seen: Observation) -> dict[str, list[str]]:
    """Give what is wrong, by letter; nothing when all is well."""
    verdicts = {letter: list(dict.fromkeys(judging(seen))) for letter, judging in LETTERS.items()}
    return {letter: verdict for letter, verdict in verdicts.items() if verdict}


def parked(seen: Observation) -> list[str]:
    """Give what stands aside as a dead letter or a held event, with its reason."""
    dead = [f"{service}: {row['event_id']}: {row['reason']}" for service, row in _open_letters(seen)]
    return dead + [f"{service}: {row['event_id']}: {row['reason']}" for service, row in seen.each("held_event")]


def lost(seen: Observation) -> Iterator[str]:
    """L: what was committed is on its topic, what is on a topic is with every consumer of it."""
    places = {place.id: place for place in seen.places}
    for service, row in seen.each("outbox"):
        place = places.get(row["event_id"])
        if place is None:
            yield f"{service}: event {row['event_id']} is not on {row['topic']}"
        elif (place.topic, place.key, place.value) != (row["topic"], row["key"], bytes(row["payload"])):
            yield f"{service}: event {row['event_id']} differs on its topic"
    for consumer, followed in FOLLOWS.items():
        if consumer in seen.tables:
            known = _known_to(seen, consumer)
            for place in seen.places:
                if place.event["source"].removeprefix("/") in followed and place.id not in known:
                    yield f"{consumer}: event {place.id} on {place.topic} was never taken"
    for service, row in seen.each("idempotency_key"):
        if row["status"] is None:
            yield f"{service}: a request ({row['operation']}) was committed without its answer"


def doubled(seen: Observation) -> Iterator[str]:
    """D: no event under two ids or contents, none without a source, no effect twice."""
    yield from _doubled_on_topics(seen)
    for service, tables in seen.tables.items():
        yield from _repeats(f"{service} inbox", tables["inbox"], ("consumer", "event_id"))
        versions = ("consumer", "source", "aggregate_type", "aggregate_id", "version")
        yield from _repeats(f"{service} inbox", tables["inbox"], versions)
        yield from _repeats(f"{service} outbox", tables["outbox"], ("event_id",))
    for (service, table), key in UNIQUE_ROWS.items():
        if service in seen.tables and table in seen.tables[service]:
            yield from _repeats(f"{service} {table}", seen.rows(service, table), key)


def _doubled_on_topics(seen: Observation) -> Iterator[str]:
    outboxes = {row["event_id"] for _, row in seen.each("outbox")}
    contents: dict[str, bytes] = {}
    versions: dict[tuple[Any, ...], str] = {}
    for place in seen.places:
        if contents.setdefault(place.id, place.value) != place.value:
            yield f"event {place.id} has two contents"
        if place.event["source"] == "/clock":
            continue  # a sandbox's clock has no outbox; a move that is repeated after a crash is a new event
        if place.id not in outboxes:
            yield f"event {place.id} on {place.topic} was never committed"
        if versions.setdefault((*place.aggregate, place.version), place.id) != place.id:
            yield f"version {place.version} of {'/'.join(place.aggregate)} stands under two ids"
    for kind, key in UNIQUE_EVENTS.items():
        yield from _repeats(kind, seen.facts(kind), key)


def disordered(seen: Observation) -> Iterator[str]:
    """O: on its one partition each aggregate counts 1, 2, 3, ... up to the version its service knows."""
    counted: Counter[tuple[str, str, str]] = Counter()
    partitions: dict[tuple[str, str], int] = {}
    for place in seen.firsts():
        if partitions.setdefault((place.topic, place.key), place.partition) != place.partition:
            yield f"key {place.key} stands on two partitions of {place.topic}"
        if place.event["source"] == "/clock":
            continue
        counted[place.aggregate] += 1
        if place.version != counted[place.aggregate]:
            yield f"{'/'.join(place.aggregate)}: version {place.version} stands at place {counted[place.aggregate]}"
    for service, row in seen.each("aggregate_version"):
        aggregate = (f"/{service}", row["aggregate_type"], row["aggregate_id"])
        if counted[aggregate] != row["version"]:
            yield f"{'/'.join(aggregate)}: {row['version']} versions were made, {counted[aggregate]} stand on the topic"


def unrest(seen: Observation) -> Iterator[str]:
    """R: nothing is on its way any more."""
    for service, row in seen.each("outbox"):
        if row["published_at"] is None:
            yield f"{service}: event {row['event_id']} is not published"
    for service, row in seen.each("held_event"):
        yield f"{service}: event {row['event_id']} is held: {row['reason']}"
    for service, row in seen.each("timer"):
        if row["attempts"]:
            yield f"{service}: timer {row['kind']} {row['key']} fails: {row['last_error']}"


def unexplained(seen: Observation) -> Iterator[str]:
    """E: what stands aside says why."""
    for table in ("dead_letter", "held_event"):
        for service, row in seen.each(table):
            if not (row["reason"] or "").strip():
                yield f"{service}: {table} {row['event_id']} has no reason"
    for service, row in seen.each("timer"):
        if row["attempts"] and not row["last_error"]:
            yield f"{service}: timer {row['kind']} {row['key']} failed without a reason"


LETTERS: Final[dict[str, Callable[[Observation], Iterator[str]]]] = {
    "L": lost,
    "D": doubled,
    "O": disordered,
    "B": unbalanced,
    "R": unrest,
    "E": unexplained,
}


def _known_to(seen: Observation, consumer: str) -> set[str]:
    tables = ("inbox", "held_event", "dead_letter")
    return {row["event_id"] for table in tables for row in seen.rows(consumer, table)}


def _open_letters(seen: Observation) -> list[tuple[str, Row]]:
    return [(service, row) for service, row in seen.each("dead_letter") if row["redriven_at"] is None]


def _repeats(what: str, rows: Any, key: tuple[str, ...]) -> Iterator[str]:
    for values, count in Counter(tuple(row[name] for name in key) for row in rows).items():
        if count > 1:
            yield f"{what} {'/'.join(map(str, values))} stands {count} times"


def main() -> int:
    """Judge an embedded system's home; the exit code is 1 when something is wrong."""
    seen = asyncio.run(observe_home(Path(sys.argv[1])))
    verdicts = judge(seen)
    for letter, verdict in verdicts.items():
        for sentence in verdict:
            print(f"{letter}  {sentence}")  # noqa: T201
    for sentence in parked(seen):
        print(f"parked  {sentence}")  # noqa: T201
    print(f"{len(seen.places)} records, {seen.redelivered} repeats: {'wrong' if verdicts else 'sound'}")  # noqa: T201
    return 1 if verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
