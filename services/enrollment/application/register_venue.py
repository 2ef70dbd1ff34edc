"""An institution registers a training venue with its work-stations."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_institution
from services.enrollment.domain.timetable import Venue


async def register_venue(uow: UnitOfWork, *, institution_id: str, venue: Venue, address: str) -> Venue:
    """Add a venue to the actor's own institution."""
    await own_institution(uow, institution_id)
    await uow.institutions.add_venue(institution_id, venue, address=address)
    await uow.audit(
        action="venue_registered", subject=venue.venue_id, details={"stations": sum(venue.stations.values())}
    )
    return venue
