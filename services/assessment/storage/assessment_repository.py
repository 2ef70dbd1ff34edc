"""Exams in the database: the exam row, its candidates, duties, scores and signature."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, and_, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.application.ports import Scope
from services.assessment.domain.assessment import (
    Admission,
    Assessment,
    Correction,
    Score,
    Signature,
)
from services.assessment.domain.duty import Duty
from services.assessment.storage.exam_rows import (
    Parts,
    admission_values,
    assessment_of,
    correction_of,
    exam_values,
    move_of,
    move_values,
    score_of,
    signature_values,
)
from services.assessment.storage.tables import (
    ADMISSION,
    ASSESSMENT,
    CANDIDATE,
    CERTIFICATE,
    DUTY,
    EXAMINED_CLASS,
    MOVE,
    OUTCOME,
    SCORE,
    SIGNATURE,
)
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict

_EXAMINATION: Final[Duty] = "examination"
_CORRECTION: Final[Duty] = "correction"


class StoredAssessments:
    """The exams on one open connection; whoever changes one has locked its class first."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, assessment: Assessment) -> None:
        """Add a scheduled exam."""
        await self._connection.execute(insert(ASSESSMENT).values(exam_values(assessment)))
        key = assessment.assessment_id
        rows = [{"assessment_id": key, "person_id": person} for person in assessment.persons]
        await self._connection.execute(insert(CANDIDATE), rows)

    async def class_of(self, assessment_id: str) -> str | None:
        """Give the class of an exam, or None."""
        query = select(ASSESSMENT.c.class_id).where(ASSESSMENT.c.assessment_id == assessment_id)
        found: str | None = (await self._connection.execute(query)).scalar_one_or_none()
        return found

    async def of_class(self, class_id: str) -> tuple[Assessment, ...]:
        """Give the exams of a class in the order of their applications."""
        query = select(ASSESSMENT).where(ASSESSMENT.c.class_id == class_id).order_by(ASSESSMENT.c.number)
        rows = (await self._connection.execute(query)).all()
        parts = Parts()
        await self._read(parts, [row.assessment_id for row in rows])
        return tuple(assessment_of(row, parts) for row in rows)

    async def open_exams(
        self, scope: Scope, *, after: tuple[date, str] | None, limit: int
    ) -> list[tuple[str, str, date]]:
        """Give id, class and day of exams that are not over, by day and id, after the given place.

        Over are those withdrawn, refused, of a class that has ended, or final without anybody still to be certified.
        """
        exam, examined = ASSESSMENT.c, EXAMINED_CLASS.c
        within: list[ColumnElement[bool]] = [examined.region.in_(scope.regions)]
        if scope.institution_id is not None:
            within.append(examined.institution_id == scope.institution_id)
        if scope.body_id is not None:
            within.append(exam.body_id == scope.body_id)
        conditions = [
            or_(*within),
            exam.withdrawn_on.is_(None),
            examined.ending.is_(None),
            ~exists().where(ADMISSION.c.assessment_id == exam.assessment_id, ADMISSION.c.decision == "refuse"),
            or_(exam.finalised_on.is_(None), _uncertified()),
        ]
        if after is not None:
            day, key = after
            conditions.append(or_(exam.exam_on > day, and_(exam.exam_on == day, exam.assessment_id > key)))
        query = (
            select(exam.assessment_id, exam.class_id, exam.exam_on)
            .join_from(ASSESSMENT, EXAMINED_CLASS)
            .where(*conditions)
            .order_by(exam.exam_on, exam.assessment_id)
            .limit(limit)
        )
        return [(row.assessment_id, row.class_id, row.exam_on) for row in await self._connection.execute(query)]

    async def to_reassign(self, body_id: str, regions: Sequence[str]) -> list[str]:
        """Give the body's exams in these regions that are neither final nor withdrawn, by day."""
        exam, examined = ASSESSMENT.c, EXAMINED_CLASS.c
        still_open = (exam.finalised_on.is_(None), exam.withdrawn_on.is_(None), examined.ending.is_(None))
        query = (
            select(exam.assessment_id)
            .join_from(ASSESSMENT, EXAMINED_CLASS)
            .where(exam.body_id == body_id, examined.region.in_(regions), *still_open)
            .order_by(exam.exam_on, exam.assessment_id)
        )
        return list((await self._connection.execute(query)).scalars())

    async def examined_before(self, persons: Collection[str]) -> frozenset[str]:
        """Give who of these people sat a final exam of whatever class."""
        column = OUTCOME.c
        these = (column.person_id.in_(sorted(persons)), column.outcome.in_(("passed", "failed")))
        return frozenset((await self._connection.execute(select(column.person_id).where(*these))).scalars())

    async def duties(self, assessment_id: str) -> Mapping[str, Duty]:
        """Give who has which duty, by subject."""
        query = select(DUTY.c.actor, DUTY.c.duty).where(DUTY.c.assessment_id == assessment_id)
        return {row.actor: row.duty for row in await self._connection.execute(query)}

    async def assign_duty(self, assessment_id: str, subject: str, duty: Duty) -> None:
        """Give a person a duty in the exam for ever; what needs another duty of theirs breaks a foreign key."""
        values = {"assessment_id": assessment_id, "actor": subject, "duty": duty}
        await self._connection.execute(insert_or_ignore(self._connection, DUTY, values))

    async def add_scores(self, assessment_id: str, scores: Collection[Score], *, duty: Duty = _EXAMINATION) -> None:
        """Add versions of scores, entered in this duty."""
        rows = [
            {
                "assessment_id": assessment_id,
                "person_id": score.person_id,
                "part": score.part,
                "version": score.version,
                "points": score.points,
                "entered_by": score.entered_by,
                "duty": duty,
                "entered_at": score.entered_at,
            }
            for score in scores
        ]
        if rows:
            await self._connection.execute(insert(SCORE), rows)

    async def save(self, assessment: Assessment) -> Assessment:
        """Store what became of the exam under its next version; raise Conflict when somebody stored it meanwhile."""
        stored = replace(assessment, version=assessment.version + 1)
        key = assessment.assessment_id
        done = await self._connection.execute(
            update(ASSESSMENT)
            .where(ASSESSMENT.c.assessment_id == key, ASSESSMENT.c.version == assessment.version)
            .values(exam_values(stored))
        )
        if done.rowcount != 1:
            raise Conflict(
                code="ASSESSMENT_CHANGED",
                message="考核记录已被其他操作修改。",
                advice="请重新查询考核后再提交。",
                field="assessment_id",
                value=key,
            )
        if assessment.signature is not None:
            await self._connection.execute(
                insert_or_ignore(self._connection, SIGNATURE, signature_values(key, assessment.signature))
            )
        if assessment.admission is not None:
            row = admission_values(key, assessment.admission)
            await self._connection.execute(insert_or_ignore(self._connection, ADMISSION, row))
        if assessment.moves:
            moves = [move_values(key, number, one) for number, one in enumerate(assessment.moves, 1)]
            await self._connection.execute(insert_or_ignore(self._connection, MOVE, moves))
        return stored

    async def add_outcomes(self, assessment: Assessment, *, at: datetime) -> None:
        """Add what an exam that has just been stored as final came to, for everybody in it."""
        rows = [
            {
                "assessment_id": assessment.assessment_id,
                "person_id": person,
                "number": 1,
                "outcome": outcome,
                "reason": "",
                "decided_by": assessment.finalised_by,
                "duty": _EXAMINATION,
                "decided_at": at,
            }
            for person, outcome in assessment.outcomes.items()
        ]
        await self._connection.execute(insert(OUTCOME), rows)

    async def add_correction(self, assessment: Assessment, correction: Correction) -> None:
        """Add the correction that was just made to the exam."""
        row = {
            "assessment_id": assessment.assessment_id,
            "person_id": correction.person_id,
            "number": assessment.outcome_number(correction.person_id),
            "outcome": correction.outcome,
            "reason": correction.reason,
            "decided_by": correction.decided_by,
            "duty": _CORRECTION,
            "decided_at": correction.decided_at,
        }
        await self._connection.execute(insert(OUTCOME).values(row))

    async def score_history(self, assessment_id: str) -> tuple[Score, ...]:
        """Give every version of every score of an exam, by person, part and version."""
        return tuple(score_of(row) for row in await self._rows(SCORE, [assessment_id]))

    async def _read(self, parts: "Parts", keys: list[str]) -> None:
        for row in await self._rows(CANDIDATE, keys):
            parts.persons.setdefault(row.assessment_id, []).append(row.person_id)
        for row in await self._rows(OUTCOME, keys):
            parts.outcomes.setdefault(row.assessment_id, {})[row.person_id] = row.outcome
            if row.number > 1:
                parts.corrections.setdefault(row.assessment_id, []).append(correction_of(row))
        for row in await self._rows(SCORE, keys):
            parts.scores.setdefault(row.assessment_id, {})[row.person_id, row.part] = score_of(row)
            since = parts.scored_since.get(row.assessment_id, row.entered_at)
            parts.scored_since[row.assessment_id] = min(since, row.entered_at)
        for row in await self._rows(SIGNATURE, keys):
            parts.signatures[row.assessment_id] = Signature(
                signed_by=row.signed_by, signed_at=row.signed_at, remark=row.remark
            )

        for row in await self._rows(ADMISSION, keys):
            parts.admissions[row.assessment_id] = Admission(
                decision=row.decision, reason=row.reason, decided_by=row.decided_by, decided_at=row.decided_at
            )
        for row in await self._rows(MOVE, keys):
            parts.moves.setdefault(row.assessment_id, []).append(move_of(row))

    async def _rows(self, table: Table, keys: list[str]) -> Collection[Row[Any]]:
        """Give the rows of these exams by primary key: of a score the latest version comes last."""
        query = select(table).where(table.c.assessment_id.in_(keys)).order_by(*table.primary_key.columns)
        return (await self._connection.execute(query)).all()


def _uncertified() -> ColumnElement[bool]:
    """Say whether somebody whose last outcome is a pass never got a certificate."""
    later = OUTCOME.alias()
    same = (later.c.assessment_id == OUTCOME.c.assessment_id, later.c.person_id == OUTCOME.c.person_id)
    certified = (
        CERTIFICATE.c.assessment_id == OUTCOME.c.assessment_id,
        CERTIFICATE.c.person_id == OUTCOME.c.person_id,
    )
    return exists().where(
        OUTCOME.c.assessment_id == ASSESSMENT.c.assessment_id,
        OUTCOME.c.outcome == "passed",
        ~exists().where(*same, later.c.number > OUTCOME.c.number),
        ~exists().where(*certified),
    )
