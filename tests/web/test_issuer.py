"""The built-in issuer gives tokens to those who prove their secret, and keeps secrets."""

import asyncio
import base64
import json
import stat
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote_plus

import httpx
import pytest
import pytest_asyncio

from peibu import issuer as issuer_module
from peibu import issuer_files
from peibu.issuer import Issuer
from peibu.issuer_files import UnsafeFile
from shared.clock import machine_now
from shared.domain.actor import Role
from shared.domain.errors import Refused
from shared.web.authentication import Authenticator, RemoteKeys, StaticKeys

ADDRESS = "http://sample.test/auth"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def issuer(home: Path) -> Issuer:
    return Issuer(home, issuer=ADDRESS)


@pytest.fixture
def secret(issuer: Issuer) -> str:
    return add(issuer)


@pytest_asyncio.fixture
async def client(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=issuer.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
        yield client


def add(issuer: Issuer, client_id: str = "school") -> str:
    return issuer.add_client(
        client_id, subject="school-software", organisation="org-1", region="419001", roles=[Role.INSTITUTION]
    )


def form(secret: str, client_id: str = "school", **others: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **others}


async def ask(client: httpx.AsyncClient, **data: str) -> httpx.Response:
    return await client.post("/auth/token", data=data)


async def test_a_client_that_proves_its_secret_gets_a_token_that_the_services_accept(
    client: httpx.AsyncClient, issuer: Issuer, secret: str
) -> None:
    answer = await ask(client, **form(secret))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    actor = await Authenticator(issuer=ADDRESS, keys=StaticKeys(issuer.public_keys())).authenticate(
        body["access_token"]
    )
    assert (actor.subject, actor.organisation, actor.region) == ("school-software", "org-1", "419001")
    assert actor.roles == {Role.INSTITUTION}
    remote = RemoteKeys(f"{ADDRESS}/jwks.json", client)
    assert (await Authenticator(issuer=ADDRESS, keys=remote).authenticate(body["access_token"])) == actor
    claims = json.loads(base64.urlsafe_b64decode(body["access_token"].split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - machine_now().timestamp()) < 60


async def test_the_secret_may_come_in_the_basic_header(client: httpx.AsyncClient, secret: str) -> None:
    basic = base64.b64encode(f"{quote_plus('school')}:{quote_plus(secret)}".encode()).decode()
    answer = await client.post(
        "/auth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(("client_id", "given"), [("school", "wrong"), ("nobody", "wrong"), ("", ""), ("学校", "密")])
async def test_a_wrong_secret_and_an_unknown_client_are_refused_alike(
    client: httpx.AsyncClient, secret: str, client_id: str, given: str
) -> None:
    answer = await ask(client, **form(given, client_id))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["error_description"].isascii()
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert secret not in answer.text


async def test_an_unknown_client_costs_a_verification_too(
    client: httpx.AsyncClient, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    original = issuer_module._verify

    def watch(expected: str, given: str) -> bool:
        verified.append(expected)
        return original(expected, given)

    monkeypatch.setattr(issuer_module, "_verify", watch)
    await ask(client, **form("wrong", "nobody"))
    await ask(client, **form("wrong", "school"))
    assert len(verified) == 2
    assert len({tuple(value.split("$")[1:4]) for value in verified}) == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "invalid_request"),
        (b"client_id=a&client_secret=b", "invalid_request"),
        (b"grant_type=password", "unsupported_grant_type"),
        (b"grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        (b"grant_type=client_credentials", "invalid_client"),
        (b"\xff\xfe=1", "invalid_request"),
        (b"&".join(b"a%d=1" % number for number in range(20)), "invalid_request"),
    ],
)
async def test_a_request_that_is_no_token_request_is_told_why(
    client: httpx.AsyncClient, content: bytes, error: str
) -> None:
    answer = await client.post(
        "/auth/token", content=content, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.json()["error"] == error
    assert answer.json()["advice"]


async def test_two_ways_of_authentication_or_a_broken_header_are_refused(
    client: httpx.AsyncClient, secret: str
) -> None:
    basic = base64.b64encode(f"school:{secret}".encode()).decode()
    statuses = []
    nocolon = "Basic " + base64.b64encode(b"nocolon").decode()
    for header in (f"Basic {basic}", "Basic %%%", nocolon, "Bearer x", "Basic 密"):
        data = form(secret) if header.endswith(basic) else {"grant_type": "client_credentials"}
        answer = await client.post("/auth/token", data=data, headers={b"Authorization": header.encode()})
        statuses.append((answer.status_code, answer.json()["error"]))
    assert statuses == [(400, "invalid_request"), *[(401, "invalid_client")] * 4]
    assert (await client.post("/auth/token", json=form(secret))).json()["error"] == "invalid_request"


async def test_five_failures_lock_a_client_out_for_five_minutes_even_with_the_right_secret(
    client: httpx.AsyncClient, issuer: Issuer, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = add(issuer, "other")
    seconds = 0.0
    monkeypatch.setattr(issuer_module, "monotonic", lambda: seconds)
    refused = [(await ask(client, **form("wrong"))).status_code for _ in range(5)]
    assert refused == [401] * 5
    locked = await ask(client, **form(secret))
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "300")
    assert (await ask(client, **form(other, "other"))).status_code == 200
    seconds = 301.0
    assert (await ask(client, **form(secret))).status_code == 200


async def test_many_guesses_at_once_are_locked_out_too(client: httpx.AsyncClient, secret: str) -> None:
    answers = await asyncio.gather(*(ask(client, **form(f"guess-{number}")) for number in range(20)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) <= issuer_module.FAILURES_MAX + issuer_module._VERIFICATIONS_AT_ONCE - 1
    assert statuses.count(429) == 20 - statuses.count(401)


async def test_a_success_forgets_earlier_failures_and_the_watch_list_is_limited(
    client: httpx.AsyncClient, secret: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        for _ in range(4):
            await ask(client, **form("wrong"))
        assert (await ask(client, **form(secret))).status_code == 200
    monkeypatch.setattr(issuer_module, "_WATCHED_MAX", 2)
    for name in ("a", "b", "c"):
        issuer._lockout.failed(name)
    assert list(issuer._lockout._failures) == ["b", "c"]


async def test_discovery_tells_where_keys_and_tokens_are_and_no_private_part(client: httpx.AsyncClient) -> None:
    configuration = (await client.get("/auth/.well-known/openid-configuration")).json()
    assert configuration["issuer"] == ADDRESS
    assert configuration["token_endpoint"] == f"{ADDRESS}/token"
    (key,) = (await client.get(configuration["jwks_uri"])).json()["keys"]
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
    assert key["kid"]
    assert "d" not in key


async def test_an_issuer_named_by_a_urn_is_found_where_it_is_asked(home: Path) -> None:
    issuer = Issuer(home, issuer="urn:peibu:issuer")
    transport = httpx.ASGITransport(app=issuer.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test:81") as client:
        configuration = (await client.get("/auth/.well-known/openid-configuration")).json()
    assert configuration["issuer"] == "urn:peibu:issuer"
    assert configuration["token_endpoint"] == "http://sample.test:81/auth/token"


async def test_the_process_signs_a_token_for_its_own_parts(issuer: Issuer) -> None:
    token = issuer.own_token(subject="sandbox-clock", roles=[Role.SYSTEM_ADMIN])
    actor = await Authenticator(issuer=ADDRESS, keys=StaticKeys(issuer.public_keys())).authenticate(token)
    assert (actor.subject, actor.organisation, actor.region) == ("sandbox-clock", "peibu", "000000")
    assert actor.roles == {Role.SYSTEM_ADMIN}


def test_secrets_are_written_for_their_owner_alone_and_plainly_only_once(
    issuer: Issuer, home: Path, secret: str
) -> None:
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"issuer-key.json", "clients.json", "credentials.toml", ".lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (home, home / "secrets")] == [0o700] * 2
    assert [path.name for path in files if secret in path.read_text()] == ["credentials.toml"]
    assert tomllib.loads((home / "credentials.toml").read_text())["school"] == {
        "client_secret": secret,
        "subject": "school-software",
        "organisation": "org-1",
        "region": "419001",
        "roles": ["institution"],
    }


def test_a_restart_keeps_key_and_clients(issuer: Issuer, home: Path, secret: str) -> None:
    add(issuer, "second.client")
    again = Issuer(home, issuer=ADDRESS)
    assert again.public_keys().as_dict() == issuer.public_keys().as_dict()
    assert again.clients().keys() == {"school", "second.client"}
    assert set(tomllib.loads((home / "credentials.toml").read_text())) == {"school", "second.client"}


async def test_a_client_added_by_another_process_may_ask_at_once(client: httpx.AsyncClient, home: Path) -> None:
    secret = add(Issuer(home, issuer=ADDRESS))
    assert (await ask(client, **form(secret))).status_code == 200


def test_a_crash_while_adding_leaves_a_client_that_can_be_added_again(
    issuer: Issuer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = issuer_files.write_private

    def die(path: Path, text: str) -> None:
        if path.name == "clients.json":
            raise OSError("disk full")
        original(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(issuer_files, "write_private", die)
        with pytest.raises(OSError, match="disk full"):
            add(issuer)
    assert issuer.clients() == {}
    secret = add(issuer)
    assert tomllib.loads((home / "credentials.toml").read_text())["school"]["client_secret"] == secret


def test_a_secret_file_open_to_others_is_refused(issuer: Issuer, home: Path, secret: str) -> None:
    (home / "secrets" / "issuer-key.json").chmod(0o640)
    with pytest.raises(UnsafeFile, match="chmod 600"):
        Issuer(home, issuer=ADDRESS)


@pytest.mark.parametrize("client_id", ["school", "", "a b", "../x", "名", "x" * 101])
def test_an_id_that_is_taken_or_malformed_is_refused(issuer: Issuer, secret: str, client_id: str) -> None:
    with pytest.raises(ValueError, match="client"):
        add(issuer, client_id)


def test_a_client_needs_a_known_region_and_a_role(issuer: Issuer) -> None:
    with pytest.raises(Refused):
        issuer.add_client("x", subject="x", organisation="x", region="999999", roles=[Role.FINANCE])
    with pytest.raises(ValueError, match="role"):
        issuer.add_client("x", subject="x", organisation="x", region="419001", roles=[])
    assert issuer.clients() == {}


async def test_a_client_taken_away_signs_in_no_more_and_its_secret_is_gone(home: Path) -> None:
    issuer = Issuer(home, issuer=ADDRESS)
    secret = issuer.add_client("school", subject="s", organisation="o", region="419001", roles=[Role.INSTITUTION])
    assert await issuer.token("school", secret)
    assert issuer.remove_client("school")
    assert not issuer.remove_client("school")
    with pytest.raises(issuer_module.OAuthError):
        await issuer.token("school", secret)
    assert secret not in (home / "credentials.toml").read_text()
