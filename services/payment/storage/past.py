"""Subsidies that people had elsewhere as rows: no name and no number, only keyed hashes and checks."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.caps import Use
from services.payment.domain.past_subsidy import PastSubsidy
from services.payment.storage.tables import (
    CLAIM_PERSON,
    PAST_PERSON,
    PAST_SUBSIDY,
    PAST_SUBSIDY_WITHDRAWAL,
)
from shared.contracts.enrollment import OpenedTrainee
from shared.database.upsert import insert_or_ignore

_HAD: Final = PAST_SUBSIDY.c
_PERSON: Final = PAST_PERSON.c
_GONE: Final = exists().where(PAST_SUBSIDY_WITHDRAWAL.c.number == _HAD.number)


class StoredPast:
    """The past subsidies of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, person_key: str, had: PastSubsidy, *, by: str, on: date) -> int | None:
        """Add one and give its number, None when it was imported before."""
        row = {
            "person_key": person_key,
            "programme": had.programme,
            "occupation": had.occupation or "",
            "level": had.level or "",
            "employer": had.employer,
            "had_on": had.had_on,
            "source": had.source,
            "imported_by": by,
            "imported_on": on,
        }
        added = insert_or_ignore(self._connection, PAST_SUBSIDY, row).returning(_HAD.number)
        number: int | None = (await self._connection.execute(added)).scalar_one_or_none()
        return number

    async def know(self, person_key: str, checks: Mapping[str, str]) -> None:
        """Remember by which checks a person is recognised on a roster, by the id of their key."""
        rows = [{"person_key": person_key, "check_key": key, "identity_check": check} for key, check in checks.items()]
        await self._connection.execute(insert_or_ignore(self._connection, PAST_PERSON, rows))

    async def past_uses(self, trainees: Collection[OpenedTrainee]) -> tuple[Use, ...] | None:
        """Give what these trainees had elsewhere, by day.

        Give None while somebody's past is not known under the key of the trainees' checks: nobody is taken for a
        stranger because a key was changed, or because the opening told no check of the number.
        """
        keys = {trainee.payee_check_key if trainee.identity_check else "" for trainee in trainees}
        if not await self._is_known(keys):
            return None
        by_check = {(trainee.payee_check_key, trainee.identity_check): trainee.person_id for trainee in trainees}
        query = (
            select(PAST_SUBSIDY, _PERSON.check_key, _PERSON.identity_check)
            .join(PAST_PERSON, _PERSON.person_key == _HAD.person_key)
            .where(_PERSON.identity_check.in_([check for _, check in by_check]), ~_GONE)
            .order_by(_HAD.had_on, _HAD.number)
        )
        found = [
            (by_check[row.check_key, row.identity_check], row)
            for row in await self._connection.execute(query)
            if (row.check_key, row.identity_check) in by_check
        ]
        return tuple(
            PastSubsidy(
                programme=row.programme,
                had_on=row.had_on,
                source=row.source,
                occupation=row.occupation or None,
                level=row.level or None,
                employer=row.employer,
            ).use_of(person_id)
            for person_id, row in found
        )

    async def importer(self, number: int) -> str | None:
        """Give who imported an entry that was not withdrawn, None for one that is not there."""
        query = select(_HAD.imported_by).where(_HAD.number == number, ~_GONE)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def withdraw(self, number: int, *, importer: str, reason: str, by: str, on: date) -> None:
        """Add the opposite entry of an entry."""
        row = {"number": number, "imported_by": importer, "reason": reason, "withdrawn_by": by, "withdrawn_on": on}
        await self._connection.execute(insert(PAST_SUBSIDY_WITHDRAWAL).values(row))

    async def person_of(self, number: int) -> str:
        """Give whose entry it is."""
        query = select(_HAD.person_key).where(_HAD.number == number)
        return str((await self._connection.execute(query)).scalar_one())

    async def classes_of(self, person_keys: Collection[str]) -> tuple[str, ...]:
        """Give the classes for which these people were claimed, sorted."""
        checks = select(_PERSON.identity_check).where(_PERSON.person_key.in_(person_keys))
        claimed = CLAIM_PERSON.c
        query = select(claimed.class_id).distinct().where(claimed.identity_check.in_(checks))
        query = query.order_by(claimed.class_id)
        return tuple((await self._connection.execute(query)).scalars())

    async def _is_known(self, keys: Collection[str]) -> bool:
        for key in sorted(keys):
            known = exists().where(_PERSON.person_key == _HAD.person_key, _PERSON.check_key == key)
            unknown = select(_HAD.number).where(~known, ~_GONE).limit(1)
            if (await self._connection.execute(unknown)).first() is not None:
                return False
        return True
