"""The oracle's letter B: money, slots and reservations, from payment's tables and the topics."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tests.faults.observation import Observation, Row, parsed

REVISED: Final = {"AttendanceChecked": "session_id", "TrainingCompleted": "", "AssessmentCompleted": ""}
"""Events of which a higher revision replaces a lower one, and what of a class they speak of."""

MONEY: Final = frozenset(
    [
        "payment_order",
        "order_entry",
        "order_attempt",
        "bank_file",
        "claim",
        "claim_line",
        "claim_entry_line",
        "entitlement_slot",
        "entitlement_entry",
        "class_file",
        "class_fact",
        "budget",
        "budget_commitment",
        "budget_allotment",
    ]
)
"""Payment's tables from which the balance is drawn."""


def unbalanced(seen: Observation) -> Iterator[str]:
    """B: paid = settled = ordered <= decided, slots within caps, budgets the sum of what classes hold."""
    if MONEY.isdisjoint(seen.tables.get("payment", {})):
        return  # a world too small to hold money; where one of the tables stands, a missing one is an error
    yield from _unbalanced_orders(seen)
    yield from _unbalanced_claims(seen)
    yield from _unbalanced_files(seen)
    yield from _unbalanced_slots(seen)
    yield from _unbalanced_budgets(seen)
    yield from _unproven_lines(seen)
    yield from _stale_projections(seen)


def _unbalanced_orders(seen: Observation) -> Iterator[str]:
    entries = _sums(seen.rows("payment", "order_entry"), "order_id")
    settled = {data["order_id"]: data["amount_fen"] for data in seen.facts("PaymentSettled")}
    outcomes: dict[str, list[str]] = defaultdict(list)
    for row in sorted(seen.rows("payment", "order_attempt"), key=lambda row: row["attempt"]):
        outcomes[row["order_id"]].append(row["outcome"])
    for row in seen.rows("payment", "payment_order"):
        order, amount = row["order_id"], row["amount_fen"]
        if entries[order] != amount:
            yield f"order {order} of {amount} fen has entries of {entries[order]} fen"
        if settled.get(order, 0) != (amount if row["state"] == "settled" else 0):
            yield f"order {order} of {amount} fen is {row['state']}, its event says {settled.get(order, 0)} fen settled"
        if "settled" in outcomes[order][:-1]:
            yield f"order {order} was sent again after it had been settled"
    for order in settled.keys() - {row["order_id"] for row in seen.rows("payment", "payment_order")}:
        yield f"order {order} was settled and does not exist"


def _unbalanced_claims(seen: Observation) -> Iterator[str]:
    decided = _sums(seen.rows("payment", "claim_entry_line"), "claim_id", "line_no")
    ordered = _sums(seen.rows("payment", "order_entry"), "claim_id", "line_no")
    for claim, line in ordered.keys() | decided.keys():
        due, taken = decided[claim, line], ordered[claim, line]
        if not min(0, due) <= taken <= max(0, due):
            yield f"line {line} of claim {claim}: {taken} fen ordered of {due} fen decided"
    approved: Counter[tuple[str, int]] = Counter()
    for data in seen.facts("ClaimApproved"):
        approved[data["claim_id"], data["entry"]] = data["amount_fen"]
        if sum(line["amount_fen"] for line in data["lines"]) != data["amount_fen"]:
            yield f"claim {data['claim_id']}: the lines of entry {data['entry']} are not its {data['amount_fen']} fen"
    by_entry = _sums(seen.rows("payment", "claim_entry_line"), "claim_id", "entry")
    for claim, entry in by_entry.keys() | approved.keys():
        if by_entry[claim, entry] != approved[claim, entry]:
            yield (
                f"claim {claim}: entry {entry} is {by_entry[claim, entry]} fen, "
                f"its event says {approved[claim, entry]} fen"
            )
    settled = [row for row in seen.rows("payment", "payment_order") if row["state"] == "settled"]
    paid, due_of = _sums(settled, "claim_id"), _sums(seen.rows("payment", "claim_entry_line"), "claim_id")
    for row in seen.rows("payment", "claim"):
        claim = row["claim_id"]
        if paid[claim] > due_of[claim] or (row["state"] == "paid" and paid[claim] != due_of[claim]):
            yield f"claim {claim} is {row['state']}: {paid[claim]} fen paid of {due_of[claim]} fen decided"


def _unbalanced_files(seen: Observation) -> Iterator[str]:
    amounts = {row["order_id"]: row["amount_fen"] for row in seen.rows("payment", "payment_order")}
    counts: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for row in seen.rows("payment", "order_attempt"):
        counts[row["bank_file_id"]] += 1
        sums[row["bank_file_id"]] += amounts[row["order_id"]]
    for row in seen.rows("payment", "bank_file"):
        file = row["bank_file_id"]
        if (row["orders_count"], row["amount_fen"]) != (counts[file], sums[file]):
            yield f"bank file {file} says {row['amount_fen']} fen, its orders are {sums[file]} fen"


def _unbalanced_slots(seen: Observation) -> Iterator[str]:
    taken: Counter[tuple[str, str]] = Counter()
    for row in seen.rows("payment", "entitlement_slot"):
        taken[row["person_id"], row["scope"]] += 1
        if not 1 <= row["slot_no"] <= row["slots_max"] or taken[row["person_id"], row["scope"]] > row["slots_max"]:
            yield f"person {row['person_id']} holds more than {row['slots_max']} slots in {row['scope']}"
    standing: dict[tuple[str, str], str] = {}
    for row in sorted(seen.rows("payment", "entitlement_entry"), key=lambda row: row["seq"]):
        standing[row["person_id"], row["class_id"]] = row["act"]
    held = {(row["person_id"], row["class_id"]) for row in seen.rows("payment", "entitlement_slot")}
    if held != {pair for pair, act in standing.items() if act != "released"}:
        yield "the slots that stand are not those of the entitlement ledger"
    released = {row["class_id"] for row in seen.rows("payment", "class_file") if row["released"]}
    for person, class_id in held:
        if class_id in released:
            yield f"person {person} still holds a slot in the released class {class_id}"


def _unbalanced_budgets(seen: Observation) -> Iterator[str]:
    budget = ("region", "funding_source", "year")
    held, allotted = (_sums(seen.rows("payment", one), *budget) for one in ("budget_commitment", "budget_allotment"))
    for row in seen.rows("payment", "budget"):
        key = tuple(row[name] for name in budget)
        if not row["reserved_fen"] == held[key] <= row["allotted_fen"] == allotted[key]:
            yield (
                f"budget {'/'.join(map(str, key))}: {row['reserved_fen']} fen reserved of {row['allotted_fen']} fen, "
                f"but classes hold {held[key]} fen and {allotted[key]} fen were allotted"
            )


def _unproven_lines(seen: Observation) -> Iterator[str]:
    """Every fen decided names rules, and events that exist."""
    ids = {place.id for place in seen.places}
    for row in [*seen.rows("payment", "claim_line"), *seen.rows("payment", "claim_entry_line")]:
        evidence, name = parsed(row["evidence"]), f"line {row['line_no']} of claim {row['claim_id']}"
        if not evidence or not set(evidence) <= ids:
            yield f"{name} names evidence that is on no topic"
        if not parsed(row["traces"]) and not parsed(row.get("findings", "[]")):
            yield f"{name} has neither trace nor finding"
    for row in seen.rows("payment", "class_fact"):
        if row["event_id"] not in ids:
            yield f"payment knows a fact of class {row['class_id']} by event {row['event_id']}, which is on no topic"


def _stale_projections(seen: Observation) -> Iterator[str]:
    """What payment computes from is the newest revision there is, of every session and completion."""
    newest: dict[tuple[str, str, str], int] = {}
    for kind, item in REVISED.items():
        for data in seen.facts(kind):
            key = (kind, data["class_id"], data[item] if item else "")
            newest[key] = max(newest.get(key, 0), data["revision"])
    known = {
        (row["event"], row["class_id"], row["item"]): row["revision"]
        for row in seen.rows("payment", "class_fact")
        if row["event"] in REVISED
    }
    for key in newest.keys() | known.keys():
        if newest.get(key) != known.get(key):
            name = "/".join(key)
            yield f"payment knows revision {known.get(key)} of {name}, revision {newest.get(key)} was published"


def _sums(rows: Iterable[Row], *key: str) -> Counter[Any]:
    sums: Counter[Any] = Counter()
    for row in rows:
        sums[row[key[0]] if len(key) == 1 else tuple(row[name] for name in key)] += row["amount_fen"]
    return sums
