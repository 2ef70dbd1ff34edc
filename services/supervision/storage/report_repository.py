"""What is read across classes: lists that end after a page and go on from a place."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.supervision.application.ports import ClassSummary, Task, TaughtHours
from services.supervision.domain.training_class import State
from services.supervision.domain.unknown_class import CHECK
from services.supervision.storage.rows import class_of
from services.supervision.storage.tables import FINDING, SESSION, TRAINING_CLASS, UNKNOWN_CLASS

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
