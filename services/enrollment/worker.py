"""Enrollment's background work: events of the other services, what falls due by timer, relay and audit seals."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

from services.enrollment.application.open_class import OPEN_CLASS, open_class
from services.enrollment.application.provincial_record import PROVINCIAL_RECORD
from services.enrollment.application.rectify import flag_overdue
from services.enrollment.application.suspend_institution import RECTIFICATION_DUE
from services.enrollment.messaging.incoming import HANDLERS, TOPICS
from services.enrollment.storage.unit_of_work import EnrollmentUnitOfWork
from services.enrollment.wiring import Wiring
from shared.audit.sealing import Sealer
from shared.changes.delivery import webhook_sender
from shared.domain.actor import SYSTEM
from shared.messaging.consumer import Consumer
from shared.province.pushing import provincial_duties
from shared.timers.runner import TimerRunner
from shared.worker import Worker, after_catching_up

TIMERS: Final[Mapping[str, Callable[[Any, str], Awaitable[None]]]] = {
    OPEN_CLASS: open_class,
    RECTIFICATION_DUE: flag_overdue,
}
"""What each kind of timer starts."""


def create_worker(wiring: Wiring) -> Worker:
    """Give the worker of enrollment, whose consumer group is the service's name."""

    def at_moment(moment: datetime) -> EnrollmentUnitOfWork:
        return wiring.unit_of_work(SYSTEM, now=moment)

    consumer = Consumer(wiring.database, wiring.bus, "enrollment", TOPICS, HANDLERS, wiring.unit_of_work)
    timers = TimerRunner(wiring.database, TIMERS, at_moment)
    fire = after_catching_up(wiring.bus, "enrollment", TOPICS, timers.run)
    duties = [fire, Sealer(wiring.database).run, webhook_sender(wiring.database, wiring.settings).run]
    pushing = provincial_duties(wiring.database, wiring.settings, PROVINCIAL_RECORD, wiring.unit_of_work)
    return Worker(wiring.database, wiring.bus, consumers=[consumer], duties=[*duties, *pushing])
