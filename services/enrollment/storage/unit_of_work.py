"""Enrollment's unit of work: one transaction with its repositories, the rulebooks and the keys of identity."""

from collections.abc import Sequence
from datetime import datetime

from services.enrollment.storage.centre_repository import CentreRepository
from services.enrollment.storage.change_repository import ChangeRepository
from services.enrollment.storage.class_repository import ClassRepository
from services.enrollment.storage.decision_repository import DecisionRepository
from services.enrollment.storage.institution_repository import InstitutionRepository
from services.enrollment.storage.occupation_repository import OccupationRepository
from services.enrollment.storage.person_repository import PersonRepository
from services.enrollment.storage.quality_repository import QualityRepository
from services.enrollment.storage.queue_repository import QueueRepository
from services.enrollment.storage.quota_repository import QuotaRepository
from services.enrollment.storage.register_repository import RegisterRepository
from services.enrollment.storage.roster_repository import RosterRepository
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor
from shared.policy.rulebook import Shelf
from shared.policy.targets import TargetTable
from shared.province.planning import status_of
from shared.province.record import Line


class EnrollmentUnitOfWork(UnitOfWork):
    """What enrollment's use-cases work in."""

    def __init__(
        self,
        database: Database,
        *,
        actor: Actor,
        shelf: Shelf,
        vault: Vault,
        payee_check_key: bytes,
        targets: Sequence[TargetTable] = (),
        entry_required: bool = False,
        now: datetime | None = None,
        write: bool = True,
    ) -> None:
        super().__init__(database, actor=actor, now=now, write=write)
        self.shelf = shelf
        self.targets = targets
        self._entry_required = entry_required
        self._vault = vault
        self._payee_check_key = payee_check_key

    async def lines_received(self, checkpoint: str, class_id: str, lines: Sequence[Line]) -> int | None:
        """Give how many lines have the province's receipt; None where the deployment enters nothing there."""
        if not self._entry_required:
            return None
        return (await status_of(self.connection, self._vault, checkpoint, class_id, lines)).received

    def open_repositories(self) -> None:
        """Build the repositories on the open connection."""
        self.occupations = OccupationRepository(self.connection)
        self.institutions = InstitutionRepository(self.connection, self._vault)
        self.centres = CentreRepository(self.connection, self._vault)
        self.quality = QualityRepository(self.connection, self._vault)
        self.registers = RegisterRepository(self.connection, self._vault)
        self.persons = PersonRepository(self.connection, self._vault, self._payee_check_key)
        self.classes = ClassRepository(self.connection, self._vault)
        self.rosters = RosterRepository(self.connection, self._vault)
        self.decisions = DecisionRepository(self.connection, self._vault)
        self.quotas = QuotaRepository(self.connection)
        self.queue = QueueRepository(self.connection)
        self.changes = ChangeRepository(self.connection, self._vault)
