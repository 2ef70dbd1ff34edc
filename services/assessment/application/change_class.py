"""Follow changes that enrollment makes to a class: its last day, and people who leave.

Before the opening there is nothing to do: ClassOpened carries the final state. Waiting for it would block it, for
enrollment's events of one class are applied in their order.
"""

from dataclasses import replace

from services.assessment.application.complete_class import complete_class
from services.assessment.application.ports import AssessmentUnit
from shared.contracts.enrollment import ClassChanged, TraineeWithdrawn


async def change_class(uow: AssessmentUnit, fact: ClassChanged) -> None:
    """Take over the closing date of a class that has opened."""
    examined = await uow.classes.get(fact.class_id, lock=True)
    if examined is not None and examined.closing_date != fact.closing_date:
        await uow.classes.save(replace(examined, closing_date=fact.closing_date))
        await uow.audit(action="class.changed", subject=fact.class_id, details={"change": fact.change})


async def withdraw_trainee(uow: AssessmentUnit, fact: TraineeWithdrawn) -> None:
    """Let a person who left a class that has opened sit no exam from that day on, nor keep its completion waiting."""
    examined = await uow.classes.get(fact.class_id, lock=True)
    if examined is not None:
        await complete_class(uow, examined.without(fact.person_id, on=fact.on))
        await uow.audit(action="trainee.withdrawn", subject=fact.class_id, details={"on": fact.on.isoformat()})
