"""Persons in storage: found by a keyed hash, name and number sealed."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.person import Checks, Identity, Person
from services.enrollment.storage.tables import PERSON
from shared.clock import new_id
from shared.database.encryption import Vault, identity_check, payee_check, payee_check_key_id
from shared.database.upsert import insert_or_ignore
from shared.domain.masking import masked_name

_LOOKUP = "person.identity_number"


class PersonRepository:
    """Finds and registers persons; the only place that knows the keys of identity.

    Everybody writes persons in the order of `lookup`, so that two rosters do not deadlock.
    """

    def __init__(self, connection: AsyncConnection, vault: Vault, payee_check_key: bytes) -> None:
        self._connection = connection
        self._vault = vault
        self._payee_check_key = payee_check_key

    async def identify(self, identities: Iterable[Identity]) -> dict[Identity, Person]:
        """Give the person of every identity, registering those not yet known.

        The first name stated stands until a bureau confirmed one; before that a later one replaces it, afterwards
        it is reported as differing.
        """
        stated = {identity: self._lookup(identity.identity_number) for identity in identities}
        in_order = sorted(stated, key=lambda identity: stated[identity])
        rows = await self._rows(stated.values())
        missing = [identity for identity in in_order if stated[identity] not in rows]
        for identity in missing:
            values = self._new_row(stated[identity], identity)
            await self._connection.execute(insert_or_ignore(self._connection, PERSON, values))
        if missing:
            rows = await self._rows(stated.values())
        return {identity: await self._person(rows[stated[identity]], identity.name) for identity in in_order}

    async def find(self, identity_number: str) -> str | None:
        """Give the id of the person with this normalised number, or None; nobody is registered."""
        this = PERSON.c.lookup == self._lookup(identity_number)
        found: str | None = (
            await self._connection.execute(select(PERSON.c.person_id).where(this))
        ).scalar_one_or_none()
        return found

    async def identity_number_of(self, person_id: str) -> str | None:
        """Give the number of a registered person, or None."""
        query = select(PERSON.c.sealed_identity_number).where(PERSON.c.person_id == person_id)
        sealed = (await self._connection.execute(query)).scalar_one_or_none()
        return None if sealed is None else self._vault.open(sealed, purpose=_number_purpose(person_id))

    async def confirm(self, names: Mapping[str, str]) -> None:
        """Make these the confirmed names, by person id."""
        found = await self._connection.execute(
            select(PERSON.c.person_id).where(PERSON.c.person_id.in_(names)).order_by(PERSON.c.lookup)
        )
        for person_id in found.scalars().all():
            await self._rename(person_id, names[person_id], confirmed=True)

    def checks(self, identity: Identity) -> Checks:
        """Give the keyed checks by which payment recognises a payee and what the person had elsewhere."""
        return Checks(
            payee=payee_check(identity.name, identity.identity_number, self._payee_check_key),
            identity=identity_check(identity.identity_number, self._payee_check_key),
            key=payee_check_key_id(self._payee_check_key),
        )

    async def _rows(self, lookups: Iterable[str]) -> dict[str, Row[Any]]:
        found = await self._connection.execute(select(PERSON).where(PERSON.c.lookup.in_(tuple(lookups))))
        return {row.lookup: row for row in found}

    async def _person(self, row: Row[Any], name: str) -> Person:
        known = self._vault.open(row.sealed_name, purpose=_name_purpose(row.person_id))
        differs = not self._same_name(known, name)
        if differs and not row.confirmed:
            await self._rename(row.person_id, name, confirmed=False)
            differs = False
        return Person(person_id=row.person_id, name_differs=differs)

    async def _rename(self, person_id: str, name: str, *, confirmed: bool) -> None:
        await self._connection.execute(
            update(PERSON)
            .where(PERSON.c.person_id == person_id)
            .values(
                sealed_name=self._vault.seal(name, purpose=_name_purpose(person_id)),
                masked_name=masked_name(name),
                confirmed=confirmed,
            )
        )

    def _new_row(self, lookup: str, identity: Identity) -> dict[str, Any]:
        person_id = new_id()
        return {
            "person_id": person_id,
            "lookup": lookup,
            "sealed_identity_number": self._vault.seal(identity.identity_number, purpose=_number_purpose(person_id)),
            "sealed_name": self._vault.seal(identity.name, purpose=_name_purpose(person_id)),
            "masked_name": masked_name(identity.name),
            "confirmed": False,
        }

    def _lookup(self, identity_number: str) -> str:
        return self._vault.lookup(identity_number, purpose=_LOOKUP)

    def _same_name(self, one: str, other: str) -> bool:
        # The check normalises widths, blanks and dots, exactly as payment will compare the payee.
        return payee_check(one, "", self._payee_check_key) == payee_check(other, "", self._payee_check_key)


def _number_purpose(person_id: str) -> str:
    return f"person.identity_number:{person_id}"


def _name_purpose(person_id: str) -> str:
    return f"person.name:{person_id}"
