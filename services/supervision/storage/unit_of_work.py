"""One transaction of supervision, with its repositories and rulebooks."""

from datetime import datetime

from sqlalchemy import select

from services.supervision.application.ports import ClassFiles, Devices, SignIns
from services.supervision.storage.class_file_repository import StoredClassFiles
from services.supervision.storage.device_repository import StoredDevices
from services.supervision.storage.sign_in_repository import StoredSignIns
from services.supervision.storage.tables import DEVICE, TRAINING_CLASS
from shared.contracts.contract import Contract, aggregate_id
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor
from shared.policy.rulebook import Shelf


class SupervisionUnitOfWork(UnitOfWork):
    """The unit of work of this service; it satisfies `application.ports.SupervisionUnit`."""

    files: ClassFiles
    sign_ins: SignIns
    devices: Devices

    def __init__(
        self, database: Database, *, shelf: Shelf, actor: Actor, now: datetime | None = None, write: bool = True
    ) -> None:
        super().__init__(database, actor=actor, now=now, write=write)
        self.shelf = shelf

    def open_repositories(self) -> None:
        """Build the repositories on the open connection."""
        self.files = StoredClassFiles(self.connection)
        self.sign_ins = StoredSignIns(self.connection)
        self.devices = StoredDevices(self.connection)

    async def region_of(self, fact: Contract) -> str | None:
        """Give the region of the class or device that the event is about."""
        query = select(TRAINING_CLASS.c.region).where(TRAINING_CLASS.c.class_id == aggregate_id(fact))
        if fact.EVENT.aggregate == "device":
            query = select(DEVICE.c.region).where(DEVICE.c.device_id == aggregate_id(fact))
        return (await self.connection.execute(query)).scalar_one_or_none()
