"""An attendance device: whose it is, by which methods it takes sign-ins, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.errors import Conflict, Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """A device went out of use: nothing signed from then on counts, what was signed before still does."""

    by: str
    at: datetime
    reason: str


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
    retired: Retirement | None = None
    version: int = 1


def change_device(device: Device, *, name: str | None, methods: tuple[str, ...] | None) -> Device:
    """Give the device with another name or other methods, which judge what arrives from now on.

    Raise Conflict DEVICE_RETIRED for one that is out of use.
    """
    _require_in_use(device)
    changed = replace(device, name=name or device.name, methods=methods or device.methods)
    return device if changed == device else replace(changed, version=device.version + 1)


def retire_device(device: Device, retirement: Retirement) -> Device:
    """Take a device out of use for good, or raise Conflict DEVICE_RETIRED."""
    _require_in_use(device)
    return replace(device, retired=retirement, version=device.version + 1)


def require_methods(methods: Iterable[str], books: Iterable[Rulebook]) -> None:
    """Raise Refused METHOD_NOT_ACCEPTED when none of the region's rulebooks knows one of the methods (JY-SUP-01)."""
    terms = [book.supervision.sign_in for book in books if book.supervision.sign_in is not None]
    known = {method.code: method.name for term in terms for method in term.methods}
    unknown = [code for code in methods if code not in known]
    if unknown:
        listed = "、".join(f"{code}（{name}）" for code, name in known.items()) or "无"
        raise Refused(
            code="METHOD_NOT_ACCEPTED",
            message=f"有 {len(unknown)} 种签到方式不在本地区规则册内。",
            advice=f"请改用规则册列明的签到方式：{listed}。",
            field="methods",
            **quote(terms[0] if terms else None),
        )


def _require_in_use(device: Device) -> None:
    if device.retired is not None:
        raise Conflict(
            code="DEVICE_RETIRED",
            message="该考勤设备已停用。",
            advice="停用不能撤销；设备重新启用的，请以原序列号重新登记。",
            field="device_id",
            value=device.device_id,
        )
