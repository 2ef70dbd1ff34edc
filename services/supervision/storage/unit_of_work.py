"""One transaction of supervision, with its repositories and rulebooks."""

from datetime import datetime

from services.supervision.application.ports import ClassFiles, Devices, Reports, SignIns, UnknownClasses
from services.supervision.storage.class_file_repository import StoredClassFiles
from services.supervision.storage.device_repository import StoredDevices
from services.supervision.storage.report_repository import StoredReports
from services.supervision.storage.sign_in_repository import StoredSignIns
from services.supervision.storage.unknown_class_repository import StoredUnknownClasses
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor
from shared.policy.rulebook import Shelf


class SupervisionUnitOfWork(UnitOfWork):
    """The unit of work of this service; it satisfies `application.ports.SupervisionUnit`."""

    files: ClassFiles
    sign_ins: SignIns
    devices: Devices
    unknown_classes: UnknownClasses
    reports: Reports

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
        self.unknown_classes = StoredUnknownClasses(self.connection)
        self.reports = StoredReports(self.connection)
