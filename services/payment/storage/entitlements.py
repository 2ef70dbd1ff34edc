"""Entitlement slots as rows; the database, not this code, decides races for a person's last one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.entitlement import Scope
from services.payment.storage.tables import ENTITLEMENT_ENTRY, ENTITLEMENT_SLOT
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict

_SLOT = ENTITLEMENT_SLOT.c
_EXCEPTIONS_MAX = 10
"""So many decisions may let one person train beyond the cap of one scope."""


class StoredEntitlements:
    """The slots of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(
        self, class_id: str, persons: Sequence[str], scope: Scope, *, excepted: Collection[str] = (), on: date
    ) -> frozenset[str]:
        """Take a slot for everybody who has one left and give those who hold one for this class now.

        A recorded decision lets those `excepted` have one above the cap, where theirs are used (JY-ENR-05).
        Slots are asked for in the order of people, so that two classes wanting the same people wait for each other in
        one order. A slot of the class in another scope (its opening moved to another year) is given up first.
        """
        await self._leave_other_scopes(class_id, scope, on)
        holding = select(_SLOT.person_id).where(_SLOT.class_id == class_id)
        granted = set((await self._connection.execute(holding)).scalars())
        for slot_no in range(1, scope.slots_max + _EXCEPTIONS_MAX + 1):
            eligible = persons if slot_no <= scope.slots_max else excepted
            rows = [
                {
                    "person_id": person,
                    "scope": scope.key,
                    "slot_no": slot_no,
                    "slots_max": max(scope.slots_max, slot_no),
                    "class_id": class_id,
                    "state": "reserved",
                }
                for person in sorted(set(persons) & set(eligible) - granted)
            ]
            if not rows:
                continue
            statement = insert_or_ignore(self._connection, ENTITLEMENT_SLOT, rows).returning(*ENTITLEMENT_SLOT.c)
            taken = (await self._connection.execute(statement)).all()
            granted.update(row.person_id for row in taken)
            await self._enter(taken, act="reserved", reason="class_approved", on=on)
        return frozenset(granted & set(persons))

    async def held(self, class_id: str) -> Mapping[str, str]:
        """Give who holds a slot for the class, and whether it is `reserved` or `used`."""
        query = select(_SLOT.person_id, _SLOT.state).where(_SLOT.class_id == class_id)
        return {row.person_id: row.state for row in await self._connection.execute(query)}

    async def release(
        self, class_id: str, persons: Collection[str] | None, *, reason: str, on: date, used: bool = False
    ) -> frozenset[str]:
        """Free the reserved (with `used`, the used) slots of these people, of everybody for None, and give whose."""
        state = "used" if used else "reserved"
        slots = select(ENTITLEMENT_SLOT).where(_SLOT.class_id == class_id, _SLOT.state == state)
        if persons is not None:
            slots = slots.where(_SLOT.person_id.in_(persons))
        return await self._free(slots, act="released", reason=reason, on=on)

    async def use(self, class_id: str, persons: Collection[str], *, on: date) -> None:
        """Mark slots as used; raise Conflict ENTITLEMENT_GONE when somebody holds none."""
        mine = (_SLOT.class_id == class_id, _SLOT.person_id.in_(persons))
        fresh = (await self._connection.execute(select(ENTITLEMENT_SLOT).where(*mine, _SLOT.state == "reserved"))).all()
        await self._connection.execute(update(ENTITLEMENT_SLOT).where(*mine).values(state="used"))
        held = await self.held(class_id)
        if not set(persons) <= {person for person, state in held.items() if state == "used"}:
            raise Conflict(
                code="ENTITLEMENT_GONE",
                message="有学员在本班的补贴资格已经释放，不能审核通过。",
                advice="请重新打开申领，核对学员名单后再办理。",
            )
        await self._enter(fresh, act="used", reason="claim_approved", on=on)

    async def _leave_other_scopes(self, class_id: str, scope: Scope, on: date) -> None:
        elsewhere = select(ENTITLEMENT_SLOT).where(
            _SLOT.class_id == class_id, _SLOT.scope != scope.key, _SLOT.state == "reserved"
        )
        await self._free(elsewhere, act="moved", reason="opening_moved", on=on)

    async def _free(self, which: Select[Any], *, act: str, reason: str, on: date) -> frozenset[str]:
        rows = (await self._connection.execute(which.order_by(_SLOT.person_id).with_for_update())).all()
        for row in rows:
            await self._connection.execute(
                delete(ENTITLEMENT_SLOT).where(
                    _SLOT.person_id == row.person_id, _SLOT.scope == row.scope, _SLOT.slot_no == row.slot_no
                )
            )
        await self._enter(rows, act=act, reason=reason, on=on)
        return frozenset(row.person_id for row in rows)

    async def _enter(self, slots: Iterable[Row[Any]], *, act: str, reason: str, on: date) -> None:
        entries = [
            {
                "person_id": slot.person_id,
                "scope": slot.scope,
                "slot_no": slot.slot_no,
                "class_id": slot.class_id,
                "act": act,
                "reason": reason,
                "entered_on": on,
            }
            for slot in slots
        ]
        if entries:
            await self._connection.execute(insert(ENTITLEMENT_ENTRY), entries)
