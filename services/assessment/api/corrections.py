"""Results after the fact: every version of a score with its author, and corrections by the bureau."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import AfterValidator, Field, StrictInt

from services.assessment.api.schemas import Body, Id, Reason, example, require_unchanged
from services.assessment.api.views import CorrectionView, ScoreHistory
from services.assessment.application.access import READERS
from services.assessment.application.correct_result import correct_result
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.queries import read_scores
from services.assessment.domain.body import Part
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.validation import invalid_value
from shared.web.versions import etag

router = service_router("/assessment/v1/assessments", tags=["考核与证书"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]
Read = Annotated[AssessmentUnit, Depends(read_transaction)]


class CorrectedScore(Body):
    """The right points of one part."""

    part: Part
    score: StrictInt | None = Field(description="更正后的得分；未参加该科目的以 null 撤销")


def _each_part_once(scores: list[CorrectedScore]) -> list[CorrectedScore]:
    if len({one.part for one in scores}) < len(scores):
        raise invalid_value("INPUT_INVALID", "同一科目出现多次。", "每个科目请只填写一个更正后的成绩。")
    return scores


class CorrectionBody(Body):
    """One person's right points; parts that are not named keep theirs."""

    model_config = example(
        {
            "person_id": "0a1b2c3d-0000-4000-8000-000000000001",
            "scores": [{"part": "theory", "score": 59}],
            "reason": "成绩录入串行，按原始成绩单更正",
        }
    )

    person_id: Id
    scores: Annotated[list[CorrectedScore], Field(max_length=2), AfterValidator(_each_part_once)] = Field(
        description="更正的科目；仅按现行分数线重新认定的可为空"
    )
    reason: Reason


class CorrectionAnswer(CorrectionView):
    """The correction as recorded."""

    assessment_id: str
    version: int


@router.get(
    "/{assessment_id}/scores",
    summary="成绩的全部版本（含录入人）",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_scores(assessment_id: str, unit: Read) -> ScoreHistory:
    """Give every version of every score with who entered it when; none is ever overwritten."""
    return ScoreHistory.of(assessment_id, await read_scores(unit, assessment_id))


@router.post(
    "/{assessment_id}/corrections",
    summary="更正定稿后的个人成绩",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(403, 404, 409, 412, 422),
)
async def post_correction(
    assessment_id: str, body: CorrectionBody, unit: Write, request: Request, response: Response
) -> CorrectionAnswer:
    """Correct one person's result by somebody who neither examined nor signed; the completion is published again."""
    await require_unchanged(request, unit, assessment_id)
    exam, correction = await correct_result(
        unit,
        assessment_id=assessment_id,
        person_id=body.person_id,
        points={one.part: one.score for one in body.scores},
        reason=body.reason,
    )
    response.headers["ETag"] = etag(exam.version)
    return CorrectionAnswer(
        assessment_id=exam.assessment_id,
        version=exam.version,
        person_id=correction.person_id,
        outcome=correction.outcome,
        reason=correction.reason,
        decided_by=correction.decided_by,
        decided_at=correction.decided_at,
    )
