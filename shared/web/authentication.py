"""Who calls: a bearer token (JWT) checked against the issuer's public keys becomes an `Actor`.

A token carries `iss`, `aud` = `peibu`, `exp` (machine clock), `sub`, `org`, `region` and `roles`. The keys come from a
`KeySource`: a fixed set in the all-in-one process, the issuer's JWKS address in a real deployment.
"""

import asyncio
from typing import Annotated, Any, Final, Protocol

import httpx
import structlog
from fastapi import Depends, Request, Security
from fastapi.params import Depends as DependsMarker
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import Key, KeySet
from structlog.contextvars import bind_contextvars

from shared.clock import machine_now, monotonic
from shared.domain.actor import Actor, Role
from shared.domain.errors import Refused
from shared.domain.jurisdiction import ancestors
from shared.web.problems import AUTHENTICATION_UNAVAILABLE, TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_MISSING, WebProblem

AUDIENCE: Final = "peibu"
ALGORITHMS: Final = ("ES256", "ES384", "RS256", "PS256", "Ed25519")
"""Asymmetric signatures only: with a shared secret every verifier could issue."""

CLOCKS_APART_SECONDS_MAX: Final = 30
"""So far the issuer's clock may run from ours: a token is not refused because it comes from the next second."""

REFETCH_SECONDS_MIN: Final = 30.0
FIRST_FETCH_SECONDS: Final = 5
"""How soon an issuer that never answered is asked again, and what callers are told to wait meanwhile."""

CACHE_SECONDS_MAX: Final = 600.0
FETCH_DEADLINE_SECONDS: Final = 3.0

_log = structlog.get_logger(__name__)


class KeySource(Protocol):
    """Where an issuer's public keys come from."""

    async def key(self, kid: str) -> Key | None:
        """Give the key of this id, None when the issuer has no such key; raise KeysUnavailable when nobody knows."""
        ...


class KeysUnavailable(Exception):
    """The issuer's keys could not be fetched, so no token can be judged."""


class StaticKeys:
    """A fixed set of keys: the all-in-one process hands in its own issuer's."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = {str(key.kid): key for key in keys}

    async def key(self, kid: str) -> Key | None:
        """Give the key of this id."""
        return self._keys.get(kid)


class RemoteKeys:
    """An issuer's JWKS, fetched over HTTP and cached.

    An unknown key id fetches again, at most every 30 s (5 s until there is a first set); after 10 min the set is
    fetched anew so that a withdrawn key is forgotten, and the old set serves on while the issuer does not answer. One
    fetch runs at a time, under a deadline of 3 s.
    """

    def __init__(self, address: str, client: httpx.AsyncClient) -> None:
        self._address = address
        self._client = client
        self._keys: dict[str, Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching = asyncio.Lock()

    async def key(self, kid: str) -> Key | None:
        """Give the key of this id, fetching when it is unknown or the set is old."""
        fresh = self._fetched_at is not None and monotonic() - self._fetched_at < CACHE_SECONDS_MAX
        if kid not in self._keys or not fresh:
            async with self._fetching:
                if kid not in self._keys or not fresh:
                    await self._fetch()
        if kid not in self._keys and (self._fetched_at is None or self._fetched_at != self._tried_at):
            raise KeysUnavailable(self._address)
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        pause = FIRST_FETCH_SECONDS if self._fetched_at is None else REFETCH_SECONDS_MIN
        if self._tried_at is not None and monotonic() - self._tried_at < pause:
            return
        self._tried_at = monotonic()
        try:
            async with asyncio.timeout(FETCH_DEADLINE_SECONDS):
                answer = await self._client.get(self._address)
            answer.raise_for_status()
            self._keys = {str(key.kid): key for key in KeySet.import_key_set(answer.json())}
            self._fetched_at = self._tried_at
        except (httpx.HTTPError, TimeoutError, JoseError, ValueError, KeyError, TypeError) as error:
            _log.warning("issuer_keys_unavailable", cause=type(error).__name__)


class Authenticator:
    """Turns a bearer token into an Actor, or says why not."""

    def __init__(self, *, issuer: str, keys: KeySource, audience: str = AUDIENCE) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys

    async def authenticate(self, token: str) -> Actor:
        """Give the token's actor; raise WebProblem 401 when it is not valid, 503 when nobody can tell."""
        try:
            key = await self._keys.key(_key_id(token))
            if key is None:
                raise _invalid()
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                now=int(machine_now().timestamp()),
                leeway=CLOCKS_APART_SECONDS_MAX,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._audience},
                exp={"essential": True},
                sub={"essential": True},
            ).validate(claims)
            return actor_of(claims)
        except ExpiredTokenError:
            raise _unauthorised("访问令牌已过期。", "请重新申请访问令牌后再试。", expired=True) from None
        except (JoseError, ValueError, TypeError, Refused):
            raise _invalid() from None
        except KeysUnavailable:
            raise WebProblem(
                AUTHENTICATION_UNAVAILABLE,
                "暂时无法取得签发方公钥，不能核验访问令牌。",
                "请稍后用同一请求重试；持续出现请联系系统管理员检查认证服务。",
                headers={"Retry-After": str(FIRST_FETCH_SECONDS)},
            ) from None


def actor_of(claims: dict[str, Any]) -> Actor:
    """Give the actor that checked claims name; raise ValueError on an unknown role, Refused on an unknown region."""
    subject, organisation, region, roles = (claims.get(name) for name in ("sub", "org", "region", "roles"))
    for text in (subject, organisation, region):
        if not isinstance(text, str) or not 0 < len(text) <= 200:
            raise ValueError("sub, org and region must be texts of 1 to 200 characters")
    if not isinstance(roles, list) or not roles:
        raise ValueError("roles must be a list with at least one role")
    ancestors(str(region))
    return Actor(
        subject=str(subject),
        organisation=str(organisation),
        region=str(region),
        roles=frozenset(Role(role) for role in roles),
    )


def _key_id(token: str) -> str:
    kid = jws.extract_compact(token.encode()).headers().get("kid")
    if not isinstance(kid, str) or not kid:
        raise ValueError("a token must name its key")
    return kid


def _unauthorised(detail: str, advice: str, *, expired: bool = False) -> WebProblem:
    challenge = {"WWW-Authenticate": 'Bearer realm="peibu", error="invalid_token"'}
    return WebProblem(TOKEN_EXPIRED if expired else TOKEN_INVALID, detail, advice, headers=challenge)


def _invalid() -> WebProblem:
    return _unauthorised("访问令牌无效。", "请向本系统认可的签发方重新申请访问令牌；不要修改令牌内容。")


_BEARER: Final = HTTPBearer(
    scheme_name="bearer", bearerFormat="JWT", auto_error=False, description="由签发方颁发的访问令牌（JWT）"
)


async def current_actor(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
) -> Actor:
    """Give the caller; raise WebProblem 401 without a valid bearer token."""
    if credentials is None:
        raise WebProblem(
            TOKEN_MISSING,
            "请求缺少访问令牌。",
            "请先取得访问令牌，并以 Authorization: Bearer <令牌> 请求头提交。",
            headers={"WWW-Authenticate": 'Bearer realm="peibu"'},
        )
    authenticator: Authenticator = request.app.state.authenticator
    actor = await authenticator.authenticate(credentials.credentials)
    bind_contextvars(actor=actor.subject)
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]
"""The authenticated caller as an endpoint's argument: `actor: CurrentActor`."""

PUBLIC: Final = Actor(subject="public", organisation="public", region="000000", roles=frozenset({Role.PUBLIC}))
"""Whoever reads a public page without a token."""


class RoleCheck:
    """The dependency behind `requires`; its roles are what OpenAPI shows as `x-roles`."""

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = roles

    async def __call__(self, actor: CurrentActor) -> Actor:
        """Give the caller; raise Forbidden ROLE_MISSING unless he holds one of the roles."""
        actor.require(*self.roles)
        return actor


def requires(*roles: Role) -> Any:
    """Give the dependency that admits callers holding any of these roles and answers 403 ROLE_MISSING to others.

    It is a finished `Depends`: write `dependencies=[requires(Role.FINANCE)]` on the route, or take the caller as
    `actor: Annotated[Actor, requires(Role.FINANCE)]`. A route has exactly one.
    """
    if not roles:
        raise TypeError("name at least one role")
    return DependsMarker(RoleCheck(roles))
