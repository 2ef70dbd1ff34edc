"""Classes in storage: the class row, its sessions, reviews and duties."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.application_form import FormHead
from services.enrollment.domain.plan import ClassPlan, ExceptionRequest, TrainingPlan
from services.enrollment.domain.review import Review
from services.enrollment.domain.timetable import Booking, Session
from services.enrollment.domain.training_class import (
    LIVE,
    ApprovedClaim,
    Blocker,
    ReservationAnswer,
    State,
    TrainingClass,
)
from services.enrollment.storage.tables import (
    CLASS_SESSION,
    DUTY,
    INSTITUTION,
    PERSON,
    REVIEW,
    TEACHER,
    TRAINING_CLASS,
)
from shared.database.encryption import Vault
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict
from shared.policy.decision import Finding

_PLAN = TypeAdapter(TrainingPlan)
_EXCEPTIONS = TypeAdapter(tuple[ExceptionRequest, ...])
_FINDINGS = TypeAdapter(tuple[Finding, ...])
_ANSWER = TypeAdapter(ReservationAnswer | None)
_BLOCKER = TypeAdapter(Blocker | None)
_CLAIMS = TypeAdapter(tuple[ApprovedClaim, ...])


class ClassRepository:
    """Reads and writes classes; whoever changes one has locked its row first."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, training_class: TrainingClass) -> None:
        """Add a new class with its sessions."""
        await self._connection.execute(insert(TRAINING_CLASS).values(self._values(training_class)))
        await self._insert_sessions(training_class)

    async def get(self, class_id: str, *, lock: bool = False) -> TrainingClass | None:
        """Give the class with sessions and reviews, or None; with `lock` nobody else changes it until the end."""
        statement = select(TRAINING_CLASS).where(TRAINING_CLASS.c.class_id == class_id)
        row = (await self._connection.execute(statement.with_for_update() if lock else statement)).one_or_none()
        if row is None:
            return None
        sessions = await self._sessions([class_id])
        reviews = await self._reviews([class_id])
        return self._training_class(row, sessions.get(class_id, []), reviews.get(class_id, []))

    async def page(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: State | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> list[TrainingClass]:
        """Give classes by opening date and id, after the given place, within institution, regions and state."""
        column = TRAINING_CLASS.c
        conditions: list[ColumnElement[bool]] = []
        if institution_id is not None:
            conditions.append(column.institution_id == institution_id)
        if regions is not None:
            conditions.append(column.region.in_(regions))
        if state is not None:
            conditions.append(column.state == state)
        if after is not None:
            day, class_id = after
            same_day = and_(column.opening_date == day, column.class_id > class_id)
            conditions.append(or_(column.opening_date > day, same_day))
        statement = (
            select(TRAINING_CLASS).where(*conditions).order_by(column.opening_date, column.class_id).limit(limit)
        )
        rows = (await self._connection.execute(statement)).all()
        ids = [row.class_id for row in rows]
        sessions, reviews = await self._sessions(ids), await self._reviews(ids)
        return [
            self._training_class(row, sessions.get(row.class_id, []), reviews.get(row.class_id, [])) for row in rows
        ]

    async def opened_of(self, occupation: str, regions: Collection[str]) -> list[tuple[str, str]]:
        """Give the classes of an occupation in these regions that opened and were not cancelled, with their region."""
        column = TRAINING_CLASS.c
        found = await self._connection.execute(
            select(column.class_id, column.region)
            .where(
                column.occupation == occupation,
                column.region.in_(regions),
                column.state.in_(("opened", "completed")),
            )
            .order_by(column.class_id)
        )
        return [(row.class_id, row.region) for row in found]

    async def save(self, training_class: TrainingClass, *, new_sessions: bool = False) -> TrainingClass:
        """Store the class under its next version and give it; raise Conflict when somebody stored it meanwhile."""
        stored = replace(training_class, version=training_class.version + 1)
        this = and_(TRAINING_CLASS.c.class_id == stored.class_id, TRAINING_CLASS.c.version == training_class.version)
        done = await self._connection.execute(update(TRAINING_CLASS).where(this).values(self._values(stored)))
        if done.rowcount != 1:
            raise Conflict(
                code="CLASS_CHANGED",
                message="该班级刚刚被他人修改。",
                advice="请重新查询班级信息，确认最新内容后再提交。",
            )
        if new_sessions:
            await self._connection.execute(delete(CLASS_SESSION).where(CLASS_SESSION.c.class_id == stored.class_id))
            await self._insert_sessions(stored)
        return stored

    async def duties(self, class_id: str) -> dict[str, str]:
        """Give who has which duty in the case, by person."""
        found = await self._connection.execute(select(DUTY).where(DUTY.c.class_id == class_id))
        return {row.actor: row.duty for row in found}

    async def assign_duty(self, class_id: str, actor: str, duty: str) -> None:
        """Give a person a duty in the case for ever; one they have already stays, whichever it is."""
        values = {"class_id": class_id, "actor": actor, "duty": duty}
        await self._connection.execute(insert_or_ignore(self._connection, DUTY, values))

    async def add_review(self, class_id: str, review: Review, *, position: int) -> None:
        """Add a recorded step; the database refuses it unless its author has the step's duty."""
        await self._connection.execute(
            insert(REVIEW).values(
                class_id=class_id,
                round=review.round,
                change_no=review.change,
                step=review.step,
                position=position,
                actor=review.actor,
                decision=review.decision,
                opinion=review.opinion,
                decided_at=review.decided_at,
            )
        )

    async def bookings(self, training_class: TrainingClass) -> tuple[Booking, ...]:
        """Give the times at which other live classes have this class's teachers or venues.

        A filed teacher is one person at whatever institution; venues, and teachers whom nobody files, are known by
        their ids within the institution. Until the end nobody else can book any of them.
        """
        own, sessions = training_class.institution_id, training_class.plan.sessions
        teachers = {session.teacher_id for session in sessions}
        venues = {session.venue_id for session in sessions}
        filed = await self._lock_bookable(own, teachers)
        if not sessions:
            return ()
        session, klass = CLASS_SESSION.c, TRAINING_CLASS.c
        found = await self._connection.execute(
            select(CLASS_SESSION, klass.institution_id, TEACHER.c.person_id)
            .join(TRAINING_CLASS, klass.class_id == session.class_id)
            .outerjoin(
                TEACHER,
                and_(TEACHER.c.teacher_id == session.teacher_id, TEACHER.c.institution_id == klass.institution_id),
            )
            .where(
                klass.state.in_(LIVE),
                klass.class_id != training_class.class_id,
                session.starts_at < max(one.ends_at for one in sessions),
                session.ends_at > min(one.starts_at for one in sessions),
                or_(
                    TEACHER.c.person_id.in_(filed),
                    and_(klass.institution_id == own, session.teacher_id.in_(teachers)),
                    and_(klass.institution_id == own, session.venue_id.in_(venues)),
                ),
            )
        )
        booked = []
        for row in found:
            times = {"starts_at": row.starts_at, "ends_at": row.ends_at}
            is_own = row.institution_id == own
            if row.person_id in filed:
                booked.append(Booking(kind="teacher", key=filed[row.person_id], **times))
            elif is_own and row.teacher_id in teachers:
                booked.append(Booking(kind="teacher", key=row.teacher_id, **times))
            if is_own and row.venue_id in venues:
                booked.append(Booking(kind="venue", key=row.venue_id, **times))
        return tuple(booked)

    async def batches(self, training_class: TrainingClass) -> frozenset[int]:
        """Give the batches of the opening's year under which the institution has applied for other classes."""
        column = TRAINING_CLASS.c
        found = await self._connection.execute(
            select(column.batch).where(
                column.institution_id == training_class.institution_id,
                column.batch_year == training_class.plan.opening_date.year,
                column.class_id != training_class.class_id,
                column.round > 0,
            )
        )
        return frozenset(found.scalars())

    async def _lock_bookable(self, institution_id: str, teacher_ids: set[str]) -> dict[str, str]:
        """Lock the institution, then the persons of its named teachers; give the filed ones' ids by person."""
        institution = select(INSTITUTION.c.institution_id).where(INSTITUTION.c.institution_id == institution_id)
        await self._connection.execute(institution.with_for_update(key_share=True))
        found = await self._connection.execute(
            select(PERSON.c.person_id, TEACHER.c.teacher_id)
            .join(TEACHER, TEACHER.c.person_id == PERSON.c.person_id)
            .where(TEACHER.c.institution_id == institution_id, TEACHER.c.teacher_id.in_(teacher_ids))
            .order_by(PERSON.c.lookup)
            .with_for_update(of=PERSON, key_share=True)
        )
        return {row.person_id: row.teacher_id for row in found}

    async def _insert_sessions(self, training_class: TrainingClass) -> None:
        rows = [
            {
                "session_id": session.session_id,
                "class_id": training_class.class_id,
                "starts_at": session.starts_at,
                "ends_at": session.ends_at,
                "kind": session.kind,
                "class_hours": session.class_hours,
                "teacher_id": session.teacher_id,
                "venue_id": session.venue_id,
            }
            for session in training_class.plan.sessions
        ]
        if rows:
            await self._connection.execute(insert(CLASS_SESSION), rows)

    async def _sessions(self, class_ids: Sequence[str]) -> dict[str, list[Session]]:
        column = CLASS_SESSION.c
        found = await self._connection.execute(
            select(CLASS_SESSION)
            .where(column.class_id.in_(class_ids))
            .order_by(column.class_id, column.starts_at, column.session_id)
        )
        sessions: dict[str, list[Session]] = {}
        for row in found.mappings():
            values = dict(row)
            sessions.setdefault(values.pop("class_id"), []).append(Session(**values))
        return sessions

    async def _reviews(self, class_ids: Sequence[str]) -> dict[str, list[Review]]:
        column = REVIEW.c
        found = await self._connection.execute(
            select(REVIEW).where(column.class_id.in_(class_ids)).order_by(column.class_id, column.position)
        )
        reviews: dict[str, list[Review]] = {}
        for row in found.mappings():
            values = {name: value for name, value in row.items() if name not in ("position", "change_no")}
            values["change"] = row["change_no"]
            reviews.setdefault(values.pop("class_id"), []).append(Review(**values))
        return reviews

    def _values(self, training_class: TrainingClass) -> dict[str, Any]:
        reason, class_id, form = training_class.closing_reason, training_class.class_id, training_class.plan.form
        sealed = None if reason is None else self._vault.seal(reason, purpose=_purpose(class_id))
        contact = self._vault.seal(json.dumps([form.contact_person, form.telephone]), purpose=_contact(class_id))
        return {**_values(training_class), "sealed_closing_reason": sealed, "sealed_contact": contact}

    def _training_class(self, row: Row[Any], sessions: list[Session], reviews: list[Review]) -> TrainingClass:
        person, phone = json.loads(self._vault.open(row.sealed_contact, purpose=_contact(row.class_id)))
        form = FormHead(sealed=row.applicant_seal, contact_person=person, telephone=phone, batch=row.batch)
        found, sealed = _training_class(row, form, sessions, reviews), row.sealed_closing_reason
        reason = None if sealed is None else self._vault.open(sealed, purpose=_purpose(row.class_id))
        return replace(found, closing_reason=reason)


def _purpose(class_id: str) -> str:
    return f"training_class.closing_reason:{class_id}"


def _contact(class_id: str) -> str:
    return f"training_class.contact:{class_id}"


def _values(training_class: TrainingClass) -> dict[str, Any]:
    plan = training_class.plan
    return {
        "class_id": training_class.class_id,
        "institution_id": training_class.institution_id,
        "region": training_class.region,
        "state": training_class.state,
        "version": training_class.version,
        "round": training_class.round,
        "kind": plan.kind,
        "training_type": plan.training_type,
        "programme": training_class.programme,
        "occupation": plan.occupation,
        "level": plan.level,
        "planned": plan.planned,
        "opening_date": plan.opening_date,
        "closing_date": plan.closing_date,
        "funding_source": plan.funding_source,
        "delivery": plan.delivery,
        "training_mode": plan.training_mode,
        "applicant_seal": plan.form.sealed,
        "batch_year": plan.opening_date.year,
        "batch": plan.form.batch,
        "attributes": dict(plan.attributes),
        "exceptions": _EXCEPTIONS.dump_python(plan.exceptions, mode="json"),
        "plan": _PLAN.dump_python(plan.plan, mode="json"),
        "rulebook_id": training_class.rulebook_id,
        "findings": _FINDINGS.dump_python(training_class.findings, mode="json"),
        "applied_on": training_class.applied_on,
        "applied_at": training_class.applied_at,
        "reservation_version": training_class.reservation_version,
        "answer": _ANSWER.dump_python(training_class.answer, mode="json"),
        "blocker": _BLOCKER.dump_python(training_class.blocker, mode="json"),
        "claims": _CLAIMS.dump_python(training_class.claims, mode="json"),
    }


def _training_class(row: Row[Any], form: FormHead, sessions: list[Session], reviews: list[Review]) -> TrainingClass:
    return TrainingClass(
        class_id=row.class_id,
        institution_id=row.institution_id,
        region=row.region,
        state=row.state,
        version=row.version,
        round=row.round,
        plan=ClassPlan(
            kind=row.kind,
            training_type=row.training_type,
            occupation=row.occupation,
            level=row.level,
            planned=row.planned,
            opening_date=row.opening_date,
            closing_date=row.closing_date,
            funding_source=row.funding_source,
            delivery=row.delivery,
            training_mode=row.training_mode,
            form=form,
            plan=_PLAN.validate_python(row.plan),
            sessions=tuple(sessions),
            attributes=row.attributes,
            exceptions=_EXCEPTIONS.validate_python(row.exceptions),
        ),
        programme=row.programme,
        rulebook_id=row.rulebook_id,
        findings=_FINDINGS.validate_python(row.findings),
        applied_on=row.applied_on,
        applied_at=row.applied_at,
        reviews=tuple(reviews),
        reservation_version=row.reservation_version,
        answer=_ANSWER.validate_python(row.answer),
        blocker=_BLOCKER.validate_python(row.blocker),
        claims=_CLAIMS.validate_python(row.claims),
    )
