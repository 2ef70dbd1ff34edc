"""What is read across classes: lists that end after a page and go on from a place."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.supervision.application.ports import ClassSummary, EntriesWanted, Task, TaughtHours
from services.supervision.domain.entry_lag import Entries, LateEntries
from services.supervision.domain.training_class import State
from services.supervision.domain.unknown_class import CHECK
from services.supervision.storage.rows import class_of
from services.supervision.storage.tables import FINDING, INSPECTION, SESSION, SIGN_IN, TRAINING_CLASS, UNKNOWN_CLASS

_STATES: Final[dict[State, ColumnElement[bool]]] = {
    "cancelled": TRAINING_CLASS.c.ending == "cancelled",
    "withdrawn": TRAINING_CLASS.c.ending == "withdrawn",
    "held": and_(TRAINING_CLASS.c.ending.is_(None), TRAINING_CLASS.c.held),
    "completed": and_(
        TRAINING_CLASS.c.ending.is_(None), ~TRAINING_CLASS.c.held, TRAINING_CLASS.c.completion.is_not(null())
    ),
    "open": and_(TRAINING_CLASS.c.ending.is_(None), ~TRAINING_CLASS.c.held, TRAINING_CLASS.c.completion.is_(null())),
}


class StoredReports:
    """Lists over all classes on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def classes(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: State | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> Sequence[ClassSummary]:
        """Give classes by opening date and id."""
        columns = TRAINING_CLASS.c
        query = _within(select(TRAINING_CLASS), institution_id=institution_id, regions=regions)
        if state is not None:
            query = query.where(_STATES[state])
        if after is not None:
            query = query.where(_later(columns.opening_date, columns.class_id, after))
        query = query.order_by(columns.opening_date, columns.class_id).limit(limit)
        rows = list(await self._connection.execute(query))
        ids = [row.class_id for row in rows]
        sessions, findings = await self._tally_sessions(ids), await self._tally_findings(ids)
        return [_summary(row, sessions.get(row.class_id, (0, 0)), findings.get(row.class_id, (0, 0))) for row in rows]

    async def tasks(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        owners: Sequence[str] | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> Sequence[Task]:
        """Give what waits for a conclusion by last day and id, what has no last day at the end."""
        found = union_all(_open_findings(), _flagged_classes()).subquery()
        due = func.coalesce(found.c.due_on, date.max)
        query = select(found)
        if institution_id is not None:
            query = query.where(found.c.institution_id == institution_id)
        if regions is not None:
            query = query.where(found.c.region.in_(regions))
        if owners is not None:
            query = query.where(or_(found.c.owner.is_(None), found.c.owner.in_(owners)))
        if after is not None:
            query = query.where(_later(due, found.c.task_id, after))
        query = query.order_by(due, found.c.task_id).limit(limit)
        return [_task(row) for row in await self._connection.execute(query)]

    async def taught_hours(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        since: datetime,
        until: datetime,
        after: tuple[str, str] | None,
        limit: int,
    ) -> Sequence[TaughtHours]:
        """Give what was taught in sessions that began from `since` to before `until`, by institution and teacher."""
        owner, teacher = TRAINING_CLASS.c.institution_id, SESSION.c.teacher_id
        query = (
            select(
                owner,
                teacher,
                func.count().label("sessions"),
                _class_hours("theory").label("theory_class_hours"),
                _class_hours("practice").label("practice_class_hours"),
            )
            .join(TRAINING_CLASS, TRAINING_CLASS.c.class_id == SESSION.c.class_id)
            .where(SESSION.c.starts_at >= since, SESSION.c.starts_at < until)
            .where(SESSION.c.is_closed, ~SESSION.c.dropped, SESSION.c.headcount > 0)
            .group_by(owner, teacher)
            .order_by(owner, teacher)
            .limit(limit)
        )
        query = _within(query, institution_id=institution_id, regions=regions)
        if after is not None:
            query = query.where(_later(owner, teacher, after))
        return [TaughtHours(**row) for row in (await self._connection.execute(query)).mappings()]

    async def entries(self, wanted: EntriesWanted) -> Sequence[Entries]:
        """Count what was entered, whenever that was, by rulebook, event day and entry day."""
        entry = self._entry(wanted).c
        heads = (entry.rulebook_id, entry.event_day, entry.entry_day)
        query = select(*heads, func.count().label("records")).group_by(*heads)
        return [Entries(**row) for row in (await self._connection.execute(query)).mappings()]

    async def late_entries(
        self, wanted: EntriesWanted, *, after: tuple[date, str] | None, limit: int
    ) -> Sequence[LateEntries]:
        """Give what was entered on a later day than it happened, by event day and place."""
        entry = self._entry(wanted)
        late = (
            select(*entry.c, func.count().label("records"))
            .where(entry.c.entry_day > entry.c.event_day)
            .group_by(*entry.c)
            .subquery()
            .c
        )
        parts = (late.class_id, func.coalesce(late.session_id, ""), late.kind, cast(late.entry_day, String))
        place = reduce(lambda before, part: before.concat("~").concat(part), parts)
        query = select(*late, place.label("place")).order_by(late.event_day, place).limit(limit)
        if after is not None:
            query = query.where(_later(late.event_day, place, after))
        return [LateEntries(**row) for row in (await self._connection.execute(query)).mappings()]

    def _entry(self, wanted: EntriesWanted) -> Subquery:
        """Give every record with the days of its event and its entry."""
        day = _sqlite_day if self._connection.dialect.name == "sqlite" else _postgresql_day
        since, until = wanted.since, wanted.until
        training_class = TRAINING_CLASS.c
        heads = (training_class.class_id, training_class.institution_id, training_class.region)

        def told(kind: str, session_id: ColumnElement[Any], event: Any, entered: Any) -> Select[Any]:
            columns = (literal(kind).label("kind"), *heads, training_class.rulebook_id, session_id.label("session_id"))
            query = select(*columns, day(event).label("event_day"), day(entered).label("entry_day"))
            query = query.where(event >= since, event < until, training_class.rulebook_id.in_(wanted.rulebook_ids))
            return _within(query, institution_id=wanted.institution_id, regions=wanted.regions)

        sign_ins = (
            told("sign_in", SIGN_IN.c.session_id, SIGN_IN.c.signed_at, SIGN_IN.c.received_at)
            .select_from(SIGN_IN)
            .join(SESSION, and_(SESSION.c.class_id == SIGN_IN.c.class_id, SESSION.c.session_id == SIGN_IN.c.session_id))
            .join(TRAINING_CLASS, training_class.class_id == SIGN_IN.c.class_id)
            .where(SIGN_IN.c.outcome.in_(("accepted", "late")))
            # A session and its window lie within a day of its beginning: the index over beginnings finds the classes.
            .where(SESSION.c.starts_at >= since - timedelta(days=1), SESSION.c.starts_at < until + timedelta(days=1))
        )
        checks = (
            told("check", cast(null(), String), INSPECTION.c.held_at, INSPECTION.c.recorded_at)
            .select_from(INSPECTION)
            .join(TRAINING_CLASS, training_class.class_id == INSPECTION.c.class_id)
            .where(INSPECTION.c.voided_at.is_(None))
        )
        return union_all(sign_ins, checks).subquery()

    async def _tally_sessions(self, class_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        query = (
            select(SESSION.c.class_id, func.count(), _number_of(SESSION.c.is_closed))
            .where(SESSION.c.class_id.in_(class_ids), ~SESSION.c.dropped)
            .group_by(SESSION.c.class_id)
        )
        return {class_id: (held, closed) for class_id, held, closed in await self._connection.execute(query)}

    async def _tally_findings(self, class_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        query = (
            select(FINDING.c.class_id, func.count(), _number_of(FINDING.c.blocking))
            .where(FINDING.c.class_id.in_(class_ids), FINDING.c.conclusion.is_(None))
            .group_by(FINDING.c.class_id)
        )
        return {
            class_id: (standing, blocking) for class_id, standing, blocking in await self._connection.execute(query)
        }


def _sqlite_day(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.date(moment, "+8 hours", type_=Date)  # naive UTC; China keeps no summer time


def _postgresql_day(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.timezone("Asia/Shanghai", moment), Date)


def _open_findings() -> Select[Any]:
    finding, training_class = FINDING.c, TRAINING_CLASS.c
    return (
        select(
            literal("finding").label("kind"),
            finding.finding_id.label("task_id"),
            finding.owner,
            finding.due_on,
            finding.check_name.label("check_name"),
            finding.rule,
            finding.clause,
            finding.blocking,
            finding.class_id,
            training_class.institution_id,
            training_class.region,
            finding.seen,
            finding.raised_at,
        )
        .join(TRAINING_CLASS, training_class.class_id == finding.class_id)
        .where(finding.conclusion.is_(None), training_class.ending.is_(None))
    )


def _flagged_classes() -> Select[Any]:
    column = UNKNOWN_CLASS.c
    count = column.sign_ins.cast(String)
    return select(
        literal("unknown_class").label("kind"),
        column.case_id.label("task_id"),
        column.owner,
        column.due_on,
        literal(CHECK).label("check_name"),
        column.rule,
        column.clause,
        false().label("blocking"),
        column.class_id,
        column.institution_id,
        column.region,
        literal("设备 ")
        .concat(column.device_id)
        .concat(" 有 ")
        .concat(count)
        .concat(" 条签到所报班级至今未在系统内开班；签到已留存，不计出勤。")
        .label("seen"),
        column.flagged_at.label("raised_at"),
    ).where(column.flagged_at.is_not(None), column.closed_at.is_(None))


def _within(query: Select[Any], *, institution_id: str | None, regions: Sequence[str] | None) -> Select[Any]:
    if institution_id is not None:
        query = query.where(TRAINING_CLASS.c.institution_id == institution_id)
    if regions is not None:
        query = query.where(TRAINING_CLASS.c.region.in_(regions))
    return query


def _later(first: ColumnElement[Any], second: ColumnElement[Any], place: tuple[Any, Any]) -> ColumnElement[bool]:
    return or_(first > place[0], and_(first == place[0], second > place[1]))


def _number_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _class_hours(kind: str) -> ColumnElement[int]:
    return func.sum(case((SESSION.c.kind == kind, SESSION.c.class_hours), else_=0))


def _summary(row: Row[Any], sessions: tuple[int, int], findings: tuple[int, int]) -> ClassSummary:
    training_class = class_of(row)
    return ClassSummary(
        class_id=training_class.class_id,
        institution_id=training_class.institution_id,
        region=training_class.region,
        state=training_class.state,
        planned=training_class.planned,
        refused=training_class.refused,
        opening_date=training_class.opening_date,
        closing_date=training_class.closing_date,
        sessions=sessions[0],
        sessions_closed=sessions[1],
        findings_open=findings[0],
        findings_blocking=findings[1],
        opinion_given=training_class.opinion is not None,
        version=training_class.version,
    )


def _task(row: Row[Any]) -> Task:
    return Task(
        kind=row.kind,
        task_id=row.task_id,
        owner=row.owner,
        due_on=row.due_on,
        check=row.check_name,
        rule=row.rule,
        clause=row.clause,
        blocking=bool(row.blocking),
        class_id=row.class_id,
        institution_id=row.institution_id,
        region=row.region,
        seen=row.seen,
        raised_at=row.raised_at,
    )
