"""Addresses of occupations and institutions."""

from typing import Annotated

from fastapi import Depends, Query, Response

from services.enrollment.api.institution_schemas import (
    DirectoryEndBody,
    DirectoryEntryAnswer,
    DirectoryEntryBody,
    FiledTeacher,
    IncidentBody,
    InspectionBody,
    InstitutionAnswer,
    InstitutionBody,
    InstitutionChanged,
    InstitutionDetails,
    InstitutionPage,
    InstitutionSummary,
    OccupationAnswer,
    OccupationBody,
    RegisteredVenue,
    StationBody,
    TeacherAnswer,
    TeacherBody,
    TeacherPage,
    VenueAnswer,
    VenueBody,
    VenuePage,
)
from services.enrollment.application.end_directory_entry import end_directory_entry
from services.enrollment.application.file_teacher import file_teacher
from services.enrollment.application.institution_queries import (
    list_institutions,
    list_teachers,
    list_venues,
    view_institution,
)
from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.record_history import record_incident, record_inspection
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_occupation import register_occupation
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.scope import BUREAU
from services.enrollment.domain.institution import (
    AnnualInspection,
    DirectoryEntry,
    Institution,
    LiabilityIncident,
)
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.person import Identity
from services.enrollment.domain.timetable import Venue
from shared.clock import new_id
from shared.domain.actor import Role
from shared.domain.identifiers import credit_code
from shared.domain.masking import masked_name
from shared.policy.decision import Finding
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.versions import etag

router = service_router("/enrollment/v1", tags=["机构、工种、教师、场地"])
Read = Annotated[UnitOfWork, Depends(read_transaction)]
Write = Annotated[UnitOfWork, Depends(write_transaction)]
APPROVER = [requires(Role.APPROVER)]
READERS = (Role.INSTITUTION, *BUREAU)


@router.post(
    "/occupations",
    status_code=201,
    summary="登记工种（自当日起生效）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses("REGION_OUT_OF_SCOPE"),
)
async def post_occupation(body: OccupationBody, unit: Write) -> OccupationAnswer:
    """List an occupation from today on; it replaces the region's earlier row of the same code.

    A new occupation names the day on which the ministry published it; what counts is the day on which a class opens.
    """
    occupation = await register_occupation(
        unit,
        Occupation(
            code=body.code,
            name=body.name,
            region=body.region,
            certifiable=tuple(body.certifiable),
            levels=tuple(body.levels),
            valid_from=unit.today,
            new_since=body.new_since,
            new_until=body.new_until,
        ),
    )
    return OccupationAnswer(**body.model_dump(), valid_from=occupation.valid_from)


@router.post(
    "/institutions",
    status_code=201,
    summary="登记培训机构",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(409, "REGION_OUT_OF_SCOPE"),
)
async def post_institution(body: InstitutionBody, unit: Write, response: Response) -> InstitutionAnswer:
    """Register a training institution; warnings say what to look at before listing it."""
    code = credit_code(body.credit_code)
    institution = Institution(
        institution_id=new_id(),
        name=body.name,
        credit_code=code.value,
        kind=body.kind,
        region=body.region,
        ownership=body.ownership,
        liability_incidents=tuple(LiabilityIncident(**row.model_dump()) for row in body.liability_incidents),
        annual_inspections=tuple(AnnualInspection(**row.model_dump()) for row in body.annual_inspections),
    )
    warnings = await register_institution(unit, institution, doubtful_code=code.doubtful)
    response.headers["ETag"] = etag(institution.version)
    return InstitutionAnswer(institution_id=institution.institution_id, version=institution.version, warnings=warnings)


@router.get("/institutions", summary="机构列表", dependencies=[requires(*READERS)])
async def get_institutions(
    unit: Read, cursor: Annotated[str | None, Query(max_length=200, description="上一页返回的 next")] = None
) -> InstitutionPage:
    """List the institutions within the caller's scope; an institution finds itself."""
    found, more = await list_institutions(unit, cursor=cursor)
    return InstitutionPage(items=[InstitutionSummary.of(one) for one in found], next=more)


@router.get(
    "/institutions/{institution_id}",
    summary="机构详情：目录条目、年检、责任问题、暂停与整改、条件认定",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_institution(institution_id: str, unit: Read, response: Response) -> InstitutionDetails:
    """Show an institution within the caller's scope with everything that decides whether it may train."""
    view = await view_institution(unit, institution_id)
    response.headers["ETag"] = etag(view.institution.version)
    return InstitutionDetails.of_view(view)


@router.post(
    "/institutions/{institution_id}/inspections",
    status_code=201,
    summary="补记年检结果",
    dependencies=APPROVER,
    responses=responses(404),
)
async def post_inspection(
    institution_id: str, body: InspectionBody, unit: Write, response: Response
) -> InstitutionChanged:
    """Record one year's inspection; of several for one year the last holds."""
    changed = await record_inspection(
        unit, institution_id=institution_id, inspection=AnnualInspection(**body.model_dump())
    )
    return _changed(response, changed)


@router.post(
    "/institutions/{institution_id}/incidents",
    status_code=201,
    summary="登记办学责任问题",
    dependencies=APPROVER,
    responses=responses(404, 422),
)
async def post_incident(institution_id: str, body: IncidentBody, unit: Write, response: Response) -> InstitutionChanged:
    """Record a liability problem that a person found; every application is judged with it from now on."""
    changed = await record_incident(
        unit, institution_id=institution_id, incident=LiabilityIncident(**body.model_dump())
    )
    return _changed(response, changed)


@router.post(
    "/institutions/{institution_id}/directory-entries",
    status_code=201,
    summary="列入补贴性培训机构目录",
    dependencies=APPROVER,
    responses=responses(404, 409, 422),
)
async def post_directory_entry(
    institution_id: str, body: DirectoryEntryBody, unit: Write, response: Response
) -> DirectoryEntryAnswer:
    """List the institution for these occupations from day to day; a training centre only after its approving reply."""
    entry = DirectoryEntry(
        entry_id=new_id(),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        occupations=tuple(dict.fromkeys(body.occupations)),
    )
    listed = await list_institution(unit, institution_id=institution_id, entry=entry)
    return _listed(response, institution_id, entry, listed.version, listed.warnings)


@router.post(
    "/institutions/{institution_id}/directory-entries/{entry_id}/end",
    summary="提前终止目录条目",
    dependencies=APPROVER,
    responses=responses(404, 409, 422),
)
async def post_directory_end(
    institution_id: str, entry_id: str, body: DirectoryEndBody, unit: Write, response: Response
) -> DirectoryEntryAnswer:
    """Let a directory entry end earlier than was said, on a last day that has not passed."""
    ended, version = await end_directory_entry(
        unit, institution_id=institution_id, entry_id=entry_id, valid_to=body.valid_to, reason=body.reason
    )
    return _listed(response, institution_id, ended, version)


@router.post(
    "/institutions/{institution_id}/teachers",
    status_code=201,
    summary="报备教师",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404, 409),
)
async def post_teacher(institution_id: str, body: TeacherBody, unit: Write) -> TeacherAnswer:
    """File a teacher with the bureau, from today on."""
    teacher = await file_teacher(
        unit,
        institution_id=institution_id,
        identity=Identity(identity_number=body.identity_number, name=body.name),
        specialty=body.specialty,
        qualification=body.qualification,
        full_time=body.full_time,
    )
    return TeacherAnswer(teacher_id=teacher.teacher_id, masked_name=masked_name(body.name), filed_on=teacher.filed_on)


@router.get(
    "/institutions/{institution_id}/teachers",
    summary="已报备教师",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_teachers(institution_id: str, unit: Read) -> TeacherPage:
    """Show the filed teachers with masked names, and the ids by which a timetable names them."""
    items = [
        FiledTeacher(
            teacher_id=teacher.teacher_id,
            masked_name=name,
            filed_on=teacher.filed_on,
            specialty=teacher.specialty,
            qualification=teacher.qualification,
            full_time=teacher.full_time,
        )
        for teacher, name in await list_teachers(unit, institution_id)
    ]
    return TeacherPage(items=items)


@router.get(
    "/institutions/{institution_id}/venues",
    summary="已登记培训场地",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_venues(institution_id: str, unit: Read) -> VenuePage:
    """Show the registered venues with their work-stations, and the ids by which a timetable names them."""
    items = [
        RegisteredVenue(
            venue_id=venue.venue_id,
            name=venue.name,
            stations=[StationBody(occupation=code, count=count) for code, count in venue.stations.items()],
        )
        for venue in await list_venues(unit, institution_id)
    ]
    return VenuePage(items=items)


@router.post(
    "/institutions/{institution_id}/venues",
    status_code=201,
    summary="登记培训场地与工位",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404),
)
async def post_venue(institution_id: str, body: VenueBody, unit: Write) -> VenueAnswer:
    """Register a venue with its usable work-stations."""
    stations: dict[str, int] = {}
    for station in body.stations:
        stations[station.occupation] = stations.get(station.occupation, 0) + station.count
    venue = Venue(venue_id=new_id(), name=body.name, stations=stations)
    await register_venue(unit, institution_id=institution_id, venue=venue, address=body.address)
    return VenueAnswer(venue_id=venue.venue_id)


def _changed(response: Response, institution: Institution) -> InstitutionChanged:
    response.headers["ETag"] = etag(institution.version)
    return InstitutionChanged(institution_id=institution.institution_id, version=institution.version)


def _listed(
    response: Response, institution_id: str, entry: DirectoryEntry, version: int, warnings: tuple[Finding, ...] = ()
) -> DirectoryEntryAnswer:
    response.headers["ETag"] = etag(version)
    return DirectoryEntryAnswer(
        institution_id=institution_id,
        entry_id=entry.entry_id,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        version=version,
        warnings=warnings,
    )
