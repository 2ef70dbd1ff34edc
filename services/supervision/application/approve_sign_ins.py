"""Approve sign-ins that count only with a reviewer's approval (manual ones, JY-SUP-01)."""

from collections.abc import Collection
from dataclasses import dataclass

from services.supervision.application.access import lock_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.sign_in import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Which sequences count from now on, and which name no sign-in of the class that waits for approval."""

    approved: tuple[int, ...]
    unknown: tuple[int, ...]


async def approve_sign_ins(
    uow: SupervisionUnit, *, class_id: str, device_id: str, sequences: Collection[int], reason: str
) -> Approval:
    """Let waiting sign-ins of one device count, for a recorded reason; closed sessions get a new revision."""
    file = await lock_class(uow, class_id)
    file.training_class.require_running()
    waiting = await uow.sign_ins.unapproved(class_id, device_id, sequences)
    closed = {session.session_id for session in file.sessions if session.is_closed}
    verdicts = {
        sequence: Verdict("late" if session_id in closed else "accepted", None, session_id)
        for sequence, session_id in waiting
    }
    await uow.sign_ins.approve(device_id, verdicts, approved_by=uow.actor.subject, reason=reason)
    await settle_class(uow, file, file, sessions={session_id for _, session_id in waiting} & closed)
    await uow.audit(
        action="sign_ins.approved",
        subject=class_id,
        details={"device_id": device_id, "approved": len(verdicts)},
    )
    return Approval(approved=tuple(sorted(verdicts)), unknown=tuple(sorted(set(sequences) - set(verdicts))))
