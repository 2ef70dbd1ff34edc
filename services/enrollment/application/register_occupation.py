"""The bureau lists an occupation from today on."""

from datetime import date

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import require_region
from services.enrollment.domain.occupation import Occupation, what_is_wrong_with_new
from shared.contracts.enrollment import OccupationDated
from shared.domain.jurisdiction import ancestors, descendants
from shared.policy.judging import refuse_all


async def register_occupation(uow: UnitOfWork, occupation: Occupation) -> Occupation:
    """Add the occupation of a region within the actor's own; it replaces the region's earlier row from today on.

    So is a wrong row corrected. Raise Refused DATE_IN_FUTURE or DATES_REVERSED for days of a new occupation that cannot
    be right. Those that are named reach classes that opened before, too: the ministry's list counts as it stood when a
    class opened, whenever somebody entered it here (HB-CLM-06). A row without any leaves them as they are.
    """
    require_region(uow, occupation.region)
    refuse_all(what_is_wrong_with_new(occupation))
    await uow.occupations.lock(occupation.code, alone=True)
    await uow.occupations.add(occupation)
    if occupation.new_since is not None:
        await _tell(uow, occupation, occupation.new_since)
    await uow.audit(action="occupation_registered", subject=occupation.code, details={"region": occupation.region})
    return occupation


async def _tell(uow: UnitOfWork, occupation: Occupation, new_since: date) -> None:
    """Tell the classes for which no nearer region lists the occupation."""
    for class_id, region in await uow.classes.opened_of(occupation.code, descendants(occupation.region)):
        if await uow.occupations.valid_on(occupation.code, occupation.valid_from, ancestors(region)) == occupation:
            await uow.publish(
                OccupationDated(
                    class_id=class_id,
                    occupation=occupation.code,
                    new_since=new_since,
                    new_until=occupation.new_until,
                )
            )
