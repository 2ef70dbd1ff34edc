"""Four-eyes: whoever acts in an exam takes one duty in it, for ever."""

from services.assessment.application.access import ExamCase
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.duty import Duty, require_other_person


async def take_duty(uow: AssessmentUnit, case: ExamCase, duty: Duty) -> None:
    """Record the actor's duty in the exam; raise Forbidden SAME_REVIEWER when they hold the other one."""
    key = case.exam.assessment_id
    term = uow.shelf.by_id(case.examined.rulebook_id).assessment.patrol
    require_other_person(uow.actor.subject, duty, await uow.assessments.duties(key), term=term)
    await uow.assessments.assign_duty(key, uow.actor.subject, duty)
