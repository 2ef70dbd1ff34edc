"""Addresses of occupations and institutions."""

from typing import Annotated

from fastapi import Depends, Response

from services.enrollment.api.institution_schemas import (
    DirectoryEntryBody,
    InstitutionAnswer,
    InstitutionBody,
    InstitutionChanged,
    OccupationAnswer,
    OccupationBody,
    SuspensionBody,
    TeacherAnswer,
    TeacherBody,
    VenueAnswer,
    VenueBody,
)
from services.enrollment.application.file_teacher import file_teacher
from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_occupation import register_occupation
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.suspend_institution import suspend_institution
from services.enrollment.domain.institution import (
    AnnualInspection,
    DirectoryEntry,
    Institution,
    LiabilityIncident,
    Suspension,
)
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.person import Identity
from services.enrollment.domain.timetable import Venue
from shared.clock import new_id
from shared.domain.actor import Role
from shared.domain.identifiers import credit_code
from shared.domain.masking import masked_name
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import write_transaction
from shared.web.versions import etag

router = service_router("/enrollment/v1", tags=["机构、工种、教师、场地"])
Write = Annotated[UnitOfWork, Depends(write_transaction)]


@router.post(
    "/occupations",
    status_code=201,
    summary="登记工种（自当日起生效）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses("REGION_OUT_OF_SCOPE"),
)
async def post_occupation(body: OccupationBody, unit: Write) -> OccupationAnswer:
    """List an occupation from today on; it replaces the region's earlier row of the same code."""
    occupation = await register_occupation(
        unit,
        Occupation(
            code=body.code,
            name=body.name,
            region=body.region,
            certifiable=tuple(body.certifiable),
            levels=tuple(body.levels),
            valid_from=unit.today,
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


@router.post(
    "/institutions/{institution_id}/directory-entries",
    status_code=201,
    summary="列入补贴性培训机构目录",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404),
)
async def post_directory_entry(
    institution_id: str, body: DirectoryEntryBody, unit: Write, response: Response
) -> InstitutionChanged:
    """List the institution for these occupations from day to day."""
    entry = DirectoryEntry(
        valid_from=body.valid_from, valid_to=body.valid_to, occupations=tuple(dict.fromkeys(body.occupations))
    )
    version = await list_institution(unit, institution_id=institution_id, entry=entry)
    response.headers["ETag"] = etag(version)
    return InstitutionChanged(institution_id=institution_id, version=version)


@router.post(
    "/institutions/{institution_id}/suspensions",
    status_code=201,
    summary="暂停开班",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404),
)
async def post_suspension(
    institution_id: str, body: SuspensionBody, unit: Write, response: Response
) -> InstitutionChanged:
    """Let no class of the institution open from today on; running classes go on."""
    suspension = Suspension(since=unit.today, until=body.until, reason=body.reason)
    version = await suspend_institution(unit, institution_id=institution_id, suspension=suspension)
    response.headers["ETag"] = etag(version)
    return InstitutionChanged(institution_id=institution_id, version=version)


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
