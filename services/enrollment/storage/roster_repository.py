"""Rosters in storage: personal data sealed, judgements in the open."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.archive import ArchivedClass
from services.enrollment.domain.history import PastTraining
from services.enrollment.domain.roster import Judgement, RosterEntry
from services.enrollment.domain.roster_row import Particulars, RosterRow
from services.enrollment.domain.training_class import LIVE, RELEASED
from services.enrollment.storage.tables import INSTITUTION, ROSTER_ROW, TRAINING_CLASS
from shared.database.encryption import Vault
from shared.policy.decision import Finding

_PARTICULARS = TypeAdapter(Particulars)
_FINDINGS = TypeAdapter(tuple[Finding, ...])
_HAD_A_PLACE = (
    or_(ROSTER_ROW.c.verdict != "refused", ROSTER_ROW.c.withdrawn_on.is_not(None)),
    TRAINING_CLASS.c.state.in_(LIVE | RELEASED | {"completed"}),
)
"""Rows refused from the start, and classes that nobody applied for, gave nobody a place."""


class RosterRepository:
    """Reads and writes rosters; the class row is locked by whoever writes."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def entries(self, class_id: str) -> list[RosterEntry]:
        """Give the whole roster by row number."""
        found = await self._connection.execute(
            select(ROSTER_ROW).where(ROSTER_ROW.c.class_id == class_id).order_by(ROSTER_ROW.c.row_no)
        )
        return [self._entry(row) for row in found]

    async def tally(self, class_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """Give how many rows of each class have which verdict, and how many people left (`withdrawn`)."""
        column = ROSTER_ROW.c
        found = await self._connection.execute(
            select(column.class_id, column.verdict, func.count(), func.count(column.withdrawn_on))
            .where(column.class_id.in_(class_ids))
            .group_by(column.class_id, column.verdict)
        )
        tallies: dict[str, dict[str, int]] = {}
        for class_id, verdict, rows, withdrawn in found:
            tally = tallies.setdefault(class_id, {"withdrawn": 0})
            tally[verdict] = rows
            tally["withdrawn"] += withdrawn
        return tallies

    async def replace(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Store this as the whole roster; the database refuses it unless the class is draft or returned."""
        await self._connection.execute(delete(ROSTER_ROW).where(ROSTER_ROW.c.class_id == class_id))
        await self.add(class_id, entries)

    async def add(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Add rows; after submission the database refuses any that no approved change brings."""
        if rows := [self._values(class_id, entry) for entry in entries]:
            await self._connection.execute(insert(ROSTER_ROW), rows)

    async def save_judgements(self, class_id: str, entries: Iterable[RosterEntry]) -> None:
        """Store verdicts, findings and withdrawals of rows that stand."""
        rows = [
            {
                "at_class": class_id,
                "at_row": entry.row.row,
                "verdict": entry.judgement.verdict,
                "findings": _FINDINGS.dump_python(entry.judgement.findings, mode="json"),
                "relies_on": list(entry.judgement.relies_on),
                "withdrawn_on": entry.withdrawn_on,
                "withdrawal_code": entry.withdrawal_code,
                "sealed_withdrawal_reason": self._sealed_reason(class_id, entry),
            }
            for entry in entries
        ]
        if not rows:
            return
        this = (ROSTER_ROW.c.class_id == bindparam("at_class"), ROSTER_ROW.c.row_no == bindparam("at_row"))
        stored: dict[str, Any] = {name: bindparam(name) for name in rows[0] if not name.startswith("at_")}
        await self._connection.execute(update(ROSTER_ROW).where(*this).values(stored), rows)

    async def history(self, person_ids: Collection[str], *, besides: str) -> dict[str, tuple[PastTraining, ...]]:
        """Give the persons' places in other classes that were applied for; rows refused from the start are none."""
        row, klass = ROSTER_ROW.c, TRAINING_CLASS.c
        found = await self._connection.execute(
            select(
                row.person_id,
                row.withdrawn_on,
                klass.class_id,
                klass.state,
                klass.opening_date,
                klass.occupation,
                klass.level,
                klass.reservation_version,
            )
            .join(TRAINING_CLASS, klass.class_id == row.class_id)
            .where(row.person_id.in_(person_ids), klass.class_id != besides, *_HAD_A_PLACE)
            .order_by(klass.opening_date, klass.class_id)
        )
        history: dict[str, tuple[PastTraining, ...]] = {}
        for one in found:
            past = PastTraining(
                class_id=one.class_id,
                opening_date=one.opening_date,
                occupation=one.occupation,
                level=one.level,
                released=one.state in RELEASED or one.withdrawn_on is not None,
                reserved=one.reservation_version is not None,
            )
            history[one.person_id] = (*history.get(one.person_id, ()), past)
        return history

    async def places_of(self, person_id: str) -> tuple[ArchivedClass, ...]:
        """Give the person's places in classes that were applied for, by opening date; rows refused are none."""
        row, klass = ROSTER_ROW.c, TRAINING_CLASS.c
        found = await self._connection.execute(
            select(
                klass.class_id,
                klass.region,
                klass.rulebook_id,
                INSTITUTION.c.name.label("institution_name"),
                klass.training_type,
                klass.programme,
                klass.occupation,
                klass.level,
                klass.opening_date,
                klass.closing_date,
                klass.state,
                row.masked_name,
                row.withdrawn_on.label("left_on"),
            )
            .join(TRAINING_CLASS, klass.class_id == row.class_id)
            .join(INSTITUTION, INSTITUTION.c.institution_id == klass.institution_id)
            .where(row.person_id == person_id, *_HAD_A_PLACE)
            .order_by(klass.opening_date, klass.class_id)
        )
        return tuple(ArchivedClass(**one) for one in found.mappings())

    def _values(self, class_id: str, entry: RosterEntry) -> dict[str, Any]:
        row, judgement = entry.row, entry.judgement
        particulars = _PARTICULARS.dump_json(row.particulars).decode()
        return {
            "class_id": class_id,
            "row_no": row.row,
            "person_id": row.person_id,
            "masked_name": row.masked_name,
            "sealed_particulars": self._vault.seal(particulars, purpose=_purpose(class_id)),
            "group_code": row.group,
            "employer_name": row.employer_name,
            "employer_credit_code": row.employer_credit_code,
            "employer_region": row.employer_region,
            "fee_fen": row.fee_fen,
            "declares_ability_and_will": row.declares_ability_and_will,
            "exclusions": list(row.exclusions),
            "employee_focus": list(row.employee_focus),
            "malformed": list(row.malformed),
            "name_differs": row.name_differs,
            "verdict": judgement.verdict,
            "findings": _FINDINGS.dump_python(judgement.findings, mode="json"),
            "relies_on": list(judgement.relies_on),
            "withdrawn_on": entry.withdrawn_on,
            "withdrawal_code": entry.withdrawal_code,
            "change_no": row.change,
            "sealed_withdrawal_reason": self._sealed_reason(class_id, entry),
        }

    def _sealed_reason(self, class_id: str, entry: RosterEntry) -> bytes | None:
        reason = entry.withdrawal_reason
        return None if reason is None else self._vault.seal(reason, purpose=_reason_purpose(class_id))

    def _entry(self, row: Row[Any]) -> RosterEntry:
        particulars = self._vault.open(row.sealed_particulars, purpose=_purpose(row.class_id))
        reason = row.sealed_withdrawal_reason
        return RosterEntry(
            row=RosterRow(
                row=row.row_no,
                particulars=_PARTICULARS.validate_json(particulars),
                group=row.group_code,
                employer_name=row.employer_name,
                employer_credit_code=row.employer_credit_code,
                employer_region=row.employer_region,
                fee_fen=row.fee_fen,
                declares_ability_and_will=row.declares_ability_and_will,
                exclusions=tuple(row.exclusions),
                employee_focus=tuple(row.employee_focus),
                malformed=tuple(row.malformed),
                person_id=row.person_id,
                masked_name=row.masked_name,
                name_differs=row.name_differs,
                change=row.change_no,
            ),
            judgement=Judgement(
                verdict=row.verdict,
                findings=_FINDINGS.validate_python(row.findings),
                relies_on=tuple(row.relies_on),
            ),
            withdrawn_on=row.withdrawn_on,
            withdrawal_code=row.withdrawal_code,
            withdrawal_reason=reason and self._vault.open(reason, purpose=_reason_purpose(row.class_id)),
        )


def _purpose(class_id: str) -> str:
    return f"roster_row.particulars:{class_id}"


def _reason_purpose(class_id: str) -> str:
    return f"roster_row.withdrawal_reason:{class_id}"
