"""Answer a reservation anew whose budget was refused, when a rate or an allotment was entered later (JY-PAY-05).

Whoever enters one only wakes the classes that wait; each is answered in a transaction of its own, so that nobody holds
a budget while waiting for a class.
"""

from typing import Final

from services.payment.application.ports import PaymentUnit
from services.payment.application.reserve_entitlement import reserve_budget
from services.payment.domain.entitlement import Asked, answer
from services.payment.domain.entitlement import scope_of as slots_of
from shared.domain.jurisdiction import descendants
from shared.policy.decision import TraceValue

ANSWER_AGAIN: Final = "answer_reservation"
"""The timer's kind; its key is the class id."""


async def wake_reservations(uow: PaymentUnit, region: str) -> None:
    """Let every class of the region and under it whose budget was refused be answered anew at once."""
    for class_id in await uow.classes.without_budget(descendants(region)):
        await uow.schedule(due=uow.now, kind=ANSWER_AGAIN, key=class_id)


async def answer_again(uow: PaymentUnit, class_id: str) -> None:
    """Answer the class's newest request by the same rulebook and in the same version.

    People who were refused then stay refused: enrollment took them off the roster. An answer that says the same again
    is not published; a class that was released or opened meanwhile asks for nothing any more.
    """
    file = await uow.classes.lock(class_id)
    request = file.request
    if request is None or file.budget_refused is None or file.released:
        return
    if (await uow.classes.facts(class_id)).opened is not None:
        return
    rulebook = uow.shelf.by_id(request.rulebook_id)
    everybody = frozenset(trainee.person_id for trainee in request.trainees)
    barred = file.left & everybody
    asked = Asked(file=file, request=request, wanted=tuple(sorted(everybody - barred)), barred=barred)
    held = frozenset(asked.wanted)
    if slots_of(rulebook, request) is not None:
        held &= (await uow.entitlements.held(class_id)).keys()
    budget = await reserve_budget(uow, asked)
    await uow.classes.save(file.answered(budget, at=uow.now))
    if budget.code == file.budget_refused:
        return
    await uow.publish(answer(asked, granted=held, rulebook=rulebook, budget=budget))
    details: dict[str, TraceValue] = {
        "version": file.asked_version,
        "granted": len(held),
        "budget": budget.code or "granted",
    }
    await uow.audit(action="reservation_answered_again", subject=class_id, details=details)
