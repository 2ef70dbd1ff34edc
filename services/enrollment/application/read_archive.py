"""A bureau, or the person, reads which classes the person was in; every look is audited (HL-DAT-02)."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.archive import ArchivedClass
from shared.policy.archive import may_read_archive, no_record, require_archive


async def read_archive(uow: UnitOfWork, person_id: str) -> tuple[ArchivedClass, ...]:
    """Give the person's classes within the actor's scope whose document keeps archives, by opening date.

    Raise NotFound PERSON_NOT_FOUND, or Refused FEATURE_OFF when no document of those classes keeps any.
    """
    places = await uow.rosters.places_of(person_id)
    found = {
        place: uow.shelf.by_id(place.rulebook_id)
        for place in places
        if may_read_archive(uow.actor, person_id, region=place.region)
    }
    if not found:
        raise no_record()
    require_archive(found.values())
    kept = tuple(place for place, book in found.items() if book.enrollment.person_archive)
    await uow.audit(action="archive_read", subject=person_id, details={"classes": len(kept)})
    return kept
