"""The background process of assessment: facts of enrollment and supervision in, its own out, surveys ended on time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.assessment.application.provincial_record import PROVINCIAL_RECORD
from services.assessment.application.survey_class import SURVEY_END, end_survey
from services.assessment.messaging.incoming import HANDLERS, TOPICS
from services.assessment.storage.unit_of_work import AssessmentUnitOfWork
from services.assessment.wiring import Wiring
from shared.audit.sealing import Sealer
from shared.changes.delivery import webhook_sender
from shared.domain.actor import SYSTEM
from shared.messaging.consumer import Consumer
from shared.province.pushing import provincial_duties
from shared.timers.runner import Handler, TimerRunner
from shared.worker import Worker

TIMERS: Final[Mapping[str, Handler[AssessmentUnitOfWork]]] = {SURVEY_END: end_survey}


def create_worker(wiring: Wiring) -> Worker:
    """Give the worker: one consumer (its group is the service), and as leader's duties the timers and the sealing."""
    database = wiring.database

    def at(due: datetime) -> AssessmentUnitOfWork:
        return wiring.unit_of_work(SYSTEM, now=due)

    timers = TimerRunner(database, TIMERS, at)
    consumer = Consumer(database, wiring.bus, "assessment", TOPICS, HANDLERS, wiring.unit_of_work)
    duties = [timers.run, Sealer(database).run, webhook_sender(database, wiring.settings).run]
    pushing = provincial_duties(database, wiring.settings, PROVINCIAL_RECORD, wiring.unit_of_work)
    return Worker(database, wiring.bus, consumers=[consumer], duties=[*duties, *pushing])
