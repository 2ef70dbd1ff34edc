"""Devices in the database."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.supervision.domain.device import Device
from services.supervision.storage.rows import device_of, device_row
from services.supervision.storage.tables import DEVICE
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict


class StoredDevices:
    """The registered devices on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, device: Device) -> None:
        """Store a device; raise Conflict SERIAL_TAKEN when its serial number is that of a device in use."""
        statement = insert_or_ignore(self._connection, DEVICE, device_row(device)).returning(DEVICE.c.device_id)
        if (await self._connection.execute(statement)).first() is None:
            raise Conflict(
                code="SERIAL_TAKEN",
                message="该设备序列号已登记。",
                advice="请核对序列号；增加签到方式的请变更原登记，设备转给其他机构的请先停用原登记，再重新登记。",
                field="serial",
                value=device.serial,
            )

    async def save(self, before: Device, after: Device) -> None:
        """Store what changed; raise Conflict DEVICE_CHANGED when the stored one moved on."""
        if after == before:
            return
        this = DEVICE.c.device_id == before.device_id, DEVICE.c.version == before.version
        stored = await self._connection.execute(update(DEVICE).where(*this).values(device_row(after)))
        if stored.rowcount != 1:
            raise Conflict(
                code="DEVICE_CHANGED",
                message="该设备的登记已被其他操作修改。",
                advice="请重新查询设备后再提交。",
                field="device_id",
                value=before.device_id,
            )

    async def find(self, device_id: str) -> Device | None:
        """Give a device, None for an unknown one."""
        return (await self.among([device_id])).get(device_id)

    async def among(self, device_ids: Collection[str]) -> Mapping[str, Device]:
        """Give those of the devices that are known."""
        query = select(DEVICE).where(DEVICE.c.device_id.in_(list(device_ids)))
        return {row.device_id: device_of(row) for row in await self._connection.execute(query)}

    async def page(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        after: tuple[str, str] | None,
        limit: int,
    ) -> Sequence[Device]:
        """Give devices by institution and id within institution and regions; None sets no limit."""
        owner, own = DEVICE.c.institution_id, DEVICE.c.device_id
        query = select(DEVICE).order_by(owner, own).limit(limit)
        if institution_id is not None:
            query = query.where(owner == institution_id)
        if regions is not None:
            query = query.where(DEVICE.c.region.in_(regions))
        if after is not None:
            query = query.where(or_(owner > after[0], and_(owner == after[0], own > after[1])))
        return [device_of(row) for row in await self._connection.execute(query)]
