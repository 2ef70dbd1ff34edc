"""What the addresses of occupations and institutions take and give."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from services.enrollment.api.schemas import (
    Body,
    Code,
    Day,
    FreeText,
    LongText,
    RegionCode,
    ShortText,
    Text,
    Truth,
    Whole,
)
from services.enrollment.domain.institution import Ownership
from shared.contracts.assessment import CertificateKind
from shared.policy.decision import Finding


class OccupationBody(Body):
    """An occupation as a region lists it from today on."""

    code: Code
    name: ShortText
    region: RegionCode
    certifiable: Annotated[list[CertificateKind], Field(max_length=8)]
    levels: Annotated[list[Annotated[Text, Field(min_length=1, max_length=20)]], Field(max_length=10)]


class OccupationAnswer(OccupationBody):
    """The occupation and the first day on which this row holds."""

    valid_from: date


class IncidentBody(Body):
    """A liability problem from running the school."""

    on: Day
    finding: LongText


class InspectionBody(Body):
    """One year's inspection."""

    year: Whole = Field(ge=1949, le=9999)
    passed: Truth


class InstitutionBody(Body):
    """A training institution."""

    name: ShortText
    credit_code: Annotated[Text, Field(min_length=18, max_length=30)]
    kind: Code
    region: RegionCode
    ownership: Ownership
    liability_incidents: Annotated[list[IncidentBody], Field(max_length=100)] = []
    annual_inspections: Annotated[list[InspectionBody], Field(max_length=100)] = []


class InstitutionAnswer(BaseModel):
    """A registered institution and what to look at before listing it."""

    institution_id: str
    version: int
    warnings: tuple[Finding, ...]


class DirectoryEntryBody(Body):
    """A directory entry; without `valid_to` it has no end."""

    valid_from: Day
    valid_to: Day | None = None
    occupations: Annotated[list[Code], Field(min_length=1, max_length=1000)]


class SuspensionBody(Body):
    """A suspension from today on; without `until` until further notice."""

    until: Day | None = None
    reason: FreeText


class InstitutionChanged(BaseModel):
    """The institution's version after a change."""

    institution_id: str
    version: int


class TeacherBody(Body):
    """A teacher to be filed."""

    name: ShortText
    identity_number: Annotated[Text, Field(min_length=1, max_length=30)]
    specialty: ShortText
    qualification: ShortText
    full_time: Truth


class TeacherAnswer(BaseModel):
    """A filed teacher; the name is masked."""

    teacher_id: str
    masked_name: str
    filed_on: date


class StationBody(Body):
    """Usable work-stations of one occupation."""

    occupation: Code
    count: Whole = Field(ge=0, le=10_000)


class VenueBody(Body):
    """A training venue."""

    name: ShortText
    address: Annotated[Text, Field(min_length=1, max_length=500)]
    stations: Annotated[list[StationBody], Field(max_length=200)]


class VenueAnswer(BaseModel):
    """A registered venue."""

    venue_id: str
