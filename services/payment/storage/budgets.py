"""Budgets, commitments and rates as rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.budget import Budget, BudgetKey, changes_of
from services.payment.domain.rate_correction import CorrectionState, RateCorrection
from services.payment.domain.rates import Rate
from services.payment.storage.tables import BUDGET, BUDGET_ALLOTMENT, BUDGET_COMMITMENT, RATE, RATE_CORRECTION
from shared.database.upsert import insert_or_ignore, upsert


class StoredBudgets:
    """The budgets of one transaction; rows are locked in the order of their keys."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def allot(self, key: BudgetKey, *, amount_fen: int, document: str, by: str, at: datetime) -> int:
        """Add an allotment and give what is allotted altogether."""
        empty = {**_row(key), "allotted_fen": 0, "reserved_fen": 0}
        await self._connection.execute(insert_or_ignore(self._connection, BUDGET, empty))
        allotment = {**_row(key), "amount_fen": amount_fen, "document": document, "entered_by": by, "entered_at": at}
        await self._connection.execute(insert(BUDGET_ALLOTMENT).values(allotment))
        grown = (
            update(BUDGET)
            .where(_is(BUDGET, key))
            .values(allotted_fen=BUDGET.c.allotted_fen + amount_fen)
            .returning(BUDGET.c.allotted_fen)
        )
        return int((await self._connection.execute(grown)).scalar_one())

    async def find(self, ancestors: Sequence[str], funding_source: str, year: int) -> BudgetKey | None:
        """Give the nearest region's budget of the source and year."""
        query = select(BUDGET.c.region).where(
            BUDGET.c.region.in_(ancestors), BUDGET.c.funding_source == funding_source, BUDGET.c.year == year
        )
        there = set((await self._connection.execute(query)).scalars())
        nearest = next((region for region in ancestors if region in there), None)
        if nearest is None:
            return None
        return BudgetKey(region=nearest, funding_source=funding_source, year=year)

    async def held(self, class_id: str) -> Mapping[BudgetKey, int]:
        """Give what the class holds of which budgets."""
        mine = select(BUDGET_COMMITMENT).where(BUDGET_COMMITMENT.c.class_id == class_id)
        return {_key(row): row.amount_fen for row in await self._connection.execute(mine)}

    async def commit(self, class_id: str, wanted: Mapping[BudgetKey, int]) -> None:
        """Let the class hold exactly this; raise Refused BUDGET_EXHAUSTED, having changed nothing."""
        changes = changes_of(await self.held(class_id), wanted)
        changed = [(await self._locked(key)).change(by_fen) for key, by_fen in changes.items()]
        for budget in changed:
            await self._connection.execute(
                update(BUDGET).where(_is(BUDGET, budget.key)).values(reserved_fen=budget.reserved_fen)
            )
            await self._hold(class_id, budget.key, wanted.get(budget.key, 0))

    async def _locked(self, key: BudgetKey) -> Budget:
        row = (await self._connection.execute(select(BUDGET).where(_is(BUDGET, key)).with_for_update())).one()
        return Budget(key=key, allotted_fen=row.allotted_fen, reserved_fen=row.reserved_fen)

    async def _hold(self, class_id: str, key: BudgetKey, amount_fen: int) -> None:
        if amount_fen:
            row = {"class_id": class_id, **_row(key), "amount_fen": amount_fen}
            await self._connection.execute(upsert(self._connection, BUDGET_COMMITMENT, row))
            return
        gone = and_(BUDGET_COMMITMENT.c.class_id == class_id, _is(BUDGET_COMMITMENT, key))
        await self._connection.execute(delete(BUDGET_COMMITMENT).where(gone))


class StoredRates:
    """The append-only rate table of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self) -> None:
        """Keep everybody else who enters a rate waiting; SQLite has one writer anyway."""
        if self._connection.dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(hashtext('payment.rate'))")
            await self._connection.execute(lock)

    async def add(self, rate: Rate, *, by: str, at: datetime, correction_id: str | None = None) -> Rate:
        """Enter a row and give it with its number."""
        row = {**_rate_row(rate), "entered_by": by, "entered_at": at, "correction_id": correction_id}
        number = (await self._connection.execute(insert(RATE).values(row).returning(RATE.c.number))).scalar_one()
        return replace(rate, number=number)

    async def rows(self, regions: Collection[str]) -> tuple[Rate, ...]:
        """Give the rows of these regions in the order of their entry."""
        query = select(RATE).where(RATE.c.region.in_(regions)).order_by(RATE.c.number)
        return tuple(map(_rate, await self._connection.execute(query)))

    async def add_correction(self, correction: RateCorrection) -> None:
        """Store a proposed correction."""
        row = {
            **_rate_row(correction.rate),
            "correction_id": correction.correction_id,
            "reason": correction.reason,
            "proposed_by": correction.proposed_by,
            "proposed_on": correction.proposed_on,
            "state": correction.state.value,
        }
        await self._connection.execute(insert(RATE_CORRECTION).values(row))

    async def save_correction(self, correction: RateCorrection) -> None:
        """Store the decision on a correction."""
        mine = update(RATE_CORRECTION).where(RATE_CORRECTION.c.correction_id == correction.correction_id)
        decision = {
            "state": correction.state.value,
            "decided_by": correction.decided_by,
            "decided_on": correction.decided_on,
            "decision_reason": correction.decision_reason,
        }
        await self._connection.execute(mine.values(decision))

    async def correction(self, correction_id: str) -> RateCorrection | None:
        """Give a correction."""
        query = select(RATE_CORRECTION).where(RATE_CORRECTION.c.correction_id == correction_id)
        row = (await self._connection.execute(query)).first()
        return None if row is None else _correction(row)

    async def corrections(self, regions: Collection[str]) -> tuple[RateCorrection, ...]:
        """Give the corrections of these regions, oldest first."""
        correction = RATE_CORRECTION.c
        query = select(RATE_CORRECTION).where(correction.region.in_(regions))
        ordered = query.order_by(correction.proposed_on, correction.correction_id)
        return tuple(map(_correction, await self._connection.execute(ordered)))

    async def last(self) -> int:
        """Give the number of the row entered last, of whatever region; 0 before the first."""
        query = select(func.coalesce(func.max(RATE.c.number), 0))
        return int((await self._connection.execute(query)).scalar_one())


def _rate_row(rate: Rate) -> dict[str, Any]:
    return {
        "region": rate.region,
        "programme": rate.programme,
        "occupation": rate.occupation,
        "level": rate.level,
        "certificate_kind": rate.certificate_kind,
        "valid_from": rate.valid_from,
        "amount_fen": rate.amount_fen,
        "unit": rate.unit,
        "source": rate.source,
    }


def _correction(row: Row[Any]) -> RateCorrection:
    return RateCorrection(
        correction_id=row.correction_id,
        rate=_rate(row, number=0),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_on=row.proposed_on,
        state=CorrectionState(row.state),
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        decision_reason=row.decision_reason,
    )


def _rate(row: Row[Any], number: int | None = None) -> Rate:
    return Rate(
        number=row.number if number is None else number,
        region=row.region,
        programme=row.programme,
        occupation=row.occupation,
        level=row.level,
        certificate_kind=row.certificate_kind,
        valid_from=row.valid_from,
        amount_fen=row.amount_fen,
        source=row.source,
        unit=row.unit,
    )


def _row(key: BudgetKey) -> dict[str, Any]:
    return {"region": key.region, "funding_source": key.funding_source, "year": key.year}


def _key(row: Row[Any]) -> BudgetKey:
    return BudgetKey(region=row.region, funding_source=row.funding_source, year=row.year)


def _is(table: Table, key: BudgetKey) -> ColumnElement[bool]:
    conditions: Iterable[ColumnElement[bool]] = (table.c[name] == value for name, value in _row(key).items())
    return and_(*conditions)
