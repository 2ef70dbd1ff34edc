"""An institution takes a trainee off the roster of an approved or open class."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.reasons import standard_reason
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.training_class import TrainingClass
from services.enrollment.domain.training_class import withdraw_trainee as withdrawn


async def withdraw_trainee(
    uow: UnitOfWork, *, class_id: str, person_id: str, code: str = "other", reason: str = ""
) -> tuple[TrainingClass, RosterEntry]:
    """Record that the person left today; what was reserved for them is released by the event.

    `code` is a standard reason, which the event carries; what is said besides is sealed.
    """
    training_class = await own_class(uow, class_id)
    reasons = uow.shelf.by_id(training_class.rulebook_id).enrollment.reasons
    code = standard_reason(code, reasons.trainee_withdrawal if reasons else None).code
    entries = await uow.rosters.entries(class_id)
    entry = next((row for row in entries if row.row.person_id == person_id and row.is_on_roster), None)
    left, fact = withdrawn(training_class, entry, on=uow.today, code=code, reason=reason or None)
    await uow.rosters.save_judgements(class_id, [left])
    training_class = await uow.classes.save(training_class)
    await uow.publish(fact)
    await uow.audit(action="trainee_withdrawn", subject=class_id, details={"person_id": person_id, "reason_code": code})
    return training_class, left
