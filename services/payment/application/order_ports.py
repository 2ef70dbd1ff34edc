"""What use-cases need of storage for money that leaves: accounts, orders, the bank's files and its answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from services.payment.domain.order import Answer, PaymentOrder, Reversal


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A payout account of a claim (or of an advance, by its id); holder and number are in clear only in memory."""

    account_id: str
    claim_id: str
    holder: str = field(repr=False)
    bank_name: str
    number: str = field(repr=False)
    number_masked: str
    state: str
    submitted_by: str
    submitted_on: date
    approved_by: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """A file made for the bank; its bytes are made again from the attempts in it."""

    bank_file_id: str
    region: str
    funding_source: str
    count: int
    amount_fen: int
    sha256: str
    created_by: str
    created_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One sending of one order: to which account, in which file, and what the bank answered."""

    order_id: str
    attempt: int
    claim_id: str
    bank_file_id: str
    account_id: str
    sender: str
    outcome: str | None = None
    answered_on: date | None = None
    reason_code: str | None = None


class Accounts(Protocol):
    """Payout accounts, sealed."""

    async def add(self, account: Account) -> None:
        """Store an account; a pending one replaces the pending one before it."""
        ...

    async def with_state(self, claim_id: str, state: str) -> Account | None:
        """Give the claim's `active` or `pending` account."""
        ...

    async def activate(self, account: Account, *, by: str) -> None:
        """Let a pending account take the place of the active one."""
        ...

    async def refuse(self, account: Account, *, by: str, reason: str) -> None:
        """Let a pending account be refused; the active one stays."""
        ...

    async def opened(self, account_ids: Collection[str]) -> Mapping[str, Account]:
        """Open accounts for a bank file."""
        ...


class Orders(Protocol):
    """Payment orders, their attempts and the bank's files."""

    async def of_claim(self, claim_id: str) -> tuple[PaymentOrder, ...]:
        """Give the orders of a claim, by id."""
        ...

    async def find(self, order_ids: Collection[str]) -> Mapping[str, PaymentOrder]:
        """Give orders by id."""
        ...

    async def add(self, order: PaymentOrder, *, payer: str) -> None:
        """Store a new order with its entries; the database refuses one that is not their sum."""
        ...

    async def save(self, before: PaymentOrder, after: PaymentOrder) -> None:
        """Store the order's state and attempt; raise Conflict when the stored order moved on."""
        ...

    async def ready(self, funding_source: str, regions: Collection[str]) -> tuple[PaymentOrder, ...]:
        """Give the orders of a source that wait for a bank file, by class and order."""
        ...

    async def add_bank_file(self, file: BankFile, attempts: Sequence[Attempt]) -> None:
        """Store a bank file and the attempts in it."""
        ...

    async def bank_file(self, bank_file_id: str) -> BankFile | None:
        """Give a bank file."""
        ...

    async def attempts_in(self, bank_file_id: str) -> tuple[Attempt, ...]:
        """Give the attempts in a bank file, by order id."""
        ...

    async def attempts_of(self, order_ids: Collection[str]) -> Mapping[str, tuple[Attempt, ...]]:
        """Give the attempts of orders, oldest first."""
        ...

    async def record_answer(self, answer: Answer) -> None:
        """Store what the bank answered to an attempt."""
        ...

    async def add_reversal(self, reversal: Reversal) -> None:
        """Store the opposite entry of an order."""
        ...

    async def approve_reversal(self, reversal: Reversal) -> None:
        """Store who approved a reversal, and when."""
        ...

    async def reversal(self, order_id: str) -> Reversal | None:
        """Give the opposite entry of an order."""
        ...

    async def add_resending(self, order: PaymentOrder, *, reason: str, by: str, on: date) -> None:
        """Store why a returned order goes out again to the same account."""
        ...
