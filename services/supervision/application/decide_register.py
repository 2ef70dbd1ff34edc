"""Decide whether the custodian's register serves as attendance of people in custody (JY-ENR-16)."""

from dataclasses import replace

from services.supervision.application.access import lock_class
from services.supervision.application.judge_again import judge_again
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.training_class import RegisterDecision
from services.supervision.domain.training_class import decide_register as decided


async def decide_register(uow: SupervisionUnit, *, class_id: str, allowed: bool, reason: str) -> ClassFile:
    """Record the decision, which replaces an earlier one; sign-ins already here follow it.

    Raise NotFound CLASS_UNKNOWN or Refused NOBODY_IN_CUSTODY, CLASS_ENDED.
    """
    file = await lock_class(uow, class_id)
    book = uow.shelf.by_id(file.training_class.rulebook_id)
    decision = RegisterDecision(allowed=allowed, decided_by=uow.actor.subject, decided_at=uow.now, reason=reason)
    after = replace(file, training_class=decided(file.training_class, decision, book))
    judged = await judge_again(uow, after)
    closed = [session.session_id for session in after.sessions if session.is_closed]
    saved = await settle_class(uow, file, after, sessions=closed)
    await uow.audit(action="register.decided", subject=class_id, details={"allowed": allowed, "judged_again": judged})
    return saved
