"""End the supervision of a class that enrollment withdrew or never opened."""

from dataclasses import replace

from services.supervision.application.note_unknown_class import resolve_unknown_class
from services.supervision.application.open_class import CLOSE_SESSION, timer_key
from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.sign_in import CLASS_NOT_OPENED
from services.supervision.domain.training_class import end_class as ended
from shared.contracts.enrollment import ClassClosed


async def end_class(uow: SupervisionUnit, fact: ClassClosed) -> None:
    """Stop a withdrawn class; refuse the sign-ins, there or still to come, for a class that will never open.

    Reasons `completed` and `cancelled` are echoes of this service's own events.
    """
    if fact.reason not in ("withdrawn", "not_opened"):
        return
    await uow.files.lock([fact.class_id])
    file = await uow.files.find(fact.class_id)
    details: dict[str, str | int] = {"reason": fact.reason}
    if file is None:
        await uow.files.add_unopened(fact.class_id)
        await resolve_unknown_class(uow, fact.class_id)
        details["refused"] = await uow.sign_ins.refuse_waiting(fact.class_id, CLASS_NOT_OPENED)
    elif file.training_class.ending is None:
        await uow.files.save(file, replace(file, training_class=ended(file.training_class, "withdrawn")))
        await forget_closings(uow, file)
    await uow.audit(action="class.ended", subject=fact.class_id, details=details)


async def forget_closings(uow: SupervisionUnit, file: ClassFile) -> None:
    """Remove the timers of the sessions still open."""
    for session in file.sessions:
        if not session.is_closed:
            key = timer_key(file.training_class.class_id, session.session_id)
            await uow.unschedule(kind=CLOSE_SESSION, key=key)
