"""Send webhooks: an outbox of its own per receiver, filled from the change log, delivered in order per key.

Only the service's leader does this. A message is marked after the receiver answered 2xx; whoever dies in between sends
it again under the same id, and the receiver drops the repeat. A key that fails waits behind its first failure while
the others flow; a receiver that as a whole does not answer is left alone for growing pauses and tried with a few.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import structlog
from sqlalchemy import ColumnElement, Row, Select, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.changes import queue
from shared.changes.answers import Outcome, new_client, send
from shared.changes.log import head_of
from shared.changes.pace import Pace
from shared.changes.queue import Message
from shared.changes.receivers import AllowedReceivers, allowed_receivers
from shared.changes.signing import sealing_purpose, signed_headers
from shared.changes.tables import WEBHOOK, WEBHOOK_ATTEMPT, WEBHOOK_DELIVERY, WEBHOOK_SECRET
from shared.changes.webhooks import PING
from shared.clock import machine_now
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import SYSTEM
from shared.domain.errors import Refused
from shared.messaging.backoff import wait_for_any
from shared.messaging.failures import describe, is_transient
from shared.settings import ServiceSettings

IN_FLIGHT: Final = 8
"""Messages to one receiver at once, each of another key."""
FAILING_KEYS_MAX: Final = 16
"""When more keys than this stand still it is the receiver that fails."""
SIGNATURES_MAX: Final = 10
"""How many secrets sign at most, however often one was rotated within a day."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False, kw_only=True)
class WebhookSender:
    """Delivers one service's webhooks; one receiver's slowness never delays another's."""

    database: Database
    vault: Callable[[], Vault]
    receivers: AllowedReceivers
    pace: Pace = field(default_factory=Pace)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; a failing database is waited for, anything else is raised."""
        at_work: dict[str, asyncio.Task[None]] = {}
        prune_at = machine_now()
        async with new_client() as http:
            try:
                while not stop.is_set():
                    self.database.changes_written.clear()
                    try:
                        async with self.database.connect(write=False) as connection:
                            webhooks = (await connection.execute(_active())).all()
                        for webhook_id in {row.webhook_id for row in webhooks} - at_work.keys():
                            at_work[webhook_id] = asyncio.create_task(self.serve(webhook_id, http, stop))
                        if machine_now() >= prune_at:
                            await self._forget_old()
                            prune_at = machine_now() + self.pace.prune_every
                    except Exception as error:
                        if not is_transient(error):
                            raise
                        _log.warning("webhooks_wait", service=self.database.service, reason=describe(error))
                    await wait_for_any(stop, self.database.changes_written, timeout_seconds=self.pace.poll_seconds)
                    at_work = self._still_working(at_work)
            finally:
                if not stop.is_set():
                    for task in at_work.values():
                        task.cancel()
                await asyncio.gather(*at_work.values(), return_exceptions=True)

    def _still_working(self, tasks: dict[str, "asyncio.Task[None]"]) -> dict[str, "asyncio.Task[None]"]:
        for webhook_id, task in tasks.items():
            if task.done() and (error := task.exception()) is not None:  # the other receivers must not wait for it
                service, reason = self.database.service, describe(error)
                _log.error("webhook_stands_still", service=service, webhook=webhook_id, reason=reason)
        return {webhook_id: task for webhook_id, task in tasks.items() if not task.done()}

    async def serve(self, webhook_id: str, http: httpx.AsyncClient, stop: asyncio.Event) -> None:
        """Send what is due to one receiver, until nothing is or it has to rest.

        The log is written down as it is needed, so that a receiver's long absence makes no long queue.
        """
        while not stop.is_set():
            async with self.database.connect(write=False) as connection:
                webhook = (await connection.execute(_active(WEBHOOK.c.webhook_id == webhook_id))).one_or_none()
                if webhook is None:
                    return
                limit = 1 if webhook.fruitless else IN_FLIGHT  # one, to see whether the receiver is back
                messages = await queue.due(connection, webhook_id, limit=limit)
                behind = webhook.cursor < await head_of(connection)
            if len(messages) < limit and behind:
                await self._fill(webhook_id)
                continue
            if not messages:
                return
            secrets = await self._secrets(webhook_id)
            outcomes = await asyncio.gather(*(self._attempt(http, webhook, secrets, one) for one in messages))
            await self._record(webhook, list(zip(messages, outcomes, strict=True)))

    async def _fill(self, webhook_id: str) -> None:
        this = _active(WEBHOOK.c.webhook_id == webhook_id).with_for_update()
        async with self.database.connect() as connection, connection.begin():
            webhook = (await connection.execute(this)).one_or_none()
            if webhook is not None:
                await queue.fill(connection, webhook)

    async def _secrets(self, webhook_id: str) -> list[str]:
        """Give the secrets that are valid now, the newest first."""
        row = WEBHOOK_SECRET.c
        valid = (row.webhook_id == webhook_id, or_(row.valid_until.is_(None), row.valid_until > machine_now()))
        query = select(row.sealed).where(*valid).order_by(row.seq.desc()).limit(SIGNATURES_MAX)
        async with self.database.connect(write=False) as connection:
            sealed = (await connection.execute(query)).scalars().all()
        purpose, vault = sealing_purpose(webhook_id), self.vault()
        return [vault.open(bytes(one), purpose=purpose) for one in sealed]

    async def _attempt(
        self, http: httpx.AsyncClient, webhook: Row[Any], secrets: Sequence[str], message: Message
    ) -> Outcome:
        try:
            self.receivers.check(webhook.url)  # the list may have become narrower since
        except Refused:
            return Outcome(problem="host_forbidden", everything=True)
        body = message.body or ping_body(self.database.service, message.message_id)
        headers = signed_headers(message.message_id, body, machine_now(), secrets)
        return await send(http, webhook.url, body, headers, deadline_seconds=self.pace.answer_seconds)

    async def _record(self, webhook: Row[Any], attempts: Sequence[tuple[Message, Outcome]]) -> None:
        """Mark what was taken, plan what was not, and judge the receiver; together."""
        now = machine_now()
        async with UnitOfWork(self.database, actor=SYSTEM) as uow:
            this = select(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook.webhook_id).with_for_update()
            present = (await uow.connection.execute(this)).one_or_none()
            if present is None:
                return  # deleted meanwhile
            for message, outcome in attempts:
                await self._record_attempt(uow.connection, webhook.webhook_id, message, outcome, now)
            if present.state == "active":
                await self._judge(uow, present, attempts, now)
            await uow.commit()

    async def _record_attempt(
        self, connection: AsyncConnection, webhook_id: str, message: Message, outcome: Outcome, now: datetime
    ) -> None:
        values: dict[str, Any] = {"attempts": message.attempts + 1, "last_status": outcome.status}
        values |= {"last_problem": outcome.problem}
        if outcome.taken:
            values |= {"delivered_at": now, "failing_since": None}
        else:
            values |= {"next_attempt_at": now + self.pace.pause(message.attempts + 1)}
            values |= {"failing_since": message.failing_since or now}
        await connection.execute(update(WEBHOOK_DELIVERY).where(WEBHOOK_DELIVERY.c.seq == message.seq).values(values))
        await connection.execute(
            insert(WEBHOOK_ATTEMPT).values(
                webhook_id=webhook_id,
                message_id=message.message_id,
                attempted_at=now,
                status=outcome.status,
                problem=outcome.problem,
                milliseconds=outcome.milliseconds,
            )
        )

    async def _judge(
        self, uow: UnitOfWork, webhook: Row[Any], attempts: Sequence[tuple[Message, Outcome]], now: datetime
    ) -> None:
        outcomes = [outcome for _, outcome in attempts]
        since = [one.failing_since for one, outcome in attempts if one.failing_since and not outcome.taken]
        overloaded = any(outcome.everything for outcome in outcomes)
        if any(outcome.gone for outcome in outcomes):
            await self._disable(uow, webhook.webhook_id, "gone", outcomes)
        elif since and now - min(since) > self.pace.give_up_after:
            await self._disable(uow, webhook.webhook_id, "failing_too_long", outcomes)
        elif any(outcome.taken for outcome in outcomes) and not overloaded:
            if webhook.fruitless:  # the receiver is back: what failed because of it need not wait any longer
                await self._set(uow.connection, webhook.webhook_id, fruitless=0, rest_until=None)
                await queue.wake(uow.connection, webhook.webhook_id)
        elif overloaded or await queue.failing_keys(uow.connection, webhook.webhook_id) >= FAILING_KEYS_MAX:
            asked = max((outcome.retry_after_seconds or 0.0 for outcome in outcomes), default=0.0)
            asked = min(asked, self.pace.retry_after_seconds_max)
            pause = max(self.pace.pause(webhook.fruitless + 1), timedelta(seconds=asked))
            fruitless, rest_until = webhook.fruitless + 1, now + pause
            await self._set(uow.connection, webhook.webhook_id, fruitless=fruitless, rest_until=rest_until)

    async def _disable(self, uow: UnitOfWork, webhook_id: str, reason: str, outcomes: Sequence[Outcome]) -> None:
        await self._set(uow.connection, webhook_id, state="disabled", reason=reason)
        status = next((outcome.status for outcome in outcomes if not outcome.taken), None)
        await uow.audit(action="webhook_disabled", subject=webhook_id, details={"reason": reason, "status": status})
        _log.warning("webhook_disabled", service=self.database.service, webhook=webhook_id, reason=reason)

    async def _set(self, connection: AsyncConnection, webhook_id: str, **values: Any) -> None:
        await connection.execute(update(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook_id).values(values))

    async def _forget_old(self) -> None:
        async with self.database.connect() as connection, connection.begin():
            await queue.forget(connection, before=machine_now() - self.pace.keep_delivered)


def _active(*where: ColumnElement[bool]) -> Select[Any]:
    """Select the webhooks that are to be served and do not rest."""
    rested = or_(WEBHOOK.c.rest_until.is_(None), WEBHOOK.c.rest_until <= machine_now())
    return select(WEBHOOK).where(WEBHOOK.c.state == "active", rested, *where)


def ping_body(service: str, message_id: str) -> bytes:
    """Give a test message: an event that says nothing and is on no topic."""
    return (
        f'{{"specversion":"1.0","id":"{message_id}","source":"/{service}","type":"cn.peibu.{service}.Ping.v1",'
        f'"subject":"{PING}","datacontenttype":"application/json","data":{{}}}}'
    ).encode()


def webhook_sender(database: Database, settings: ServiceSettings) -> WebhookSender:
    """Give the duty of a service's leader; keys are read when the first webhook needs them."""
    return WebhookSender(database=database, vault=settings.vault, receivers=allowed_receivers(settings))
