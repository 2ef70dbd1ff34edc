"""Classes in the database: the class row and its trainees."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.domain.examined_class import ExaminedClass, Trainee
from services.assessment.storage.tables import EXAMINED_CLASS, TRAINEE
from shared.database.upsert import upsert
from shared.domain.errors import Conflict


class StoredClasses:
    """The classes on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, examined: ExaminedClass) -> None:
        """Add a class that has just opened."""
        await self._connection.execute(insert(EXAMINED_CLASS).values(_values(examined)))
        if rows := _trainee_rows(examined):
            await self._connection.execute(insert(TRAINEE), rows)

    async def get(self, class_id: str, *, lock: bool = False) -> ExaminedClass | None:
        """Give the class, or None; with `lock` nobody else changes it or its exams until the transaction ends."""
        query = select(EXAMINED_CLASS).where(EXAMINED_CLASS.c.class_id == class_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).one_or_none()
        if row is None:
            return None
        trainees = await self._connection.execute(select(TRAINEE).where(TRAINEE.c.class_id == class_id))
        return _examined_class(
            row,
            {
                one.person_id: Trainee(masked_name=one.masked_name, groups=tuple(one.groups), left_on=one.left_on)
                for one in trainees
            },
        )

    async def save(self, examined: ExaminedClass) -> ExaminedClass:
        """Store the class under its next version and give it; raise Conflict when somebody stored it meanwhile."""
        stored = replace(examined, version=examined.version + 1)
        done = await self._connection.execute(
            update(EXAMINED_CLASS)
            .where(EXAMINED_CLASS.c.class_id == examined.class_id, EXAMINED_CLASS.c.version == examined.version)
            .values(_values(stored))
        )
        if done.rowcount != 1:
            raise Conflict(
                code="CLASS_CHANGED",
                message="班级的考核记录已被其他操作修改。",
                advice="请重新查询班级后再提交。",
                field="class_id",
                value=examined.class_id,
            )
        for row in _trainee_rows(examined):
            if row["left_on"] is not None:
                await self._connection.execute(upsert(self._connection, TRAINEE, row))
        return stored


def _trainee_rows(examined: ExaminedClass) -> list[dict[str, Any]]:
    return [
        {
            "class_id": examined.class_id,
            "person_id": person_id,
            "masked_name": trainee.masked_name,
            "groups": trainee.groups,
            "left_on": trainee.left_on,
        }
        for person_id, trainee in examined.trainees.items()
    ]


def _values(examined: ExaminedClass) -> dict[str, Any]:
    return {
        "class_id": examined.class_id,
        "region": examined.region,
        "rulebook_id": examined.rulebook_id,
        "training_type": examined.training_type,
        "institution_id": examined.institution_id,
        "institution_credit_code": examined.institution_credit_code,
        "occupation": examined.occupation,
        "level": examined.level,
        "certifiable": examined.certifiable,
        "teachers": examined.teachers,
        "taught": examined.taught,
        "delivery": examined.delivery,
        "closing_date": examined.closing_date,
        "ending": examined.ending,
        "training_revision": examined.training_revision,
        "opinion_passed": examined.opinion_passed,
        "completion_revision": examined.completion_revision,
        "completion_basis": examined.completion_basis,
        "version": examined.version,
    }


def _examined_class(row: Row[Any], trainees: dict[str, Trainee]) -> ExaminedClass:
    return ExaminedClass(
        class_id=row.class_id,
        region=row.region,
        rulebook_id=row.rulebook_id,
        training_type=row.training_type,
        institution_id=row.institution_id,
        institution_credit_code=row.institution_credit_code,
        occupation=row.occupation,
        level=row.level,
        certifiable=tuple(row.certifiable),
        teachers=tuple(row.teachers),
        taught=row.taught,
        delivery=row.delivery,
        closing_date=row.closing_date,
        trainees=trainees,
        ending=row.ending,
        training_revision=row.training_revision,
        opinion_passed=row.opinion_passed,
        completion_revision=row.completion_revision,
        completion_basis=tuple(row.completion_basis),
        version=row.version,
    )
