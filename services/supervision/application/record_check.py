"""Record an inspection on site: the opening-day check or a spot check."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.supervision.application.access import lock_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.inspection import Inspection, record_inspection
from shared.clock import new_id
from shared.contracts.supervision import CheckKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheck:
    """What an inspector writes down; `companions` are the token subjects of those who were along."""

    kind: CheckKind
    held_at: datetime
    place: str
    headcount: int
    sign_in_in_order: bool | None
    records_retained: bool | None
    teachers_seen: tuple[str, ...]
    companions: tuple[str, ...]
    note: str
    venue_id: str | None = None
    photos: tuple[str, ...] = ()


async def record_check(uow: SupervisionUnit, *, class_id: str, command: RecordCheck) -> tuple[Inspection, ClassFile]:
    """Give the signed record and the class's file with what follows from it.

    Raise Refused for an incomplete opening record (ITEM_MISSING, JY-SUP-09), a wrong day or more heads than the
    roster has (HEADCOUNT_ABOVE_ROSTER).
    """
    file = await lock_class(uow, class_id)
    file.training_class.require_running()
    inspection = Inspection(
        check_id=new_id(),
        kind=command.kind,
        held_at=command.held_at,
        place=command.place,
        headcount=command.headcount,
        sign_in_in_order=command.sign_in_in_order,
        records_retained=command.records_retained,
        teachers_seen=command.teachers_seen,
        inspectors=tuple(dict.fromkeys((uow.actor.subject, *command.companions))),
        note=command.note,
        recorded_at=uow.now,
        venue_id=command.venue_id,
        photos=command.photos,
    )
    book = uow.shelf.by_id(file.training_class.rulebook_id)
    await uow.publish(record_inspection(inspection, file.training_class, file.sessions, book))
    settled = await settle_class(uow, file, replace(file, inspections=(*file.inspections, inspection)))
    await uow.audit(
        action="check.recorded",
        subject=class_id,
        details={"check_id": inspection.check_id, "kind": inspection.kind, "headcount": inspection.headcount},
    )
    return inspection, settled
