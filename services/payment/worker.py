"""The background process of payment: facts of the other services in, its own out, deadlines and notices on time."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from services.payment.application.answer_again import ANSWER_AGAIN, answer_again
from services.payment.application.assessing import (
    FIRST_CHANGED,
    NOTICE_END,
    PLACE_FREED,
    REVIEW_DUE,
    REVIEW_DUE_OUTER,
    WINDOW_END,
    end_window,
    judge_first,
    use_freed_place,
)
from services.payment.application.commit_budget import KEEP_BUDGET, keep_budget_in_time
from services.payment.application.draft_monthly_report import (
    MONTHLY_REPORT,
    MONTHLY_REPORT_DUE,
    draft_monthly_report,
    flag_overdue_report,
)
from services.payment.application.end_notice import end_notice
from services.payment.application.flag_overdue import flag_overdue
from services.payment.messaging.incoming import HANDLERS, TOPICS
from services.payment.storage.unit_of_work import PaymentUnitOfWork
from services.payment.wiring import Wiring
from shared.audit.sealing import Sealer
from shared.changes.delivery import webhook_sender
from shared.domain.actor import SYSTEM
from shared.messaging.consumer import Consumer
from shared.timers.runner import Handler, TimerRunner
from shared.worker import Worker

TIMERS: Final[Mapping[str, Handler[PaymentUnitOfWork]]] = {
    ANSWER_AGAIN: answer_again,
    NOTICE_END: end_notice,
    WINDOW_END: end_window,
    PLACE_FREED: use_freed_place,
    FIRST_CHANGED: judge_first,
    KEEP_BUDGET: keep_budget_in_time,
    REVIEW_DUE: partial(flag_overdue, limit=REVIEW_DUE),
    REVIEW_DUE_OUTER: partial(flag_overdue, limit=REVIEW_DUE_OUTER),
    MONTHLY_REPORT: draft_monthly_report,
    MONTHLY_REPORT_DUE: flag_overdue_report,
}


def create_worker(wiring: Wiring) -> Worker:
    """Give the worker: one consumer (its group is the service), and as leader's duties the timers and the sealing."""
    database = wiring.database

    def at(due: datetime) -> PaymentUnitOfWork:
        return wiring.unit_of_work(SYSTEM, now=due)

    consumer = Consumer(database, wiring.bus, "payment", TOPICS, HANDLERS, wiring.unit_of_work)
    timers = TimerRunner(database, TIMERS, at)
    duties = [timers.run, Sealer(database).run, webhook_sender(database, wiring.settings).run]
    return Worker(database, wiring.bus, consumers=[consumer], duties=duties)
