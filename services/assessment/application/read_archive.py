"""A bureau, or the person, reads which certificates a class brought the person; every look is audited (HL-DAT-02)."""

from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.certificate import Certificate
from shared.policy.archive import may_read_archive, no_record, require_archive


async def read_archive(uow: AssessmentUnit, *, class_id: str, person_id: str) -> tuple[Certificate, ...]:
    """Give the person's certificates of the class, voided ones included, by the day of issue.

    Raise NotFound PERSON_NOT_FOUND for anybody out of the actor's scope, Refused FEATURE_OFF where the class's document
    keeps no archives.
    """
    examined = await uow.classes.get(class_id)
    if examined is None or person_id not in examined.trainees:
        raise no_record()
    if not may_read_archive(uow.actor, person_id, region=examined.region):
        raise no_record()
    require_archive([uow.shelf.by_id(examined.rulebook_id)])
    await uow.audit(action="archive.read", subject=person_id, details={"class_id": class_id})
    own = (one for one in await uow.certificates.of_class(class_id) if one.person_id == person_id)
    return tuple(sorted(own, key=lambda one: (one.issued_on, one.certificate_id)))
