"""Idempotency keys: the same request sent again gets the same answer, byte for byte, and has no second effect.

The key's row is inserted first in the effect's own transaction and completed with the answer before the commit, so key,
effect and answer stand or fall together. A second request with the key waits on the first one's row: when the first
commits it gets the stored answer, when the first rolls back it is executed.
"""

import hashlib
import hmac
import json
import re
import zlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from shared.clock import machine_now
from shared.database.upsert import insert_or_ignore
from shared.domain.actor import Actor
from shared.web.faults import Fault, fault_of
from shared.web.problems import (
    IDEMPOTENCY_KEY_IN_USE,
    IDEMPOTENCY_KEY_INVALID,
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    WebProblem,
)
from shared.web.tables import IDEMPOTENCY_KEY

REPLAYED: Final = "Idempotency-Replayed"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """What a key stands for: `id` names the row, `fingerprint` what was asked under it and by whom."""

    id: str
    fingerprint: str
    organisation: str
    operation: str


def keyed_request(
    key: str | None, *, actor: Actor, method: str, path: str, operation: str, query: bytes, body: bytes
) -> KeyedRequest:
    """Give the keyed request, or raise WebProblem 400 when the key is missing or malformed.

    `path` is the concrete path, `operation` its template for operators' eyes. A key belongs to the organisation; an
    answer belongs to the person: another subject sending the same key is told that it is taken.
    """
    if key is None:
        raise WebProblem(
            IDEMPOTENCY_KEY_MISSING,
            "提交请求必须带 Idempotency-Key 请求头。",
            "请为每次业务操作生成一个新的唯一编号（如 UUID）放入 Idempotency-Key；重试同一操作时沿用原编号。",
        )
    if not _KEY.fullmatch(key):
        raise WebProblem(
            IDEMPOTENCY_KEY_INVALID,
            "Idempotency-Key 须为 1 至 200 个可见 ASCII 字符，且不含空格。",
            "请改用 UUID 等唯一编号后重新提交。",
        )
    scope = "\0".join((actor.organisation, method, path, key)).encode()
    asked = b"\0".join((actor.subject.encode(), query, body))
    return KeyedRequest(
        id=hashlib.sha256(scope).hexdigest(),
        fingerprint=hmac.new(key.encode(), asked, hashlib.sha256).hexdigest(),
        organisation=actor.organisation,
        operation=operation,
    )


async def claim(connection: AsyncConnection, request: KeyedRequest) -> Response | None:
    """Take the key for this transaction and give None, or give the answer stored under it.

    Must be the transaction's first statement. Raise WebProblem 409 when the key was used for another request, or when
    the same request is still being executed elsewhere.
    """
    row = IDEMPOTENCY_KEY.c
    values = {
        "id": request.id,
        "organisation": request.organisation,
        "operation": request.operation,
        "fingerprint": request.fingerprint,
        "created_at": machine_now(),
    }
    try:
        taken = await connection.execute(insert_or_ignore(connection, IDEMPOTENCY_KEY, values).returning(row.id))
    except DBAPIError as error:
        if fault_of(error) is Fault.BUSY:
            raise _in_use() from None
        raise
    if taken.first() is not None:
        return None
    stored = (await connection.execute(select(IDEMPOTENCY_KEY).where(row.id == request.id))).one()
    if not hmac.compare_digest(stored.fingerprint, request.fingerprint):
        raise WebProblem(
            IDEMPOTENCY_KEY_REUSED,
            "此 Idempotency-Key 已用于内容不同的另一请求。",
            "内容有修改的请求请换用新的 Idempotency-Key；重试原请求请保持内容与提交人不变。",
        )
    answer = Response(zlib.decompress(stored.body), status_code=stored.status)
    answer.raw_headers = [
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(stored.headers)),
        (REPLAYED.lower().encode(), b"true"),
    ]
    return answer


async def store_answer(connection: AsyncConnection, request: KeyedRequest, answer: Response) -> None:
    """Complete the key's row with the rendered answer, in the same transaction."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers]
    await connection.execute(
        update(IDEMPOTENCY_KEY)
        .where(IDEMPOTENCY_KEY.c.id == request.id)
        .values(status=answer.status_code, headers=json.dumps(headers), body=zlib.compress(bytes(answer.body)))
    )


def _in_use() -> WebProblem:
    return WebProblem(
        IDEMPOTENCY_KEY_IN_USE,
        "使用同一 Idempotency-Key 的请求仍在处理中。",
        "请稍候几秒，用同一 Idempotency-Key 和相同内容重试，即可取得处理结果。",
        headers={"Retry-After": "2"},
    )
