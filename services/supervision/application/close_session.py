"""Close the attendance of one session, when its timer falls due."""

from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class


async def close_session(uow: SupervisionUnit, key: str) -> None:
    """Publish who was there as revision 1 and what follows from it (opening day, completion).

    `key` is the timer's, `class/session`. A session closed already and a class that ended are left as they are.
    """
    class_id, _, session_id = key.partition("/")
    await uow.files.lock([class_id])
    file = await uow.files.find(class_id)
    session = file.session(session_id) if file is not None else None
    if file is None or session is None:
        raise LookupError(f"timer {key} names a session that is not held")
    if session.is_closed or file.training_class.ending is not None:
        return
    await settle_class(uow, file, file, sessions=[session_id])
    await uow.audit(action="session.closed", subject=class_id, details={"session_id": session_id})
