"""Register an attendance device of an institution."""

from dataclasses import dataclass

from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.rulebooks import books_of
from services.supervision.domain.device import Device, require_methods
from shared.clock import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDevice:
    """What is told of a device: whose it is, where it stands, how it takes sign-ins."""

    institution_id: str
    serial: str
    name: str
    region: str
    methods: tuple[str, ...]


async def register_device(uow: SupervisionUnit, command: RegisterDevice) -> Device:
    """Give the registered device.

    Raise Forbidden REGION_OUT_OF_SCOPE outside the actor's region, Refused METHOD_NOT_ACCEPTED for a method that no
    rulebook of the region knows and Conflict SERIAL_TAKEN for the serial number of a device in use.
    """
    uow.actor.require_region(command.region)
    require_methods(command.methods, books_of(uow.shelf, command.region))
    device = Device(
        device_id=new_id(),
        institution_id=command.institution_id,
        serial=command.serial,
        name=command.name,
        region=command.region,
        methods=command.methods,
        registered_by=uow.actor.subject,
        registered_at=uow.now,
    )
    await uow.devices.add(device)
    await uow.audit(action="device.registered", subject=device.device_id, details={"methods": len(device.methods)})
    return device
