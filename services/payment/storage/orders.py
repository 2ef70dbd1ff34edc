"""Payment orders, their entries and attempts, and the bank's files as rows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.application.order_ports import Attempt, BankFile
from services.payment.domain.order import Answer, OrderEntry, OrderState, PaymentOrder, Reversal
from services.payment.storage.tables import (
    BANK_FILE,
    CLAIM,
    ORDER_ATTEMPT,
    ORDER_ENTRY,
    ORDER_RESENDING,
    ORDER_REVERSAL,
    PAYMENT_ORDER,
)
from shared.domain.errors import Conflict

_ORDER = PAYMENT_ORDER.c
_ENTRY = ORDER_ENTRY.c
_ATTEMPT = ORDER_ATTEMPT.c


class StoredOrders:
    """The orders of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of_claim(self, claim_id: str) -> tuple[PaymentOrder, ...]:
        """Give the orders of a claim, by id."""
        return await self._orders(select(PAYMENT_ORDER).where(_ORDER.claim_id == claim_id))

    async def find(self, order_ids: Collection[str]) -> Mapping[str, PaymentOrder]:
        """Give orders by id."""
        found = await self._orders(select(PAYMENT_ORDER).where(_ORDER.order_id.in_(order_ids)))
        return {order.order_id: order for order in found}

    async def add(self, order: PaymentOrder, *, payer: str) -> None:
        """Store a new order with its entries; the database refuses one that is not their sum.

        It is drafted, filled and made ready in one transaction. Negative entries go first: the claim's ordered sum
        never passes what was decided, not even on the way.
        """
        row = {
            "order_id": order.order_id,
            "claim_id": order.claim_id,
            "class_id": order.class_id,
            "funding_source": order.funding_source,
            "amount_fen": order.amount_fen,
            "state": "drafted",
            "attempt": order.attempt,
            "payer": payer,
        }
        await self._connection.execute(insert(PAYMENT_ORDER).values(row))
        entries = [
            {
                "claim_id": order.claim_id,
                "line_no": entry.line_no,
                "entry_no": entry.entry_no,
                "order_id": order.order_id,
                "amount_fen": entry.amount_fen,
            }
            for entry in sorted(order.entries, key=lambda entry: (entry.amount_fen > 0, entry.line_no))
        ]
        await self._connection.execute(insert(ORDER_ENTRY), entries)
        ready = update(PAYMENT_ORDER).where(_ORDER.order_id == order.order_id)
        await self._connection.execute(ready.values(state=order.state.value))

    async def save(self, before: PaymentOrder, after: PaymentOrder) -> None:
        """Store the order's state and attempt; raise Conflict when the stored order moved on."""
        standing = (_ORDER.order_id == before.order_id, _ORDER.state == before.state, _ORDER.attempt == before.attempt)
        changed = update(PAYMENT_ORDER).where(*standing)
        written = await self._connection.execute(changed.values(state=after.state.value, attempt=after.attempt))
        if written.rowcount != 1:
            raise Conflict(
                code="ORDER_MOVED_ON",
                message="该拨付单刚被其他操作修改，本次操作未生效。",
                advice="请重新查询拨付单后再办理。",
            )

    async def ready(self, funding_source: str, regions: Collection[str]) -> tuple[PaymentOrder, ...]:
        """Give the orders of a source that wait for a bank file, by class and order."""
        query = (
            select(PAYMENT_ORDER)
            .join(CLAIM, CLAIM.c.claim_id == _ORDER.claim_id)
            .where(_ORDER.funding_source == funding_source, _ORDER.state == "ready", CLAIM.c.region.in_(regions))
        )
        found = await self._orders(query)
        return tuple(sorted(found, key=lambda order: (order.class_id, order.order_id)))

    async def add_bank_file(self, file: BankFile, attempts: Sequence[Attempt]) -> None:
        """Store a bank file and the attempts in it."""
        row = {
            "bank_file_id": file.bank_file_id,
            "region": file.region,
            "funding_source": file.funding_source,
            "orders_count": file.count,
            "amount_fen": file.amount_fen,
            "sha256": file.sha256,
            "created_by": file.created_by,
            "created_on": file.created_on,
        }
        await self._connection.execute(insert(BANK_FILE).values(row))
        sent = [
            {
                "order_id": attempt.order_id,
                "attempt": attempt.attempt,
                "claim_id": attempt.claim_id,
                "bank_file_id": attempt.bank_file_id,
                "account_id": attempt.account_id,
                "sender": attempt.sender,
            }
            for attempt in attempts
        ]
        if sent:  # a file may carry advances alone
            await self._connection.execute(insert(ORDER_ATTEMPT), sent)

    async def bank_file(self, bank_file_id: str) -> BankFile | None:
        """Give a bank file."""
        query = select(BANK_FILE).where(BANK_FILE.c.bank_file_id == bank_file_id)
        row = (await self._connection.execute(query)).first()
        if row is None:
            return None
        return BankFile(
            bank_file_id=row.bank_file_id,
            region=row.region,
            funding_source=row.funding_source,
            count=row.orders_count,
            amount_fen=row.amount_fen,
            sha256=row.sha256,
            created_by=row.created_by,
            created_on=row.created_on,
        )

    async def attempts_in(self, bank_file_id: str) -> tuple[Attempt, ...]:
        """Give the attempts in a bank file, by order id."""
        query = select(ORDER_ATTEMPT).where(_ATTEMPT.bank_file_id == bank_file_id).order_by(_ATTEMPT.order_id)
        return tuple(map(_attempt, await self._connection.execute(query)))

    async def attempts_of(self, order_ids: Collection[str]) -> Mapping[str, tuple[Attempt, ...]]:
        """Give the attempts of orders, oldest first."""
        query = select(ORDER_ATTEMPT).where(_ATTEMPT.order_id.in_(order_ids))
        found: dict[str, tuple[Attempt, ...]] = dict.fromkeys(order_ids, ())
        for row in await self._connection.execute(query.order_by(_ATTEMPT.order_id, _ATTEMPT.attempt)):
            found[row.order_id] += (_attempt(row),)
        return found

    async def record_answer(self, answer: Answer) -> None:
        """Store what the bank answered to an attempt."""
        asked = update(ORDER_ATTEMPT).where(_ATTEMPT.order_id == answer.order_id, _ATTEMPT.attempt == answer.attempt)
        await self._connection.execute(
            asked.values(outcome=answer.outcome, answered_on=answer.on, reason_code=answer.reason_code)
        )

    async def add_reversal(self, reversal: Reversal) -> None:
        """Store the opposite entry of an order."""
        row = {
            "order_id": reversal.order_id,
            "claim_id": reversal.claim_id,
            "was": reversal.was.value,
            "amount_fen": reversal.amount_fen,
            "reason": reversal.reason,
            "proposed_by": reversal.proposed_by,
            "proposed_on": reversal.proposed_on,
        }
        await self._connection.execute(insert(ORDER_REVERSAL).values(row))

    async def approve_reversal(self, reversal: Reversal) -> None:
        """Store who approved a reversal, and when."""
        pending = update(ORDER_REVERSAL).where(ORDER_REVERSAL.c.order_id == reversal.order_id)
        await self._connection.execute(
            pending.values(approved_by=reversal.approved_by, approved_on=reversal.approved_on)
        )

    async def reversal(self, order_id: str) -> Reversal | None:
        """Give the opposite entry of an order."""
        query = select(ORDER_REVERSAL).where(ORDER_REVERSAL.c.order_id == order_id)
        row = (await self._connection.execute(query)).first()
        if row is None:
            return None
        return Reversal(
            order_id=row.order_id,
            claim_id=row.claim_id,
            was=OrderState(row.was),
            amount_fen=row.amount_fen,
            reason=row.reason,
            proposed_by=row.proposed_by,
            proposed_on=row.proposed_on,
            approved_by=row.approved_by,
            approved_on=row.approved_on,
        )

    async def add_resending(self, order: PaymentOrder, *, reason: str, by: str, on: date) -> None:
        """Store why a returned order goes out again to the same account."""
        row = {
            "order_id": order.order_id,
            "attempt": order.attempt,
            "claim_id": order.claim_id,
            "reason": reason,
            "decided_by": by,
            "decided_on": on,
        }
        await self._connection.execute(insert(ORDER_RESENDING).values(row))

    async def _orders(self, query: Select[Any]) -> tuple[PaymentOrder, ...]:
        found = (await self._connection.execute(query.order_by(_ORDER.order_id))).all()
        parts: dict[str, list[OrderEntry]] = {row.order_id: [] for row in found}
        entries = select(ORDER_ENTRY).where(_ENTRY.order_id.in_(parts)).order_by(_ENTRY.line_no, _ENTRY.entry_no)
        for row in await self._connection.execute(entries):
            entry = OrderEntry(line_no=row.line_no, entry_no=row.entry_no, amount_fen=row.amount_fen)
            parts[row.order_id].append(entry)
        return tuple(_order(row, parts[row.order_id]) for row in found)


def _order(row: Row[Any], entries: Sequence[OrderEntry]) -> PaymentOrder:
    return PaymentOrder(
        order_id=row.order_id,
        claim_id=row.claim_id,
        class_id=row.class_id,
        funding_source=row.funding_source,
        amount_fen=row.amount_fen,
        entries=tuple(entries),
        state=OrderState(row.state),
        attempt=row.attempt,
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        order_id=row.order_id,
        attempt=row.attempt,
        claim_id=row.claim_id,
        bank_file_id=row.bank_file_id,
        account_id=row.account_id,
        sender=row.sender,
        outcome=row.outcome,
        answered_on=row.answered_on,
        reason_code=row.reason_code,
    )
