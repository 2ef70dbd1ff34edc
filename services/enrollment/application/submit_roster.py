"""An institution sends roster rows; each is judged by itself and answered by itself (JY-ENR-04)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.enrollment.application.judging import judge_rows
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.roster import ROWS_MAX, Counts, RosterEntry, count
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.domain.training_class import EDITABLE, TrainingClass
from shared.domain.errors import NotFound, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterAnswer:
    """The roster's counts, and the entries that were sent or whose judgement changed because of them.

    `ambiguous` are row numbers that stood more than once among what was sent: none of those rows was saved.
    """

    training_class: TrainingClass
    counts: Counts
    entries: tuple[RosterEntry, ...]
    ambiguous: frozenset[int] = frozenset()


async def submit_roster(uow: UnitOfWork, *, class_id: str, rows: Sequence[RosterRow]) -> RosterAnswer:
    """Add rows, or replace those whose numbers stand already, and judge the whole roster anew.

    Of rows sent under one number nobody can say which is meant: each of them stays out, and the others are kept.
    """
    training_class = await own_class(uow, class_id)
    training_class.require(*EDITABLE, act="提交花名册")
    standing = {entry.row.row: entry for entry in await uow.rosters.entries(class_id)}
    times = Counter(row.row for row in rows)
    sent = {row.row: row for row in rows if times[row.row] == 1}
    kept = {number: entry.row for number, entry in standing.items() if number not in sent}
    answer = await _store(uow, training_class, standing, {**kept, **sent}, sent=set(sent))
    return replace(answer, ambiguous=frozenset(number for number, count in times.items() if count > 1))


async def remove_roster_row(uow: UnitOfWork, *, class_id: str, row: int) -> RosterAnswer:
    """Take a row that was sent by mistake off the roster of a class not yet submitted; raise NotFound without one."""
    training_class = await own_class(uow, class_id)
    training_class.require(*EDITABLE, act="删除花名册行")
    standing = {entry.row.row: entry for entry in await uow.rosters.entries(class_id)}
    if row not in standing:
        raise NotFound(code="ROW_NOT_FOUND", message=f"花名册没有第 {row} 行。", advice="请先查询花名册。", field="row")
    kept = {number: entry.row for number, entry in standing.items() if number != row}
    return await _store(uow, training_class, standing, kept, sent=set())


async def _store(
    uow: UnitOfWork,
    training_class: TrainingClass,
    standing: dict[int, RosterEntry],
    rows: dict[int, RosterRow],
    *,
    sent: set[int],
) -> RosterAnswer:
    if len(rows) > ROWS_MAX:
        raise Refused(
            code="ROSTER_TOO_LONG",
            message=f"一个班级的花名册至多 {ROWS_MAX} 行，提交后将有 {len(rows)} 行。",
            advice="请核对花名册文件；人数超出规定的，请分班申请。",
            field="rows",
            value=str(len(rows)),
        )
    book = uow.shelf.in_force(training_class.region, training_class.plan.opening_date)
    entries = await judge_rows(uow, training_class, rows.values(), book)
    await uow.rosters.replace(training_class.class_id, entries)
    counts = count(entries, book)
    training_class = await uow.classes.save(training_class)
    await uow.audit(
        action="roster_changed",
        subject=training_class.class_id,
        details={"rows": counts.rows, "accepted": counts.accepted, "refused": counts.refused, "ask": counts.ask},
    )
    shown = [entry for entry in entries if entry.row.row in sent or entry != standing[entry.row.row]]
    return RosterAnswer(training_class=training_class, counts=counts, entries=tuple(shown))
