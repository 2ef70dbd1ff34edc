"""The bureau suspends an institution's openings."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import institution_of_region
from services.enrollment.domain.institution import Suspension
from services.enrollment.domain.institution import suspend_institution as suspended
from shared.domain.errors import Refused


async def suspend_institution(uow: UnitOfWork, *, institution_id: str, suspension: Suspension) -> int:
    """Add a suspension, publish it under the rule that provides for it (JY-QUA-02), and give the version."""
    institution = await institution_of_region(uow, institution_id)
    fact = suspended(institution, suspension, rule=_rule(uow, institution.region))
    version = await uow.institutions.next_version(institution_id)
    await uow.institutions.add_suspension(institution_id, suspension)
    await uow.publish(fact)
    await uow.audit(action="institution_suspended", subject=institution_id, details={"rule": fact.rule})
    return version


def _rule(uow: UnitOfWork, region: str) -> str:
    terms = uow.shelf.in_force(region, uow.today).assessment.satisfaction
    if terms is None:
        raise Refused(
            code="SUSPENSION_NOT_PROVIDED",
            message="本地政策文件没有规定暂停开班。",
            advice="请通过目录管理或书面决定处理。",
        )
    return terms.rule
