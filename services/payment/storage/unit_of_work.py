"""One transaction of payment, with its repositories and rulebooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from services.payment.storage.accounts import StoredAccounts
from services.payment.storage.advances import StoredAdvances
from services.payment.storage.budgets import StoredBudgets, StoredRates
from services.payment.storage.claims import StoredClaims
from services.payment.storage.classes import StoredClasses
from services.payment.storage.entitlements import StoredEntitlements
from services.payment.storage.orders import StoredOrders
from services.payment.storage.past import StoredPast
from services.payment.storage.replays import StoredReplays
from services.payment.storage.reports import StoredReports
from services.payment.storage.tables import ADVANCE_ACCOUNT, CLASS_FILE
from services.payment.storage.uses import StoredUses
from services.payment.storage.work import StoredWork
from shared.contracts.contract import Contract, aggregate_id
from shared.database.encryption import Vault, identity_check, payee_check, payee_check_key_id
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor
from shared.policy.form import Form
from shared.policy.rulebook import Shelf
from shared.policy.targets import AllotmentTable, TargetTable


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
        payee_check_keys: Sequence[bytes],
        entry_required: bool = False,
        plans: Sequence[TargetTable] = (),
        allotments: Sequence[AllotmentTable] = (),
        forms: Sequence[Form] = (),
    ) -> None:
        super().__init__(database, actor=actor, now=now, write=write)
        self.shelf = shelf
        self._payee_check_keys = payee_check_keys
        self._vault = vault
        self.entry_required = entry_required
        self.plans = plans
        self.allotments = allotments
        self.forms = forms

    def payee_checks(self, name: str, identity_number: str) -> Mapping[str, str]:
        """Give the keyed checks of a person by the id of their key, to compare with what enrollment enrolled."""
        return {payee_check_key_id(key): payee_check(name, identity_number, key) for key in self._payee_check_keys}

    def identity_checks(self, identity_number: str) -> Mapping[str, str]:
        """Give the same of the number alone."""
        return {payee_check_key_id(key): identity_check(identity_number, key) for key in self._payee_check_keys}

    def past_key(self, identity_number: str) -> str:
        """Give the keyed hash under which a person's past subsidies are kept."""
        return self._vault.lookup(identity_number, purpose="past_subsidy.person")

    def open_repositories(self) -> None:
        """Build the repositories on the open connection."""
        self.classes = StoredClasses(self.connection)
        self.work = StoredWork(self.connection)
        self.past = StoredPast(self.connection)
        self.reports = StoredReports(self.connection)
        self.entitlements = StoredEntitlements(self.connection)
        self.uses = StoredUses(self.connection, locking=self._write)
        self.budgets = StoredBudgets(self.connection)
        self.rates = StoredRates(self.connection)
        self.claims = StoredClaims(self.connection, self._vault, self.today)
        self.accounts = StoredAccounts(self.connection, self._vault)
        self.orders = StoredOrders(self.connection)
        self.replays = StoredReplays(self.connection)
        self.advances = StoredAdvances(self.connection)
        self.advance_accounts = StoredAccounts(self.connection, self._vault, ADVANCE_ACCOUNT, "advance_id")

    async def region_of(self, fact: Contract) -> str | None:
        """Give the region of the class that the event is about."""
        query = select(CLASS_FILE.c.region).where(CLASS_FILE.c.class_id == aggregate_id(fact))
        return (await self.connection.execute(query)).scalar_one_or_none()
