"""The address of the annual plan."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from services.enrollment.api.classes import READERS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.quotas import TargetsView, view_targets
from shared.web.authentication import requires
from shared.web.routes import service_router
from shared.web.transactions import read_transaction

router = service_router("/enrollment/v1", tags=["年度计划"])


class TargetsPage(BaseModel):
    """The plans that concern the caller's region: there are few, so `next` is always null."""

    items: list[TargetsView]
    next: None = None


@router.get("/targets", summary="年度计划与任务使用情况（附件1）", dependencies=[requires(*READERS)])
async def get_targets(unit: Annotated[UnitOfWork, Depends(read_transaction)]) -> TargetsPage:
    """Show every allocation with the people planned by approved classes, those paid for, and what is left.

    Classes approved outside the plan (NO_QUOTA) are counted in `outside_planned` and `outside_actual`, by type and over
    all types. `left` below zero is a plan exceeded by recorded decisions; the plan is no limit of anybody's right.
    """
    return TargetsPage(items=await view_targets(unit))
