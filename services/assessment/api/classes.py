"""Classes and the applications for their exams."""

from typing import Annotated, Literal

from fastapi import Depends, Request, Response
from pydantic import Field, StrictInt

from services.assessment.api.schemas import ROWS_MAX, Body, Day, Id
from services.assessment.api.views import ClassView, ScheduledAnswer
from services.assessment.application.access import READERS, class_to_examine
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.queries import read_class
from services.assessment.application.schedule_assessment import ScheduleAssessment, schedule_assessment
from services.assessment.domain.application import Channel
from shared.contracts.assessment import CertificateKind
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.versions import etag, require_match

router = service_router("/assessment/v1/classes", tags=["班级考核"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]
Read = Annotated[AssessmentUnit, Depends(read_transaction)]


class ApplicationBody(Body):
    """An exam application; without `persons` the whole roster is to be examined."""

    body_id: Id
    certificate_kind: CertificateKind
    mode: Literal["offline", "online"]
    exam_on: Day
    channel: Channel
    paper_received_on: Day | None = Field(
        default=None, description="纸质申请的收到日期，由人社部门登记时填写；提前天数从这一日起算"
    )
    persons: Annotated[list[Id], Field(min_length=1, max_length=ROWS_MAX)] | None = None
    fee_fen: StrictInt = Field(default=0, ge=0, le=1_000_000, description="每名考生须缴的鉴定费用（分）；免费的填 0")
    examiners: Annotated[list[Id], Field(max_length=50)] = Field(
        default=[], description="考评员编号；考评员已备案为教师的，填其教师编号"
    )

    def to_command(self) -> ScheduleAssessment:
        """Give the command."""
        return ScheduleAssessment(
            body_id=self.body_id,
            kind=self.certificate_kind,
            mode=self.mode,
            exam_on=self.exam_on,
            channel=self.channel,
            paper_received_on=self.paper_received_on,
            persons=None if self.persons is None else tuple(self.persons),
            fee_fen=self.fee_fen,
            examiners=tuple(dict.fromkeys(self.examiners)),
        )


@router.get("/{class_id}", summary="班级考核情况", dependencies=[requires(*READERS)], responses=responses(404))
async def get_class(class_id: str, unit: Read, response: Response) -> ClassView:
    """Give what assessment knows of a class, its exams in numbers."""
    view = ClassView.of(await read_class(unit, class_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.post(
    "/{class_id}/assessments",
    status_code=201,
    summary="申请考核（纸质申请由人社部门登记）",
    dependencies=[requires(Role.INSTITUTION, Role.APPROVER)],
    responses=responses(404, 409, 412, 422),
)
async def post_assessment(
    class_id: str, body: ApplicationBody, unit: Write, request: Request, response: Response
) -> ScheduledAnswer:
    """Schedule an exam that no rule stops; what the rules ask or warn of stands in `findings`."""
    if "if-match" in request.headers:
        require_match(request, (await class_to_examine(unit, class_id)).examined.version)
    exam, findings = await schedule_assessment(unit, class_id=class_id, command=body.to_command())
    response.headers["ETag"] = etag(exam.version)
    response.headers["Location"] = f"/assessment/v1/assessments/{exam.assessment_id}"
    return ScheduledAnswer.scheduled(exam, findings)
