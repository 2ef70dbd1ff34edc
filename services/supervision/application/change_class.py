"""Follow changes that enrollment makes to a running class: people who leave or join, and its last day."""

from dataclasses import replace
from datetime import date

from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.training_class import withdraw_trainee
from shared.contracts.enrollment import ClassChanged, TraineeWithdrawn


async def change_class(uow: SupervisionUnit, fact: ClassChanged, *, on: date) -> None:
    """Take over roster and closing date from the day on which the change was made.

    A class not yet open here needs nothing: ClassOpened carries its final roster and timetable.
    """
    await uow.files.lock([fact.class_id])
    file = await uow.files.find(fact.class_id)
    if file is None:
        return
    changed = replace(file.training_class, closing_date=fact.closing_date)
    for person_id in fact.removed:
        if person_id in changed.trainees:
            changed = withdraw_trainee(changed, person_id, on)
    joined = {person_id: None for person_id in fact.added if person_id not in changed.trainees}
    changed = replace(changed, trainees={**changed.trainees, **joined})
    await _count_again(uow, file, replace(file, training_class=changed))
    await uow.audit(
        action="class.changed",
        subject=fact.class_id,
        details={"change": fact.change, "removed": len(fact.removed), "added": len(joined)},
    )


async def take_withdrawal(uow: SupervisionUnit, fact: TraineeWithdrawn) -> None:
    """Take a person off the expected list from the day of leaving; before the opening there is nothing to do here."""
    await uow.files.lock([fact.class_id])
    file = await uow.files.find(fact.class_id)
    if file is None or fact.person_id not in file.training_class.trainees:
        return
    left = withdraw_trainee(file.training_class, fact.person_id, fact.on)
    await _count_again(uow, file, replace(file, training_class=left))
    await uow.audit(action="trainee.withdrawn", subject=fact.class_id, details={"on": fact.on.isoformat()})


async def _count_again(uow: SupervisionUnit, before: ClassFile, after: ClassFile) -> None:
    closed = [session.session_id for session in after.sessions if session.is_closed]
    await settle_class(uow, before, after, sessions=closed)
