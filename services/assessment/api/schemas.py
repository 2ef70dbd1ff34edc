"""What is sent to and answered by the interface of assessment; unknown fields are refused."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal, Self, cast

from fastapi import Request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidatorFunctionWrapHandler,
)

from services.assessment.application.access import visible_exam
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.findings import RowVerdict
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.web.masking import mask
from shared.web.validation import Impersonal, Text, field_problems, invalid_value
from shared.web.versions import require_match

ROWS_MAX = 500
_DAY = re.compile(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}")


def _written(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise invalid_value("INPUT_INVALID", "日期格式不正确。", "请使用 YYYY-MM-DD 格式的有效日期，例如 2021-09-13。")


_VISIBLE = r"^[\x21-\x7e]+$"
"""Codes and ids may be repeated in a refusal, so nobody's name fits into them."""
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=_VISIBLE)]
Code = Annotated[str, Field(min_length=1, max_length=50, pattern=_VISIBLE)]
Level = Annotated[Text, Field(min_length=1, max_length=20)]
Line = Annotated[Text, Field(min_length=1, max_length=200), Impersonal]
Prose = Annotated[Text, Field(max_length=2000), Impersonal]
Reason = Annotated[Prose, Field(min_length=1)]
Day = Annotated[date, BeforeValidator(_written)]
"""A day as text: a number would be read as seconds since 1970, a day of the year 1 has none three days before it."""
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class Body(BaseModel):
    """A request body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


def example(body: dict[str, Any]) -> ConfigDict:
    """Give the configuration that shows one body in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class EmptyBody(Body):
    """Nothing to say besides doing it."""


class RowBody(Body):
    """One row of a batch, about one person; a row that cannot be read is refused by itself, never the batch."""

    person_id: Id

    _problems: tuple[Finding, ...] = PrivateAttr(default=())

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Give why the row could not be read; nothing when it could."""
        return self._problems

    @classmethod
    def read(cls, value: Any, validate: ValidatorFunctionWrapHandler) -> Self:
        """Read a row, or give one that knows only its problems and, if that can be read, its person."""
        try:
            row: Self = validate(value)
        except ValidationError as error:
            person_id = value.get("person_id") if isinstance(value, Mapping) else None
            shown = person_id[:100] if isinstance(person_id, str) else ""
            bare = cls.model_construct(person_id=shown.encode(errors="replace").decode())
            return cast(Self, bare.with_problems(_unreadable(error)))
        return row

    def with_problems(self, problems: Iterable[Finding]) -> Self:
        """Give the row, refused for these problems."""
        self._problems = tuple(problems)
        return self


def _unreadable(error: ValidationError) -> Iterable[Finding]:
    for problem in field_problems(error.errors(include_url=False, include_input=False)):
        yield CONSISTENCY.finding(
            code="ROW_UNREADABLE",
            severity=Severity.STOP,
            message=problem.detail,
            advice=problem.advice,
            field=problem.field,
        )


class FindingView(BaseModel):
    """One rule's objection, with rule, document and clause."""

    code: str
    rule: str
    document: str
    clause: str
    severity: Severity
    message: str
    advice: str
    field: str | None
    value: str | None


def finding_views(findings: Iterable[Finding]) -> list[FindingView]:
    """Give the findings as answers show them."""
    return [FindingView(**asdict(finding)) for finding in findings]


class RowAnswer(BaseModel):
    """What became of one row; rows are answered in the order in which they were sent."""

    person_id: str = Field(description="原样返回；疑似个人号码的已隐去")
    verdict: Literal["accepted", "duplicate", "refused"]
    findings: list[FindingView]


class BatchAnswer(BaseModel):
    """What became of a batch."""

    assessment_id: str
    version: int
    accepted: int
    duplicate: int
    refused: int


def row_fields(row: RowBody, verdict: RowVerdict) -> dict[str, Any]:
    """Give the fields that every row's answer has."""
    return {
        "person_id": mask(row.person_id),
        "verdict": verdict.verdict,
        "findings": finding_views(verdict.findings),
    }


def batch_fields(assessment: Assessment, rows: Iterable[RowAnswer]) -> dict[str, Any]:
    """Give the fields that every batch's answer has."""
    counts = Counter(row.verdict for row in rows)
    return {
        "assessment_id": assessment.assessment_id,
        "version": assessment.version,
        "accepted": counts["accepted"],
        "duplicate": counts["duplicate"],
        "refused": counts["refused"],
    }


async def require_unchanged(request: Request, unit: AssessmentUnit, assessment_id: str) -> None:
    """Raise 412 when the request names a version by `If-Match` and the exam has moved on; its class stays locked."""
    if "if-match" in request.headers:
        case = await visible_exam(unit, assessment_id, lock=True)
        require_match(request, case.exam.version)
