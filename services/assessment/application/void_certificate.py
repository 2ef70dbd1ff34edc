"""The bureau voids a certificate that never should have counted, or no longer does."""

from services.assessment.application.access import certificate_of_region
from services.assessment.application.complete_class import complete_class
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate import Certificate, Voiding, void


async def void_certificate(uow: AssessmentUnit, *, certificate_id: str, reason: str) -> tuple[Certificate, Assessment]:
    """Void the certificate for good and give it with its exam; a completed class is published again, revision raised.

    Raise NotFound CERTIFICATE_UNKNOWN outside the actor's region, Conflict ALREADY_VOID the second time.
    """
    standing, case = await certificate_of_region(uow, certificate_id)
    voided, event = void(standing, Voiding(on=uow.today, by=uow.actor.subject, reason=reason))
    await uow.certificates.save_voided(voided)
    await uow.publish(event)
    await uow.audit(action="certificate.voided", subject=certificate_id, details={"class_id": voided.class_id})
    exam = await uow.assessments.save(case.exam)
    await complete_class(uow, case.examined)
    return voided, exam
