"""Give back what a class or a person no longer needs; a used slot stays used until its money is repaid."""

from collections.abc import Collection
from dataclasses import replace

from services.payment.application.commit_budget import keep_budget
from services.payment.application.ports import PaymentUnit


async def release_class(uow: PaymentUnit, *, class_id: str, reason: str) -> None:
    """Release everything a class reserved, for good: it is never reserved again."""
    file = await uow.classes.lock(class_id)
    released = await uow.entitlements.release(class_id, None, reason=reason, on=uow.today)
    if file.released is None:
        await uow.classes.save(replace(file, released=reason))
    await keep_budget(uow, class_id)
    await uow.audit(action="entitlement_released", subject=class_id, details={"reason": reason, "heads": len(released)})


async def release_trainees(uow: PaymentUnit, *, class_id: str, persons: Collection[str], reason: str) -> None:
    """Release the reserved slots of people who left a class, and the budget of their places."""
    await uow.classes.lock(class_id)
    released = await uow.entitlements.release(class_id, persons, reason=reason, on=uow.today)
    if released:
        await keep_budget(uow, class_id)
        await uow.audit(
            action="entitlement_released", subject=class_id, details={"reason": reason, "heads": len(released)}
        )
