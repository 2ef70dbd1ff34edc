"""A supervisor looks at a session, live or by replay, and that is logged."""

from typing import Literal

from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.queries import ClassReading, read_class
from services.supervision.domain.training_class import Session
from shared.domain.errors import Forbidden, NotFound, Refused

Mode = Literal["live", "replay"]


async def view_session(
    uow: SupervisionUnit, *, class_id: str, session_id: str, mode: Mode
) -> tuple[Session, ClassReading]:
    """Give a session with the class's file and log who looked at it when (QJ-SUP-02).

    Raise NotFound SESSION_UNKNOWN, Forbidden ROLE_MISSING for a role that the document does not admit, Refused
    VIEWING_TIME for a live view of a session that is not going on, or a replay before it began.
    """
    reading = await read_class(uow, class_id)
    session = reading.file.session(session_id)
    if session is None:
        raise NotFound(code="SESSION_UNKNOWN", message="本班没有此课次。", advice="请核对课次编号。")
    term = reading.book.supervision.viewing
    if term is not None and not uow.actor.has(*term.roles):
        raise Forbidden(
            code="ROLE_MISSING",
            message="只有监管人员可以查看课堂。",
            advice="请由监管人员办理。",
            rule=term.rule,
            clause=term.clause,
            document=term.document,
        )
    going_on = session.starts_at <= uow.now <= session.ends_at
    if not going_on if mode == "live" else uow.now < session.starts_at:
        raise Refused(
            code="VIEWING_TIME",
            message="该课次不在上课时间，不能实时查看；尚未开始的也不能回放。",
            advice=f"上课时间为 {session.starts_at.isoformat()} 至 {session.ends_at.isoformat()}。",
            field="mode",
            value=mode,
        )
    await uow.audit(action="session.viewed", subject=session_id, details={"class_id": class_id, "mode": mode})
    return session, reading
