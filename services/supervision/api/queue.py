"""What waits for the bureau, and what teachers taught: lists across classes."""

from datetime import date
from typing import Annotated, Final

from fastapi import Depends, Query

from services.supervision.api.classes import BUREAU, READERS
from services.supervision.api.list_views import EntryLagAnswer, TaskList, TaskView, TaughtHoursList, TaughtHoursView
from services.supervision.api.problem_codes import CURSOR_INVALID, FINDING_CLOSED, RANGE_INVALID
from services.supervision.api.record_views import UnknownClassAnswer
from services.supervision.api.schemas import Cursor, PathId, ReasonBody
from services.supervision.application.note_unknown_class import close_unknown_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.queries import list_tasks, list_taught_hours, read_entry_lags
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction

router = service_router("/supervision/v1", tags=["待办与统计"])

Write = Annotated[SupervisionUnit, Depends(write_transaction)]
Read = Annotated[SupervisionUnit, Depends(read_transaction)]

FirstDay = Annotated[date, Query(alias="from", description="首日")]
LastDay = Annotated[date, Query(alias="to", description="末日，含当日")]

CONCLUDERS: Final = (Role.INSPECTOR, Role.SECOND_REVIEWER, Role.APPROVER)


@router.get(
    "/queue",
    summary="待结案的疑点（按期限）",
    dependencies=[requires(*CONCLUDERS)],
    responses=responses(CURSOR_INVALID),
)
async def get_queue(
    unit: Read,
    own: Annotated[bool, Query(description="true 只列本角色负责和未指定负责角色的事项")] = True,
    cursor: Cursor = None,
) -> TaskList:
    """List what waits for a conclusion in the caller's region, the earliest last day first."""
    found, more = await list_tasks(unit, own=own, cursor=cursor)
    return TaskList(items=[TaskView.at(task, today=unit.today) for task in found], next=more)


@router.post(
    "/unknown-classes/{case_id}/closure",
    summary="“签到所报班级不存在”结案",
    dependencies=[requires(*CONCLUDERS)],
    responses=responses(404, FINDING_CLOSED),
)
async def post_unknown_class_closure(case_id: PathId, body: ReasonBody, unit: Write) -> UnknownClassAnswer:
    """Close the case with a reason; its sign-ins are kept and still count should the class open."""
    closed = await close_unknown_class(unit, case_id=case_id, reason=body.reason)
    return UnknownClassAnswer.of(closed)


@router.get(
    "/teacher-hours",
    summary="教师实际授课课时",
    dependencies=[requires(*READERS)],
    responses=responses(RANGE_INVALID, CURSOR_INVALID),
)
async def get_teacher_hours(
    unit: Read,
    since: FirstDay,
    until: LastDay,
    cursor: Cursor = None,
) -> TaughtHoursList:
    """Add up the class hours that each teacher really taught (JY-INS-11)."""
    found, more = await list_taught_hours(unit, since=since, until=until, cursor=cursor)
    return TaughtHoursList(items=[TaughtHoursView.of(each) for each in found], next=more)


@router.get(
    "/entry-lags",
    summary="数据录入时滞（事项发生日与录入日）",
    dependencies=[requires(*BUREAU)],
    responses=responses(422, RANGE_INVALID, CURSOR_INVALID),
)
async def get_entry_lags(unit: Read, since: FirstDay, until: LastDay, cursor: Cursor = None) -> EntryLagAnswer:
    """Count what happened on these days by how late it was entered, and list what was late (QJ-DAT-01)."""
    return EntryLagAnswer.of(*await read_entry_lags(unit, since=since, until=until, cursor=cursor))
