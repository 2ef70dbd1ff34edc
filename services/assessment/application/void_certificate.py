"""The bureau voids a certificate that never should have counted, or no longer does."""

from services.assessment.application.access import is_bureau_of
from services.assessment.application.complete_class import complete_class
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.certificate import Certificate, Voiding, void
from shared.domain.actor import Role
from shared.domain.errors import NotFound


async def void_certificate(uow: AssessmentUnit, *, certificate_id: str, reason: str) -> Certificate:
    """Void the certificate for good; a completed class is published again with a higher revision.

    Raise NotFound CERTIFICATE_UNKNOWN outside the actor's region, Conflict ALREADY_VOID the second time.
    """
    found = await uow.certificates.get(certificate_id)
    examined = None if found is None else await uow.classes.get(found.class_id, lock=True)
    standing = await uow.certificates.get(certificate_id)  # again: the class is locked only now
    if examined is None or standing is None or not is_bureau_of(uow.actor, examined, Role.APPROVER):
        raise NotFound(
            code="CERTIFICATE_UNKNOWN",
            message="没有此证书。",
            advice="请核对证书登记编号（certificate_id，不是证书编号）。",
            field="certificate_id",
            value=certificate_id,
        )
    voided, event = void(standing, Voiding(on=uow.today, by=uow.actor.subject, reason=reason))
    await uow.certificates.save_voided(voided)
    await uow.publish(event)
    await uow.audit(action="certificate.voided", subject=certificate_id, details={"class_id": voided.class_id})
    for exam in await uow.assessments.of_class(voided.class_id):
        if exam.assessment_id == voided.assessment_id:
            await uow.assessments.save(exam)
    await complete_class(uow, examined)
    return voided
