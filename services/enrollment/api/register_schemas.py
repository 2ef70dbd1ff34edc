"""What the addresses of registers take and give; which fields an entry has stands in the rulebook."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt
from pydantic.config import JsonDict

from services.enrollment.api.schemas import Body, Code, Id, RegionCode, ShortText
from services.enrollment.application.keep_register import Written
from services.enrollment.application.report_register import ReportedRegister
from services.enrollment.domain.person import Identity
from services.enrollment.domain.register import RegisterEntry, sealed_codes
from shared.domain.masking import masked_account
from shared.policy.decision import Finding, Trace
from shared.policy.terms.register import FieldKind, Register, ReportShape
from shared.web.validation import Text

FieldText = Annotated[Text, Field(max_length=1000)]
FieldValue = StrictBool | StrictInt | FieldText | None
Fields = Annotated[dict[Code, FieldValue], Field(max_length=50, description="按登记册字段代码填写；日期写 YYYY-MM-DD")]
_SHOWN = 4
_CONTEST: JsonDict = {
    "form": "contest",
    "title": "焊工技能竞赛",
    "level": "region",
    "held_on": "2021-05-20",
    "participants": 60,
}


class PersonBody(Body):
    """Whom the entry names."""

    name: ShortText
    identity_number: Annotated[Text, Field(min_length=1, max_length=30)]


class EntryBody(Body):
    """An entry: an institution writes for itself; a bureau names the institution, or the region."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "fields": _CONTEST,
                    "institution_id": "0190a1b2-0000-7000-8000-000000000001",
                }
            ]
        }
    )

    fields: Fields
    region: RegionCode | None = None
    institution_id: Id | None = None
    person: PersonBody | None = None

    def written(self, register: str) -> Written:
        """Give what was sent for the register."""
        person = None
        if self.person is not None:
            person = Identity(identity_number=self.person.identity_number, name=self.person.name)
        return Written(
            register=register,
            fields=self.fields,
            region=self.region,
            institution_id=self.institution_id,
            person=person,
        )


class RevisionBody(Body):
    """The entry's fields as they stand from now on, all of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fields": {**_CONTEST, "participants": 64}}]})

    fields: Fields


class EntryAnswer(BaseModel):
    """An entry; of the numbers of somebody's papers only the last four characters are shown."""

    entry_id: str
    register_code: str
    region: str
    institution_id: str | None
    person_id: str | None
    masked_name: str | None
    fields: Mapping[str, str | int | bool | None]
    recorded_on: date
    struck_on: date | None
    version: int

    @classmethod
    def of(cls, entry: RegisterEntry, terms: Register) -> Self:
        """Give the entry as answers show it."""
        sealed = sealed_codes(terms)
        fields = {
            code: masked_account(str(value).rjust(_SHOWN, "*")) if code in sealed and value is not None else value
            for code, value in entry.values.items()
        }
        return cls(
            entry_id=entry.entry_id,
            register_code=entry.register,
            region=entry.region,
            institution_id=entry.institution_id,
            person_id=entry.person_id,
            masked_name=entry.masked_name,
            fields=fields,
            recorded_on=entry.recorded_on,
            struck_on=entry.struck_on,
            version=entry.version,
        )


class EntryPage(BaseModel):
    """A page of entries; `next` is the cursor of the next page, null on the last."""

    items: list[EntryAnswer]
    next: str | None


class ChoiceAnswer(BaseModel):
    """One choice of a field."""

    code: str
    name: str


class FieldAnswer(BaseModel):
    """One field of a register."""

    code: str
    name: str
    kind: FieldKind
    required: bool
    choices: list[ChoiceAnswer]


class RegisterAnswer(BaseModel):
    """A register as the rulebook keeps it."""

    code: str
    name: str
    rule: str
    clause: str
    document: str
    roles: tuple[str, ...]
    of_institution: bool
    person: bool
    key: tuple[str, ...]
    fields: list[FieldAnswer]
    report: ReportShape

    @classmethod
    def of(cls, terms: Register) -> Self:
        """Give the register as answers show it."""
        return cls(
            code=terms.code,
            name=terms.name,
            rule=terms.rule,
            clause=terms.clause,
            document=terms.document,
            roles=terms.roles,
            of_institution=terms.of_institution,
            person=terms.person,
            key=terms.key,
            fields=[
                FieldAnswer(
                    code=one.code,
                    name=one.name,
                    kind=one.kind,
                    required=one.required,
                    choices=[ChoiceAnswer(code=item.code, name=item.name) for item in one.choices],
                )
                for one in terms.fields
            ],
            report=terms.report.shape,
        )


class RegisterList(BaseModel):
    """The registers that the rulebook keeps: there are few, so `next` is always null."""

    items: list[RegisterAnswer]
    next: None = None


class ReportRowAnswer(BaseModel):
    """One line of a report."""

    key: str
    name: str
    counts: Mapping[str, int]
    findings: tuple[Finding, ...]


class ReportAnswer(BaseModel):
    """A register's report with the rule and clause that ask it; shares are in thousandths, rounded down."""

    register_code: str
    name: str
    rule: str
    clause: str
    document: str
    shape: ReportShape
    as_of: date
    totals: Mapping[str, int]
    rows: list[ReportRowAnswer]

    @classmethod
    def of(cls, found: ReportedRegister) -> Self:
        """Give the report as answers show it."""
        terms = found.terms
        return cls(
            register_code=terms.code,
            name=terms.name,
            rule=terms.rule,
            clause=terms.clause,
            document=terms.document,
            shape=terms.report.shape,
            as_of=found.as_of,
            totals=found.report.totals,
            rows=[
                ReportRowAnswer(key=row.key, name=row.name, counts=row.counts, findings=row.findings)
                for row in found.report.rows
            ],
        )


class EducationMoneyAnswer(BaseModel):
    """The most employee-education money that wages allow, for information only."""

    wages_fen: int
    max_fen: int
    trace: Trace
