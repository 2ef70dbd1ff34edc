"""The bureau lists an occupation from today on."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import require_region
from services.enrollment.domain.occupation import Occupation


async def register_occupation(uow: UnitOfWork, occupation: Occupation) -> Occupation:
    """Add the occupation of a region within the actor's own; it replaces the region's earlier row from today on."""
    require_region(uow, occupation.region)
    await uow.occupations.add(occupation)
    await uow.audit(action="occupation_registered", subject=occupation.code, details={"region": occupation.region})
    return occupation
