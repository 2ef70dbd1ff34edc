"""The exam patrol signs (JY-ASM-09)."""

from services.assessment.application.access import exam_of_region
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.take_duty import take_duty
from services.assessment.domain.assessment import Assessment, Signature, sign
from services.assessment.domain.scheduling import require_after_course


async def sign_patrol(uow: AssessmentUnit, *, assessment_id: str, remark: str) -> tuple[Assessment, Signature]:
    """Record the signature of the actor, who is no examiner of this exam, and give it with the exam."""
    case = await exam_of_region(uow, assessment_id)
    case.examined.require_running()
    require_after_course(case.exam, case.examined, uow.shelf.by_id(case.examined.rulebook_id))
    signature = Signature(signed_by=uow.actor.subject, signed_at=uow.now, remark=remark)
    signed = sign(case.exam, signature)
    await take_duty(uow, case, "patrol")
    signed = await uow.assessments.save(signed)
    await uow.classes.save(case.examined)
    await uow.audit(action="patrol.signed", subject=assessment_id)
    return signed, signature
