"""Whether one more person could still join a class, whoever it is: a class that ended, or has no place left."""

from collections.abc import Collection

from services.enrollment.domain.training_class import AWAITING_OPENING, EDITABLE, NAMES, UNDER_REVIEW, TrainingClass
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook


def judge_joining(training_class: TrainingClass, present: Collection[str], book: Rulebook) -> list[Finding]:
    """Stop at a class that is over, and at one with as many people as were planned: that number stands (JY-ENR-06)."""
    basis = book.enrollment.start_after_approval or CONSISTENCY
    if training_class.state not in EDITABLE | UNDER_REVIEW | AWAITING_OPENING | {"opened"}:
        return [
            basis.finding(
                code="CLASS_ENDED",
                severity=Severity.STOP,
                message=f"班级当前状态为“{NAMES[training_class.state]}”，不能再参加。",
                advice="请选择尚未结束的班级。",
                field="class_id",
            )
        ]
    planned = training_class.plan.planned
    if len(present) < planned:
        return []
    return [
        basis.finding(
            code="PLANNED_EXCEEDED",
            severity=Severity.STOP,
            message=f"班级计划 {planned} 人，花名册上已有 {len(present)} 人，没有空余名额。",
            advice="有学员退出或被移出后方可补入；请选择其他班级。",
            field="class_id",
        )
    ]


def judge_untold_group(training_type: str, *, told: bool, book: Rulebook) -> list[Finding]:
    """Ask for the group of who would join a class of key groups, where nobody told it (JY-ENR-14)."""
    terms, size = book.enrollment.programmes, book.enrollment.class_size
    projects = {row.project for row in (terms.types if terms else ()) if row.code == training_type}
    if told or size is None or not projects.intersection(size.key_group_projects):
        return []
    return [
        size.finding(
            code="GROUP_UNTOLD",
            severity=Severity.ASK,
            message="该班面向就业重点人群，查询没有说明人员类别，无法判断。",
            advice="请在 group 中填写人员类别后重新查询。",
            field="training_type",
        )
    ]
