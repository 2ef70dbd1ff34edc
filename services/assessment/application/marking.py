"""Which pass marks hold for an exam."""

from services.assessment.application.access import ExamCase
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.body import marks_in_force
from services.assessment.domain.results import Marks
from shared.domain.jurisdiction import ancestors


async def marks_of(uow: AssessmentUnit, case: ExamCase) -> Marks:
    """Give the pass marks of the exam's parts as they hold on its day in the class's region."""
    rows = await uow.bodies.pass_marks(case.examined.occupation, case.examined.level, case.exam.kind)
    return marks_in_force(rows, on=case.exam.exam_on, regions=ancestors(case.examined.region))
