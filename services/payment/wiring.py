"""The one place where payment's parts meet: database, bus, clock, rulebooks and the vault."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.payment.settings import PaymentSettings
from services.payment.storage.unit_of_work import PaymentUnitOfWork
from shared.clock import LegalClock
from shared.database.deployment import pin_deployment
from shared.database.encryption import Vault
from shared.database.engine import Database, open_database
from shared.domain.actor import SYSTEM, Actor
from shared.messaging.bus import Bus
from shared.policy.form import Form
from shared.policy.loader import load_allotments, load_forms, load_rulebooks, load_targets
from shared.policy.rulebook import Shelf
from shared.policy.targets import AllotmentTable, TargetTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The service's parts, joined."""

    settings: PaymentSettings
    database: Database
    bus: Bus
    shelf: Shelf
    vault: Vault = field(repr=False)
    payee_check_keys: Sequence[bytes] = field(repr=False)
    plans: Sequence[TargetTable] = ()
    allotments: Sequence[AllotmentTable] = ()
    forms: Sequence[Form] = ()

    def unit_of_work(self, actor: Actor = SYSTEM, now: datetime | None = None, write: bool = True) -> PaymentUnitOfWork:
        """Give a transaction to enter; `now` is the legal instant of the act, by default the present one."""
        return PaymentUnitOfWork(
            self.database,
            shelf=self.shelf,
            vault=self.vault,
            actor=actor,
            now=now,
            write=write,
            plans=self.plans,
            allotments=self.allotments,
            forms=self.forms,
            payee_check_keys=self.payee_check_keys,
            entry_required=self.settings.province_url is not None,
        )

    async def close(self) -> None:
        """Close what was opened here; the bus belongs to the caller."""
        await self.database.close()


async def wire(settings: PaymentSettings, *, clock: LegalClock, bus: Bus) -> Wiring:
    """Open the migrated database, pin the deployment it serves, and load rulebooks and keys.

    Raise WrongDeployment, SettingsError or PolicyFilesInvalid when any of them is not as it must be.
    """
    shelf = load_rulebooks(settings.rulebooks, kept=settings.home / "rulebooks")
    plans, allotments = load_targets(settings.rulebooks), load_allotments(settings.rulebooks)
    vault, payee_check_keys = settings.vault(), settings.payee_check_keys()
    database = open_database(settings.service, settings.database_url, clock=clock, sandbox=settings.sandbox)
    try:
        await pin_deployment(database, initial_offset=timedelta(seconds=settings.sandbox_offset))
    except BaseException:
        await database.close()
        raise
    return Wiring(
        settings=settings,
        database=database,
        bus=bus,
        shelf=shelf,
        vault=vault,
        payee_check_keys=payee_check_keys,
        plans=plans,
        allotments=allotments,
        forms=load_forms(),
    )
