"""Say that the exams of a class are complete, again whenever what they came to has changed."""

from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.completion import complete
from services.assessment.domain.examined_class import ExaminedClass


async def complete_class(uow: AssessmentUnit, examined: ExaminedClass) -> ExaminedClass:
    """Publish AssessmentCompleted when the facts stored so far make a new one, and store the locked class."""
    exams = await uow.assessments.of_class(examined.class_id)
    certificates = await uow.certificates.of_class(examined.class_id)
    done = complete(examined, exams, certificates, today=uow.today)
    if done is not None:
        examined, event = done
        await uow.publish(event)
        await uow.audit(
            action="assessment.completed",
            subject=examined.class_id,
            details={"revision": event.revision, "examined": event.examined, "certified": event.certified},
        )
    return await uow.classes.save(examined)
