"""The bureau sets the pass mark of one part of an exam from a day on."""

from dataclasses import replace

from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.body import PassMark
from shared.domain.errors import Conflict


async def set_pass_mark(uow: AssessmentUnit, mark: PassMark) -> PassMark:
    """Add a pass mark of a region within the actor's own; marks are never changed, a later day replaces them.

    Raise Refused PASS_MARK_RANGE, Conflict PASS_MARK_EXISTS when one stands for the same part, region and first day.
    """
    uow.actor.require_region(mark.region)
    mark = replace(mark, set_at=uow.now)
    mark.require_attainable()
    if not await uow.bodies.add_pass_mark(mark, set_by=uow.actor.subject):
        raise Conflict(
            code="PASS_MARK_EXISTS",
            message=f"该科目自 {mark.valid_from.isoformat()} 起已有合格分数线。",
            advice="合格分数线只增不改；须调整的，请以新的生效日期录入。",
            field="valid_from",
            value=mark.valid_from.isoformat(),
        )
    await uow.audit(
        action="pass_mark.set",
        subject=mark.occupation,
        details={
            "region": mark.region,
            "level": mark.level,
            "certificate_kind": mark.certificate_kind,
            "part": mark.part,
            "full_mark": mark.full_mark,
            "pass_mark": mark.pass_mark,
            "valid_from": mark.valid_from.isoformat(),
        },
    )
    return mark
