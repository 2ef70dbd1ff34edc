"""Who may register what, and what is never said."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from shared.changes.receivers import AllowedReceivers
from shared.domain.actor import Role
from shared.domain.errors import Refused
from shared.web.tables import IDEMPOTENCY_KEY
from tests.changes.conftest import House, post

URL = "https://hooks.example.cn/peibu"


async def test_a_webhook_is_registered_listed_and_deleted_and_its_secret_is_shown_once(house: House) -> None:
    client = await house.client(region="410000")
    answer = await client.post("/webhooks", json={"url": URL, "region": "419001"})
    assert answer.status_code == 201
    secret, webhook_id = answer.json()["secret"], answer.json()["webhook_id"]
    assert secret.startswith("whsec_")
    assert answer.headers["location"] == f"/enrollment/v1/webhooks/{webhook_id}"
    again = await client.post("/webhooks", json={"url": URL, "region": "419001"})
    assert (again.status_code, again.json()["code"]) == (409, "WEBHOOK_EXISTS")
    listed = await client.get("/webhooks")
    assert secret not in listed.text
    (item,) = listed.json()["items"]
    assert (item["state"], item["region"], item["cursor"]) == ("active", "419001", 0)
    async with house.database.connect(write=False) as connection:
        assert (await connection.execute(select(IDEMPOTENCY_KEY.c.id))).all() == [], "no answer with a secret is kept"
    assert (await client.delete(f"/webhooks/{webhook_id}")).status_code == 204
    assert (await client.get(f"/webhooks/{webhook_id}")).status_code == 404


async def test_a_webhook_stays_within_the_callers_region(house: House) -> None:
    client = await house.client(region="410000")
    answer = await client.post("/webhooks", json={"url": URL, "region": "130000"})
    assert (answer.status_code, answer.json()["code"]) == (403, "REGION_OUT_OF_SCOPE")
    unknown = await client.post("/webhooks", json={"url": URL, "region": "999999"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "REGION_UNKNOWN")


async def test_anothers_webhook_is_not_there(house: House) -> None:
    mine = await house.client(region="410000")
    webhook_id = (await mine.post("/webhooks", json={"url": URL})).json()["webhook_id"]
    for stranger in (
        await house.client(organisation="other", region="000000"),
        await house.client(region="419001"),
    ):
        assert (await stranger.get("/webhooks")).json()["items"] == []
        assert (await stranger.get(f"/webhooks/{webhook_id}")).status_code == 404
        assert (await stranger.get(f"/webhooks/{webhook_id}/deliveries")).status_code == 404
        assert (await stranger.delete(f"/webhooks/{webhook_id}")).status_code == 404
        assert (await stranger.post(f"/webhooks/{webhook_id}/secrets")).status_code == 404
        for path, body in (("pause", {}), ("resumption", {}), ("pings", {}), ("redeliveries", {"after": 0})):
            await post(stranger, f"/webhooks/{webhook_id}/{path}", body, expect=404)


async def test_only_a_province_has_webhooks(house: House) -> None:
    for role in Role:
        client = await house.client(role)
        assert (await client.get("/webhooks")).status_code == (200 if role is Role.PROVINCE else 403), role
        answer = await client.post("/webhooks", json={"url": f"https://example.cn/{role}"})
        assert answer.status_code == (201 if role is Role.PROVINCE else 403), role


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "ftp://hooks.example.cn/"}, "WEBHOOK_URL_INVALID"),
        ({"url": "https://user:secret@hooks.example.cn/"}, "WEBHOOK_URL_INVALID"),
        ({"url": "https://hooks.example.cn/#x"}, "WEBHOOK_URL_INVALID"),
        ({"url": "https://hooks.example.cn:99999/"}, "WEBHOOK_URL_INVALID"),
        ({"url": "https://"}, "WEBHOOK_URL_INVALID"),
        ({"url": "https://hooks.example.cn/\n"}, "WEBHOOK_URL_INVALID"),
        ({"url": "https://[::1"}, "WEBHOOK_URL_INVALID"),
        ({"url": "https://hooks..cn/"}, "WEBHOOK_URL_INVALID"),
        ({"url": f"https://{'a' * 64}.cn/"}, "WEBHOOK_URL_INVALID"),
        ({"url": URL, "types": ["cn.peibu.payment.ClaimApproved.v1"]}, "WEBHOOK_TYPE_UNKNOWN"),
        ({"url": URL, "after": 1}, "CURSOR_UNKNOWN"),
    ],
)
async def test_what_cannot_be_registered_is_refused_without_being_repeated(
    house: House, body: dict[str, Any], code: str
) -> None:
    answer = await (await house.client()).post("/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "secret@" not in answer.text


def test_outside_a_sandbox_only_https_to_allowed_hosts_passes() -> None:
    allowed = AllowedReceivers(("hooks.example.cn", "*.gov.cn", "10.1.2.3"), sandbox=False)
    for url in (URL, "https://a.b.gov.cn/x", "https://HOOKS.example.cn:8443/", "https://10.1.2.3/"):
        allowed.check(url)
    refused = {
        "http://hooks.example.cn/": "WEBHOOK_URL_INVALID",
        "https://evil.example.cn/": "WEBHOOK_HOST_FORBIDDEN",
        "https://gov.cn/": "WEBHOOK_HOST_FORBIDDEN",
        "https://evilgov.cn/": "WEBHOOK_HOST_FORBIDDEN",
        "https://hooks.example.cn.evil.cn/": "WEBHOOK_HOST_FORBIDDEN",
        "https://127.0.0.1/": "WEBHOOK_HOST_FORBIDDEN",
        "https://169.254.169.254/": "WEBHOOK_HOST_FORBIDDEN",
    }
    for url, code in refused.items():
        with pytest.raises(Refused, match=code):
            allowed.check(url)
    with pytest.raises(Refused, match="WEBHOOK_HOST_FORBIDDEN"):
        replace(allowed, hosts=()).check(URL)


async def test_an_organisation_has_a_bounded_number_of_webhooks(house: House) -> None:
    client = await house.client()
    for number in range(20):
        assert (await client.post("/webhooks", json={"url": f"{URL}/{number}"})).status_code == 201
    answer = await client.post("/webhooks", json={"url": f"{URL}/20"})
    assert (answer.status_code, answer.json()["code"]) == (422, "WEBHOOKS_TOO_MANY")
