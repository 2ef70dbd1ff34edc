"""Exams: scores, the patrol's signature, final results, certificates and their voiding."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field, StrictInt, WrapValidator

from services.assessment.api.schemas import (
    ROWS_MAX,
    BatchAnswer,
    Body,
    Day,
    EmptyBody,
    FindingView,
    Prose,
    Reason,
    RowAnswer,
    RowBody,
    batch_fields,
    finding_views,
    require_unchanged,
    row_fields,
)
from services.assessment.api.views import AssessmentView, CertificateView, SignatureView, SurveyStatus
from services.assessment.application.access import READERS, certificate_of_region
from services.assessment.application.enter_scores import enter_scores
from services.assessment.application.finalise_assessment import finalise_assessment
from services.assessment.application.issue_certificates import issue_certificates
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.queries import read_assessment
from services.assessment.application.sign_patrol import sign_patrol
from services.assessment.application.void_certificate import void_certificate
from services.assessment.domain.assessment import State
from services.assessment.domain.body import Part
from services.assessment.domain.certificate import CertificateEntry, IssuedRow
from services.assessment.domain.findings import RowVerdict
from services.assessment.domain.results import ScoreEntry
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.validation import Text
from shared.web.versions import etag, require_match

router = service_router("/assessment/v1", tags=["考核与证书"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]
Read = Annotated[AssessmentUnit, Depends(read_transaction)]


class ScoreRow(RowBody):
    """The points of one person in one part."""

    part: Part
    score: StrictInt | None = Field(description="得分（整数）；缺考不录，误录的以 null 撤销")


class ScoresBody(Body):
    """A batch of scores."""

    scores: Annotated[list[Annotated[ScoreRow, WrapValidator(ScoreRow.read)]], Field(min_length=1, max_length=ROWS_MAX)]


class ScoresAnswer(BatchAnswer):
    """What became of the scores, row by row."""

    rows: list[RowAnswer]


class PatrolBody(Body):
    """What the patrol remarks."""

    remark: Prose = ""


class PatrolAnswer(SignatureView):
    """The signature as recorded."""

    assessment_id: str
    version: int


class FinalAnswer(BaseModel):
    """Who passed, failed or was absent, by person id."""

    assessment_id: str
    state: State
    passed: list[str]
    failed: list[str]
    absent: list[str]
    findings: list[FindingView]
    survey: SurveyStatus | None = Field(description="满意度调查；班级结业前为 null")
    version: int


class CertificateRow(RowBody):
    """The certificate of one person."""

    number: Annotated[
        Text, Field(min_length=1, max_length=100, description="特种作业操作证填 T 加证件号；系统只保留校验值和末两位")
    ]
    issued_on: Day
    agreement_on: Day | None = Field(default=None, description="免费技能评价协议书的签订日期；没有协议的不填")


class CertificatesBody(Body):
    """A batch of certificates."""

    certificates: Annotated[
        list[Annotated[CertificateRow, WrapValidator(CertificateRow.read)]], Field(min_length=1, max_length=ROWS_MAX)
    ]


class CertificateRowAnswer(RowAnswer):
    """What became of one certificate; `certificate_id` is there unless the row was refused."""

    certificate_id: str | None


class CertificatesAnswer(BatchAnswer):
    """What became of the certificates, row by row."""

    rows: list[CertificateRowAnswer]


class VoidedAnswer(CertificateView):
    """The voided certificate; `version` is its exam's."""

    version: int


class VoidBody(Body):
    """Why a certificate is voided; it is published, so it names nobody."""

    reason: Reason


@router.get(
    "/assessments/{assessment_id}", summary="考核详情", dependencies=[requires(*READERS)], responses=responses(404)
)
async def get_assessment(assessment_id: str, unit: Read, response: Response) -> AssessmentView:
    """Give an exam with its people: for its own body, the class's institution and the bureau."""
    view = AssessmentView.of(await read_assessment(unit, assessment_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.post(
    "/assessments/{assessment_id}/scores",
    summary="录入成绩（逐行审核，改录留痕）",
    dependencies=[requires(Role.ASSESSOR)],
    responses=responses(403, 404, 412, 422),
)
async def post_scores(
    assessment_id: str, body: ScoresBody, unit: Write, request: Request, response: Response
) -> ScoresAnswer:
    """Enter scores row by row; other points than those that stand are a new version with its author."""
    await require_unchanged(request, unit, assessment_id)
    entries = [
        ScoreEntry(person_id=row.person_id, part=row.part, points=row.score) for row in body.scores if not row.problems
    ]
    exam, verdicts = await enter_scores(unit, assessment_id=assessment_id, entries=entries)
    response.headers["ETag"] = etag(exam.version)
    rows = [RowAnswer(**row_fields(row, verdict)) for row, verdict in _woven(body.scores, verdicts, _refused)]
    return ScoresAnswer(**batch_fields(exam, rows), rows=rows)


@router.post(
    "/assessments/{assessment_id}/patrol",
    summary="考核巡查签字",
    dependencies=[requires(Role.EXAM_PATROL)],
    responses=responses(403, 404, 409, 412, 422),
)
async def post_patrol(
    assessment_id: str, body: PatrolBody, unit: Write, request: Request, response: Response
) -> PatrolAnswer:
    """Sign as the exam's patrol, who never enters its results."""
    await require_unchanged(request, unit, assessment_id)
    exam, signature = await sign_patrol(unit, assessment_id=assessment_id, remark=body.remark)
    response.headers["ETag"] = etag(exam.version)
    return PatrolAnswer(
        **SignatureView.of(signature).model_dump(), assessment_id=exam.assessment_id, version=exam.version
    )


@router.post(
    "/assessments/{assessment_id}/finalisation",
    summary="考核结果定稿",
    dependencies=[requires(Role.ASSESSOR)],
    responses=responses(403, 404, 412, 422),
)
async def post_finalisation(
    assessment_id: str, body: EmptyBody, unit: Write, request: Request, response: Response
) -> FinalAnswer:
    """Make the results final; everything that is still missing is said at once."""
    await require_unchanged(request, unit, assessment_id)
    exam, findings = await finalise_assessment(unit, assessment_id=assessment_id)
    response.headers["ETag"] = etag(exam.version)
    return FinalAnswer(
        assessment_id=exam.assessment_id,
        state=exam.state,
        passed=list(exam.persons_with("passed")),
        failed=list(exam.persons_with("failed")),
        absent=list(exam.persons_with("absent")),
        findings=finding_views(findings),
        survey=SurveyStatus.of(await unit.surveys.get(exam.class_id)),
        version=exam.version,
    )


@router.post(
    "/assessments/{assessment_id}/certificates",
    summary="登记证书（逐行审核）",
    dependencies=[requires(Role.ASSESSOR)],
    responses=responses(404, 412, 422),
)
async def post_certificates(
    assessment_id: str, body: CertificatesBody, unit: Write, request: Request, response: Response
) -> CertificatesAnswer:
    """Enter certificates row by row; the same person and number again is a duplicate and changes nothing."""
    await require_unchanged(request, unit, assessment_id)
    entries = [
        CertificateEntry(
            person_id=row.person_id, number=row.number, issued_on=row.issued_on, agreement_on=row.agreement_on
        )
        for row in body.certificates
        if not row.problems
    ]
    exam, issued = await issue_certificates(unit, assessment_id=assessment_id, entries=entries)
    response.headers["ETag"] = etag(exam.version)
    rows = [
        CertificateRowAnswer(
            **row_fields(row, judged.verdict),
            certificate_id=None if judged.certificate is None else judged.certificate.certificate_id,
        )
        for row, judged in _woven(body.certificates, issued, lambda row: IssuedRow(verdict=_refused(row)))
    ]
    return CertificatesAnswer(**batch_fields(exam, rows), rows=rows)


@router.post(
    "/certificates/{certificate_id}/void",
    summary="作废证书",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 409, 412),
)
async def post_void(
    certificate_id: str, body: VoidBody, unit: Write, request: Request, response: Response
) -> VoidedAnswer:
    """Void a certificate for good; a version named by `If-Match` is its exam's."""
    if "if-match" in request.headers:
        require_match(request, (await certificate_of_region(unit, certificate_id))[1].exam.version)
    voided, exam = await void_certificate(unit, certificate_id=certificate_id, reason=body.reason)
    response.headers["ETag"] = etag(exam.version)
    return VoidedAnswer(**CertificateView.of(voided).model_dump(), version=exam.version)


Row = TypeVar("Row", bound=RowBody)
Judged = TypeVar("Judged")


def _woven(
    rows: Sequence[Row], judged: Iterable[Judged], refuse: Callable[[Row], Judged]
) -> Iterator[tuple[Row, Judged]]:
    """Give every row with what became of it: those that could be read were judged, in order."""
    verdicts = iter(judged)
    for row in rows:
        yield row, refuse(row) if row.problems else next(verdicts)


def _refused(row: RowBody) -> RowVerdict:
    return RowVerdict(verdict="refused", findings=row.problems)
