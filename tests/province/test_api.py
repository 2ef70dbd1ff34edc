"""Who sees a class's provincial record, and who has it pushed again."""

from functools import partial
from typing import Any

import pytest

from shared.domain.actor import Role
from shared.province.api import provincial_router
from shared.province.gateway import PROVINCE_TOKEN, open_gateway
from shared.settings import ServiceSettings, SettingsError, write_secret
from tests.changes.conftest import House, post
from tests.changes.test_webhooks import eventually
from tests.messaging.events import withdrawn
from tests.province.conftest import CLASS, IDENTITY, NAME, Roster, lines_of, pusher_of
from tests.province.test_pushing import Simulated, pushing

PATH = f"/classes/{CLASS}/provincial-record"


def mounted(house: House, roster: Roster, *, url: str | None) -> None:
    """Let the house answer for its provincial record."""
    settings = ServiceSettings(service="enrollment", home=house.settings.home, sandbox=True, province_url=url)
    house.application.include_router(provincial_router(settings, roster.record))


async def record(house: House) -> dict[str, Any]:
    answer = await (await house.client(Role.AUDITOR)).get(PATH)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_refused_line_is_seen_with_its_reason_and_pushed_again_after_the_province_corrected(
    house: House, province: Simulated
) -> None:
    simulated, url = province
    simulated.refuse = "trainee:2"
    roster = Roster({CLASS: lines_of(3)})
    mounted(house, roster, url=url)
    before = await record(house)
    assert (before["entered"], before["lines_total"], before["lines_received"]) == (False, 3, 0)
    assert {line["state"] for line in before["lines"]} == {"planned"}
    await house.publish(withdrawn(CLASS, 1))

    async def received(count: int) -> bool:
        found = await record(house)
        return bool(found["lines_received"] == count and "waiting" not in {line["state"] for line in found["lines"]})

    async with pushing(pusher_of(house, roster, url)):
        await eventually(partial(received, 2))
        refused = (await record(house))["lines"][1]
        assert (refused["state"], refused["refusal_code"]) == ("refused", "DATA_CONFLICT")
        assert refused["refusal"] == "与省库信息不一致"
        simulated.refuse = None
        await post(await house.client(Role.INSTITUTION), f"{PATH}/pushes", expect=202)
        await eventually(partial(received, 3))
    found = await record(house)
    assert found["entered"]
    assert all(line["receipt"] and line["received_at"] for line in found["lines"])
    assert NAME not in str(found)
    assert IDENTITY not in str(found)


async def test_an_unknown_class_and_a_role_without_business_see_nothing(house: House) -> None:
    mounted(house, Roster({CLASS: []}), url=None)
    auditor = await house.client(Role.AUDITOR)
    assert (await auditor.get("/classes/nobody/provincial-record")).status_code == 404
    assert (await (await house.client(Role.TRAINEE)).get(PATH)).status_code == 403
    await post(auditor, f"{PATH}/pushes", expect=403)


async def test_without_a_gateway_nothing_is_entered_and_a_push_says_why(house: House) -> None:
    mounted(house, Roster({CLASS: lines_of(1)}), url=None)
    found = await record(house)
    assert (found["connected"], found["entered"]) == (False, False)
    answer = await post(await house.client(Role.APPROVER), f"{PATH}/pushes", expect=422)
    assert answer["code"] == "PROVINCE_NOT_CONNECTED"


async def test_nothing_to_enter_is_not_entered(house: House) -> None:
    mounted(house, Roster({CLASS: []}), url=None)
    assert (await record(house))["entered"] is False


def test_a_gateway_needs_https_and_a_token_outside_a_sandbox(house: House) -> None:
    home = house.settings.home

    def settings(**given: Any) -> ServiceSettings:
        return ServiceSettings(service="enrollment", home=home, **given)

    with pytest.raises(SettingsError, match="province_token"):
        open_gateway(settings(province_url="https://gateway.example.cn"))
    write_secret(home / "secrets" / PROVINCE_TOKEN, "secret")
    open_gateway(settings(province_url="https://gateway.example.cn"))
    open_gateway(settings(province_url="http://127.0.0.1:9000", sandbox=True))
    with pytest.raises(SettingsError, match="https"):
        open_gateway(settings(province_url="http://gateway.example.cn"))
