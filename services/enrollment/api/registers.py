"""Addresses of registers, of their reports, and of the calculator of employee-education money."""

from typing import Annotated

from fastapi import Path, Query, Response

from services.enrollment.api.institutions import READERS, Read, Write
from services.enrollment.api.register_schemas import (
    EducationMoneyAnswer,
    EntryAnswer,
    EntryBody,
    EntryPage,
    RegisterAnswer,
    RegisterList,
    ReportAnswer,
    RevisionBody,
)
from services.enrollment.api.schemas import Day, EmptyBody, RegionCode
from services.enrollment.application.institution_queries import education_money
from services.enrollment.application.keep_register import record_entry, register_terms, revise_entry, strike_entry
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.report_register import list_entries, list_registers, report_register
from services.enrollment.domain.register import RegisterEntry
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.versions import etag

router = service_router("/enrollment/v1", tags=["登记册与报告"])
WRITERS = [requires(Role.INSTITUTION, Role.APPROVER)]
Region = Annotated[RegionCode | None, Query(description="六位区划代码；不填为账号所属区划，机构不填")]
Register = Annotated[str, Path(description="登记册代码", examples=["contest"])]
OptionalDay = Annotated[Day | None, Query()]


@router.get(
    "/registers",
    summary="登记册目录：字段与报告",
    dependencies=[requires(*READERS)],
    responses=responses(404, "REGION_OUT_OF_SCOPE"),
)
async def get_registers(unit: Read, region: Region = None) -> RegisterList:
    """Show which registers the rulebook keeps, and with which fields."""
    return RegisterList(items=[RegisterAnswer.of(terms) for terms in await list_registers(unit, region=region)])


@router.post(
    "/registers/{register}",
    status_code=201,
    summary="登记一条记录",
    dependencies=WRITERS,
    responses=responses(404, 409, 422, "REGION_OUT_OF_SCOPE"),
)
async def post_entry(register: Register, body: EntryBody, unit: Write, response: Response) -> EntryAnswer:
    """Add an entry; everything that is wrong with it stands in one answer."""
    return _answer(unit, response, await record_entry(unit, body.written(register)))


@router.get(
    "/registers/{register}",
    summary="登记册记录",
    dependencies=[requires(*READERS)],
    responses=responses(404, "REGION_OUT_OF_SCOPE"),
)
async def get_entries(
    register: Register,
    unit: Read,
    region: Region = None,
    cursor: Annotated[str | None, Query(max_length=200, description="上一页返回的 next")] = None,
) -> EntryPage:
    """List the standing entries within the caller's scope, oldest first."""
    terms, found, more = await list_entries(unit, register=register, region=region, cursor=cursor)
    return EntryPage(items=[EntryAnswer.of(entry, terms) for entry in found], next=more)


@router.get(
    "/registers/{register}/report",
    summary="登记册报告",
    dependencies=[requires(*READERS)],
    responses=responses(404, "REGION_OUT_OF_SCOPE"),
)
async def get_report(
    register: Register,
    unit: Read,
    region: Region = None,
    as_of: OptionalDay = None,
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> ReportAnswer:
    """Give the report that the rulebook asks: counts of a period, pairs, coverage, violations or open steps."""
    found = await report_register(unit, register=register, region=region, as_of=as_of, since=since, until=until)
    return ReportAnswer.of(found)


@router.post(
    "/registers/{register}/{entry_id}/revisions",
    status_code=201,
    summary="更正一条记录",
    dependencies=WRITERS,
    responses=responses(404, 409, 422),
)
async def post_revision(
    register: Register, entry_id: str, body: RevisionBody, unit: Write, response: Response
) -> EntryAnswer:
    """Put these fields in place of the entry's; every earlier version is kept."""
    return _answer(unit, response, await revise_entry(unit, register=register, entry_id=entry_id, fields=body.fields))


@router.post(
    "/registers/{register}/{entry_id}/strike",
    summary="撤销一条记录",
    dependencies=WRITERS,
    responses=responses(404, 409),
)
async def post_strike(
    register: Register, entry_id: str, body: EmptyBody, unit: Write, response: Response
) -> EntryAnswer:
    """Take an entry out of the register; every version of it is kept."""
    return _answer(unit, response, await strike_entry(unit, register=register, entry_id=entry_id))


@router.get(
    "/education-money",
    summary="职工教育经费提取上限测算（仅供参考）",
    dependencies=[requires(*READERS)],
    responses=responses(404, "REGION_OUT_OF_SCOPE"),
)
async def get_education_money(
    unit: Read,
    wages_fen: Annotated[int, Query(ge=0, le=10**17, description="职工工资总额，分")],
    region: Region = None,
) -> EducationMoneyAnswer:
    """Reckon the most employee-education money that total wages allow; no effect on any subsidy."""
    most, trace = await education_money(unit, wages_fen=wages_fen, region=region)
    return EducationMoneyAnswer(wages_fen=wages_fen, max_fen=most, trace=trace)


def _answer(unit: UnitOfWork, response: Response, entry: RegisterEntry) -> EntryAnswer:
    response.headers["ETag"] = etag(entry.version)
    return EntryAnswer.of(entry, register_terms(unit, entry.register, entry.region))
