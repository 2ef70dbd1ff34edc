"""The approved timetable as it changes while the class runs (JY-ENR-06): what has begun stays as it was."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.supervision.domain.training_class import Session, in_order, session_of
from shared.contracts.enrollment import PlannedSession
from shared.policy.rulebook import Rulebook


def change_timetable(
    sessions: Iterable[Session],
    dropped: Iterable[Session],
    planned: Iterable[PlannedSession],
    book: Rulebook,
    *,
    at: datetime,
) -> tuple[tuple[Session, ...], tuple[Session, ...]]:
    """Give the sessions held from now on and those dropped, when a change approved at an instant names them all.

    A session that had begun by then stays whatever the change says of it, and none is planned into the past. One that
    was moved is open until its new end; its revision goes on from what was published.
    """
    held = {session.session_id: session for session in sessions}
    gone = {session.session_id: session for session in dropped}
    ahead = {each.session_id: each for each in planned if each.starts_at > at}
    begun = {session_id for session_id, session in held.items() if session.starts_at <= at}
    named = {each.session_id for each in planned}
    kept = {session_id: session for session_id, session in held.items() if session_id in begun | (named - ahead.keys())}
    for session_id, each in ahead.items():
        if session_id not in begun:
            kept[session_id] = _moved(held.get(session_id) or gone.get(session_id), session_of(each, book))
    dropped_now = {**gone, **held}
    return in_order(kept.values()), in_order(each for name, each in dropped_now.items() if name not in kept)


def _moved(before: Session | None, planned: Session) -> Session:
    if before is None:
        return planned
    published = replace(
        planned,
        revision=before.revision,
        is_closed=before.is_closed,
        present=before.present,
        absent=before.absent,
    )
    same = replace(before, teacher_id=planned.teacher_id, venue_id=planned.venue_id) == published
    return replace(published, is_closed=before.is_closed and same)
