"""Begin to supervise a class that enrollment opened; sign-ins that came before are judged now."""

from collections import Counter
from datetime import datetime, timedelta

from services.supervision.application.note_unknown_class import resolve_unknown_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.finding import DEVICE_CLOCK, Key, Observation
from services.supervision.domain.sign_in import SIGNED_IN_FUTURE, Roll, Verdict, observe_clock
from services.supervision.domain.training_class import Session, sign_in_term
from services.supervision.domain.training_class import open_class as opened
from shared.contracts.enrollment import ClassOpened
from shared.policy.rulebook import Rulebook

CLOSE_SESSION = "close_session"


async def open_class(uow: SupervisionUnit, fact: ClassOpened) -> None:
    """Store class and timetable, judge the sign-ins that wait for it and set a timer for each session's closing.

    Raise MissingFact RULEBOOK_UNKNOWN, which holds the event, while the class's rulebook is not here.
    """
    await uow.files.lock([fact.class_id])
    book = uow.shelf.by_id(fact.rulebook_id)
    training_class, sessions = opened(fact, book)
    file = ClassFile(training_class=training_class, sessions=sessions)
    await uow.files.add(file)
    for session in sessions:
        key = timer_key(fact.class_id, session.session_id)
        await uow.schedule(due=closing_time(session, book), kind=CLOSE_SESSION, key=key)
    await resolve_unknown_class(uow, fact.class_id)
    outcomes = await _judge_waiting(uow, file, book)
    await uow.audit(
        action="class.opened",
        subject=fact.class_id,
        details={"sessions": len(sessions), "trainees": len(fact.trainees), **outcomes},
    )


def timer_key(class_id: str, session_id: str) -> str:
    """Give the key of the timer that closes a session."""
    return f"{class_id}/{session_id}"


def closing_time(session: Session, book: Rulebook) -> datetime:
    """Give the instant at which the attendance of a session is closed."""
    return session.ends_at + timedelta(hours=sign_in_term(book).closes_hours_after_end)


async def _judge_waiting(uow: SupervisionUnit, file: ClassFile, book: Rulebook) -> Counter[str]:
    roll = Roll(file.training_class, file.sessions, book)
    waiting = await uow.sign_ins.waiting(file.training_class.class_id)
    devices = await uow.devices.among({row.device_id for row in waiting})
    verdicts: dict[tuple[str, int], Verdict] = {}
    ahead: dict[Key, Observation | None] = {}
    for row in waiting:
        device = devices[row.device_id]
        verdict = roll.judge(
            device,
            person_id=row.person_id,
            method=row.method,
            signed_at=row.signed_at,
            received_at=row.received_at,
        )
        verdicts[row.device_id, row.sequence] = verdict
        if verdict.code == SIGNED_IN_FUTURE:
            ahead[DEVICE_CLOCK, row.device_id] = observe_clock(device, book)
    await uow.sign_ins.decide(verdicts)
    if ahead:
        await settle_class(uow, file, file, observed=ahead)
    return Counter(verdict.outcome for verdict in verdicts.values())
