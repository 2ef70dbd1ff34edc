"""The provincial gateway over HTTP: one line at a time, under an idempotency key, answered by a receipt or a refusal.

The province's interface is not public. What is assumed here, and played by `deploy/province.py`: `POST URL/records`
with the line as JSON and its key as `Idempotency-Key`; 200 or 201 with `receipt` and `received_at`, the old ones when
the key was known; 422 with `code` and `reason`; 429 and 503 with `Retry-After`. Another interface replaces this file.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import httpx
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from shared.changes.answers import OVERLOADED, new_client, retry_after_seconds
from shared.province.record import Line
from shared.settings import ServiceSettings, SettingsError
from shared.web.masking import MASK, mask

PROVINCE_TOKEN = "province_token"  # noqa: S105 - the name of a secret
_REASON_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The province has the line."""

    number: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The province does not want the line as it is; nothing personal stands in the reason."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Nobody knows whether the province has the line; `everything` means that no other line would fare better."""

    problem: str
    everything: bool = False
    retry_after_seconds: float = 0.0


Answer = Receipt | Refusal | NoAnswer


class _ReceiptBody(BaseModel):
    receipt: str = Field(min_length=1, max_length=200)
    received_at: AwareDatetime


class _RefusalBody(BaseModel):
    code: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,50}$")
    reason: str = ""


class Gateway:
    """A client of one provincial gateway; to be closed."""

    def __init__(self, url: str, token: str, *, answer_seconds: float = 15.0) -> None:
        self._url = f"{url.rstrip('/')}/records"
        self._answer_seconds = answer_seconds
        self._http = new_client()
        self._http.headers["authorization"] = f"Bearer {token}"

    async def push(self, push_id: str, *, checkpoint: str, class_id: str, line: Line) -> Answer:
        """Send a line and give what became of it, within the deadline."""
        body = {"checkpoint": checkpoint, "class_id": class_id, "line": line.line, "content": line.content}
        try:
            async with asyncio.timeout(self._answer_seconds):
                answer = await self._http.post(self._url, json=body, headers={"idempotency-key": push_id})
        except TimeoutError:
            return NoAnswer(problem="timeout", everything=True)
        except httpx.ConnectError:
            return NoAnswer(problem="unreachable", everything=True)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # the last: a host that no resolver can spell
            return NoAnswer(problem="broken_off")
        return _read(answer, line)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def open_gateway(settings: ServiceSettings) -> Gateway:
    """Give the gateway that the settings name; raise SettingsError when they are unsafe or its token is missing."""
    url = settings.province_url or ""
    if not url.startswith("https://") and not settings.sandbox:
        raise SettingsError("PEIBU_PROVINCE_URL must begin with https:// outside a sandbox")
    return Gateway(url, settings.secret(PROVINCE_TOKEN))


def _read(answer: httpx.Response, line: Line) -> Answer:
    status = answer.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, *OVERLOADED):
        asked = retry_after_seconds(answer.headers.get("retry-after")) or 0.0
        return NoAnswer(problem=f"status_{status}", everything=True, retry_after_seconds=asked)
    try:
        if status in (HTTPStatus.OK, HTTPStatus.CREATED):
            given = _ReceiptBody.model_validate_json(answer.content)
            return Receipt(number=given.receipt, received_at=given.received_at)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            refused = _RefusalBody.model_validate_json(answer.content)
            return Refusal(code=refused.code, reason=_without_identity(refused.reason, line))
    except ValidationError:
        return NoAnswer(problem="unreadable")
    return NoAnswer(problem=f"status_{status}")


def _without_identity(reason: str, line: Line) -> str:
    """Give the reason with everything personal of this line, and whatever looks like a number of somebody, masked."""
    for name in line.personal:
        value = line.content.get(name)
        if isinstance(value, str) and value:
            reason = reason.replace(value, MASK)
    return mask(reason)[:_REASON_MAX]
