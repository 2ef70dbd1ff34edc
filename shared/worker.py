"""A service's background process: consumers in every worker; relay, timers and sealing in the one that leads."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from shared.clock import monotonic
from shared.database.engine import Database
from shared.database.leader import Leader, Term
from shared.messaging.backoff import Backoff, wait_for_any
from shared.messaging.bus import Bus
from shared.messaging.consumer import Consumer, ConsumerStuck, TooManyDeadLetters
from shared.messaging.failures import describe
from shared.messaging.relay import Relay, outbox_depth
from shared.web.pruning import AnswerPruner

Duty = Callable[[asyncio.Event], Awaitable[None]]
"""Works until its event is set, then finishes what it has in hand and returns."""

STOP_SECONDS: Final = 20.0
CATCH_UP_SECONDS_MAX: Final = 60.0
"""A consumer that is halted, or far behind, must not keep every timer of its service."""
_CATCH_UP_POLL_SECONDS: Final = 0.1
_RESTART_SECONDS_MAX: Final = 5.0
_HEALTHY_SECONDS: Final = 60.0
"""A part that ran this long begins again with the shortest pause."""

_log = structlog.get_logger(__name__)


class Worker:
    """Runs one service's consumers and, while it leads, the relay, the pruning of answers and the further `duties`.

    A part that crashes is started again with back-off, logged and counted in `restarts`. A consumer that buried too
    much stays in `halted` until the process is started again, for an operator must act first; the others go on.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        consumers: Sequence[Consumer] = (),
        duties: Sequence[Duty] = (),
        leader: Leader | None = None,
        relay: Relay | None = None,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self.database = database
        self.bus = bus
        self.consumers = tuple(consumers)
        self.relay = relay or Relay(database, bus)
        self.leader = leader or Leader(database)
        self.restarts: Counter[str] = Counter()
        self.halted: dict[str, str] = {}
        self._duties = (*duties, AnswerPruner(database).run)
        self._stop_seconds = stop_seconds
        self._topics_ready = asyncio.Event()
        self._stuck: ConsumerStuck | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand within the deadline and return.

        Raise ConsumerStuck, after stopping the rest in order, when only a fresh process can help. The caller closes
        the bus and then the database, which outlive every part of the worker.
        """
        ending = asyncio.Event()
        parts = [self._keep_running("topics", self._ensure_topics, ending), self._lead(ending)]
        parts += [
            self._keep_running(f"consumer {consumer.group}", self._after_topics(consumer.run), ending)
            for consumer in self.consumers
        ]
        tasks = [asyncio.create_task(part) for part in parts]
        stopping = asyncio.create_task(stop.wait())
        try:
            # A part that ends before its time has given up: the worker ends with it.
            watched = {stopping, *tasks}
            while not stopping.done() and self._stuck is None:
                done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
                watched -= done
                for task in done:
                    task.result()
        finally:
            stopping.cancel()
            ending.set()
            await _finish(tasks, self._stop_seconds)
        if self._stuck is not None:
            raise self._stuck

    async def _ensure_topics(self, stop: asyncio.Event) -> None:
        await self.bus.ensure_topics()
        self._topics_ready.set()
        await stop.wait()

    def _after_topics(self, duty: Duty) -> Duty:
        """Let a duty begin when the topics stand: without them its client would only wait."""

        async def begin(stop: asyncio.Event) -> None:
            await wait_for_any(self._topics_ready, stop, timeout_seconds=float("inf"))
            if self._topics_ready.is_set():
                await duty(stop)

        return begin

    async def _lead(self, ending: asyncio.Event) -> None:
        """Do the duties whenever this worker leads, again and again."""
        while not ending.is_set():
            async with self.leader.lead(ending) as term:
                if term is not None:
                    await self._do_duties(term, ending)

    async def _do_duties(self, term: Term, ending: asyncio.Event) -> None:
        laid_down = asyncio.Event()
        parts = [self._keep_running("relay", self._after_topics(self.relay.run), laid_down)]
        parts += [self._keep_running(f"duty {_name(duty)}", duty, laid_down) for duty in self._duties]
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await wait_for_any(ending, term.lost, timeout_seconds=float("inf"))
        finally:
            laid_down.set()
            # Somebody else may lead already: what is not finished at once is broken off and done again there.
            await _finish(tasks, self._stop_seconds if term.holds else 0.0)

    async def _keep_running(self, name: str, duty: Duty, stop: asyncio.Event) -> None:
        backoff = Backoff(longest_seconds=_RESTART_SECONDS_MAX)
        while not stop.is_set():
            began = monotonic()
            try:
                await duty(stop)
                if stop.is_set():
                    return
                problem = "it ended by itself"
            except TooManyDeadLetters as error:
                self.halted[name] = str(error)
                _log.critical("halted", service=self.database.service, part=name, reason=str(error))
                await stop.wait()
                return
            except ConsumerStuck as error:
                _log.critical("stuck", service=self.database.service, part=name, reason=str(error))
                self._stuck = error
                return
            except Exception as error:
                problem = describe(error)
            if monotonic() - began > _HEALTHY_SECONDS:
                backoff.succeeded()
            self.restarts[name] += 1
            _log.error("restarted", service=self.database.service, part=name, reason=problem)
            await wait_for_any(stop, timeout_seconds=backoff.failed())


def after_catching_up(
    bus: Bus, group: str, topics: Collection[str], duty: Duty, *, seconds_max: float = CATCH_UP_SECONDS_MAX
) -> Duty:
    """Let a duty begin when the group has read what waited for it, or after `seconds_max`.

    After a standstill timers and waiting events race: an opening whose answer had come in time would find it unread and
    be closed as never opened.
    """

    async def begin(stop: asyncio.Event) -> None:
        give_up_at = monotonic() + seconds_max
        while not stop.is_set() and monotonic() < give_up_at and (await bus.progress(group, topics)).waiting:
            await wait_for_any(stop, timeout_seconds=_CATCH_UP_POLL_SECONDS)
        await duty(stop)

    begin.__name__ = _name(duty)
    return begin


async def _finish(tasks: Collection["asyncio.Task[None]"], seconds: float) -> None:
    """Let tasks finish what they have in hand, cancel what outlasts the deadline, and raise what one of them raised."""
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
    finally:  # also when whoever waits here is itself out of time
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


def _name(duty: Duty) -> str:
    owner = getattr(duty, "__self__", None)
    return type(owner).__name__ if owner is not None else getattr(duty, "__name__", "duty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What one service sends and receives, for `drained`."""

    database: Database
    group: str
    topics: Collection[str]


async def drained(bus: Bus, flows: Sequence[Flow]) -> bool:
    """Say whether no event is on its way: every outbox is empty and every group is at the end of its topics.

    The groups are asked before and after the outboxes. When none moved and nothing waits, no topic grew either, so no
    event can have slipped from an outbox to a topic, or through a handler to the next outbox, while we looked.
    """
    before = [(await bus.progress(flow.group, flow.topics)).finished for flow in flows]
    for flow in flows:
        if await outbox_depth(flow.database):
            return False
    after = [await bus.progress(flow.group, flow.topics) for flow in flows]
    return not any(one.waiting for one in after) and before == [one.finished for one in after]
