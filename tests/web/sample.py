"""A service small enough to read: notes are its only aggregate."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Column, Integer, String, Table, func, insert, select, text
from sqlalchemy.exc import OperationalError
from starlette.responses import JSONResponse

from shared.database.metadata import new_metadata
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, DomainError, Forbidden, MissingFact, NotFound, Refused
from shared.web.authentication import CurrentActor, requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import (
    public_transaction,
    public_write_transaction,
    read_transaction,
    unkeyed_transaction,
    write_transaction,
)
from shared.web.validation import invalid_value
from shared.web.versions import etag, require_match

METADATA = new_metadata()
NOTE = Table("note", METADATA, Column("id", Integer, primary_key=True), Column("text", String(200), nullable=False))

router = service_router("/sample/v1", tags=["便笺"])

Write = Annotated[UnitOfWork, Depends(write_transaction)]
Change = Annotated[UnitOfWork, Depends(unkeyed_transaction)]
Read = Annotated[UnitOfWork, Depends(read_transaction)]
PublicRead = Annotated[UnitOfWork, Depends(public_transaction)]
PublicWrite = Annotated[UnitOfWork, Depends(public_write_transaction)]

ERRORS: dict[str, type[DomainError]] = {
    kind.__name__: kind for kind in (Refused, Conflict, NotFound, Forbidden, MissingFact)
}
busy_times = 0
"""How often the busy route reports a deadlock before it succeeds."""
runs = 0


class NoteBody(BaseModel):
    text: str = Field(max_length=40)


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["worker", "graduate"]
    identity_number: str = Field(pattern=r"\d{17}[\dX]", max_length=18)
    age: int = Field(ge=16, lt=120)
    born_on: date
    marks: dict[str, int] = {}

    @field_validator("identity_number")
    @classmethod
    def check_digit(cls, value: str) -> str:
        if not value.endswith("X"):
            raise invalid_value(
                "CHECK_DIGIT_WRONG", "身份证号末位校验不符。", "请核对证件后重新填写。", rule="GB 11643"
            )
        raise ValueError(f"{value} is nobody's")


class NoteAnswer(BaseModel):
    id: int
    text: str


def busy() -> OperationalError:
    cause = Exception("deadlock detected")
    cause.sqlstate = "40P01"  # type: ignore[attr-defined]
    return OperationalError("UPDATE note", {}, cause)


async def write_note(unit: UnitOfWork, text: str) -> NoteAnswer:
    number = (await unit.connection.execute(insert(NOTE).values(text=text).returning(NOTE.c.id))).scalar_one()
    return NoteAnswer(id=number, text=text)


@router.post(
    "/notes",
    status_code=201,
    summary="写便笺",
    dependencies=[requires(Role.FINANCE, Role.APPROVER)],
    responses=responses(404, "REGION_UNKNOWN"),
)
async def create_note(body: NoteBody, unit: Write, response: Response) -> NoteAnswer:
    global runs
    runs += 1
    note = await write_note(unit, body.text)
    response.headers["Location"] = f"/sample/v1/notes/{note.id}"
    if body.text == "refuse":
        raise Refused(
            code="TEXT_REFUSED",
            message="不收此文字。",
            advice="请换文字。",
            rule="JY-X-01",
            clause="一(一)",
            document="X",
        )
    if body.text == "crash":
        raise RuntimeError("phone 13800138000 of '张三'")
    return note


@router.post("/notes/batch", summary="批量", dependencies=[requires(Role.FINANCE)])
async def create_batch(body: list[NoteBody], unit: Write) -> JSONResponse:
    global runs
    runs += 1
    notes = [await write_note(unit, item.text) for item in body if item.text != "refuse"]
    status = 500 if any(note.text == "fail" for note in notes) else 200 if notes else 422
    return JSONResponse({"written": len(notes), "refused": len(body) - len(notes), "run": runs}, status)


@router.post("/notes/listed", dependencies=[requires(Role.FINANCE)])
async def create_listed(body: list[NoteBody], unit: Write) -> list[NoteAnswer]:
    return [await write_note(unit, item.text) for item in body]


@router.post("/notes/broken", dependencies=[requires(Role.FINANCE)])
async def create_broken(unit: Write) -> NoteAnswer:
    await write_note(unit, "broken")
    return NoteAnswer(id=1, text="x").model_copy(update={"id": "not a number"})


@router.post("/notes/busy", dependencies=[requires(Role.FINANCE)])
async def create_busy(unit: Write) -> NoteAnswer:
    global runs
    runs += 1
    note = await write_note(unit, "busy")
    if runs <= busy_times:
        raise busy()
    return note


@router.post("/notes/cut", dependencies=[requires(Role.FINANCE)])
async def create_and_lose_connection(unit: Write) -> NoteAnswer:
    global runs
    runs += 1
    note = await write_note(unit, "cut")
    if runs == 1:
        await unit.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    return note


@router.put("/notes/{number}", dependencies=[requires(Role.FINANCE)])
async def change_note(number: int, body: NoteBody, unit: Change, request: Request, response: Response) -> NoteAnswer:
    require_match(request, 7)
    response.headers["ETag"] = etag(8)
    return await write_note(unit, body.text)


@router.get("/notes/{number}", dependencies=[requires(Role.FINANCE)])
async def read_note(number: int, unit: Read) -> dict[str, str]:
    found = (await unit.connection.execute(select(NOTE.c.text).where(NOTE.c.id == number))).scalar_one_or_none()
    return {"by": unit.actor.subject, "text": found or ""}


@router.get("/count", summary="公开计数")
async def count(unit: PublicRead) -> dict[str, int]:
    return {"count": (await unit.connection.execute(select(func.count()).select_from(NOTE))).scalar_one()}


@router.post("/opinions", summary="公开意见")
async def give_opinion(body: NoteBody, unit: PublicWrite) -> NoteAnswer:
    return await write_note(unit, body.text)


@router.get("/regions/{region}", dependencies=[requires(Role.FINANCE)])
async def in_region(region: str, actor: CurrentActor) -> dict[str, str]:
    actor.require_region(region)
    return {"region": region}


@router.get("/me")
async def me(actor: Annotated[Actor, requires(Role.FINANCE, Role.PROVINCE)]) -> dict[str, str]:
    return {"subject": actor.subject, "organisation": actor.organisation, "region": actor.region}


@router.post("/people", dependencies=[requires(Role.FINANCE)])
async def check_person(body: Person) -> dict[str, str]:
    return {"kind": body.kind}


@router.get("/raise/{kind}", dependencies=[requires(Role.FINANCE)])
async def raise_error(kind: str) -> None:
    if kind == "several":
        raise ExceptionGroup("several", [_error(Refused, "A"), _error(Refused, "B")])
    if kind == "mixed":
        raise ExceptionGroup("mixed", [_error(Refused, "A"), ValueError("13800138000")])
    if kind == "unreachable":
        raise ConnectionRefusedError
    raise _error(ERRORS[kind], "SAMPLE")


def _error(kind: type[DomainError], code: str) -> DomainError:
    return kind(
        code=code,
        message="不可以。",
        advice="请改正。",
        field="planned_count",
        value="51",
        rule="JY-X-02",
        clause="一",
        document="X",
    )
