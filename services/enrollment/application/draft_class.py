"""An institution draws up a class application: plan and teaching plan, not yet the roster."""

from services.enrollment.application.judging import judge_class
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_institution
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.review import APPLICANT
from services.enrollment.domain.training_class import TrainingClass
from shared.clock import new_id
from shared.policy.judging import refuse_stopped


async def draft_class(uow: UnitOfWork, plan: ClassPlan) -> TrainingClass:
    """Store a draft that no rule stops and give it; what the rules warn of or ask stands in its findings."""
    institution = await own_institution(uow, uow.actor.organisation)
    judged = await judge_class(
        uow,
        TrainingClass(
            class_id=new_id(),
            institution_id=institution.institution_id,
            region=institution.region,
            state="draft",
            version=1,
            round=0,
            plan=plan,
            programme="",
            rulebook_id="",
        ),
    )
    drafted = judged.training_class
    refuse_stopped(drafted.findings)
    await uow.classes.add(drafted)
    await uow.classes.assign_duty(drafted.class_id, uow.actor.subject, APPLICANT)
    await uow.audit(action="class_drafted", subject=drafted.class_id, details={"planned": plan.planned})
    return drafted
