"""The bureau lists an occupation from today on."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import require_region
from services.enrollment.domain.occupation import Occupation, what_is_wrong_with_new
from shared.policy.judging import refuse_all


async def register_occupation(uow: UnitOfWork, occupation: Occupation) -> Occupation:
    """Add the occupation of a region within the actor's own; it replaces the region's earlier row from today on.

    So is a wrong row corrected. Raise Refused DATE_IN_FUTURE or DATES_REVERSED for days of a new occupation that cannot
    be right.
    """
    require_region(uow, occupation.region)
    refuse_all(what_is_wrong_with_new(occupation))
    await uow.occupations.add(occupation)
    await uow.audit(action="occupation_registered", subject=occupation.code, details={"region": occupation.region})
    return occupation
