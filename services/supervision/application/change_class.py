"""Follow changes that enrollment makes to a running class: its people, its timetable and its last day."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.supervision.application.judge_again import judge_again
from services.supervision.application.open_class import CLOSE_SESSION, closing_time, timer_key
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.timetable import change_timetable
from services.supervision.domain.training_class import Session, join_trainees, withdraw_trainee
from shared.clock import legal_day
from shared.contracts.enrollment import ClassChanged, TraineeWithdrawn
from shared.policy.rulebook import Rulebook


async def change_class(uow: SupervisionUnit, fact: ClassChanged, *, at: datetime) -> None:
    """Take over roster, timetable and closing date as they were approved at an instant (JY-ENR-06).

    Sessions begun by then stay. Sign-ins already here are judged again, so that it does not matter whether the change
    or they came first. A class not yet open here needs nothing: ClassOpened carries its final roster and timetable;
    one that ended stays as it ended.
    """
    await uow.files.lock([fact.class_id])
    before = await uow.files.find(fact.class_id)
    if before is None or before.training_class.ending is not None:
        return
    book = uow.shelf.by_id(before.training_class.rulebook_id)
    after = _changed(before, fact, book, at)
    await _set_timers(uow, before, after, book)
    judged = await judge_again(uow, after)
    await _count_again(uow, before, after)
    await uow.audit(
        action="class.changed",
        subject=fact.class_id,
        details={
            "change": fact.change,
            "removed": len(fact.removed),
            "added": len(after.training_class.trainees) - len(before.training_class.trainees),
            "sessions": len(after.sessions),
            "dropped": len(after.dropped),
            "judged_again": judged,
        },
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


def _changed(file: ClassFile, fact: ClassChanged, book: Rulebook, at: datetime) -> ClassFile:
    changed = replace(file.training_class, closing_date=fact.closing_date)
    if fact.exempt_by_decision is not None:
        changed = replace(changed, exempt_by_decision=fact.exempt_by_decision)
    for person_id in fact.removed:
        if person_id in changed.trainees:
            changed = withdraw_trainee(changed, person_id, legal_day(at))
    file = replace(file, training_class=join_trainees(changed, fact.added, fact.joined, book, at))
    if fact.sessions is None:
        return file
    sessions, dropped = change_timetable(file.sessions, file.dropped, fact.sessions, book, at=at)
    return replace(file, sessions=sessions, dropped=dropped)


async def _set_timers(uow: SupervisionUnit, before: ClassFile, after: ClassFile, book: Rulebook) -> None:
    class_id = after.training_class.class_id
    stood = {session.session_id: session for session in before.sessions}
    for session in after.sessions:
        if not session.is_closed and not _closes_alike(session, stood.get(session.session_id)):
            key = timer_key(class_id, session.session_id)
            await uow.schedule(due=closing_time(session, book), kind=CLOSE_SESSION, key=key)
    for session in _gone(before.sessions, after.sessions):
        await uow.unschedule(kind=CLOSE_SESSION, key=timer_key(class_id, session.session_id))


def _closes_alike(session: Session, before: Session | None) -> bool:
    return before is not None and not before.is_closed and before.ends_at == session.ends_at


def _gone(before: Iterable[Session], after: Iterable[Session]) -> list[Session]:
    held = {session.session_id for session in after}
    return [session for session in before if session.session_id not in held]


async def _count_again(uow: SupervisionUnit, before: ClassFile, after: ClassFile) -> None:
    closed = [session.session_id for session in after.sessions if session.is_closed]
    await settle_class(uow, before, after, sessions=closed)
