"""Payout accounts as rows: holder and number sealed, bound to their row."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.application.order_ports import Account
from services.payment.storage.tables import ACCOUNT
from shared.database.encryption import Vault


class StoredAccounts:
    """The accounts of one transaction, of claims or (another table of the same columns) of advances."""

    def __init__(
        self, connection: AsyncConnection, vault: Vault, table: Table = ACCOUNT, owner: str = "claim_id"
    ) -> None:
        self._connection = connection
        self._vault = vault
        self._table = table
        self._owner = owner

    async def add(self, account: Account) -> None:
        """Store an account; a pending one replaces the pending one before it, an active one the active one."""
        await self._replace(account.claim_id, account.state)
        row = {
            "account_id": account.account_id,
            self._owner: account.claim_id,
            "holder_sealed": self._vault.seal(account.holder, purpose=_purpose("holder", account.account_id)),
            "bank_name": account.bank_name,
            "number_sealed": self._vault.seal(account.number, purpose=_purpose("number", account.account_id)),
            "number_masked": account.number_masked,
            "state": account.state,
            "submitted_by": account.submitted_by,
            "submitted_on": account.submitted_on,
            "approved_by": account.approved_by,
            "kind": account.kind,
        }
        await self._connection.execute(insert(self._table).values(row))

    async def with_state(self, claim_id: str, state: str) -> Account | None:
        """Give the claim's `active` or `pending` account."""
        account = self._table.c
        query = select(self._table).where(account[self._owner] == claim_id, account.state == state)
        row = (await self._connection.execute(query)).first()
        return None if row is None else self._open(row)

    async def activate(self, account: Account, *, by: str) -> None:
        """Let a pending account take the place of the active one."""
        await self._replace(account.claim_id, "active")
        pending = update(self._table).where(self._table.c.account_id == account.account_id)
        await self._connection.execute(pending.values(state="active", approved_by=by))

    async def refuse(self, account: Account, *, by: str, reason: str) -> None:
        """Let a pending account be refused; the active one stays."""
        refused = update(self._table).where(self._table.c.account_id == account.account_id)
        await self._connection.execute(refused.values(state="refused", refused_by=by, refusal_reason=reason))

    async def opened(self, account_ids: Collection[str]) -> Mapping[str, Account]:
        """Open accounts for a bank file."""
        query = select(self._table).where(self._table.c.account_id.in_(account_ids))
        return {row.account_id: self._open(row) for row in await self._connection.execute(query)}

    async def _replace(self, claim_id: str, state: str) -> None:
        account = self._table.c
        former = update(self._table).where(account[self._owner] == claim_id, account.state == state)
        await self._connection.execute(former.values(state="replaced"))

    def _open(self, row: Row[Any]) -> Account:
        return Account(
            account_id=row.account_id,
            claim_id=getattr(row, self._owner),
            holder=self._vault.open(row.holder_sealed, purpose=_purpose("holder", row.account_id)),
            bank_name=row.bank_name,
            number=self._vault.open(row.number_sealed, purpose=_purpose("number", row.account_id)),
            number_masked=row.number_masked,
            state=row.state,
            submitted_by=row.submitted_by,
            submitted_on=row.submitted_on,
            approved_by=row.approved_by,
            kind=row.kind,
        )


def _purpose(column: str, account_id: str) -> str:
    return f"account.{column}:{account_id}"
