"""Take a batch of sign-ins from a device: every row judged, kept once and answered."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.supervision.application.access import own_device
from services.supervision.application.note_unknown_class import note_unknown_classes
from services.supervision.application.ports import SignInRow, StoredSignIn, SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.device import Device
from services.supervision.domain.finding import DEVICE_CLOCK
from services.supervision.domain.sign_in import (
    NEVER_OPENED,
    PENDING,
    SEQUENCE_REUSED,
    SIGNED_IN_FUTURE,
    Explanation,
    Roll,
    Verdict,
    explain,
    observe_clock,
)
from shared.contracts.supervision import ClassSignIns, SignInsReceived
from shared.policy.rulebook import Rulebook


class RowAnswer(NamedTuple):
    """What became of one row; a duplicate says why its first arrival does not count, if it does not."""

    sequence: int
    outcome: str
    explanation: Explanation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """What became of a batch: rows in the order in which they were sent, and their counts by outcome."""

    rows: Sequence[RowAnswer]
    counts: Mapping[str, int]


async def receive_sign_ins(
    uow: SupervisionUnit, *, device_id: str, rows: Sequence[SignInRow], unreadable: int = 0
) -> BatchAnswer:
    """Judge, keep and answer a batch; sending it again changes nothing and answers every row `duplicate`.

    `unreadable` rows were refused before and are only counted here. Raise NotFound DEVICE_UNKNOWN for a device that is
    unknown, another caller's or another institution's: nothing is stored, the device keeps its batch.
    """
    device = await own_device(uow, device_id)
    class_ids = {row["class_id"] for row in rows}
    await uow.files.lock(class_ids)
    rolls, books = await _rolls(uow, class_ids)
    first: dict[int, SignInRow] = {}
    for row in rows:
        first.setdefault(row["sequence"], row)
    unknown = class_ids - rolls.keys()
    unopened = await uow.files.unopened(unknown) if unknown else ()
    verdicts = {sequence: _judge(uow, rolls, unopened, device, row) for sequence, row in first.items()}
    stood = await uow.sign_ins.keep(device_id, list(first.values()), list(verdicts.values()), uow.now)
    new = [sequence for sequence, standing in stood.items() if standing is None]
    kept = [(first[sequence], verdicts[sequence]) for sequence in new]
    await _draw_conclusions(uow, device, kept, books)
    await note_unknown_classes(uow, device, {row["class_id"] for row, verdict in kept if verdict is PENDING})
    await _publish(uow, device_id, kept)
    answers, reused = _answer(rows, first, verdicts, stood, books)
    await uow.sign_ins.keep_reused(device_id, reused, uow.now)
    counts = Counter(answer.outcome for answer in answers)
    await uow.audit(
        action="sign_ins.received",
        subject=device_id,
        details={**counts, "reused": len(reused), "unreadable": unreadable},
    )
    return BatchAnswer(rows=answers, counts=counts)


async def _rolls(uow: SupervisionUnit, class_ids: Collection[str]) -> tuple[dict[str, Roll], dict[str, Rulebook]]:
    rolls: dict[str, Roll] = {}
    books: dict[str, Rulebook] = {}
    for class_id, (training_class, sessions) in (await uow.files.rolls(class_ids)).items():
        books[class_id] = uow.shelf.by_id(training_class.rulebook_id)
        rolls[class_id] = Roll(training_class, sessions, books[class_id])
    return rolls, books


def _judge(
    uow: SupervisionUnit, rolls: Mapping[str, Roll], unopened: Collection[str], device: Device, row: SignInRow
) -> Verdict:
    roll = rolls.get(row["class_id"])
    if roll is None:
        return NEVER_OPENED if row["class_id"] in unopened else PENDING
    return roll.judge(
        device, person_id=row["person_id"], method=row["method"], signed_at=row["signed_at"], received_at=uow.now
    )


async def _draw_conclusions(
    uow: SupervisionUnit, device: Device, kept: Sequence[tuple[SignInRow, Verdict]], books: Mapping[str, Rulebook]
) -> None:
    """Revise the closed sessions that late sign-ins reached, once per session, and note a clock that runs ahead."""
    late: dict[str, set[str]] = defaultdict(set)
    ahead: set[str] = set()
    for row, verdict in kept:
        if verdict.outcome == "late" and verdict.session_id is not None:
            late[row["class_id"]].add(verdict.session_id)
        elif verdict.code == SIGNED_IN_FUTURE:
            ahead.add(row["class_id"])
    for class_id in sorted({*late, *ahead}):
        file = await uow.files.find(class_id)
        if file is not None:
            key = DEVICE_CLOCK, device.device_id
            observed = {key: observe_clock(device, books[class_id])} if class_id in ahead else {}
            await settle_class(uow, file, file, sessions=late[class_id], observed=observed)


async def _publish(uow: SupervisionUnit, device_id: str, kept: Sequence[tuple[SignInRow, Verdict]]) -> None:
    """Say what was kept; only classes that are known and took something are named: another id may be any text."""
    counts = Counter(verdict.outcome for _, verdict in kept)
    if counts["accepted"] + counts["late"] + counts["pending"] == 0:
        return
    by_class: dict[str, Counter[str]] = defaultdict(Counter)
    for row, verdict in kept:
        by_class[row["class_id"]][verdict.outcome] += 1
    named = sorted({row["class_id"] for row, verdict in kept if verdict.counts})
    await uow.publish(
        SignInsReceived(
            device_id=device_id,
            accepted=counts["accepted"],
            late=counts["late"],
            pending=counts["pending"],
            refused=counts["refused"],
            classes=tuple(named),
            by_class=tuple(
                ClassSignIns(
                    class_id=class_id,
                    accepted=by_class[class_id]["accepted"],
                    late=by_class[class_id]["late"],
                    refused=by_class[class_id]["refused"],
                )
                for class_id in named
            ),
        )
    )


def _answer(
    rows: Sequence[SignInRow],
    first: Mapping[int, SignInRow],
    verdicts: Mapping[int, Verdict],
    stood: Mapping[int, StoredSignIn | None],
    books: Mapping[str, Rulebook],
) -> tuple[list[RowAnswer], list[SignInRow]]:
    """Give the answers and the rows whose sequence says something else already."""
    answers: list[RowAnswer] = []
    reused: list[SignInRow] = []
    explained: dict[tuple[str, str], Explanation] = {}

    def say(row: SignInRow, outcome: str, code: str | None) -> None:
        explanation = None
        if code is not None:
            key = code, row["class_id"]
            if key not in explained:
                explained[key] = explain(code, books.get(row["class_id"]))
            explanation = explained[key]
        answers.append(RowAnswer(row["sequence"], outcome, explanation))

    for row in rows:
        sequence = row["sequence"]
        standing, leader = stood[sequence], first[sequence]
        if (standing is not None and not standing.same) or not _same(row, leader):
            reused.append(row)
            say(row, "refused", SEQUENCE_REUSED)
        elif standing is not None:
            say(row, "duplicate", standing.code)
        elif row is leader:
            say(row, verdicts[sequence].outcome, verdicts[sequence].code)
        else:
            say(row, "duplicate", verdicts[sequence].code)
    return answers, reused


def _same(row: SignInRow, other: SignInRow) -> bool:
    return row is other or {**row, "score": row.get("score")} == {**other, "score": other.get("score")}
