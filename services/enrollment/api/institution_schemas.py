"""What the addresses of occupations and institutions take and give."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from services.enrollment.api.centre_schemas import ConditionAnswer
from services.enrollment.api.schemas import (
    Body,
    Code,
    Day,
    LongText,
    PublicName,
    RegionCode,
    ShortText,
    Truth,
    Whole,
)
from services.enrollment.api.suspension_schemas import SuspensionAnswer
from services.enrollment.application.institution_queries import InstitutionView
from services.enrollment.domain.institution import Institution, Ownership
from shared.contracts.assessment import CertificateKind
from shared.policy.decision import Finding
from shared.web.validation import Impersonal, Text


class OccupationBody(Body):
    """An occupation as a region lists it from today on."""

    code: Code
    name: PublicName
    region: RegionCode
    certifiable: Annotated[list[CertificateKind], Field(max_length=8)]
    levels: Annotated[list[Annotated[Text, Field(min_length=1, max_length=20), Impersonal]], Field(max_length=10)]
    new_since: Annotated[
        Day | None, Field(description="人力资源社会保障部发布为新职业（工种）的日期；不是新职业的不填")
    ] = None
    new_until: Annotated[Day | None, Field(description="作为新职业对待的最后一日；文件没有规定的不填")] = None


class OccupationAnswer(OccupationBody):
    """The occupation and the first day on which this row holds."""

    valid_from: date
    new_since: date | None = None
    new_until: date | None = None


class IncidentBody(Body):
    """A liability problem from running the school."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"on": "2021-03-01", "finding": "核查认定存在办学责任问题"}]}
    )

    on: Day
    finding: LongText


class InspectionBody(Body):
    """One year's inspection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"year": 2020, "passed": True}]})

    year: Whole = Field(ge=1949, le=9999)
    passed: Truth


class InstitutionBody(Body):
    """A training institution."""

    name: PublicName
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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"valid_from": "2021-01-01", "valid_to": "2021-12-31", "occupations": ["6-18-02-04"]}]
        }
    )

    valid_from: Day
    valid_to: Day | None = None
    occupations: Annotated[list[Code], Field(min_length=1, max_length=1000)]


class DirectoryEntryAnswer(BaseModel):
    """A directory entry, the institution's version, and what keeps it from training a listed occupation yet."""

    institution_id: str
    entry_id: str
    valid_from: date
    valid_to: date | None
    version: int
    warnings: tuple[Finding, ...] = ()


class DirectoryEndBody(Body):
    """The last day of a directory entry that ends earlier than was said, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"valid_to": "2021-09-30", "reason": "机构申请退出目录"}]}
    )

    valid_to: Day
    reason: LongText


class InstitutionChanged(BaseModel):
    """The institution's version after a change."""

    institution_id: str
    version: int


class InspectionAnswer(BaseModel):
    """The result of one year's inspection."""

    year: int
    passed: bool


class IncidentAnswer(BaseModel):
    """A liability problem as a person found it."""

    on: date
    finding: str


class InstitutionSummary(BaseModel):
    """What a list shows of an institution."""

    institution_id: str
    name: str
    credit_code: str
    kind: str
    region: str
    ownership: Ownership
    version: int

    @classmethod
    def of(cls, institution: Institution) -> Self:
        """Give the institution as lists show it."""
        return cls(**{name: getattr(institution, name) for name in cls.model_fields})


class InstitutionPage(BaseModel):
    """A page of institutions; `next` is the cursor of the next page, null on the last."""

    items: list[InstitutionSummary]
    next: str | None


class EntryAnswer(BaseModel):
    """One directory entry."""

    entry_id: str
    valid_from: date
    valid_to: date | None
    occupations: tuple[str, ...]


class InstitutionDetails(InstitutionSummary):
    """An institution with everything that decides whether it may train; `suspended` says whether it may not today."""

    annual_inspections: list[InspectionAnswer]
    liability_incidents: list[IncidentAnswer]
    directory_entries: list[EntryAnswer]
    suspended: bool
    suspensions: list[SuspensionAnswer]
    conditions: list[ConditionAnswer]

    @classmethod
    def of_view(cls, view: InstitutionView) -> Self:
        """Give the institution as answers show it."""
        found = view.institution
        return cls(
            **InstitutionSummary.of(found).model_dump(),
            annual_inspections=[InspectionAnswer(**asdict(row)) for row in found.annual_inspections],
            liability_incidents=[IncidentAnswer(**asdict(row)) for row in found.liability_incidents],
            directory_entries=[EntryAnswer(**asdict(entry)) for entry in view.entries],
            suspended=any(row.suspension.holds_on(view.today) for row in view.suspensions),
            suspensions=[SuspensionAnswer.of(row) for row in view.suspensions],
            conditions=[ConditionAnswer.of(row) for row in view.conditions],
        )


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


class FiledTeacher(TeacherAnswer):
    """A filed teacher with what was filed."""

    specialty: str
    qualification: str
    full_time: bool


class TeacherPage(BaseModel):
    """Every filed teacher: an institution has few, so `next` is always null."""

    items: list[FiledTeacher]
    next: None = None


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


class RegisteredVenue(VenueAnswer):
    """A registered venue with what was registered."""

    name: str
    stations: list[StationBody]


class VenuePage(BaseModel):
    """Every registered venue: an institution has few, so `next` is always null."""

    items: list[RegisteredVenue]
    next: None = None
