"""What people are paid for where a document says how often; the database, not this code, decides races for a place."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.caps import Place, Use
from services.payment.storage.tables import CAP_SLOT, CAP_USE
from shared.domain.errors import Conflict

_USE, _SLOT = CAP_USE.c, CAP_SLOT.c
Held = tuple[str, str]
"""A person and the award that is held for them."""


class StoredUses:
    """The uses of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def elsewhere(self, class_id: str, persons: Collection[str]) -> Sequence[Use]:
        """Give what these people are paid for in other classes, by day."""
        query = select(CAP_USE).where(_USE.person_id.in_(persons), _USE.class_id != class_id)
        rows = await self._connection.execute(query.order_by(_USE.used_on, _USE.class_id, _USE.award))
        return [_use(row) for row in rows]

    async def of_class(self, class_id: str) -> Mapping[Held, str]:
        """Give the awards held in the class, and by which claim each."""
        rows = await self._connection.execute(select(CAP_USE).where(_USE.class_id == class_id))
        return {(row.person_id, row.award): row.claim_id for row in rows}

    async def hold(
        self,
        class_id: str,
        claim_id: str,
        wanted: Mapping[Held, tuple[Use, Sequence[Place]]],
        *,
        paid: Collection[str],
    ) -> None:
        """Let a claim hold these awards, and of people who are `paid` also what they hold already; free the others.

        Raise Conflict CAP_TAKEN when another claim took a last place first.
        """
        mine = [held for held, holder in (await self.of_class(class_id)).items() if holder == claim_id]
        await self._free(class_id, [held for held in mine if held not in wanted and held[0] not in paid])
        for held in sorted(wanted.keys() - set(mine)):
            await self._take(class_id, claim_id, held, *wanted[held])

    async def _take(self, class_id: str, claim_id: str, held: Held, use: Use, places: Sequence[Place]) -> None:
        person_id, award = held
        row = {
            "class_id": class_id,
            "person_id": person_id,
            "award": award,
            "claim_id": claim_id,
            "programme": use.programme,
            "occupation": use.occupation,
            "level": use.level,
            "employer": use.employer,
            "used_on": use.on,
        }
        try:
            await self._connection.execute(insert(CAP_USE).values(row))
            for place in places:
                number = await self._lowest_free(person_id, place.scope)
                slot = {"scope": place.scope, "slot_no": number, "slots_max": max(place.slots_max, number)}
                of_award = {"person_id": person_id, "class_id": class_id, "award": award}
                await self._connection.execute(insert(CAP_SLOT).values({**slot, **of_award}))
        except IntegrityError as lost:
            raise Conflict(
                code="CAP_TAKEN",
                message="学员的补贴次数刚被另一笔申领占用，本次申领未生效。",
                advice="请重新提交；系统将按最新的享受记录计算。",
            ) from lost

    async def _lowest_free(self, person_id: str, scope: str) -> int:
        query = select(_SLOT.slot_no).where(_SLOT.person_id == person_id, _SLOT.scope == scope)
        taken = set((await self._connection.execute(query)).scalars())
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    async def _free(self, class_id: str, held: Sequence[Held]) -> None:
        if not held:
            return
        for table in (CAP_SLOT, CAP_USE):
            of_class = table.c.class_id == class_id
            awards = tuple_(table.c.person_id, table.c.award).in_(held)
            await self._connection.execute(delete(table).where(of_class, awards))


def _use(row: Row[Any]) -> Use:
    on: date = row.used_on
    return Use(
        person_id=row.person_id,
        programme=row.programme,
        on=on,
        occupation=row.occupation,
        level=row.level,
        employer=row.employer,
    )
