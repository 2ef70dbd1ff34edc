"""The work list of assessors, patrol and bureau."""

from datetime import date
from typing import Annotated, Self

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from services.assessment.application.access import READERS
from services.assessment.application.list_due import DueWork, list_due
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.due import Holder, StepName
from shared.contracts.assessment import CertificateKind
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction

router = service_router("/assessment/v1", tags=["待办"])

Read = Annotated[AssessmentUnit, Depends(read_transaction)]


class DueItem(BaseModel):
    """One thing to do for one exam."""

    step: StepName = Field(
        description="decision 决定申请、pass_marks 录入分数线、patrol 巡查签字、scores 录入成绩、"
        "finalisation 定稿、certificates 登记证书"
    )
    holder: Holder = Field(description="应由谁办理")
    since: date = Field(description="自何日起可以办理")
    waiting_days: int = Field(description="已等待的自然日数")
    persons: int = Field(description="涉及人数")
    missing: list[str] = Field(description="须先由他人完成的事项代码，如 TRAINING_NOT_COMPLETE")
    assessment_id: str
    class_id: str
    institution_id: str
    region: str
    body_id: str
    certificate_kind: CertificateKind
    exam_on: date

    @classmethod
    def of(cls, work: DueWork, today: date) -> Self:
        """Render a step."""
        due, exam, examined = work.due, work.exam, work.examined
        return cls(
            step=due.step,
            holder=due.holder,
            since=due.since,
            waiting_days=(today - due.since).days,
            persons=due.persons,
            missing=list(due.missing),
            assessment_id=exam.assessment_id,
            class_id=exam.class_id,
            institution_id=examined.institution_id,
            region=examined.region,
            body_id=exam.body_id,
            certificate_kind=exam.kind,
            exam_on=exam.exam_on,
        )


class DuePage(BaseModel):
    """A page of the work list, oldest exam first; a page may be empty and yet have a `next`."""

    items: list[DueItem]
    next: str | None


@router.get("/queue", summary="考核待办", dependencies=[requires(*READERS)], responses=responses(422))
async def get_queue(
    unit: Read,
    holder: Annotated[Holder | None, Query(description="只看某一角色的待办；缺省为本人角色的待办")] = None,
    cursor: Annotated[str | None, Query(max_length=200, description="上一页返回的 next")] = None,
) -> DuePage:
    """Give what exams within the caller's scope wait for."""
    work, more = await list_due(unit, holder=holder, cursor=cursor)
    return DuePage(items=[DueItem.of(one, unit.today) for one in work], next=more)
