"""Take over from supervision that the training of a class is complete."""

from services.assessment.application.access import opened_class
from services.assessment.application.ports import AssessmentUnit
from shared.contracts.supervision import TrainingCompleted


async def complete_training(uow: AssessmentUnit, fact: TrainingCompleted) -> None:
    """Record completion and inspection opinion; raise MissingFact while the opening is not known."""
    examined = await opened_class(uow, fact.class_id)
    await uow.classes.save(examined.with_training(fact))
    await uow.audit(action="training.completed", subject=fact.class_id, details={"revision": fact.revision})
