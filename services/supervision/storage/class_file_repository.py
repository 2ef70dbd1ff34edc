"""Class files in the database: rows <-> file both ways; saving writes the difference between two files."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Row, Table, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.completion import in_order as inspections_in_order
from services.supervision.domain.training_class import Session, TrainingClass, in_order
from services.supervision.domain.video import Clip
from services.supervision.storage.rows import (
    bare_session_of,
    class_of,
    class_row,
    clip_of,
    clip_row,
    finding_of,
    finding_row,
    inspection_of,
    inspection_row,
    session_of,
    session_row,
)
from services.supervision.storage.tables import FINDING, INSPECTION, SESSION, TRAINING_CLASS, UNOPENED_CLASS, VIDEO
from shared.database.upsert import insert_or_ignore, upsert
from shared.domain.errors import Conflict

_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('supervision.class.' || class_id, 0)) "
    "FROM unnest(CAST(:class_ids AS text[])) AS class_id"
)

_ROLL: Final = [column for column in SESSION.c if column.name not in ("present", "absent")]


class StoredClassFiles:
    """The files of classes on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self, class_ids: Collection[str]) -> None:
        """Let no other transaction change these classes until this one ends.

        The lock is on the id, not on a row, because sign-ins and the opening of a class not yet known here must not
        pass each other unseen either. On SQLite one transaction writes at a time anyway.
        """
        if self._connection.dialect.name == "postgresql" and class_ids:
            await self._connection.execute(_LOCK, {"class_ids": sorted(class_ids)})

    async def add(self, file: ClassFile) -> None:
        """Store a class that has just opened."""
        await self._connection.execute(insert(TRAINING_CLASS).values(class_row(file.training_class)))
        if file.sessions:
            class_id = file.training_class.class_id
            await self._connection.execute(insert(SESSION), [session_row(class_id, each) for each in file.sessions])

    async def find(self, class_id: str) -> ClassFile | None:
        """Give the whole file, None for a class not known here."""
        rows = await self._rows(TRAINING_CLASS, class_id)
        if not rows:
            return None
        sessions = await self._rows(SESSION, class_id)
        return ClassFile(
            training_class=class_of(rows[0]),
            sessions=in_order(session_of(row) for row in sessions if not row.dropped),
            dropped=in_order(session_of(row) for row in sessions if row.dropped),
            inspections=tuple(inspections_in_order(map(inspection_of, await self._rows(INSPECTION, class_id)))),
            clips=tuple(map(clip_of, await self._rows(VIDEO, class_id))),
            findings=tuple(map(finding_of, await self._rows(FINDING, class_id))),
        )

    async def add_unopened(self, class_id: str) -> None:
        """Remember that a class ended before it opened."""
        await self._connection.execute(insert_or_ignore(self._connection, UNOPENED_CLASS, {"class_id": class_id}))

    async def unopened(self, class_ids: Collection[str]) -> Collection[str]:
        """Give those of the classes that ended before they opened."""
        query = select(UNOPENED_CLASS.c.class_id).where(UNOPENED_CLASS.c.class_id.in_(list(class_ids)))
        return set((await self._connection.execute(query)).scalars())

    async def rolls(self, class_ids: Collection[str]) -> Mapping[str, tuple[TrainingClass, tuple[Session, ...]]]:
        """Give what sign-ins are judged by, without attendance, for those of the classes that are known."""
        classes = select(TRAINING_CLASS).where(TRAINING_CLASS.c.class_id.in_(list(class_ids)))
        sessions: dict[str, list[Session]] = {}
        held = SESSION.c.class_id.in_(list(class_ids)), SESSION.c.dropped.is_(False)
        for row in await self._connection.execute(select(*_ROLL).where(*held)):
            sessions.setdefault(row.class_id, []).append(bare_session_of(row))
        return {
            row.class_id: (class_of(row), in_order(sessions.get(row.class_id, ())))
            for row in await self._connection.execute(classes)
        }

    async def class_of_finding(self, finding_id: str) -> str | None:
        """Give the class of a finding, None for an unknown one."""
        query = select(FINDING.c.class_id).where(FINDING.c.finding_id == finding_id)
        found: str | None = (await self._connection.execute(query)).scalar_one_or_none()
        return found

    async def save(self, before: ClassFile, after: ClassFile) -> ClassFile:
        """Write what changed and give the file with its new version; raise Conflict when the stored one moved on."""
        if after == before:
            return after
        saved = replace(after.training_class, version=before.training_class.version + 1)
        await self._save_class(before.training_class, saved)
        class_id = saved.class_id
        for session in _new(before.sessions, after.sessions):
            await self._connection.execute(upsert(self._connection, SESSION, session_row(class_id, session)))
        for session in _new(before.dropped, after.dropped):
            row = session_row(class_id, session, dropped=True)
            await self._connection.execute(upsert(self._connection, SESSION, row))
        for finding in _new(before.findings, after.findings):
            await self._connection.execute(upsert(self._connection, FINDING, finding_row(finding)))
        for check in _new(before.inspections, after.inspections):
            await self._connection.execute(upsert(self._connection, INSPECTION, inspection_row(class_id, check)))
        await self._save_clips(class_id, before.clips, after.clips)
        return replace(after, training_class=saved)

    async def _save_clips(self, class_id: str, before: Collection[Clip], after: Collection[Clip]) -> None:
        known = {clip.video_id for clip in before}
        changed = _new(before, after)
        if new := [clip_row(class_id, clip) for clip in changed if clip.video_id not in known]:
            await self._connection.execute(insert(VIDEO), new)
        for clip in changed:
            if clip.video_id in known:
                await self._connection.execute(upsert(self._connection, VIDEO, clip_row(class_id, clip)))

    async def _save_class(self, before: TrainingClass, after: TrainingClass) -> None:
        stored = await self._connection.execute(
            update(TRAINING_CLASS)
            .where(TRAINING_CLASS.c.class_id == before.class_id, TRAINING_CLASS.c.version == before.version)
            .values(class_row(after))
        )
        if stored.rowcount != 1:
            raise Conflict(
                code="CLASS_CHANGED",
                message="班级的监管记录已被其他操作修改。",
                advice="请重新查询班级后再提交。",
                field="class_id",
                value=before.class_id,
            )

    async def _rows(self, table: Table, class_id: str) -> list[Row[Any]]:
        query = select(table).where(table.c.class_id == class_id).order_by(*table.primary_key.columns)
        return list(await self._connection.execute(query))


def _new(before: Collection[Any], after: Collection[Any]) -> list[Any]:
    """Give what stands in `after` and not, exactly so, in `before`."""
    known = set(before)
    return [item for item in after if item not in known]
