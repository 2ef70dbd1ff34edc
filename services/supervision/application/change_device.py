"""Change what is registered of a device, or take it out of use."""

from services.supervision.application.access import own_device
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.rulebooks import books_of
from services.supervision.domain.device import Device, Retirement, require_methods
from services.supervision.domain.device import change_device as changed
from services.supervision.domain.device import retire_device as retired


async def change_device(
    uow: SupervisionUnit, *, device_id: str, name: str | None, methods: tuple[str, ...] | None
) -> Device:
    """Give the device with another name or other methods; these judge what arrives from now on.

    Raise NotFound DEVICE_UNKNOWN, Refused METHOD_NOT_ACCEPTED or Conflict DEVICE_RETIRED.
    """
    device = await own_device(uow, device_id)
    require_methods(methods or (), books_of(uow.shelf, device.region))
    after = changed(device, name=name, methods=methods)
    await uow.devices.save(device, after)
    await uow.audit(action="device.changed", subject=device_id, details={"methods": ",".join(after.methods)})
    return after


async def retire_device(uow: SupervisionUnit, *, device_id: str, reason: str) -> Device:
    """Give the device out of use from now on; its serial number may be registered anew.

    Raise NotFound DEVICE_UNKNOWN or Conflict DEVICE_RETIRED.
    """
    device = await own_device(uow, device_id)
    after = retired(device, Retirement(by=uow.actor.subject, at=uow.now, reason=reason))
    await uow.devices.save(device, after)
    await uow.audit(action="device.retired", subject=device_id)
    return after
