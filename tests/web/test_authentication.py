"""Who calls is known by a valid token alone."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OctKey, RSAKey

from shared.clock import machine_now
from shared.database.engine import Database
from shared.domain.actor import Role
from shared.web import authentication
from shared.web.authentication import Authenticator, KeysUnavailable, RemoteKeys
from shared.web.problems import WebProblem
from tests.web.conftest import ISSUER, Token, application_on, client_of

ME = "/sample/v1/me"


async def ask(database: Database, key: ECKey, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with client_of(application_on(database, key)) as client:
        return await client.get(ME, headers=headers)


async def test_a_valid_token_names_the_actor(sqlite: Database, signing_key: ECKey, token: Token) -> None:
    answer = await ask(sqlite, signing_key, f"Bearer {token(Role.PROVINCE, aud=['other', 'peibu'])}")
    assert answer.json() == {"subject": "li", "organisation": "org-1", "region": "419001"}


@pytest.mark.parametrize("authorization", [None, "Basic bGk6eA==", "Bearer", "Bearer "])
async def test_without_a_token_the_caller_is_asked_for_one(
    sqlite: Database, signing_key: ECKey, authorization: str | None
) -> None:
    answer = await ask(sqlite, signing_key, authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_MISSING")
    assert answer.headers["www-authenticate"].startswith("Bearer")


NOW = int(machine_now().timestamp())
WRONG: dict[str, dict[str, Any]] = {
    "issued by somebody else": {"iss": "https://elsewhere.test"},
    "without an issuer": {"iss": None},
    "for another audience": {"aud": "bank"},
    "without an audience": {"aud": None},
    "without an expiry": {"exp": None},
    "with an expiry that is no number": {"exp": "tomorrow"},
    "not yet valid": {"nbf": NOW + 600},
    "without a subject": {"sub": None},
    "with an empty subject": {"sub": ""},
    "with a subject too long": {"sub": "x" * 201},
    "without an organisation": {"org": None},
    "without a region": {"region": None},
    "with an unknown region": {"region": "999999"},
    "without roles": {"roles": None},
    "with no role": {"roles": []},
    "with an unknown role": {"roles": ["finance", "emperor"]},
    "with roles that are no list": {"roles": "finance"},
    "with a role that is no text": {"roles": [["finance"]]},
    "signed by an unknown key": {"kid": "unknown"},
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_token_is_refused(sqlite: Database, signing_key: ECKey, token: Token, case: str) -> None:
    answer = await ask(sqlite, signing_key, f"Bearer {token(**WRONG[case])}")
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_INVALID")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_an_expired_token_is_told_to_be_renewed(sqlite: Database, signing_key: ECKey, token: Token) -> None:
    answer = await ask(sqlite, signing_key, f"Bearer {token(exp=NOW - 31)}")
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_EXPIRED")


async def test_an_issuers_clock_may_run_a_little_ahead(sqlite: Database, signing_key: ECKey, token: Token) -> None:
    assert (await ask(sqlite, signing_key, f"Bearer {token(iat=NOW + 15, nbf=NOW + 15)}")).status_code == 200
    assert (await ask(sqlite, signing_key, f"Bearer {token(iat=NOW + 600)}")).status_code == 401


async def test_a_forged_token_is_refused(sqlite: Database, signing_key: ECKey, token: Token) -> None:
    other = ECKey.generate_key("P-256", auto_kid=True)
    head, body, signature = token().split(".")
    forged_body = jwt.encode({"alg": "ES256"}, {"sub": "wang"}, other).split(".")[1]
    public = json.dumps(signing_key.as_dict(private=False)).encode()
    claims = {"iss": ISSUER, "aud": "peibu", "exp": NOW + 60, "sub": "li", "org": "o", "region": "419001"}
    confused = jwt.encode(
        {"alg": "HS256", "kid": signing_key.kid}, {**claims, "roles": ["finance"]}, OctKey.import_key(public)
    )
    unsigned = "eyJhbGciOiJub25lIiwia2lkIjoi" + head[-4:] + "." + body + "."
    tokens = [
        token(key=other, kid=signing_key.kid),
        f"{head}.{forged_body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        confused,
        unsigned,
        "a.b.c",
        "x" * 5000,
        jwt.encode({"alg": "ES256"}, claims, signing_key),
    ]
    for forged in tokens:
        answer = await ask(sqlite, signing_key, f"Bearer {forged}")
        assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_INVALID")


async def test_a_token_signed_by_rsa_is_accepted_when_the_issuer_publishes_such_a_key(token: Token) -> None:
    key = RSAKey.generate_key(2048, auto_kid=True)
    authenticator = Authenticator(issuer=ISSUER, keys=authentication.StaticKeys(KeySet([key])))
    actor = await authenticator.authenticate(token(key=key, algorithm="RS256"))
    assert actor.subject == "li"


async def test_a_shared_secret_verifies_nothing_even_when_the_issuer_publishes_one(token: Token) -> None:
    key = OctKey.generate_key(256, auto_kid=True)
    authenticator = Authenticator(issuer=ISSUER, keys=authentication.StaticKeys(KeySet([key])))
    with pytest.raises(WebProblem) as refused:
        await authenticator.authenticate(token(key=key, algorithm="HS256"))
    assert refused.value.kind.code == "TOKEN_INVALID"


async def test_a_missing_role_is_forbidden(sqlite: Database, signing_key: ECKey, token: Token) -> None:
    answer = await ask(sqlite, signing_key, f"Bearer {token(Role.TRAINEE, Role.INSTITUTION)}")
    assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING")
    assert "finance" in answer.json()["detail"]


async def test_a_bureau_reaches_its_own_region_and_those_below(
    sqlite: Database, signing_key: ECKey, token: Token
) -> None:
    application = application_on(sqlite, signing_key)
    reached = {}
    for own in ("410000", "419001", "130000"):
        async with client_of(application, token(region=own)) as client:
            answer = await client.get("/sample/v1/regions/419001")
            reached[own] = (answer.status_code, answer.json().get("code"))
    assert reached == {"410000": (200, None), "419001": (200, None), "130000": (403, "REGION_OUT_OF_SCOPE")}


class FakeIssuer:
    """Serves a key set over HTTP and counts how often it is asked."""

    def __init__(self, *keys: ECKey) -> None:
        self.keys: list[Key] = list(keys)
        self.asked = 0
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json=KeySet(self.keys).as_dict())

    def remote_keys(self) -> RemoteKeys:
        async def handle(_request: httpx.Request) -> httpx.Response:
            self.asked += 1
            await asyncio.sleep(0)
            return self.answer()

        return RemoteKeys("https://issuer.test/jwks", httpx.AsyncClient(transport=httpx.MockTransport(handle)))


class Monotonic:
    """A clock that stands until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        monkeypatch.setattr(authentication, "monotonic", lambda: self.seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Monotonic:
    return Monotonic(monkeypatch)


async def test_keys_are_fetched_once_for_many_requests(signing_key: ECKey) -> None:
    issuer = FakeIssuer(signing_key)
    keys = issuer.remote_keys()
    found = await asyncio.gather(*(keys.key(str(signing_key.kid)) for _ in range(20)))
    assert all(key is not None for key in found)
    assert issuer.asked == 1


async def test_an_unknown_key_is_looked_for_at_most_every_thirty_seconds(signing_key: ECKey, clock: Monotonic) -> None:
    issuer, added = FakeIssuer(signing_key), ECKey.generate_key("P-256", auto_kid=True)
    keys = issuer.remote_keys()
    await keys.key(str(signing_key.kid))
    issuer.keys.append(added)
    assert [await keys.key(str(added.kid)) for _ in range(10)] == [None] * 10
    assert issuer.asked == 1
    clock.seconds += 31
    assert await keys.key(str(added.kid)) is not None
    assert issuer.asked == 2


async def test_an_issuer_that_never_answered_is_asked_again_when_callers_were_told_to_return(
    signing_key: ECKey, token: Token, clock: Monotonic
) -> None:
    issuer = FakeIssuer(signing_key)
    keys, answer = issuer.remote_keys(), issuer.answer
    issuer.answer = lambda: httpx.Response(502)
    with pytest.raises(WebProblem) as refused:
        await Authenticator(issuer=ISSUER, keys=keys).authenticate(token())
    issuer.answer = answer
    assert refused.value.headers is not None
    clock.seconds += float(refused.value.headers["Retry-After"])
    assert (await Authenticator(issuer=ISSUER, keys=keys).authenticate(token())).subject == "li"


async def test_a_key_of_an_unknown_kind_does_not_hide_the_others(signing_key: ECKey) -> None:
    issuer = FakeIssuer(signing_key)
    published = [{"kty": "AKP", "kid": "new", "pub": "x"}, "no key", *KeySet([signing_key]).as_dict()["keys"]]
    issuer.answer = lambda: httpx.Response(200, json={"keys": published})
    assert await issuer.remote_keys().key(str(signing_key.kid)) is not None


async def test_a_withdrawn_key_is_forgotten_when_the_set_is_old(signing_key: ECKey, clock: Monotonic) -> None:
    issuer = FakeIssuer(signing_key, ECKey.generate_key("P-256", auto_kid=True))
    keys = issuer.remote_keys()
    assert await keys.key(str(signing_key.kid)) is not None
    issuer.keys.pop(0)
    clock.seconds += 601
    assert await keys.key(str(signing_key.kid)) is None


@pytest.mark.parametrize(
    "answer",
    [lambda: httpx.Response(500), lambda: httpx.Response(200, text="<html>"), lambda: httpx.Response(200, json={})],
)
async def test_known_keys_serve_on_while_the_issuer_fails_but_unknown_ones_cannot_be_judged(
    signing_key: ECKey, clock: Monotonic, answer: Callable[[], httpx.Response]
) -> None:
    issuer = FakeIssuer(signing_key)
    keys = issuer.remote_keys()
    await keys.key(str(signing_key.kid))
    issuer.answer = answer
    clock.seconds += 601
    assert await keys.key(str(signing_key.kid)) is not None
    with pytest.raises(KeysUnavailable):
        await keys.key("another")


async def test_an_issuer_that_hangs_is_given_up_on(
    signing_key: ECKey, token: Token, monkeypatch: pytest.MonkeyPatch, sqlite: Database
) -> None:
    monkeypatch.setattr(authentication, "FETCH_DEADLINE_SECONDS", 0.05)

    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    application = application_on(sqlite, signing_key)
    remote = RemoteKeys("https://issuer.test/jwks", httpx.AsyncClient(transport=httpx.MockTransport(hang)))
    application.state.authenticator = Authenticator(issuer=ISSUER, keys=remote)
    async with asyncio.timeout(5), client_of(application, token()) as client:
        answer = await client.get(ME)
    assert (answer.status_code, answer.json()["code"]) == (503, "AUTHENTICATION_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
