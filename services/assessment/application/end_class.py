"""End a class: no exam counts any more of one that was cancelled or withdrawn, a completed one is surveyed."""

from services.assessment.application.access import opened_class
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.survey_class import begin_survey
from services.assessment.domain.examined_class import Ending, ExaminedClass
from shared.contracts.enrollment import ClassClosed
from shared.contracts.supervision import ClassCancelled


async def cancel_class(uow: AssessmentUnit, fact: ClassCancelled) -> None:
    """End a cancelled class; raise MissingFact while its opening is not known."""
    await _end(uow, await opened_class(uow, fact.class_id), "cancelled")


async def close_class(uow: AssessmentUnit, fact: ClassClosed) -> None:
    """End a class that was cancelled or withdrawn and survey one that was completed; one never opened needs nothing."""
    examined = await uow.classes.get(fact.class_id, lock=True)
    if examined is None or examined.ending is not None:
        return
    if fact.reason == "completed":
        await begin_survey(uow, examined, fact)
    elif fact.reason in ("cancelled", "withdrawn"):
        await _end(uow, examined, "cancelled" if fact.reason == "cancelled" else "withdrawn")


async def _end(uow: AssessmentUnit, examined: ExaminedClass, ending: Ending) -> None:
    if examined.ending is None:
        await uow.classes.save(examined.ended(ending))
        await uow.audit(action="class.ended", subject=examined.class_id, details={"ending": ending})
