"""What people are paid for where a document says how often; the database, not this code, decides races for a place."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.caps import Place, Use
from services.payment.storage.tables import CAP_PERSON, CAP_SLOT, CAP_USE
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict

_PERSON, _USE, _SLOT = CAP_PERSON.c, CAP_USE.c, CAP_SLOT.c
Held = tuple[str, str]
"""A person and the award that is held for them."""


class StoredUses:
    """The uses of one transaction."""

    def __init__(self, connection: AsyncConnection, *, locking: bool) -> None:
        self._connection = connection
        self._locking = locking

    async def elsewhere(self, class_id: str, persons: Collection[str]) -> Sequence[Use]:
        """Give what these people are paid for in other classes, by day.

        Whoever may write (`locking`) keeps everybody else from judging them until the transaction ends: what is
        admitted after this reading is still admitted when its places are taken.
        """
        if self._locking:
            await self.lock(persons)
        query = select(CAP_USE).where(_USE.person_id.in_(persons), _USE.class_id != class_id)
        rows = await self._connection.execute(query.order_by(_USE.used_on, _USE.class_id, _USE.award))
        return [_use(row) for row in rows]

    async def lock(self, persons: Collection[str]) -> None:
        """Keep everybody else from judging what these people are paid for until the transaction ends."""
        rows = [{"person_id": person} for person in sorted(set(persons))]
        if not rows:
            return
        await self._connection.execute(insert_or_ignore(self._connection, CAP_PERSON, rows))
        mine = select(_PERSON.person_id).where(_PERSON.person_id.in_(persons)).order_by(_PERSON.person_id)
        await self._connection.execute(mine.with_for_update())

    async def of_class(self, class_id: str, claim_id: str | None = None) -> Mapping[Held, Use]:
        """Give the awards held in the class, those of one claim where it is named, with what each is held for."""
        query = select(CAP_USE).where(_USE.class_id == class_id)
        if claim_id is not None:
            query = query.where(_USE.claim_id == claim_id)
        return {(row.person_id, row.award): _use(row) for row in await self._connection.execute(query)}

    async def hold(
        self,
        class_id: str,
        claim_id: str,
        wanted: Mapping[Held, tuple[Use, Sequence[Place]]],
        *,
        owing: Collection[str],
    ) -> frozenset[str]:
        """Let a claim hold these awards, and of people who are `owing` also what they hold already; free the others.

        Give whose places were freed. What is held for something else by now (another day, another level) is freed and
        taken anew. Raise Conflict CAP_TAKEN when another claim took a last place first.
        """
        mine = await self.of_class(class_id, claim_id)
        moved = {held for held in mine.keys() & wanted.keys() if wanted[held][0] != mine[held]}
        gone = {held for held in mine.keys() - wanted.keys() if held[0] not in owing}
        await self._free(class_id, sorted(moved | gone))
        for held in sorted((wanted.keys() - mine.keys()) | moved):
            await self._take(class_id, claim_id, held, *wanted[held])
        return frozenset(person_id for person_id, _ in moved | gone)

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
            "days": [day.isoformat() for day in use.days],
        }
        slot = {"person_id": person_id, "class_id": class_id, "award": award}
        try:
            await self._connection.execute(insert(CAP_USE).values(row))
            if places:
                numbered = await self._numbered(class_id, person_id, places)
                await self._connection.execute(insert(CAP_SLOT), [{**slot, **numbers} for numbers in numbered])
        except IntegrityError as lost:
            raise Conflict(
                code="CAP_TAKEN",
                message="学员的补贴次数（或按日计发的日期）刚被另一笔申领占用，本次申领未生效。",
                advice="请重新提交；系统将按最新的享受记录计算。",
            ) from lost

    async def _numbered(
        self, class_id: str, person_id: str, places: Sequence[Place]
    ) -> Sequence[Mapping[str, int | str]]:
        """Give each place the lowest free number and up to which they go; those of the same class take none from it."""
        scopes = [place.scope for place in places]
        query = select(_SLOT.scope, _SLOT.slot_no, _SLOT.class_id).where(
            _SLOT.person_id == person_id, _SLOT.scope.in_(scopes)
        )
        taken: dict[str, dict[int, str]] = {scope: {} for scope in scopes}
        for row in await self._connection.execute(query):
            taken[row.scope][row.slot_no] = row.class_id
        found: list[Mapping[str, int | str]] = []
        for place in places:
            others = taken[place.scope]
            number = next(number for number in range(1, len(others) + 2) if number not in others)
            slots_max = number if place.beyond else place.slots_max + sum(each == class_id for each in others.values())
            found.append({"scope": place.scope, "slot_no": number, "slots_max": slots_max})
        return found

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
        days=tuple(map(date.fromisoformat, row.days)),
    )
