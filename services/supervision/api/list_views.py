"""What the interface of supervision answers across classes: pages of tasks, of classes, of hours taught."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.supervision.api.record_views import DeviceView, View
from services.supervision.application.ports import Task
from services.supervision.domain.training_class import State
from shared.web.masking import mask


class TaskView(View):
    """Something that waits for a conclusion; a finding is closed under its `task_id`, and so is an unknown class."""

    kind: Literal["finding", "unknown_class"]
    task_id: str
    owner: str | None
    due_on: date | None
    overdue: bool
    check: str
    name: str | None = Field(description="检查项目的中文名称，规则册未列的为空")
    rule: str
    clause: str
    blocking: bool
    class_id: str = Field(description="unknown_class 为设备所报的班级编号，疑似个人信息的数字已遮盖")
    institution_id: str
    region: str
    seen: str
    raised_at: datetime

    @classmethod
    def at(cls, task: Task, *, today: date) -> Self:
        """Show a task as it stands on a day."""
        shown = asdict(task) | {"class_id": mask(task.class_id)}
        return cls(**shown, overdue=task.due_on is not None and task.due_on < today)


class TaskList(BaseModel):
    """A page of tasks; `next` is the cursor of the next page, null on the last."""

    items: list[TaskView]
    next: str | None


class TaughtHoursView(View):
    """What a teacher taught for an institution."""

    institution_id: str
    teacher_id: str
    sessions: int
    theory_class_hours: int
    practice_class_hours: int
    class_hours: int


class TaughtHoursList(BaseModel):
    """A page of teachers; `next` is the cursor of the next page, null on the last."""

    items: list[TaughtHoursView]
    next: str | None


class ClassLine(View):
    """A class in the list; `findings_blocking` of the open ones stop the claim."""

    class_id: str
    institution_id: str
    region: str
    state: State
    planned: int
    refused: int
    opening_date: date
    closing_date: date
    sessions: int
    sessions_closed: int
    findings_open: int
    findings_blocking: int
    opinion_given: bool
    version: int


class ClassPage(BaseModel):
    """A page of classes; `next` is the cursor of the next page, null on the last."""

    items: list[ClassLine]
    next: str | None


class DevicePage(BaseModel):
    """A page of devices; `next` is the cursor of the next page, null on the last."""

    items: list[DeviceView]
    next: str | None


class AwaitingView(View):
    """A sign-in that waits for a reviewer: approve it by its device and sequence."""

    device_id: str
    sequence: int
    person_id: str
    session_id: str
    method: str
    signed_at: datetime
    received_at: datetime


class AwaitingList(BaseModel):
    """A page of sign-ins; `next` is the cursor of the next page, null on the last."""

    items: list[AwaitingView]
    next: str | None
