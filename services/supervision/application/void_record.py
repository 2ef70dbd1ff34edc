"""Declare an inspection record or a video void that turned out wrong; what rested on it is drawn again."""

from dataclasses import replace

from services.supervision.application.access import lock_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.inspection import Inspection, void_inspection
from services.supervision.domain.video import Clip, void_clip
from services.supervision.domain.voiding import Voiding


async def void_check(
    uow: SupervisionUnit, *, class_id: str, check_id: str, reason: str
) -> tuple[Inspection, ClassFile]:
    """Give the void record and its class's file; totals that rested on it are published again.

    Raise NotFound CLASS_UNKNOWN or CHECK_UNKNOWN, Forbidden SAME_AUTHOR, Conflict RECORD_VOID, Refused CLASS_ENDED.
    """
    file = await lock_class(uow, class_id)
    file.training_class.require_running()
    check = file.inspection(check_id)
    voided, event = void_inspection(check, _voiding(uow, reason), class_id=class_id)
    await uow.publish(event)
    inspections = tuple(voided if each is check else each for each in file.inspections)
    settled = await settle_class(uow, file, replace(file, inspections=inspections))
    await uow.audit(action="check.voided", subject=class_id, details={"check_id": check_id, "kind": check.kind})
    return voided, settled


async def void_video(uow: SupervisionUnit, *, class_id: str, video_id: str, reason: str) -> tuple[Clip, ClassFile]:
    """Give the void clip and its class's file; after the training its session's video is judged without it.

    Raise NotFound CLASS_UNKNOWN or VIDEO_UNKNOWN, Forbidden SAME_AUTHOR, Conflict RECORD_VOID, Refused CLASS_ENDED.
    """
    file = await lock_class(uow, class_id)
    file.training_class.require_running()
    clip = file.clip(video_id)
    voided = void_clip(clip, _voiding(uow, reason))
    clips = tuple(voided if each is clip else each for each in file.clips)
    settled = await settle_class(uow, file, replace(file, clips=clips))
    await uow.audit(action="video.voided", subject=class_id, details={"session_id": clip.session_id})
    return voided, settled


def _voiding(uow: SupervisionUnit, reason: str) -> Voiding:
    return Voiding(by=uow.actor.subject, at=uow.now, reason=reason)
