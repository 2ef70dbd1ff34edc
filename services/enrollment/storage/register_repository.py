"""Registers in storage: the newest state of every entry, and every version that ever was."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.register import RegisterEntry, Value
from services.enrollment.storage.institution_tables import REGISTER_ENTRY, REGISTER_REVISION
from shared.database.encryption import Vault
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict


class RegisterRepository:
    """Reads and writes register entries; the values of `sealed` fields never stand in the open."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, entry: RegisterEntry, *, natural_key: str, sealed: Collection[str], by: str) -> bool:
        """Add an entry; give False when one with the same key stands in the register."""
        parts = self._values(entry, sealed)
        values = {
            "entry_id": entry.entry_id,
            "register": entry.register,
            "region": entry.region,
            "institution_id": entry.institution_id,
            "person_id": entry.person_id,
            "masked_name": entry.masked_name,
            "natural_key": natural_key,
            "recorded_on": entry.recorded_on,
            "struck_on": entry.struck_on,
            "version": entry.version,
            **parts,
        }
        column = REGISTER_ENTRY.c.entry_id
        added = await self._connection.execute(
            insert_or_ignore(self._connection, REGISTER_ENTRY, values).returning(column)
        )
        if added.first() is None:
            return False
        await self._keep(entry, parts, version=entry.version, on=entry.recorded_on, by=by)
        return True

    async def save(self, entry: RegisterEntry, *, sealed: Collection[str], on: date, by: str) -> RegisterEntry:
        """Store the entry under its next version and give it; raise Conflict when somebody else did meanwhile."""
        parts = self._values(entry, sealed)
        this = (REGISTER_ENTRY.c.entry_id == entry.entry_id, REGISTER_ENTRY.c.version == entry.version)
        saved = await self._connection.execute(
            update(REGISTER_ENTRY)
            .where(*this)
            .values(version=entry.version + 1, struck_on=entry.struck_on, **parts)
            .returning(REGISTER_ENTRY)
        )
        row = saved.one_or_none()
        if row is None:
            raise Conflict(code="ENTRY_CHANGED", message="该记录刚刚被他人修改。", advice="请刷新后重新办理。")
        await self._keep(entry, parts, version=row.version, on=on, by=by)
        return self._entry(row)

    async def get(self, register: str, entry_id: str) -> RegisterEntry | None:
        """Give, locked, the entry of the register, or None."""
        column = REGISTER_ENTRY.c
        found = await self._connection.execute(
            select(REGISTER_ENTRY).where(column.entry_id == entry_id, column.register == register).with_for_update()
        )
        row = found.one_or_none()
        return None if row is None else self._entry(row)

    async def find(self, register: str, natural_key: str) -> RegisterEntry | None:
        """Give the standing entry of this key, or None."""
        column = REGISTER_ENTRY.c
        found = await self._connection.execute(
            select(REGISTER_ENTRY).where(
                column.register == register, column.natural_key == natural_key, column.struck_on.is_(None)
            )
        )
        row = found.one_or_none()
        return None if row is None else self._entry(row)

    async def entries(
        self,
        register: str,
        *,
        institution_id: str | None = None,
        regions: Sequence[str] | None = None,
        stating: Mapping[str, str] | None = None,
        after: tuple[date, str] | None = None,
        limit: int | None = None,
    ) -> list[RegisterEntry]:
        """Give the standing entries by day and id, those that meet every condition given.

        `stating` are fields, none of them sealed, and what an entry says in each.
        """
        column = REGISTER_ENTRY.c
        query = select(REGISTER_ENTRY).where(column.register == register, column.struck_on.is_(None))
        if institution_id is not None:
            query = query.where(column.institution_id == institution_id)
        if regions is not None:
            query = query.where(column.region.in_(regions))
        for code, value in (stating or {}).items():
            query = query.where(column.open_values[code].as_string() == value)
        if after is not None:
            query = query.where(tuple_(column.recorded_on, column.entry_id) > tuple_(*after))
        query = query.order_by(column.recorded_on, column.entry_id)
        found = await self._connection.execute(query if limit is None else query.limit(limit))
        return [self._entry(row) for row in found]

    async def _keep(self, entry: RegisterEntry, parts: Mapping[str, Any], *, version: int, on: date, by: str) -> None:
        await self._connection.execute(
            insert(REGISTER_REVISION).values(
                entry_id=entry.entry_id,
                version=version,
                struck=entry.struck_on is not None,
                recorded_on=on,
                recorded_by=by,
                **parts,
            )
        )

    def _values(self, entry: RegisterEntry, sealed: Collection[str]) -> dict[str, Any]:
        hidden = {code: value for code, value in entry.values.items() if code in sealed}
        return {
            "open_values": {code: value for code, value in entry.values.items() if code not in sealed},
            "sealed_values": self._vault.seal(json.dumps(hidden), purpose=f"register_entry:{entry.entry_id}"),
        }

    def _entry(self, row: Row[Any]) -> RegisterEntry:
        hidden: dict[str, Value] = json.loads(
            self._vault.open(row.sealed_values, purpose=f"register_entry:{row.entry_id}")
        )
        return RegisterEntry(
            entry_id=row.entry_id,
            register=row.register,
            region=row.region,
            institution_id=row.institution_id,
            person_id=row.person_id,
            masked_name=row.masked_name,
            values={**row.open_values, **hidden},
            recorded_on=row.recorded_on,
            struck_on=row.struck_on,
            version=row.version,
        )
