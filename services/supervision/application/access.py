"""Who may see and touch which class: institutions their own, bureaus their region's; anything else does not exist."""

from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.class_file import ClassFile
from shared.domain.actor import Actor, Role
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import is_within


def may_see(actor: Actor, *, institution_id: str, region: str) -> bool:
    """Say whether something of this institution in this region lies within the actor's scope."""
    if actor.has(Role.INSTITUTION, Role.DEVICE):
        return actor.organisation == institution_id
    return is_within(region, actor.region)


async def find_class(uow: SupervisionUnit, class_id: str) -> ClassFile:
    """Give the class's file, or raise NotFound CLASS_UNKNOWN when it is unknown or out of the actor's scope."""
    file = await uow.files.find(class_id)
    if file is None or not may_see(
        uow.actor, institution_id=file.training_class.institution_id, region=file.training_class.region
    ):
        raise NotFound(
            code="CLASS_UNKNOWN",
            message="没有此班级，或班级尚未开班。",
            advice="请核对班级编号；班级开班后才进入过程监管。",
            field="class_id",
            value=class_id,
        )
    return file


async def lock_class(uow: SupervisionUnit, class_id: str) -> ClassFile:
    """Lock the class until the transaction ends and give its file; raise NotFound as `find_class` does."""
    await uow.files.lock([class_id])
    return await find_class(uow, class_id)
