"""An attendance device: whose it is and by which methods it takes sign-ins."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A registered device (考勤设备); its id is the subject of its token."""

    device_id: str
    institution_id: str
    serial: str
    name: str
    region: str
    methods: tuple[str, ...]
    registered_by: str
    registered_at: datetime
    version: int = 1
