"""The bureau lists an occupation from today on."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.occupation import Occupation
from shared.domain.errors import Forbidden
from shared.domain.jurisdiction import is_within


async def register_occupation(uow: UnitOfWork, occupation: Occupation) -> Occupation:
    """Add the occupation of a region within the actor's own; it replaces the region's earlier row from today on."""
    require_region(uow, occupation.region)
    await uow.occupations.add(occupation)
    await uow.audit(action="occupation_registered", subject=occupation.code, details={"region": occupation.region})
    return occupation


def require_region(uow: UnitOfWork, region: str) -> None:
    """Raise Forbidden REGION_OUT_OF_SCOPE unless the region is the actor's own or lies under it."""
    if not is_within(region, uow.actor.region):
        raise Forbidden(
            code="REGION_OUT_OF_SCOPE",
            message=f"区划 {region} 不在您的管辖范围内。",
            advice="请由该区划的主管部门办理。",
            field="region",
            value=region,
        )
