"""Enrollment's background work: events of supervision and payment, openings by timer, relay and audit seals."""

from datetime import datetime

from services.enrollment.application.open_class import OPEN_CLASS, open_class
from services.enrollment.application.provincial_record import PROVINCIAL_RECORD
from services.enrollment.messaging.incoming import HANDLERS, TOPICS
from services.enrollment.storage.unit_of_work import EnrollmentUnitOfWork
from services.enrollment.wiring import Wiring
from shared.audit.sealing import Sealer
from shared.changes.delivery import webhook_sender
from shared.domain.actor import SYSTEM
from shared.messaging.consumer import Consumer
from shared.province.pushing import provincial_duties
from shared.timers.runner import TimerRunner
from shared.worker import Worker


def create_worker(wiring: Wiring) -> Worker:
    """Give the worker of enrollment, whose consumer group is the service's name."""

    def at_moment(moment: datetime) -> EnrollmentUnitOfWork:
        return wiring.unit_of_work(SYSTEM, now=moment)

    consumer = Consumer(wiring.database, wiring.bus, "enrollment", TOPICS, HANDLERS, wiring.unit_of_work)
    timers = TimerRunner(wiring.database, {OPEN_CLASS: open_class}, at_moment)
    duties = [timers.run, Sealer(wiring.database).run, webhook_sender(wiring.database, wiring.settings).run]
    pushing = provincial_duties(wiring.database, wiring.settings, PROVINCIAL_RECORD, wiring.unit_of_work)
    return Worker(wiring.database, wiring.bus, consumers=[consumer], duties=[*duties, *pushing])
