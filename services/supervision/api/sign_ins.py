"""Devices and their sign-ins; the batch route takes most of this system's load."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import from_json

from services.supervision.api.list_views import DevicePage
from services.supervision.api.problem_codes import (
    CURSOR_INVALID,
    DEVICE_CHANGED,
    DEVICE_RETIRED,
    METHOD_NOT_ACCEPTED,
    SERIAL_TAKEN,
)
from services.supervision.api.record_views import DeviceView, SignInBatchAnswer
from services.supervision.api.schemas import (
    SIGN_IN_BATCH,
    SIGN_IN_BATCH_SCHEMA,
    Cursor,
    DeviceBody,
    DeviceChangeBody,
    Id,
    PathId,
    ReasonBody,
    SignInItem,
)
from services.supervision.application.access import own_device
from services.supervision.application.change_device import change_device, retire_device
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.queries import list_devices
from services.supervision.application.receive_sign_ins import BatchAnswer, RowAnswer, receive_sign_ins
from services.supervision.application.register_device import register_device
from services.supervision.domain.sign_in import SIGN_IN_UNREADABLE, explain
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, unkeyed_transaction, write_transaction
from shared.web.validation import field_problems
from shared.web.versions import etag

router = service_router("/supervision/v1", tags=["考勤设备与签到"])

Write = Annotated[SupervisionUnit, Depends(write_transaction)]
Read = Annotated[SupervisionUnit, Depends(read_transaction)]
Push = Annotated[SupervisionUnit, Depends(unkeyed_transaction)]

_OUTCOMES: Final = ("accepted", "duplicate", "late", "pending", "refused")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch as far as it can be read: rows, and by position the answers to those that cannot."""

    rows: list[SignInItem]
    unreadable: dict[int, Json]


async def read_batch(request: Request) -> ReadBatch:
    """Read the body; a bad row is refused alone. Raise RequestValidationError when there are no rows to speak of.

    A dependency, so that reading is done before the transaction begins.
    """
    body = await request.body()
    try:
        return ReadBatch(SIGN_IN_BATCH.validate_json(body)["sign_ins"], {})
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    by_row: dict[int, list[Any]] = {}
    for problem in errors:
        location = problem["loc"]
        if len(location) < 2 or not isinstance(location[1], int):
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in errors])
        by_row.setdefault(location[1], []).append({**problem, "loc": location[2:]})
    given: list[Any] = from_json(body)["sign_ins"]
    readable = [row for place, row in enumerate(given) if place not in by_row]
    rows = SIGN_IN_BATCH.validate_python({"sign_ins": readable})["sign_ins"]
    return ReadBatch(rows, {place: _unreadable(given[place], problems) for place, problems in by_row.items()})


@router.post(
    "/devices",
    status_code=201,
    summary="登记考勤设备",
    dependencies=[requires(Role.APPROVER, Role.INSPECTOR)],
    responses=responses(SERIAL_TAKEN, "REGION_OUT_OF_SCOPE", "REGION_UNKNOWN", METHOD_NOT_ACCEPTED),
)
async def post_device(body: DeviceBody, unit: Write, response: Response) -> DeviceView:
    """Register a device; its id is the subject of its token."""
    device = await register_device(unit, body.to_command())
    response.headers["ETag"] = etag(device.version)
    return DeviceView.of(device)


@router.get(
    "/devices",
    summary="考勤设备列表",
    dependencies=[requires(Role.INSTITUTION, Role.APPROVER, Role.INSPECTOR, Role.AUDITOR)],
    responses=responses(CURSOR_INVALID),
)
async def get_devices(
    unit: Read, institution_id: Annotated[Id | None, Query()] = None, cursor: Cursor = None
) -> DevicePage:
    """List the devices within the caller's scope by institution, those out of use included."""
    found, more = await list_devices(unit, institution_id=institution_id, cursor=cursor)
    return DevicePage(items=[DeviceView.of(device) for device in found], next=more)


@router.get(
    "/devices/{device_id}",
    summary="考勤设备登记情况",
    dependencies=[requires(Role.INSTITUTION, Role.DEVICE, Role.APPROVER, Role.INSPECTOR, Role.AUDITOR)],
    responses=responses(404),
)
async def get_device(device_id: PathId, unit: Read, response: Response) -> DeviceView:
    """Give what is registered of a device."""
    device = await own_device(unit, device_id)
    response.headers["ETag"] = etag(device.version)
    return DeviceView.of(device)


@router.post(
    "/devices/{device_id}/changes",
    summary="变更考勤设备登记（名称、签到方式）",
    dependencies=[requires(Role.APPROVER, Role.INSPECTOR)],
    responses=responses(404, DEVICE_RETIRED, DEVICE_CHANGED, METHOD_NOT_ACCEPTED),
)
async def post_device_change(device_id: PathId, body: DeviceChangeBody, unit: Write, response: Response) -> DeviceView:
    """Change name or methods; new methods judge what arrives from now on."""
    methods = None if body.methods is None else tuple(dict.fromkeys(body.methods))
    device = await change_device(unit, device_id=device_id, name=body.name, methods=methods)
    response.headers["ETag"] = etag(device.version)
    return DeviceView.of(device)


@router.post(
    "/devices/{device_id}/retirement",
    summary="停用考勤设备",
    dependencies=[requires(Role.APPROVER, Role.INSPECTOR)],
    responses=responses(404, DEVICE_RETIRED, DEVICE_CHANGED),
)
async def post_device_retirement(device_id: PathId, body: ReasonBody, unit: Write, response: Response) -> DeviceView:
    """Take a device out of use; what was signed before and comes late still counts."""
    device = await retire_device(unit, device_id=device_id, reason=body.reason)
    response.headers["ETag"] = etag(device.version)
    return DeviceView.of(device)


@router.post(
    "/devices/{device_id}/sign-ins",
    summary="上报签到（按设备与序号幂等，可重传）",
    dependencies=[requires(Role.DEVICE, Role.INSTITUTION)],
    response_model=SignInBatchAnswer,
    responses=responses(404),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": SIGN_IN_BATCH_SCHEMA}}}
    },
)
async def post_sign_ins(device_id: PathId, batch: Annotated[ReadBatch, Depends(read_batch)], unit: Push) -> Response:
    """Judge every row on its own; sending the batch again changes nothing."""
    answer = await receive_sign_ins(unit, device_id=device_id, rows=batch.rows, unreadable=len(batch.unreadable))
    return Response(_render(answer, batch.unreadable), media_type="application/json")


def _render(answer: BatchAnswer, unreadable: dict[int, Json]) -> bytes:
    counts = {outcome: answer.counts.get(outcome, 0) for outcome in _OUTCOMES}
    counts["refused"] += len(unreadable)
    rows = [_row(row) for row in answer.rows]
    for place in sorted(unreadable):
        rows.insert(place, unreadable[place])
    return json.dumps({**counts, "rows": rows}, ensure_ascii=False, separators=(",", ":")).encode()


def _row(row: RowAnswer) -> Json:
    why = row.explanation
    if why is None:
        return {"sequence": row.sequence, "outcome": row.outcome}
    return {
        "sequence": row.sequence,
        "outcome": row.outcome,
        "code": why.code,
        "message": why.message,
        "advice": why.advice,
        "rule": why.rule,
        "clause": why.clause,
    }


def _unreadable(row: Any, problems: list[Any]) -> Json:
    why = explain(SIGN_IN_UNREADABLE, None)
    sequence = row.get("sequence") if isinstance(row, dict) else None
    details = "；".join(f"{problem.field}：{problem.detail}" for problem in field_problems(problems))
    return {
        "sequence": sequence if type(sequence) is int else None,  # a bool is an int, too
        "outcome": "refused",
        "code": why.code,
        "message": f"{why.message}{details}",
        "advice": why.advice,
    }
