"""The satisfaction survey of a class: state, codes to hand out, answers without a token, decisions."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from services.assessment.api.schemas import Body, Code, Day, FindingView, Reason, example, finding_views
from services.assessment.application.access import READERS
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.queries import SurveyReading, read_survey, read_survey_question
from services.assessment.application.survey_class import decide_survey, give_answer, read_codes, standing_survey
from services.assessment.domain.survey import SurveyDecision, SurveyState
from shared.domain.actor import Role
from shared.policy.terms.assessment import SatisfactionSurvey
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import (
    public_code_transaction,
    public_transaction,
    read_transaction,
    unkeyed_transaction,
    write_transaction,
)
from shared.web.validation import Text
from shared.web.versions import etag, require_match

router = service_router("/assessment/v1", tags=["满意度调查"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]
Read = Annotated[AssessmentUnit, Depends(read_transaction)]
Audited = Annotated[AssessmentUnit, Depends(unkeyed_transaction)]
PublicRead = Annotated[AssessmentUnit, Depends(public_transaction)]
PublicWrite = Annotated[AssessmentUnit, Depends(public_code_transaction)]


class ScaleStep(BaseModel):
    """One answer that may be given."""

    answer: str
    name: str


class QuestionView(BaseModel):
    """What is asked, what may be answered, and until when."""

    question: str
    answers: list[ScaleStep]
    closes_on: date = Field(description="作答截止日（含当日）")

    @classmethod
    def of(cls, term: SatisfactionSurvey, closes_on: date) -> Self:
        """Render the question."""
        steps = [ScaleStep(answer=known.code, name=known.name) for known in term.answers]
        return cls(question=term.question, answers=steps, closes_on=closes_on)


class SurveyDecisionView(BaseModel):
    """What was decided about a survey; `decided_by` is a token subject."""

    decision: Literal["extend", "repeat"]
    closes_on: date
    reason: str
    decided_by: str
    decided_at: datetime


class SurveyView(BaseModel):
    """A survey: how many were asked and answered, and what it came to as far as the reader may know."""

    class_id: str
    state: SurveyState
    round: int = Field(description="第几轮调查；重新调查后只计新一轮")
    opened_on: date
    closes_on: date
    invited: int
    responses: int
    satisfied: int | None = Field(description="满意人数；培训机构在结束且答卷足够多后才可见")
    tally: dict[str, int] | None = Field(description="各选项答卷数；可见范围同上")
    revision: int = Field(description="已发布的满意度结果版本；0 为尚未发布")
    findings: list[FindingView]
    decisions: list[SurveyDecisionView]
    version: int

    @classmethod
    def of(cls, reading: SurveyReading) -> Self:
        """Render a survey for its reader."""
        survey = reading.survey
        return cls(
            class_id=survey.class_id,
            state=survey.state,
            round=survey.round,
            opened_on=survey.opened_on,
            closes_on=survey.closes_on,
            invited=survey.invited,
            responses=survey.responses,
            satisfied=survey.satisfied(reading.term) if reading.shows_tally else None,
            tally={known.code: survey.tally.get(known.code, 0) for known in reading.term.answers}
            if reading.shows_tally
            else None,
            revision=survey.revision,
            findings=finding_views(reading.findings) if reading.shows_tally or not survey.responses else [],
            decisions=[
                SurveyDecisionView(
                    decision=one.decision,
                    closes_on=one.closes_on,
                    reason=one.reason,
                    decided_by=one.decided_by,
                    decided_at=one.decided_at,
                )
                for one in reading.decisions
            ],
            version=survey.version,
        )


class CodeView(BaseModel):
    """The code of one person, to be handed to that person alone."""

    person_id: str
    code: str


class CodesAnswer(QuestionView):
    """The codes of the present round with the question they are for."""

    class_id: str
    round: int
    codes: list[CodeView]


class AnswerBody(Body):
    """One answer; the code says neither here nor in the records who gave it."""

    model_config = example({"code": "7K2M-9QXD-V4TB-1HFN", "answer": "satisfied"})

    code: Annotated[Text, Field(min_length=1, max_length=40, description="培训机构发放的调查码，一次有效")]
    answer: Code


class AnswerReceived(BaseModel):
    """The answer was counted."""

    received: Literal[True] = True


class DecisionBody(Body):
    """More time for the survey, or a new round of it."""

    model_config = example({"decision": "extend", "closes_on": "2021-07-31", "reason": "多数学员外出，延期作答"})

    decision: Literal["extend", "repeat"] = Field(description="extend 延期，保留已有答卷；repeat 重新调查，原答卷作废")
    closes_on: Day
    reason: Reason


@router.get(
    "/classes/{class_id}/survey",
    summary="班级满意度调查情况",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_survey(class_id: str, unit: Read, response: Response) -> SurveyView:
    """Give the survey of a class; to its institution how people answered only when no answer betrays its giver."""
    view = SurveyView.of(await read_survey(unit, class_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.get(
    "/classes/{class_id}/survey/codes",
    summary="领取调查码（由培训机构发给学员本人，查阅留痕）",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404, 422),
)
async def get_codes(class_id: str, unit: Audited, response: Response) -> CodesAnswer:
    """Give every invited person's code while the survey is open; which of them were used is not said."""
    survey, term, codes = await read_codes(unit, class_id)
    response.headers["Cache-Control"] = "no-store"
    return CodesAnswer(
        **QuestionView.of(term, survey.closes_on).model_dump(),
        class_id=class_id,
        round=survey.round,
        codes=[CodeView(person_id=person, code=code) for person, code in codes.items()],
    )


@router.get("/classes/{class_id}/survey/question", summary="满意度调查题目（无须登录）", responses=responses(404))
async def get_question(class_id: str, unit: PublicRead) -> QuestionView:
    """Give what is asked in the class's survey and what may be answered."""
    survey, term = await read_survey_question(unit, class_id)
    return QuestionView.of(term, survey.closes_on)


@router.post("/survey-answers", summary="提交满意度答卷（无须登录，凭调查码）", responses=responses(404, 409, 422))
async def post_answer(body: AnswerBody, unit: PublicWrite) -> AnswerReceived:
    """Count one answer by a code that was never used; nothing stored ties the answer to the code."""
    await give_answer(unit, code=body.code, answer=body.answer)
    return AnswerReceived()


@router.post(
    "/classes/{class_id}/survey/decisions",
    summary="满意度调查延期或重新调查",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 409, 412, 422),
)
async def post_decision(
    class_id: str, body: DecisionBody, unit: Write, request: Request, response: Response
) -> SurveyView:
    """Record the decision; the result is measured again and published under the next revision."""
    if "if-match" in request.headers:
        await read_survey(unit, class_id)
        require_match(request, (await standing_survey(unit, class_id)).version)
    decision = SurveyDecision(
        decision=body.decision,
        closes_on=body.closes_on,
        reason=body.reason,
        decided_by=unit.actor.subject,
        decided_at=unit.now,
    )
    await decide_survey(unit, class_id=class_id, decision=decision)
    view = SurveyView.of(await read_survey(unit, class_id))
    response.headers["ETag"] = etag(view.version)
    return view
