"""An assessor makes the results of an exam final."""

from services.assessment.application.access import exam_of_body
from services.assessment.application.complete_class import complete_class
from services.assessment.application.marking import marks_of
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.take_duty import take_duty
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.results import finalise, judge_marks, marks_held_to
from shared.policy.decision import Finding


async def finalise_assessment(uow: AssessmentUnit, *, assessment_id: str) -> tuple[Assessment, tuple[Finding, ...]]:
    """Decide who passed, failed or was absent and give the exam with what to look at again.

    Raise everything that is still missing at once.
    """
    case = await exam_of_body(uow, assessment_id)
    case.examined.require_running()
    rulebook = uow.shelf.by_id(case.examined.rulebook_id)
    marks = marks_held_to(case.exam, await marks_of(uow, case), rulebook)
    final = finalise(
        case.exam,
        case.exams,
        examined=case.examined,
        marks=marks,
        rulebook=rulebook,
        finalised_by=uow.actor.subject,
        today=uow.today,
    )
    await take_duty(uow, case, "examination")
    final = await uow.assessments.save(final)
    await uow.assessments.add_outcomes(final, at=uow.now)
    findings = tuple(judge_marks(final, marks, rulebook))
    heads = {outcome: len(final.persons_with(outcome)) for outcome in ("passed", "failed", "absent")}
    held_to: dict[str, str] = {part: f"{mark.pass_mark}/{mark.full_mark}" for part, mark in marks.items()}
    await uow.audit(
        action="assessment.finalised",
        subject=assessment_id,
        details={**heads, **held_to, **dict.fromkeys((finding.code for finding in findings), True)},
    )
    await complete_class(uow, case.examined)
    return final, findings
