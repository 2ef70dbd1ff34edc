"""The built-in token issuer of the embedded default: OAuth 2.0 client credentials under `/auth`.

Named persons are clients here too. Any OpenID Connect provider can stand in its place: services know only an issuer's
name and its public keys. Nothing has a default secret: the signing key is made at the first start, every client's
secret when the client is added; what lies under PEIBU_HOME is readable by its owner alone.

    PEIBU_HOME/secrets/issuer-key.json   the private signing key (JWK)
    PEIBU_HOME/secrets/clients.json      who may ask for tokens, with argon2 hashes
    PEIBU_HOME/credentials.toml          the plain secrets, one table per client, for the people who use them
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from fastapi import APIRouter, FastAPI, Request
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.responses import JSONResponse

from peibu.issuer_files import Client, ClientFile, load_or_make_key
from peibu.oauth import TOKEN_REQUEST, OAuthError, invalid_client, locked_out, read_credentials, too_many
from shared.clock import machine_now, monotonic, new_id
from shared.domain.actor import Role
from shared.domain.jurisdiction import NATION, ancestors
from shared.web.application import bare_application
from shared.web.authentication import AUDIENCE
from shared.web.rate_limit import TOKENS_PER_MINUTE, RateLimit

TOKEN_SECONDS: Final = 3600
FAILURES_MAX: Final = 5
LOCKOUT_SECONDS: Final = 300.0
_WATCHED_MAX: Final = 10_000
_FORM_BYTES_MAX: Final = 16 * 1024
_VERIFICATIONS_AT_ONCE: Final = 2
_ALGORITHM: Final = "ES256"

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_log = structlog.get_logger(__name__)


class Lockout:
    """Counts failed attempts per client, in memory and by the machine's clock; five lock it out for five minutes."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def seconds_left(self, client_id: str) -> int:
        """Give how many seconds the client must still wait; 0 when it may try."""
        count, last = self._failures.get(client_id, (0, 0.0))
        left = last + LOCKOUT_SECONDS - monotonic()
        return max(1, round(left)) if count >= FAILURES_MAX and left > 0 else 0

    def failed(self, client_id: str) -> None:
        """Count a failure; one that is older than the lockout is forgotten, and so are the oldest of too many."""
        count, last = self._failures.pop(client_id, (0, 0.0))
        recent = monotonic() - last < LOCKOUT_SECONDS
        self._failures[client_id] = (count + 1 if recent else 1, monotonic())
        while len(self._failures) > _WATCHED_MAX:
            self._failures.popitem(last=False)

    def succeeded(self, client_id: str) -> None:
        """Forget the client's failures."""
        self._failures.pop(client_id, None)


class Issuer:
    """Knows the clients and signs their tokens, which live one hour."""

    def __init__(self, home: Path, *, issuer: str) -> None:
        """Open the issuer under PEIBU_HOME, making its key at the first start.

        `issuer` is what tokens name: the address, such as `http://127.0.0.1:8000/auth`, or a URN where the port may
        change. Raise UnsafeFile when somebody
        but the owner may read a secret file.
        """
        self.issuer = issuer
        self._key: ECKey = load_or_make_key(home)
        self._clients = ClientFile(home)
        self._lockout = Lockout()
        self._limit = RateLimit(TOKENS_PER_MINUTE)
        self._verifying = asyncio.Semaphore(_VERIFICATIONS_AT_ONCE)
        self._nobody = _hasher.hash(secrets.token_urlsafe(32))

    def public_keys(self) -> KeySet:
        """Give the keys that verify its tokens, without their private part."""
        return KeySet.import_key_set({"keys": [self._key.as_dict(private=False, use="sig", alg=_ALGORITHM)]})

    def clients(self) -> Mapping[str, Client]:
        """Give the clients there are, by id."""
        return self._clients.read()

    def add_client(
        self, client_id: str, *, subject: str, organisation: str, region: str, roles: Collection[Role]
    ) -> str:
        """Add a client and give its new secret, whose only plain copy goes to `credentials.toml`.

        Raise ValueError when the id is taken or malformed or no role is named, Refused when the region is unknown.
        """
        ancestors(region)
        if not roles:
            raise ValueError(f"client {client_id} needs at least one role")
        secret = secrets.token_urlsafe(32)
        client = Client(
            hash=_hasher.hash(secret),
            subject=subject,
            organisation=organisation,
            region=region,
            roles=tuple(sorted(Role(role).value for role in roles)),
        )
        self._clients.add(client_id, client, secret=secret)
        return secret

    def remove_client(self, client_id: str) -> bool:
        """Take a client and its secret away; give False when there is none. Its tokens live out their hour."""
        return self._clients.remove(client_id)

    async def token(self, client_id: str, secret: str) -> str:
        """Give a token to a client that proves its secret; raise OAuthError otherwise.

        An unknown client costs the same work as a wrong secret, and both are counted.
        """
        async with self._verifying:
            seconds = self._lockout.seconds_left(client_id)
            if seconds:
                raise locked_out(seconds)
            client = self._clients.read().get(client_id)
            expected = self._nobody if client is None else client.hash
            proven = await asyncio.to_thread(_verify, expected, secret)
            if client is None or not proven:
                self._lockout.failed(client_id)
                _log.warning("client_refused", known=client is not None)
                raise invalid_client()
            self._lockout.succeeded(client_id)
        return self._sign(
            client_id,
            subject=client.subject,
            organisation=client.organisation,
            region=client.region,
            roles=client.roles,
        )

    def own_token(self, *, subject: str, roles: Collection[Role]) -> str:
        """Give a token for a part of the very process that holds the key; it acts for Peibu itself, nationwide."""
        return self._sign(subject, subject=subject, organisation="peibu", region=NATION, roles=roles)

    def _sign(self, client_id: str, *, subject: str, organisation: str, region: str, roles: Collection[str]) -> str:
        now = int(machine_now().timestamp())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": new_id(),
            "client_id": client_id,
            "sub": subject,
            "org": organisation,
            "region": region,
            "roles": sorted(roles),
        }
        header = {"alg": _ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])

    def application(self) -> FastAPI:
        """Give the application that answers `/auth/token`, `/auth/jwks.json` and the discovery document."""
        return bare_application(
            "auth",
            title="培补 · 令牌签发",
            description="内置令牌签发服务（OAuth 2.0 客户端凭证）。正式部署可改用任一 OpenID Connect 提供方。",
            routers=[self._router()],
            body_bytes_max=_FORM_BYTES_MAX,
        )

    def _router(self) -> APIRouter:
        router = APIRouter(prefix="/auth", tags=["令牌"])

        @router.post("/token", summary="申请访问令牌", openapi_extra=TOKEN_REQUEST)
        async def token(request: Request) -> JSONResponse:
            try:
                if seconds := await self._limit.seconds_to_wait(request):
                    raise too_many(seconds)
                client_id, secret = await read_credentials(request)
                access_token = await self.token(client_id, secret)
            except OAuthError as error:
                return JSONResponse(error.body, error.status, error.headers)
            answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
            return JSONResponse(answer, headers={"Pragma": "no-cache"})

        @router.get("/jwks.json", summary="签名公钥")
        async def jwks() -> JSONResponse:
            keys = self.public_keys().as_dict(private=False)
            return JSONResponse(keys, headers={"Cache-Control": "public, max-age=60"})

        @router.get("/.well-known/openid-configuration", summary="签发方元数据")
        async def configuration(request: Request) -> dict[str, Any]:
            named_by_address = self.issuer.startswith(("http://", "https://"))
            address = self.issuer if named_by_address else f"{request.base_url}auth"
            return {
                "issuer": self.issuer,
                "token_endpoint": f"{address}/token",
                "jwks_uri": f"{address}/jwks.json",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "response_types_supported": [],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [_ALGORITHM],
            }

        return router


def _verify(expected: str, secret: str) -> bool:
    try:
        return _hasher.verify(expected, secret)
    except VerificationError:
        return False
