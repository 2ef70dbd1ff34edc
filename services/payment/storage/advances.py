"""Advances, their duties, sendings, demands and clearings as rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

from sqlalchemy import Row, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.advance_money import (
    AdvancePayment,
    AdvanceState,
    Clearing,
    Recovery,
    RecoveryState,
)
from services.payment.domain.duty import Duty
from services.payment.domain.order import Answer
from services.payment.storage.tables import (
    ADVANCE,
    ADVANCE_ATTEMPT,
    ADVANCE_CLEARING,
    ADVANCE_DUTY,
    ADVANCE_RECOVERY,
    CLAIM,
    CLAWBACK,
    CLAWBACK_REPAYMENT,
)
from shared.domain.errors import Conflict

_ADVANCE = ADVANCE.c
_ATTEMPT = ADVANCE_ATTEMPT.c
_PARTS: Final = ("clearings", "recoveries", "duties")
_COLUMNS: Final = tuple(each.name for each in fields(AdvancePayment) if each.name not in _PARTS)


class StoredAdvances:
    """The advances of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, advance_id: str) -> AdvancePayment | None:
        """Give an advance; whoever will change it locks its class first."""
        found = await self._read(select(ADVANCE).where(_ADVANCE.advance_id == advance_id))
        return found[0] if found else None

    async def of_class(self, class_id: str) -> tuple[AdvancePayment, ...]:
        """Give every advance of a class, by number and day."""
        return await self._read(select(ADVANCE).where(_ADVANCE.class_id == class_id))

    async def of_institution(self, institution_id: str) -> tuple[AdvancePayment, ...]:
        """Give every advance of an institution, the newest request last."""
        return _by_day(await self._read(select(ADVANCE).where(_ADVANCE.institution_id == institution_id)))

    async def of_regions(self, regions: Collection[str]) -> tuple[AdvancePayment, ...]:
        """Give every advance of these regions, the newest request last."""
        return _by_day(await self._read(select(ADVANCE).where(_ADVANCE.region.in_(regions))))

    async def duties(self, class_id: str) -> Mapping[str, Duty]:
        """Give who holds which duty in the advances of a class."""
        return (await self._duties([class_id])).get(class_id, {})

    async def add(self, advance: AdvancePayment) -> AdvancePayment:
        """Store a request; raise Conflict ADVANCE_TAKEN when another took its place among the class's first."""
        stored = replace(advance, version=1)
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(insert(ADVANCE).values(_row(stored)))
        except IntegrityError as error:
            raise Conflict(
                code="ADVANCE_TAKEN",
                message="该班刚有另一笔预付申请，本次申请未生效。",
                advice="请查询该班的预付后再办理。",
            ) from error
        return stored

    async def save(self, before: AdvancePayment, after: AdvancePayment) -> AdvancePayment:
        """Store what changed, duties first; raise Conflict ADVANCE_MOVED_ON when the stored advance moved on."""
        stored = replace(after, version=before.version + 1)
        known = (await self._duties([after.class_id])).get(after.class_id, {})
        for actor in after.duties.keys() - known.keys():
            row = {"class_id": after.class_id, "actor": actor, "duty": after.duties[actor].value}
            await self._connection.execute(insert(ADVANCE_DUTY).values(row))
        standing = (_ADVANCE.advance_id == before.advance_id, _ADVANCE.version == before.version)
        written = await self._connection.execute(update(ADVANCE).where(*standing).values(_row(stored)))
        if written.rowcount != 1:
            raise Conflict(
                code="ADVANCE_MOVED_ON",
                message="该笔预付刚被其他操作修改，本次操作未生效。",
                advice="请重新查询该笔预付后再办理。",
            )
        await self._save_recoveries(before, after)
        for clearing in after.clearings[len(before.clearings) :]:
            await self._connection.execute(insert(ADVANCE_CLEARING).values(_clearing_row(after, clearing)))
        return stored

    async def ready(self, funding_source: str, regions: Collection[str]) -> tuple[AdvancePayment, ...]:
        """Give the advances of a source that wait for a bank file, by class and id."""
        query = select(ADVANCE).where(
            _ADVANCE.funding_source == funding_source, _ADVANCE.state == "ready", _ADVANCE.region.in_(regions)
        )
        return tuple(sorted(await self._read(query), key=lambda each: (each.class_id, each.advance_id)))

    async def sent_in(self, bank_file_id: str) -> Sequence[Mapping[str, str | int]]:
        """Give what of a bank file are advances: `advance_id`, `attempt`, `account_id`, by id."""
        query = (
            select(_ATTEMPT.advance_id, _ATTEMPT.attempt, _ATTEMPT.account_id)
            .where(_ATTEMPT.bank_file_id == bank_file_id)
            .order_by(_ATTEMPT.advance_id)
        )
        return [dict(row) for row in (await self._connection.execute(query)).mappings()]

    async def sending(self, advance_id: str, attempt: int) -> Mapping[str, str | None] | None:
        """Give the `bank_file_id` and the `outcome` of one sending."""
        query = select(_ATTEMPT.bank_file_id, _ATTEMPT.outcome).where(
            _ATTEMPT.advance_id == advance_id, _ATTEMPT.attempt == attempt
        )
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else dict(row)

    async def add_sending(self, advance: AdvancePayment, *, bank_file_id: str, account_id: str, sender: str) -> None:
        """Store that an advance went to the bank."""
        row = {
            "advance_id": advance.advance_id,
            "attempt": advance.attempt,
            "class_id": advance.class_id,
            "bank_file_id": bank_file_id,
            "account_id": account_id,
            "sender": sender,
        }
        await self._connection.execute(insert(ADVANCE_ATTEMPT).values(row))

    async def record_answer(self, answer: Answer) -> None:
        """Store what the bank answered; the answer's order is the advance."""
        asked = update(ADVANCE_ATTEMPT).where(
            _ATTEMPT.advance_id == answer.order_id, _ATTEMPT.attempt == answer.attempt
        )
        await self._connection.execute(
            asked.values(outcome=answer.outcome, answered_on=answer.on, reason_code=answer.reason_code)
        )

    async def is_receipt_used(self, institution_id: str, funding_source: str, reference: str) -> bool:
        """Say whether the bank's receipt was counted for an advance or a claw-back of this institution before."""
        clearing, repaid = ADVANCE_CLEARING.c, CLAWBACK_REPAYMENT.c
        of_advances = select(clearing.number).where(
            clearing.institution_id == institution_id,
            clearing.funding_source == funding_source,
            clearing.reference == reference,
        )
        of_claims = (
            select(repaid.number)
            .join(CLAWBACK, CLAWBACK.c.clawback_id == repaid.clawback_id)
            .join(CLAIM, CLAIM.c.claim_id == CLAWBACK.c.claim_id)
            .where(CLAIM.c.owner == institution_id)
            .where(repaid.funding_source == funding_source, repaid.reference == reference)
        )
        used = select(1).where(or_(of_advances.exists(), of_claims.exists()))
        return (await self._connection.execute(used)).first() is not None

    async def _save_recoveries(self, before: AdvancePayment, after: AdvancePayment) -> None:
        known = {each.number: each for each in before.recoveries}
        for recovery in after.recoveries:
            row = _recovery_row(after, recovery)
            if recovery.number not in known:
                await self._connection.execute(insert(ADVANCE_RECOVERY).values(row))
            elif known[recovery.number] != recovery:
                mine = update(ADVANCE_RECOVERY).where(
                    ADVANCE_RECOVERY.c.advance_id == after.advance_id, ADVANCE_RECOVERY.c.number == recovery.number
                )
                decision = ("state", "decided_by", "decided_on", "decision_reason")
                await self._connection.execute(mine.values({name: row[name] for name in decision}))

    async def _read(self, query: Select[Any]) -> tuple[AdvancePayment, ...]:
        ordered = query.order_by(_ADVANCE.number, _ADVANCE.requested_on, _ADVANCE.advance_id)
        rows = (await self._connection.execute(ordered)).all()
        if not rows:
            return ()
        ids = [row.advance_id for row in rows]
        clearings: dict[str, list[Clearing]] = {each: [] for each in ids}
        recoveries: dict[str, list[Recovery]] = {each: [] for each in ids}
        less, asked = ADVANCE_CLEARING.c, ADVANCE_RECOVERY.c
        for row in await self._connection.execute(
            select(ADVANCE_CLEARING).where(less.advance_id.in_(ids)).order_by(less.number)
        ):
            clearings[row.advance_id].append(_clearing(row))
        for row in await self._connection.execute(
            select(ADVANCE_RECOVERY).where(asked.advance_id.in_(ids)).order_by(asked.number)
        ):
            recoveries[row.advance_id].append(_recovery(row))
        duties = await self._duties({row.class_id for row in rows})
        return tuple(
            _advance(
                row,
                tuple(clearings[row.advance_id]),
                tuple(recoveries[row.advance_id]),
                duties.get(row.class_id, {}),
            )
            for row in rows
        )

    async def _duties(self, class_ids: Collection[str]) -> dict[str, dict[str, Duty]]:
        query = select(ADVANCE_DUTY).where(ADVANCE_DUTY.c.class_id.in_(class_ids))
        found: dict[str, dict[str, Duty]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.class_id, {})[row.actor] = Duty(row.duty)
        return found


def _by_day(advances: Sequence[AdvancePayment]) -> tuple[AdvancePayment, ...]:
    return tuple(sorted(advances, key=lambda each: (each.requested_on, each.class_id, each.number)))


def _row(advance: AdvancePayment) -> dict[str, Any]:
    return {name: getattr(advance, name) for name in _COLUMNS} | {"state": advance.state.value}


def _advance(
    row: Row[Any], clearings: tuple[Clearing, ...], recoveries: tuple[Recovery, ...], duties: Mapping[str, Duty]
) -> AdvancePayment:
    values = {name: getattr(row, name) for name in _COLUMNS} | {"state": AdvanceState(row.state)}
    return AdvancePayment(**values, clearings=clearings, recoveries=recoveries, duties=duties)


def _clearing_row(advance: AdvancePayment, clearing: Clearing) -> dict[str, Any]:
    return {
        "advance_id": advance.advance_id,
        "number": clearing.number,
        "institution_id": advance.institution_id,
        "funding_source": advance.funding_source,
        "kind": clearing.kind,
        "amount_fen": clearing.amount_fen,
        "cleared_on": clearing.on,
        "recorded_by": clearing.recorded_by,
        "order_id": clearing.order_id,
        "reference": clearing.reference,
    }


def _clearing(row: Row[Any]) -> Clearing:
    return Clearing(
        number=row.number,
        kind=row.kind,
        amount_fen=row.amount_fen,
        on=row.cleared_on,
        recorded_by=row.recorded_by,
        order_id=row.order_id,
        reference=row.reference,
    )


def _recovery_row(advance: AdvancePayment, recovery: Recovery) -> dict[str, Any]:
    return {
        "advance_id": advance.advance_id,
        "number": recovery.number,
        "class_id": advance.class_id,
        "amount_fen": recovery.amount_fen,
        "due_on": recovery.due_on,
        "reason": recovery.reason,
        "proposed_by": recovery.proposed_by,
        "duty": recovery.duty.value,
        "proposed_on": recovery.proposed_on,
        "state": recovery.state.value,
        "decided_by": recovery.decided_by,
        "decided_on": recovery.decided_on,
        "decision_reason": recovery.decision_reason,
    }


def _recovery(row: Row[Any]) -> Recovery:
    return Recovery(
        number=row.number,
        amount_fen=row.amount_fen,
        due_on=row.due_on,
        reason=row.reason,
        proposed_by=row.proposed_by,
        duty=Duty(row.duty),
        proposed_on=row.proposed_on,
        state=RecoveryState(row.state),
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        decision_reason=row.decision_reason,
    )
