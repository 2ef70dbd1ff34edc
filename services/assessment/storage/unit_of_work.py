"""One transaction of assessment, with its repositories and rulebooks."""

from datetime import datetime

from sqlalchemy import select

from services.assessment.storage.assessment_repository import StoredAssessments
from services.assessment.storage.body_repository import StoredBodies
from services.assessment.storage.certificate_repository import StoredCertificates
from services.assessment.storage.class_repository import StoredClasses
from services.assessment.storage.ruling_repository import StoredRulings
from services.assessment.storage.survey_repository import StoredSurveys
from services.assessment.storage.tables import EXAMINED_CLASS
from shared.contracts.contract import Contract, aggregate_id
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor
from shared.policy.rulebook import Shelf


class AssessmentUnitOfWork(UnitOfWork):
    """The unit of work of this service; it satisfies `application.ports.AssessmentUnit`."""

    bodies: StoredBodies
    classes: StoredClasses
    assessments: StoredAssessments
    certificates: StoredCertificates
    surveys: StoredSurveys
    rulings: StoredRulings

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
        self.bodies = StoredBodies(self.connection)
        self.classes = StoredClasses(self.connection)
        self.assessments = StoredAssessments(self.connection)
        self.certificates = StoredCertificates(self.connection, self._vault)
        self.surveys = StoredSurveys(self.connection, self._vault)
        self.rulings = StoredRulings(self.connection)

    async def region_of(self, fact: Contract) -> str | None:
        """Give the region of the class that the event is about."""
        query = select(EXAMINED_CLASS.c.region).where(EXAMINED_CLASS.c.class_id == aggregate_id(fact))
        return (await self.connection.execute(query)).scalar_one_or_none()
