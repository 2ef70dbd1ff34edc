"""A bureau, or the person, reads how often the person was in a class; every look is audited (HL-DAT-02)."""

from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.attendance import PersonAttendance, attendance_of
from shared.policy.archive import may_read_archive, no_record, require_archive


async def read_archive(uow: SupervisionUnit, *, class_id: str, person_id: str) -> PersonAttendance:
    """Give the person's attendance of the sessions closed so far.

    Raise NotFound PERSON_NOT_FOUND for anybody out of the actor's scope, Refused FEATURE_OFF where the class's document
    keeps no archives.
    """
    file = await uow.files.find(class_id)
    if file is None or person_id not in file.training_class.trainees:
        raise no_record()
    training_class = file.training_class
    if not may_read_archive(uow.actor, person_id, region=training_class.region):
        raise no_record()
    require_archive([uow.shelf.by_id(training_class.rulebook_id)])
    await uow.audit(action="archive.read", subject=person_id, details={"class_id": class_id})
    return attendance_of(person_id, file.sessions)
