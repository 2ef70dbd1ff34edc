"""The address of a person's archive: certificates of one class."""

from datetime import date
from typing import Annotated, Self

from fastapi import Depends, Path
from pydantic import BaseModel

from services.assessment.api.schemas import Id
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.read_archive import read_archive
from services.assessment.domain.certificate import Certificate
from shared.contracts.assessment import CertificateKind
from shared.policy.archive import READERS
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import unkeyed_transaction

router = service_router("/assessment/v1/classes", tags=["个人档案"])


class ArchivedCertificate(BaseModel):
    """A certificate; one with `voided_on` no longer stands. A number made of an identity number is masked."""

    certificate_id: str
    kind: CertificateKind
    occupation: str
    level: str | None
    number: str
    issued_on: date
    voided_on: date | None

    @classmethod
    def of(cls, certificate: Certificate) -> Self:
        """Give the view."""
        return cls(
            certificate_id=certificate.certificate_id,
            kind=certificate.kind,
            occupation=certificate.occupation,
            level=certificate.level,
            number=certificate.number,
            issued_on=certificate.issued_on,
            voided_on=certificate.voiding.on if certificate.voiding else None,
        )


class ArchiveAnswer(BaseModel):
    """A person's certificates of one class, by the day of issue."""

    class_id: str
    person_id: str
    certificates: list[ArchivedCertificate]


@router.get(
    "/{class_id}/archive/{person_id}",
    summary="个人培训电子档案：本班证书（留痕）",
    dependencies=[requires(*READERS)],
    responses=responses(404, 422),
)
async def get_archive(
    class_id: Annotated[Id, Path()],
    person_id: Annotated[Id, Path(description="人员编号，不是证件号码")],
    unit: Annotated[AssessmentUnit, Depends(unkeyed_transaction)],
) -> ArchiveAnswer:
    """Give the person's certificates (HL-DAT-02); which classes there are, enrollment answers."""
    found = await read_archive(unit, class_id=class_id, person_id=person_id)
    return ArchiveAnswer(
        class_id=class_id, person_id=person_id, certificates=[ArchivedCertificate.of(one) for one in found]
    )
