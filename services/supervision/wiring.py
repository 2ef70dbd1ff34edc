"""The one place where supervision's parts meet: database, bus, clock and rulebooks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.supervision.settings import SupervisionSettings
from services.supervision.storage.unit_of_work import SupervisionUnitOfWork
from shared.clock import LegalClock
from shared.database.deployment import pin_deployment
from shared.database.engine import Database, open_database
from shared.domain.actor import SYSTEM, Actor
from shared.messaging.bus import Bus
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The service's parts, joined."""

    settings: SupervisionSettings
    database: Database
    bus: Bus
    shelf: Shelf

    def unit_of_work(
        self, actor: Actor = SYSTEM, now: datetime | None = None, write: bool = True
    ) -> SupervisionUnitOfWork:
        """Give a transaction to enter; `now` is the legal instant of the act, by default the present one."""
        return SupervisionUnitOfWork(self.database, shelf=self.shelf, actor=actor, now=now, write=write)

    async def close(self) -> None:
        """Close what was opened here; the bus belongs to the caller."""
        await self.database.close()


async def wire(settings: SupervisionSettings, *, clock: LegalClock, bus: Bus) -> Wiring:
    """Open the migrated database, pin the deployment it serves and load the rulebooks.

    Raise WrongDeployment or PolicyFilesInvalid when they are not as they must be.
    """
    shelf = load_rulebooks(settings.rulebooks, kept=settings.home / "rulebooks")
    database = open_database(settings.service, settings.database_url, clock=clock, sandbox=settings.sandbox)
    try:
        await pin_deployment(database, initial_offset=timedelta(seconds=settings.sandbox_offset))
    except BaseException:
        await database.close()
        raise
    return Wiring(settings=settings, database=database, bus=bus, shelf=shelf)
