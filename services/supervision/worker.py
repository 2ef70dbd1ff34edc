"""The background process of supervision: facts of enrollment in, its own facts out, sessions closed on time."""

from datetime import datetime

from services.supervision.application.close_session import close_session
from services.supervision.application.open_class import CLOSE_SESSION
from services.supervision.application.provincial_record import PROVINCIAL_RECORD
from services.supervision.messaging.incoming import HANDLERS, TOPICS
from services.supervision.storage.unit_of_work import SupervisionUnitOfWork
from services.supervision.wiring import Wiring
from shared.audit.sealing import Sealer
from shared.changes.delivery import webhook_sender
from shared.domain.actor import SYSTEM
from shared.messaging.consumer import Consumer
from shared.province.pushing import provincial_duties
from shared.timers.runner import TimerRunner
from shared.worker import Worker


def create_worker(wiring: Wiring) -> Worker:
    """Give the worker: one consumer (its group is the service), and as leader's duties the timers and the sealing."""
    database = wiring.database

    def at(due: datetime) -> SupervisionUnitOfWork:
        return wiring.unit_of_work(SYSTEM, now=due)

    timers = TimerRunner(database, {CLOSE_SESSION: close_session}, at)
    consumer = Consumer(database, wiring.bus, "supervision", TOPICS, HANDLERS, wiring.unit_of_work)
    duties = [timers.run, Sealer(database).run, webhook_sender(database, wiring.settings).run]
    pushing = provincial_duties(database, wiring.settings, PROVINCIAL_RECORD, wiring.unit_of_work)
    return Worker(database, wiring.bus, consumers=[consumer], duties=[*duties, *pushing])
