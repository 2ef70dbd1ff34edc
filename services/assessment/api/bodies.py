"""Assessment bodies and pass marks."""

from typing import Annotated, Self

from fastapi import Depends, Response
from pydantic import BaseModel, Field, StrictBool, StrictInt

from services.assessment.api.schemas import Body, Code, Day, FindingView, Level, Line, RegionCode, finding_views
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.register_body import RegisterBody, register_body
from services.assessment.application.set_pass_mark import set_pass_mark
from services.assessment.domain.body import Part, PassMark
from shared.contracts.assessment import CertificateKind
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import write_transaction
from shared.web.validation import Text
from shared.web.versions import etag

router = service_router("/assessment/v1", tags=["评价机构与合格分数线"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]


class BodyBody(Body):
    """An assessment body; again with the same credit code changes the one that stands."""

    name: Line
    credit_code: Annotated[Text, Field(min_length=18, max_length=30)]
    region: RegionCode
    certificate_kinds: Annotated[list[CertificateKind], Field(min_length=1, max_length=8)]
    occupations: Annotated[list[Code], Field(min_length=1, max_length=2000)]
    is_bureau: StrictBool = Field(description="人社部门自己的考核机构，可组织培训合格证书考核")
    kind: Code | None = Field(default=None, description="机构类别的代码，如规则册区分评价机构的类别")

    def to_command(self) -> RegisterBody:
        """Give the command."""
        return RegisterBody(
            name=self.name,
            credit_code=self.credit_code,
            region=self.region,
            certificate_kinds=tuple(dict.fromkeys(self.certificate_kinds)),
            occupations=tuple(dict.fromkeys(self.occupations)),
            is_bureau=self.is_bureau,
            kind=self.kind,
        )


class BodyAnswer(BaseModel):
    """A registered body and what to look at."""

    body_id: str
    version: int
    warnings: list[FindingView]


class PassMarkBody(Body):
    """The pass mark of one part of an exam from a day on."""

    region: RegionCode
    occupation: Code
    level: Level | None = None
    certificate_kind: CertificateKind
    part: Part
    full_mark: StrictInt = Field(ge=1, le=10_000)
    pass_mark: StrictInt = Field(ge=0, le=10_000)
    valid_from: Day
    source: Annotated[Text, Field(min_length=1, max_length=500, description="确定分数线的文件及文号")]


class PassMarkAnswer(PassMarkBody):
    """The pass mark as it stands."""

    @classmethod
    def of(cls, mark: PassMark) -> Self:
        """Render a pass mark."""
        return cls(
            region=mark.region,
            occupation=mark.occupation,
            level=mark.level,
            certificate_kind=mark.certificate_kind,
            part=mark.part,
            full_mark=mark.full_mark,
            pass_mark=mark.pass_mark,
            valid_from=mark.valid_from,
            source=mark.source,
        )


@router.post(
    "/bodies",
    status_code=201,
    summary="登记评价机构，或更新其评价范围",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(409, 422, "REGION_OUT_OF_SCOPE", "REGION_UNKNOWN"),
)
async def post_body(body: BodyBody, unit: Write, response: Response) -> BodyAnswer:
    """Register a body; its id is the organisation of its assessors' tokens."""
    registered, warnings = await register_body(unit, body.to_command())
    response.headers["ETag"] = etag(registered.version)
    return BodyAnswer(body_id=registered.body_id, version=registered.version, warnings=finding_views(warnings))


@router.post(
    "/pass-marks",
    status_code=201,
    summary="录入合格分数线（只增不改）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(409, 422, "REGION_OUT_OF_SCOPE", "REGION_UNKNOWN"),
)
async def post_pass_mark(body: PassMarkBody, unit: Write) -> PassMarkAnswer:
    """Set the points needed in one part of an exam from a day on."""
    return PassMarkAnswer.of(await set_pass_mark(unit, PassMark(**body.model_dump())))
