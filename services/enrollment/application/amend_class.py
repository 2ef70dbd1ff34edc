"""An institution corrects the plan of a class that is still, or again, in its hands."""

from dataclasses import replace

from services.enrollment.application.judging import judge_class, judge_rows
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.training_class import EDITABLE, TrainingClass
from shared.policy.judging import refuse_stopped


async def amend_class(uow: UnitOfWork, *, class_id: str, plan: ClassPlan) -> TrainingClass:
    """Store the plan in place of the old one, unless a rule stops it, and judge the roster anew under it."""
    training_class = await own_class(uow, class_id)
    training_class.require(*EDITABLE, act="修改开班申请")
    judged = await judge_class(uow, replace(training_class, plan=plan))
    refuse_stopped(judged.training_class.findings)
    entries = await uow.rosters.entries(class_id)
    again = await judge_rows(uow, judged.training_class, [entry.row for entry in entries], judged.book)
    await uow.rosters.replace(class_id, again)
    amended = await uow.classes.save(judged.training_class, new_sessions=True)
    await uow.audit(action="class_amended", subject=amended.class_id, details={"planned": plan.planned})
    return amended
