"""Know a class that enrollment opened."""

from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.examined_class import examined_class
from shared.contracts.enrollment import ClassOpened


async def open_class(uow: AssessmentUnit, fact: ClassOpened) -> None:
    """Store the class as it opened; raise MissingFact RULEBOOK_UNKNOWN, which holds it, without its rulebook."""
    uow.shelf.by_id(fact.rulebook_id)
    await uow.classes.add(examined_class(fact))
    await uow.audit(action="class.opened", subject=fact.class_id, details={"trainees": len(fact.trainees)})
