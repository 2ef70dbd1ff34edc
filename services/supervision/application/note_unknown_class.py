"""Watch over sign-ins that name a class not known here, and tell the bureau when it never appears (JY-ENR-06)."""

from collections.abc import Collection
from typing import Final

from services.supervision.application.access import may_see
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.rulebooks import books_of
from services.supervision.domain.device import Device
from services.supervision.domain.finding import require_concluder
from services.supervision.domain.unknown_class import Flagging, UnknownClassCase, casework_of, close, flag, resolve
from shared.clock import new_id
from shared.domain.errors import NotFound

FLAG_UNKNOWN_CLASS: Final = "flag_unknown_class"


async def note_unknown_classes(uow: SupervisionUnit, device: Device, class_ids: Collection[str]) -> None:
    """Begin to watch, once per device and class, and set the timer that flags it after the rulebook's days."""
    flagging = Flagging.of(books_of(uow.shelf, device.region)) if class_ids else None
    if flagging is None:
        return
    for class_id in sorted(class_ids):
        case = UnknownClassCase(
            case_id=new_id(),
            device_id=device.device_id,
            class_id=class_id,
            institution_id=device.institution_id,
            region=device.region,
            rule=flagging.rule,
            clause=flagging.clause,
            first_received_at=uow.now,
            flag_at=uow.now + flagging.after,
        )
        if await uow.unknown_classes.add(case):
            # The key is an id of ours: what a device calls a class may be any text and must reach no log.
            await uow.schedule(due=case.flag_at, kind=FLAG_UNKNOWN_CLASS, key=case.case_id)


async def flag_unknown_class(uow: SupervisionUnit, key: str) -> None:
    """Put the case before the bureau when its timer falls due; `key` is the case's id."""
    watched = await uow.unknown_classes.find(key)
    if watched is None:
        raise LookupError(f"timer {key} names a case that is not stored")
    await uow.files.lock([watched.class_id])
    case = await uow.unknown_classes.find(key)  # the class may have opened before the lock was ours
    if case is None or case.closed_at is not None:
        return
    waiting = await uow.sign_ins.waiting(case.class_id)
    number = sum(row.device_id == case.device_id for row in waiting)
    flagged = flag(case, books_of(uow.shelf, case.region), sign_ins=number, now=uow.now)
    await uow.unknown_classes.save(flagged)
    await uow.audit(action="unknown_class.flagged", subject=case.case_id, details={"sign_ins": number})


async def close_unknown_class(uow: SupervisionUnit, *, case_id: str, reason: str) -> UnknownClassCase:
    """Give the case closed by a person; raise NotFound FINDING_UNKNOWN or Conflict FINDING_CLOSED.

    Raise Forbidden ROLE_MISSING for a role that neither owns the case nor stands above its owner.
    """
    case = await uow.unknown_classes.find(case_id)
    if (
        case is None
        or case.flagged_at is None
        or not may_see(uow.actor, institution_id=case.institution_id, region=case.region)
    ):
        raise NotFound(code="FINDING_UNKNOWN", message="没有此疑点。", advice="请核对疑点编号。")
    require_concluder(uow.actor, owner=case.owner, casework=casework_of(books_of(uow.shelf, case.region)))
    closed = close(case, by=uow.actor.subject, reason=reason, now=uow.now)
    await uow.unknown_classes.save(closed)
    await uow.audit(action="unknown_class.closed", subject=case_id)
    return closed


async def resolve_unknown_class(uow: SupervisionUnit, class_id: str) -> None:
    """Stop watching a class that opened or ended: its sign-ins are being judged."""
    for case in await uow.unknown_classes.open_of(class_id):
        await uow.unknown_classes.save(resolve(case, now=uow.now))
        await uow.unschedule(kind=FLAG_UNKNOWN_CLASS, key=case.case_id)
