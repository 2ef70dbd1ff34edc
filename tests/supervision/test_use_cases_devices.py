"""Devices are registered with methods that the rules know, changed, and taken out of use."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.supervision.application.change_device import change_device, retire_device
from services.supervision.application.register_device import RegisterDevice, register_device
from shared.domain.errors import Conflict, NotFound, Refused
from tests.supervision.office import APPROVER, Office, sign_ins
from tests.supervision.sample import INSTITUTION, OPENING, REGION, at, device

NINE = at(OPENING, 9)
TEN = at(OPENING, 10)
NOON = at(OPENING, 12)


def command(*methods: str, serial: str = "s-1", region: str = REGION) -> RegisterDevice:
    return RegisterDevice(institution_id=INSTITUTION, serial=serial, name="一号教室", region=region, methods=methods)


async def change(office: Office, *, name: str | None = None, methods: tuple[str, ...] | None = None) -> None:
    await office.act(
        lambda uow: change_device(uow, device_id="device-1", name=name, methods=methods), actor=APPROVER, now=NOON
    )


async def retire(office: Office) -> None:
    await office.act(lambda uow: retire_device(uow, device_id="device-1", reason="设备转出"), actor=APPROVER, now=TEN)


async def test_a_method_that_no_rulebook_of_the_region_knows_is_refused_with_those_it_knows(office: Office) -> None:
    """JY-SUP-01: a method mistyped at registration would refuse every sign-in later."""
    with pytest.raises(Refused, match="METHOD_NOT_ACCEPTED") as refused:
        await office.act(lambda uow: register_device(uow, command("finger")), actor=APPROVER)

    assert (refused.value.rule, refused.value.field) == ("JY-SUP-01", "methods")
    assert "fingerprint（指纹签到）" in refused.value.advice
    assert "finger）" not in refused.value.message


async def test_a_device_is_registered_though_the_years_programme_has_ended(office: Office) -> None:
    registered = await office.act(
        lambda uow: register_device(uow, command("face")), actor=APPROVER, now=at(OPENING.replace(year=2030), 9)
    )

    assert registered.methods == ("face",)


async def test_a_region_without_any_rulebook_registers_no_device(office: Office) -> None:
    nation = replace(APPROVER, region="000000")

    with pytest.raises(Refused, match="METHOD_NOT_ACCEPTED"):
        await office.act(lambda uow: register_device(uow, command("face", region="411100")), actor=nation)


async def test_changed_methods_judge_what_arrives_from_then_on(office: Office) -> None:
    await office.register(device(methods=("fingerprint",)))
    await office.open()
    first = await office.push(sign_ins(("p01",), NINE, method="face"))

    await change(office, methods=("fingerprint", "face"))
    second = await office.push(sign_ins(("p02",), NINE, first=2, method="face"))

    assert [answer.rows[0].outcome for answer in (first, second)] == ["refused", "accepted"]
    with pytest.raises(Refused, match="METHOD_NOT_ACCEPTED"):
        await change(office, methods=("palm",))


async def test_a_name_changes_alone_and_the_same_again_is_no_change(office: Office) -> None:
    await office.register()

    await change(office, name="二号教室")
    await change(office, name="二号教室")

    async with office.unit() as uow:
        assert await uow.devices.find("device-1") == replace(device(), name="二号教室", version=2)


async def test_what_was_signed_before_the_retirement_counts_however_late_it_comes(office: Office) -> None:
    await office.register()
    await office.open()
    await retire(office)

    answer = await office.push(
        [*sign_ins(("p01",), TEN - timedelta(seconds=1)), *sign_ins(("p02",), TEN, first=2)], now=NOON
    )

    assert [(row.outcome, row.explanation and row.explanation.code) for row in answer.rows] == [
        ("accepted", None),
        ("refused", "DEVICE_RETIRED"),
    ]


async def test_a_retired_device_changes_no_more_and_its_serial_number_is_free(office: Office) -> None:
    await office.act(lambda uow: register_device(uow, command("face", serial="serial-device-2")), actor=APPROVER)
    await office.register()
    taken = command("face", serial="serial-device-1")
    with pytest.raises(Conflict, match="SERIAL_TAKEN"):
        await office.act(lambda uow: register_device(uow, taken), actor=APPROVER)
    await retire(office)

    with pytest.raises(Conflict, match="DEVICE_RETIRED"):
        await retire(office)
    with pytest.raises(Conflict, match="DEVICE_RETIRED"):
        await change(office, name="x")
    registered = await office.act(lambda uow: register_device(uow, taken), actor=APPROVER)

    async with office.unit() as uow:
        assert set(await uow.devices.among(["device-1", registered.device_id])) == {"device-1", registered.device_id}


async def test_a_device_of_another_region_is_unknown(office: Office) -> None:
    await office.register()

    with pytest.raises(NotFound, match="DEVICE_UNKNOWN"):
        await office.act(
            lambda uow: retire_device(uow, device_id="device-1", reason="x"), actor=replace(APPROVER, region="341124")
        )


async def test_who_saves_on_an_older_version_is_told(office: Office) -> None:
    await office.register()
    old = device()
    await change(office, name="二号教室")

    with pytest.raises(Conflict, match="DEVICE_CHANGED"):
        await office.act(lambda uow: uow.devices.save(old, replace(old, name="三号教室", version=2)))
