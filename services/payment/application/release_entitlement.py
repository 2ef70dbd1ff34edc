"""Give back what a class or a person no longer needs; a used slot stays used until its money is repaid."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from services.payment.application.ports import PaymentUnit
from services.payment.domain.entitlement import ClassFile


async def release_class(uow: PaymentUnit, *, class_id: str, reason: str) -> None:
    """Release everything a class reserved, for good: it is never reserved again."""
    file = await uow.classes.lock(class_id)
    released = await uow.entitlements.release(class_id, None, reason=reason, on=uow.today)
    if file.released is None:
        await uow.classes.save(replace(file, released=reason))
    await _shrink_budget(uow, file)
    await uow.audit(action="entitlement_released", subject=class_id, details={"reason": reason, "heads": len(released)})


async def release_trainees(uow: PaymentUnit, *, class_id: str, persons: Collection[str], reason: str) -> None:
    """Release the reserved slots of people who left a class, and the budget of their places."""
    file = await uow.classes.lock(class_id)
    released = await uow.entitlements.release(class_id, persons, reason=reason, on=uow.today)
    if released:
        await _shrink_budget(uow, file)
        await uow.audit(
            action="entitlement_released", subject=class_id, details={"reason": reason, "heads": len(released)}
        )


async def _shrink_budget(uow: PaymentUnit, file: ClassFile) -> None:
    """Keep budget for those who still hold a slot, and at least for what was paid to the class in advance.

    What a claim decided is kept by its approval instead.
    """
    held = await uow.entitlements.held(file.class_id)
    if "used" in held.values():
        return
    committed = await uow.budgets.held(file.class_id)
    places_fen = len(held) * file.per_head_fen
    advanced: Counter[str] = Counter()
    for advance in await uow.advances.of_class(file.class_id):
        advanced[advance.funding_source or ""] += advance.held_fen
    kept = {key: max(min(places_fen, fen), advanced[key.funding_source]) for key, fen in committed.items()}
    await uow.budgets.commit(file.class_id, kept)
