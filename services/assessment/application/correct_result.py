"""The bureau corrects one person's result after the exam was final (JY-ASM-04)."""

from collections.abc import Mapping

from services.assessment.application.access import exam_of_approver
from services.assessment.application.complete_class import complete_class
from services.assessment.application.marking import marks_of
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.take_duty import take_duty
from services.assessment.domain.assessment import Assessment, Correction
from services.assessment.domain.body import Part
from services.assessment.domain.correction import correct


async def correct_result(
    uow: AssessmentUnit, *, assessment_id: str, person_id: str, points: Mapping[Part, int | None], reason: str
) -> tuple[Assessment, Correction]:
    """Correct points as new versions and give the exam with what they come to; completion is published again.

    The actor neither examined nor signed as patrol: else Forbidden SAME_REVIEWER. Raise NotFound ASSESSMENT_UNKNOWN
    outside their region and what `correct` raises.
    """
    case = await exam_of_approver(uow, assessment_id)
    case.examined.require_running()
    corrected, scores, correction = correct(
        case.exam,
        person_id,
        points,
        examined=case.examined,
        marks=await marks_of(uow, case),
        rulebook=uow.shelf.by_id(case.examined.rulebook_id),
        certificates=await uow.certificates.of_class(case.examined.class_id),
        reason=reason,
        decided_by=uow.actor.subject,
        now=uow.now,
    )
    await take_duty(uow, case, "correction")
    await uow.assessments.add_scores(assessment_id, scores, duty="correction")
    await uow.assessments.add_correction(corrected, correction)
    corrected = await uow.assessments.save(corrected)
    await uow.audit(
        action="result.corrected",
        subject=assessment_id,
        details={
            "person_id": person_id,
            "from": case.exam.outcomes[person_id],
            "outcome": correction.outcome,
            "scores": len(scores),
        },
    )
    await complete_class(uow, case.examined)
    return corrected, correction
