"""What waits for reviewers, read in one look over the classes of some regions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.queue import Waiting
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import AWAITING_OPENING, UNDER_REVIEW
from services.enrollment.storage.tables import CLASS_CHANGE, DUTY, REVIEW, ROSTER_ROW, TRAINING_CLASS
from shared.clock import legal_day

_SESSIONS = TypeAdapter(tuple[Session, ...] | None)
_DAY = timedelta(days=1)


class QueueRepository:
    """Reads cases in review."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def waiting(self, regions: Sequence[str]) -> list[Waiting]:
        """Give every application and proposed change of the regions that waits for a step."""
        return [*await self._applications(regions), *await self._changes(regions)]

    async def duties_of(self, actor: str, class_ids: Sequence[str]) -> dict[str, str]:
        """Give the person's own duty by class."""
        found = await self._connection.execute(
            select(DUTY.c.class_id, DUTY.c.duty).where(DUTY.c.actor == actor, DUTY.c.class_id.in_(class_ids))
        )
        return {row.class_id: row.duty for row in found}

    async def _applications(self, regions: Sequence[str]) -> list[Waiting]:
        klass, review, row = TRAINING_CLASS.c, REVIEW.c, ROSTER_ROW.c
        asking = (
            select(func.count())
            .where(row.class_id == klass.class_id, row.verdict == "ask")
            .correlate(TRAINING_CLASS)
            .scalar_subquery()
        )
        this_round = and_(review.class_id == klass.class_id, review.round == klass.round, review.change_no == 0)
        statement = (
            select(
                *(klass.class_id, klass.institution_id, klass.region, klass.rulebook_id),
                *(klass.opening_date, klass.applied_at),
                asking.label("asking"),
                func.count(review.step).label("taken"),
                func.max(review.decided_at).label("last_step"),
            )
            .outerjoin(REVIEW, this_round)
            .where(klass.state.in_(UNDER_REVIEW), klass.region.in_(regions))
            .group_by(klass.class_id)
        )
        return [
            Waiting(
                class_id=found.class_id,
                institution_id=found.institution_id,
                region=found.region,
                case=0,
                rulebook_id=found.rulebook_id,
                taken=found.taken,
                since=found.last_step or found.applied_at,
                due_on=found.opening_date - _DAY,
                asking_rows=found.asking,
            )
            for found in await self._connection.execute(statement)
        ]

    async def _changes(self, regions: Sequence[str]) -> list[Waiting]:
        klass, change, review = TRAINING_CLASS.c, CLASS_CHANGE.c, REVIEW.c
        of_change = and_(
            review.class_id == change.class_id, review.round == klass.round, review.change_no == change.number
        )
        statement = (
            select(
                *(klass.class_id, klass.institution_id, klass.region, klass.rulebook_id, klass.state),
                *(klass.opening_date, change.number, change.proposed_at, change.sessions),
                *(change.opening_date.label("moved_to"), change.closing_date.label("ends_on")),
                func.count(review.step).label("taken"),
                func.max(review.decided_at).label("last_step"),
            )
            .join(CLASS_CHANGE, change.class_id == klass.class_id)
            .outerjoin(REVIEW, of_change)
            .where(
                change.state == "proposed",
                klass.state.in_(AWAITING_OPENING | {"opened"}),
                klass.region.in_(regions),
            )
            .group_by(klass.class_id, change.class_id, change.number)
        )
        return [_change(found) for found in await self._connection.execute(statement)]


def _change(found: Any) -> Waiting:
    if found.state == "opened":
        coming = [one.starts_at for one in _SESSIONS.validate_python(found.sessions) or ()]
        later = [moment for moment in coming if moment > found.proposed_at]
        due_on = legal_day(min(later)) - _DAY if later else found.ends_on
    else:
        due_on = min(found.opening_date, found.moved_to) - _DAY
    return Waiting(
        class_id=found.class_id,
        institution_id=found.institution_id,
        region=found.region,
        case=found.number,
        rulebook_id=found.rulebook_id,
        taken=found.taken,
        since=found.last_step or found.proposed_at,
        due_on=due_on,
        asking_rows=0,
    )
