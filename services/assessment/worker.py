"""The background process of assessment: facts of enrollment and supervision in, its own facts out."""

from services.assessment.application.provincial_record import PROVINCIAL_RECORD
from services.assessment.messaging.incoming import HANDLERS, TOPICS
from services.assessment.wiring import Wiring
from shared.audit.sealing import Sealer
from shared.changes.delivery import webhook_sender
from shared.messaging.consumer import Consumer
from shared.province.pushing import provincial_duties
from shared.worker import Worker


def create_worker(wiring: Wiring) -> Worker:
    """Give the worker: one consumer (its group is the service), and as leader's duty the sealing; it has no timers."""
    database = wiring.database
    consumer = Consumer(database, wiring.bus, "assessment", TOPICS, HANDLERS, wiring.unit_of_work)
    duties = [Sealer(database).run, webhook_sender(database, wiring.settings).run]
    pushing = provincial_duties(database, wiring.settings, PROVINCIAL_RECORD, wiring.unit_of_work)
    return Worker(database, wiring.bus, consumers=[consumer], duties=[*duties, *pushing])
