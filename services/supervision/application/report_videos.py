"""Take the metadata of video files for sessions of a class."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from services.supervision.application.access import lock_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.training_class import sign_in_term
from services.supervision.domain.video import Clip, ClipVerdict, judge_clip


async def report_videos(uow: SupervisionUnit, *, class_id: str, clips: Sequence[Clip]) -> list[ClipVerdict]:
    """Judge clips one by one and keep the new ones; when the training is over, findings about video follow."""
    file = await lock_class(uow, class_id)
    file.training_class.require_running()
    tolerance = timedelta(
        seconds=sign_in_term(uow.shelf.by_id(file.training_class.rulebook_id)).clock_tolerance_seconds
    )
    sessions = {session.session_id: session for session in file.sessions}
    known = {clip.video_id: clip for clip in file.clips}
    verdicts: list[ClipVerdict] = []
    for clip in clips:
        verdict = judge_clip(clip, sessions=sessions, known=known, now=uow.now, tolerance=tolerance)
        if verdict.outcome == "accepted":
            known[clip.video_id] = clip
        verdicts.append(verdict)
    await settle_class(uow, file, replace(file, clips=tuple(known.values())))
    await uow.audit(
        action="videos.reported",
        subject=class_id,
        details={"reported": len(clips), "accepted": len(known) - len(file.clips)},
    )
    return verdicts
