"""The one place where assessment's parts meet: database, bus, clock, keys and rulebooks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.assessment.settings import AssessmentSettings
from services.assessment.storage.unit_of_work import AssessmentUnitOfWork
from shared.clock import LegalClock
from shared.database.deployment import pin_deployment
from shared.database.encryption import Vault
from shared.database.engine import Database, open_database
from shared.domain.actor import SYSTEM, Actor
from shared.messaging.bus import Bus
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The service's parts, joined."""

    settings: AssessmentSettings
    database: Database
    bus: Bus
    shelf: Shelf
    vault: Vault = field(repr=False)

    def unit_of_work(
        self, actor: Actor = SYSTEM, now: datetime | None = None, write: bool = True
    ) -> AssessmentUnitOfWork:
        """Give a transaction to enter; `now` is the legal instant of the act, by default the present one."""
        return AssessmentUnitOfWork(
            self.database, shelf=self.shelf, vault=self.vault, actor=actor, now=now, write=write
        )

    async def close(self) -> None:
        """Close what was opened here; the bus belongs to the caller."""
        await self.database.close()


async def wire(settings: AssessmentSettings, *, clock: LegalClock, bus: Bus) -> Wiring:
    """Open the migrated database, pin the deployment it serves and load the rulebooks."""
    vault = settings.vault()
    shelf = load_rulebooks(settings.rulebooks, kept=settings.home / "rulebooks")
    database = open_database(settings.service, settings.database_url, clock=clock, sandbox=settings.sandbox)
    try:
        await pin_deployment(database, initial_offset=timedelta(seconds=settings.sandbox_offset))
    except BaseException:
        await database.close()
        raise
    return Wiring(settings=settings, database=database, bus=bus, shelf=shelf, vault=vault)
