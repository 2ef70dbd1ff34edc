"""Who may see and touch which class: institutions their own, bureaus their region's; anything else does not exist."""

from dataclasses import dataclass

from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.device import Device
from shared.domain.actor import Actor, Role
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import NATION, descendants, is_within


def may_see(actor: Actor, *, institution_id: str, region: str) -> bool:
    """Say whether something of this institution in this region lies within the actor's scope."""
    if actor.has(Role.INSTITUTION, Role.DEVICE):
        return actor.organisation == institution_id
    return is_within(region, actor.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an actor sees in a list: one institution's things, or those of some regions; None sets no limit."""

    institution_id: str | None
    regions: tuple[str, ...] | None


def scope_of(actor: Actor) -> Scope:
    """Give what `may_see` admits, as a condition for a query."""
    if actor.has(Role.INSTITUTION, Role.DEVICE):
        return Scope(institution_id=actor.organisation, regions=None)
    if actor.region == NATION:
        return Scope(institution_id=None, regions=None)
    return Scope(institution_id=None, regions=tuple(sorted(descendants(actor.region))))


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


async def own_device(uow: SupervisionUnit, device_id: str) -> Device:
    """Give the device, or raise NotFound DEVICE_UNKNOWN when it is unknown or not the actor's.

    A device acts as itself alone, an institution with its own devices, a bureau with those of its region.
    """
    device = await uow.devices.find(device_id)
    own = not uow.actor.has(Role.DEVICE) or uow.actor.subject == device_id
    if device is None or not own or not may_see(uow.actor, institution_id=device.institution_id, region=device.region):
        raise NotFound(
            code="DEVICE_UNKNOWN",
            message="没有此考勤设备。",
            advice="请先由人社部门登记设备；登记前请在设备上保留签到数据，登记后重传。",
            field="device_id",
            value=device_id,
        )
    return device
