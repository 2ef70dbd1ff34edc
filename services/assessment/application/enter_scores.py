"""An assessor enters scores; each row is judged by itself, later entries are new versions (JY-ASM-04)."""

from collections import Counter
from collections.abc import Sequence

from services.assessment.application.access import exam_of_body
from services.assessment.application.marking import marks_of
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.take_duty import take_duty
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.findings import RowVerdict
from services.assessment.domain.results import ScoreEntry
from services.assessment.domain.results import enter_scores as entered
from services.assessment.domain.scheduling import require_after_course


async def enter_scores(
    uow: AssessmentUnit, *, assessment_id: str, entries: Sequence[ScoreEntry]
) -> tuple[Assessment, tuple[RowVerdict, ...]]:
    """Enter the rows and give the exam with every row's verdict, in order.

    Raise Refused RESULTS_FINAL, EXAM_NOT_HELD, EXAM_BEFORE_COURSE_END or CLASS_ENDED,
    Forbidden SAME_REVIEWER for the patrol of this exam.
    """
    case = await exam_of_body(uow, assessment_id)
    case.examined.require_running()
    book = uow.shelf.by_id(case.examined.rulebook_id)
    require_after_course(case.exam, case.examined, book)
    assessment, scores, verdicts = entered(
        case.exam,
        entries,
        examined=case.examined,
        marks=await marks_of(uow, case),
        rulebook=book,
        author=uow.actor.subject,
        now=uow.now,
    )
    if scores:
        await take_duty(uow, case, "examination")
        await uow.assessments.add_scores(assessment_id, scores)
        assessment = await uow.assessments.save(assessment)
        await uow.classes.save(case.examined)
    await uow.audit(
        action="scores.entered", subject=assessment_id, details=dict(Counter(row.verdict for row in verdicts))
    )
    return assessment, verdicts
