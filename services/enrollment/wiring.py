"""The one place where enrollment's use-cases meet a database, rulebooks, keys and the bus."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.enrollment.settings import EnrollmentSettings
from services.enrollment.storage.unit_of_work import EnrollmentUnitOfWork
from shared.clock import LegalClock
from shared.database.deployment import pin_deployment
from shared.database.encryption import Vault
from shared.database.engine import Database, open_database
from shared.domain.actor import SYSTEM, Actor
from shared.messaging.bus import Bus
from shared.policy.loader import load_rulebooks, load_targets
from shared.policy.rulebook import Shelf
from shared.policy.targets import TargetTable


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Everything that enrollment's HTTP and background processes are made from; the bus is the caller's to close."""

    settings: EnrollmentSettings
    database: Database
    bus: Bus
    shelf: Shelf
    targets: tuple[TargetTable, ...]
    vault: Vault
    payee_check_key: bytes

    def unit_of_work(
        self, actor: Actor = SYSTEM, now: datetime | None = None, write: bool = True
    ) -> EnrollmentUnitOfWork:
        """Give a unit of work, not yet entered; `now` is the moment of a fired timer."""
        return EnrollmentUnitOfWork(
            self.database,
            actor=actor,
            shelf=self.shelf,
            targets=self.targets,
            vault=self.vault,
            payee_check_key=self.payee_check_key,
            entry_required=self.settings.province_url is not None,
            now=now,
            write=write,
        )

    async def close(self) -> None:
        """Close the database."""
        await self.database.close()


async def wire(settings: EnrollmentSettings, *, clock: LegalClock, bus: Bus) -> Wiring:
    """Open the migrated database, pin it to sandbox or real use, and load rulebooks and keys.

    Raise WrongDeployment, SettingsError or PolicyFilesInvalid when any of them is not as it must be.
    """
    shelf = load_rulebooks(settings.rulebooks, kept=settings.home / "rulebooks")
    targets = load_targets(settings.rulebooks)
    vault, payee_check_key = settings.vault(), settings.payee_check_keys()[-1]
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
        targets=targets,
        vault=vault,
        payee_check_key=payee_check_key,
    )
