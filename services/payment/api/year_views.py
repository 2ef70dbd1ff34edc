"""What the address of a year gives: goals, plan, allotments, stages, and who was counted."""

from dataclasses import asdict
from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from services.payment.application.reports import AllotmentReading, YearReading
from services.payment.domain.class_record import Counts
from services.payment.domain.figures import EnteredFigure, FigureStand
from services.payment.domain.goals import Goal, RowProgress
from services.payment.domain.heads import StageBoard


class GoalView(BaseModel):
    """A goal of the year; `met` only at the goal or beyond."""

    code: str
    name: str
    rule: str
    clause: str
    document: str
    unit: str
    target: int | None = Field(description="目标数；上级尚未下达或分解表尚未录入的为空，不作零计")
    done: int
    gap: int | None
    met: bool | None
    percent: str | None

    @classmethod
    def of(cls, goal: Goal) -> Self:
        """Render a goal."""
        return cls(**asdict(goal), gap=goal.gap, met=goal.met, percent=goal.share.percent)


class CountsView(BaseModel):
    """The measures; the monthly report gives their definitions."""

    planned_persons: int
    opened_classes: int
    opened_persons: int
    trained_persons: int
    assessed_persons: int
    certified_persons: int
    paid_persons: int
    paid_fen: int

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """Render counts."""
        return cls(**asdict(counts))


class AllocationView(BaseModel):
    """What a provider or pool was allotted and did."""

    provider: str
    persons: int
    counts: CountsView


class PlanRowView(BaseModel):
    """One row of the annual plan."""

    type: str
    name: str
    persons: int
    counts: CountsView
    allocations: list[AllocationView]
    unallotted: CountsView = Field(description="计划未列明的单位完成的数量")

    @classmethod
    def of(cls, row: RowProgress) -> Self:
        """Render a row."""
        return cls(
            type=row.type,
            name=row.name,
            persons=row.persons,
            counts=CountsView.of(row.counts),
            allocations=[
                AllocationView(provider=each.provider, persons=each.persons, counts=CountsView.of(each.counts))
                for each in row.allocations
            ],
            unallotted=CountsView.of(row.unallotted),
        )


class FigureView(BaseModel):
    """A figure as it was entered."""

    number: int
    on: date
    source: str

    @classmethod
    def of(cls, figure: EnteredFigure) -> Self:
        """Render a figure."""
        return cls(number=figure.number, on=figure.on, source=figure.source)


class FigureGoalView(BaseModel):
    """A goal of official statistics; judged by the exact numbers, its percentage is cut off and never rounded up."""

    code: str
    name: str
    rule: str
    clause: str
    document: str
    by: date
    number_min: int | None
    percent_min: int | None
    figure: FigureView | None
    whole: FigureView | None
    percent: str | None = Field(description="百分比，两位小数，只舍不入")
    met: bool | None = Field(description="统计数字尚未填报的为空")

    @classmethod
    def of(cls, stand: FigureStand) -> Self:
        """Render how a figure stands to its goal."""
        goal = stand.goal
        return cls(
            code=goal.code,
            name=goal.name,
            rule=goal.rule,
            clause=goal.clause,
            document=goal.document,
            by=goal.by,
            number_min=goal.number_min,
            percent_min=goal.percent_min,
            figure=FigureView.of(stand.figure) if stand.figure else None,
            whole=FigureView.of(stand.whole) if stand.whole else None,
            percent=stand.share.percent_reached if stand.share else None,
            met=stand.met,
        )


class HeadsView(BaseModel):
    """One measure, person-times and distinct persons apart."""

    code: str
    name: str
    person_times: int = Field(description="人次：每人每班计一次")
    persons: int = Field(description="人数：每人只计一次")


class OrganiserView(BaseModel):
    """What one organiser's classes did."""

    code: str
    name: str
    classes: int
    heads: list[HeadsView]


class AllotmentRowView(BaseModel):
    """One row of an allotment; a number that nobody entered is empty."""

    name: str
    person_times: int | None
    done: int
    met: bool | None
    percent: str | None


class AllotmentView(BaseModel):
    """An allotment and what was done of it."""

    title: str
    document: str
    rule: str
    clause: str
    basis: list[str] = Field(description="分配依据；文件未给出权重，只作说明，不参与计算")
    person_times: int | None
    rows: list[AllotmentRowView]

    @classmethod
    def of(cls, reading: AllotmentReading) -> Self:
        """Render an allotment."""
        allotment = reading.table.allotment
        return cls(
            title=reading.table.title,
            document=reading.table.document,
            rule=allotment.rule,
            clause=allotment.clause,
            basis=list(allotment.basis),
            person_times=allotment.total_person_times,
            rows=[
                AllotmentRowView(
                    name=row.name,
                    person_times=row.person_times,
                    done=row.done,
                    met=row.met,
                    percent=row.share.percent_reached,
                )
                for row in reading.rows
            ],
        )


class StageView(BaseModel):
    """How far a stage is, against the share of its days that is gone."""

    code: str
    name: str
    rule: str
    clause: str
    first: date
    last: date
    planned: int | None
    done: int
    percent: str | None
    days_gone_percent: str | None
    days_left: int

    @classmethod
    def of(cls, board: StageBoard) -> Self:
        """Render a stage."""
        stage = board.stage
        return cls(
            code=stage.code,
            name=stage.name,
            rule=stage.rule,
            clause=stage.clause,
            first=stage.first,
            last=stage.last,
            planned=board.planned,
            done=board.done,
            percent=board.share.percent_reached,
            days_gone_percent=board.days.percent_reached,
            days_left=board.days_left,
        )


class YearView(BaseModel):
    """A training year: its goals, its plan, and who was counted."""

    region: str
    year: int
    goals: list[GoalView]
    figures: list[FigureGoalView]
    allotments: list[AllotmentView]
    stages: list[StageView]
    heads: list[HeadsView]
    organisers: list[OrganiserView]
    plan_title: str | None
    plan_document: str | None
    plan_persons: int | None
    plan: list[PlanRowView]

    @classmethod
    def of(cls, reading: YearReading) -> Self:
        """Render a year."""
        plan = reading.plan
        return cls(
            region=reading.region,
            year=reading.year,
            goals=[GoalView.of(goal) for goal in reading.goals],
            figures=[FigureGoalView.of(stand) for stand in reading.figures],
            allotments=[AllotmentView.of(allotment) for allotment in reading.allotments],
            stages=[StageView.of(board) for board in reading.stages],
            heads=[HeadsView(**asdict(each)) for each in reading.heads],
            organisers=[
                OrganiserView(
                    code=row.code,
                    name=row.name,
                    classes=row.classes,
                    heads=[HeadsView(**asdict(each)) for each in row.heads],
                )
                for row in reading.organisers
            ],
            plan_title=plan.title if plan else None,
            plan_document=plan.document if plan else None,
            plan_persons=plan.targets.total_persons if plan else None,
            plan=[PlanRowView.of(row) for row in reading.rows],
        )
