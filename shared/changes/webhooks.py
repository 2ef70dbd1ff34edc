"""Register, change and look at webhooks, and wish for deliveries; sending them is the leader's duty (`delivery.py`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, update

from shared.changes.log import cursor_unknown, head_of, in_region
from shared.changes.signing import new_secret, sealing_purpose
from shared.changes.tables import CHANGE, WEBHOOK, WEBHOOK_ATTEMPT, WEBHOOK_DELIVERY, WEBHOOK_SECRET
from shared.clock import machine_now, new_id
from shared.database.encryption import Vault
from shared.database.unit_of_work import UnitOfWork
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict, NotFound, Refused
from shared.domain.jurisdiction import is_within

OVERLAP: Final = timedelta(hours=24)
"""How long a rotated secret still signs beside its successor."""

WEBHOOKS_MAX: Final = 20
"""Webhooks of one organisation in one service: every one costs a queue."""

PING: Final = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits for a webhook: written-down deliveries, how many keys stand still behind a failure, since when."""

    head: int
    waiting: int
    failing: int
    failing_since: datetime | None


async def register_webhook(
    uow: UnitOfWork, vault: Vault, *, url: str, types: Collection[str], region: str, after: int | None
) -> tuple[str, str]:
    """Store a webhook and give its id and its secret, which nobody can read again.

    It is told everything after number `after` of the log, by default what is published from now on. Raise Conflict
    WEBHOOK_EXISTS when the organisation has one for this address and region.
    """
    webhook_id, secret = new_id(), new_secret()
    row = {
        "webhook_id": webhook_id,
        "organisation": uow.actor.organisation,
        "region": region,
        "url": url,
        "types": sorted(set(types)),
        "state": "active",
        "cursor": await _start(uow, after),
        "created_by": uow.actor.subject,
        "created_at": machine_now(),
    }
    if len(await list_webhooks(uow)) >= WEBHOOKS_MAX:
        raise Refused(
            code="WEBHOOKS_TOO_MANY",
            message=f"每个单位在一个服务中至多登记 {WEBHOOKS_MAX} 个推送地址。",
            advice="请先删除不再使用的推送地址。",
        )
    stored = await uow.connection.execute(
        insert_or_ignore(uow.connection, WEBHOOK, row).returning(WEBHOOK.c.webhook_id)
    )
    if stored.first() is None:
        raise Conflict(
            code="WEBHOOK_EXISTS",
            message="本单位已为该地址和区划登记过推送。",
            advice="请查询推送列表取得其编号；密钥遗失的，对该编号申请新密钥。",
        )
    await _add_secret(uow, vault, webhook_id, secret)
    await uow.audit(action="webhook_registered", subject=webhook_id, details={"region": region, "types": len(types)})
    return webhook_id, secret


async def _start(uow: UnitOfWork, after: int | None) -> int:
    head = await head_of(uow.connection)
    if after is not None and after > head:
        raise cursor_unknown(head)
    return head if after is None else after


async def list_webhooks(uow: UnitOfWork) -> Sequence[Row[Any]]:
    """Give the organisation's webhooks, oldest first."""
    mine = select(WEBHOOK).where(WEBHOOK.c.organisation == uow.actor.organisation)
    rows = (await uow.connection.execute(mine.order_by(WEBHOOK.c.created_at, WEBHOOK.c.webhook_id))).all()
    return [row for row in rows if is_within(row.region, uow.actor.region)]


async def get_webhook(uow: UnitOfWork, webhook_id: str, *, lock: bool = False) -> Row[Any]:
    """Give a webhook of the caller's organisation and region, or raise NotFound WEBHOOK_UNKNOWN."""
    query = select(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook_id)
    row = (await uow.connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None or row.organisation != uow.actor.organisation or not is_within(row.region, uow.actor.region):
        raise NotFound(code="WEBHOOK_UNKNOWN", message="没有该编号的推送。", advice="请先查询推送列表核对编号。")
    return row


async def backlog_of(uow: UnitOfWork, webhook_id: str) -> Backlog:
    """Give what waits for a webhook."""
    row = WEBHOOK_DELIVERY.c
    query = select(func.count(), func.count(row.failing_since), func.min(row.failing_since))
    query = query.where(row.webhook_id == webhook_id, row.delivered_at.is_(None))
    waiting, failing, since = (await uow.connection.execute(query)).one()
    return Backlog(head=await head_of(uow.connection), waiting=waiting, failing=failing, failing_since=since)


async def rotate_secret(uow: UnitOfWork, vault: Vault, *, webhook_id: str) -> tuple[str, datetime]:
    """Give a new secret and until when messages are signed with the old one too; nobody can read it again.

    A secret whose answer was lost is simply followed by another: the one in use keeps signing all the while.
    """
    await get_webhook(uow, webhook_id, lock=True)
    secret, until, row = new_secret(), machine_now() + OVERLAP, WEBHOOK_SECRET.c
    newest = (row.webhook_id == webhook_id, row.valid_until.is_(None))
    await uow.connection.execute(update(WEBHOOK_SECRET).where(*newest).values(valid_until=until))
    await _add_secret(uow, vault, webhook_id, secret)
    await uow.audit(action="webhook_secret_rotated", subject=webhook_id)
    return secret, until


async def _add_secret(uow: UnitOfWork, vault: Vault, webhook_id: str, secret: str) -> None:
    sealed = vault.seal(secret, purpose=sealing_purpose(webhook_id))
    await uow.connection.execute(insert(WEBHOOK_SECRET).values(webhook_id=webhook_id, sealed=sealed))


async def pause_webhook(uow: UnitOfWork, *, webhook_id: str) -> None:
    """Send nothing from now on; the cursor stands still, so nothing is lost."""
    found = await get_webhook(uow, webhook_id, lock=True)
    if found.state != "active":
        raise _not_in(found.state, "只有正在推送的才能暂停。")
    await _set(uow, webhook_id, state="paused")
    await uow.audit(action="webhook_paused", subject=webhook_id)


async def resume_webhook(uow: UnitOfWork, *, webhook_id: str) -> None:
    """Go on where a paused or disabled webhook stood; what failed before is tried at once."""
    found = await get_webhook(uow, webhook_id, lock=True)
    if found.state == "active":
        raise _not_in(found.state, "只有暂停或停用的才能恢复。")
    await _set(uow, webhook_id, state="active", reason=None, fruitless=0, rest_until=None)
    row = WEBHOOK_DELIVERY.c
    await uow.connection.execute(
        update(WEBHOOK_DELIVERY)
        .where(row.webhook_id == webhook_id, row.delivered_at.is_(None))
        .values(next_attempt_at=machine_now(), attempts=0, failing_since=None)
    )
    await uow.audit(action="webhook_resumed", subject=webhook_id)


async def delete_webhook(uow: UnitOfWork, *, webhook_id: str) -> None:
    """Forget a webhook and everything that waits for it; the audit log keeps that it was there."""
    await get_webhook(uow, webhook_id, lock=True)
    await uow.connection.execute(delete(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook_id))
    await uow.audit(action="webhook_deleted", subject=webhook_id)


async def request_ping(uow: UnitOfWork, *, webhook_id: str) -> str:
    """Let a test message be sent, and give its id."""
    found = await get_webhook(uow, webhook_id, lock=True)
    if found.state != "active":
        raise _not_in(found.state, "请先恢复推送再测试。")
    message_id, row = f"ping_{new_id()}", WEBHOOK_DELIVERY.c
    await uow.connection.execute(delete(WEBHOOK_DELIVERY).where(row.webhook_id == webhook_id, row.number.is_(None)))
    values = {"webhook_id": webhook_id, "message_id": message_id, "key": PING, "next_attempt_at": machine_now()}
    await uow.connection.execute(insert(WEBHOOK_DELIVERY).values(values))
    return message_id


async def redeliver_from(uow: UnitOfWork, *, webhook_id: str, after: int) -> None:
    """Send everything after a number again, in order, with the message ids it had."""
    await get_webhook(uow, webhook_id, lock=True)
    start = await _start(uow, after)
    row = WEBHOOK_DELIVERY.c
    await uow.connection.execute(delete(WEBHOOK_DELIVERY).where(row.webhook_id == webhook_id, row.number > start))
    await _set(uow, webhook_id, cursor=start)
    await uow.audit(action="webhook_redelivery", subject=webhook_id, details={"after": start})


async def redeliver_one(uow: UnitOfWork, *, webhook_id: str, number: int) -> None:
    """Send one change again with the message id it had; it goes in its key's order if that waits, at once otherwise."""
    found = await get_webhook(uow, webhook_id, lock=True)
    query = select(CHANGE.c.event_id, CHANGE.c.key).where(CHANGE.c.number == number)
    change = (await uow.connection.execute(query.where(in_region(uow.connection, found.region)))).one_or_none()
    if change is None:
        raise NotFound(
            code="CHANGE_UNKNOWN",
            message="该推送的区划内没有这个序号的事件。",
            advice="请用变更日志接口核对序号后再申请补发。",
            field="body.number",
        )
    row = WEBHOOK_DELIVERY.c
    await uow.connection.execute(delete(WEBHOOK_DELIVERY).where(row.webhook_id == webhook_id, row.number == number))
    values = {
        "webhook_id": webhook_id,
        "number": number,
        "message_id": change.event_id,
        "key": change.key,
        "next_attempt_at": machine_now(),
    }
    await uow.connection.execute(insert(WEBHOOK_DELIVERY).values(values))
    await uow.audit(action="webhook_redelivery", subject=webhook_id, details={"number": number})


async def list_deliveries(uow: UnitOfWork, *, webhook_id: str, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """Give the newest deliveries first, those below `before` (a delivery's `seq`)."""
    await get_webhook(uow, webhook_id)
    row = WEBHOOK_DELIVERY.c
    query = select(WEBHOOK_DELIVERY).where(row.webhook_id == webhook_id).order_by(row.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(row.seq < before)
    return (await uow.connection.execute(query)).all()


async def list_attempts(uow: UnitOfWork, *, webhook_id: str, message_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Give the attempts at these messages, in order."""
    row = WEBHOOK_ATTEMPT.c
    query = select(WEBHOOK_ATTEMPT).where(row.webhook_id == webhook_id, row.message_id.in_(list(message_ids)))
    return (await uow.connection.execute(query.order_by(row.seq))).all()


async def _set(uow: UnitOfWork, webhook_id: str, **values: Any) -> None:
    await uow.connection.execute(update(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook_id).values(values))


_STATES: Final = {"active": "正在推送", "paused": "已暂停", "disabled": "已停用"}


def _not_in(state: str, advice: str) -> Refused:
    return Refused(code="WEBHOOK_STATE", message=f"该推送目前{_STATES[state]}，不能执行此操作。", advice=advice)
