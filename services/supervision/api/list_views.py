"""What the interface of supervision answers across classes: pages of tasks, of classes, of hours taught."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.supervision.api.record_views import DeviceView, View
from services.supervision.application.ports import Task
from services.supervision.application.queries import EntryLagReading
from services.supervision.domain.entry_lag import EntryKind, LateEntries
from services.supervision.domain.training_class import State
from shared.policy.terms.supervision import EntryLag
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


class LateEntriesView(View):
    """Records of one class, session and kind that happened on one day and were entered on a later one."""

    kind: EntryKind = Field(description="sign_in 计入出勤的签到，check 现场检查记录（作废的除外）")
    class_id: str
    session_id: str | None = Field(description="检查记录不属于课次，为空")
    institution_id: str
    region: str
    event_day: date = Field(description="事项发生日")
    entry_day: date = Field(description="录入本系统之日")
    lag_days: int
    records: int
    alarm_after_days: int = Field(description="时滞超过此天数即告警，由本地区设定")
    above_alarm: bool
    rule: str
    clause: str

    @classmethod
    def under(cls, entries: LateEntries, term: EntryLag) -> Self:
        """Show late entries beside the term that they are held against."""
        return cls(
            kind=entries.kind,
            class_id=entries.class_id,
            session_id=entries.session_id,
            institution_id=entries.institution_id,
            region=entries.region,
            event_day=entries.event_day,
            entry_day=entries.entry_day,
            lag_days=entries.lag_days,
            records=entries.records,
            alarm_after_days=term.alarm_after_days,
            above_alarm=entries.is_above(term),
            rule=term.rule,
            clause=term.clause,
        )


class EntryLagAnswer(BaseModel):
    """Counts of the whole period, and a page of late entries; `next` is the next page's cursor, null on the last."""

    records: int = Field(description="期间内发生的全部记录数")
    late: int = Field(description="其中次日及以后才录入的")
    above_alarm: int = Field(description="其中时滞超过告警天数的")
    items: list[LateEntriesView]
    next: str | None

    @classmethod
    def of(cls, reading: EntryLagReading, more: str | None) -> Self:
        """Show what was read."""
        tally = reading.tally
        items = [LateEntriesView.under(entries, term) for entries, term in reading.late]
        return cls(records=tally.records, late=tally.late, above_alarm=tally.above_alarm, items=items, next=more)


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
