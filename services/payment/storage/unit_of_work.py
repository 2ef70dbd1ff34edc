"""One transaction of payment, with its repositories and rulebooks."""

from datetime import datetime

from sqlalchemy import select

from services.payment.storage.accounts import StoredAccounts
from services.payment.storage.budgets import StoredBudgets, StoredRates
from services.payment.storage.claims import StoredClaims
from services.payment.storage.classes import StoredClasses
from services.payment.storage.entitlements import StoredEntitlements
from services.payment.storage.orders import StoredOrders
from services.payment.storage.tables import CLASS_FILE
from shared.contracts.contract import Contract, aggregate_id
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor
from shared.policy.rulebook import Shelf


class PaymentUnitOfWork(UnitOfWork):
    """The unit of work of this service; it satisfies `application.ports.PaymentUnit`."""

    def __init__(
        self,
        database: Database,
        *,
        shelf: Shelf,
        vault: Vault,
        actor: Actor,
        now: datetime | None = None,
        write: bool = True,
    ) -> None:
        super().__init__(database, actor=actor, now=now, write=write)
        self.shelf = shelf
        self._vault = vault

    def open_repositories(self) -> None:
        """Build the repositories on the open connection."""
        self.classes = StoredClasses(self.connection)
        self.entitlements = StoredEntitlements(self.connection)
        self.budgets = StoredBudgets(self.connection)
        self.rates = StoredRates(self.connection)
        self.claims = StoredClaims(self.connection, self._vault)
        self.accounts = StoredAccounts(self.connection, self._vault)
        self.orders = StoredOrders(self.connection)

    async def region_of(self, fact: Contract) -> str | None:
        """Give the region of the class that the event is about."""
        query = select(CLASS_FILE.c.region).where(CLASS_FILE.c.class_id == aggregate_id(fact))
        return (await self.connection.execute(query)).scalar_one_or_none()
