"""How a token request is read and refused: RFC 6749 sections 2.3.1, 4.4 and 5.2."""

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request

_LENGTH_MAX: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"


class OAuthError(Exception):
    """A refusal in the form of RFC 6749 section 5.2; `description` is ASCII as the standard demands."""

    def __init__(
        self, error: str, description: str, advice: str, *, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description, "advice": advice}
        self.headers = dict(headers or {})


async def read_credentials(request: Request) -> tuple[str, str]:
    """Give client id and secret of a client-credentials request, from the form or the Basic header."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _invalid_request("The body must be a form.", f"请以 {_FORM} 提交。")
    try:
        pairs = parse_qsl(
            (await request.body()).decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=10
        )
    except ValueError:
        raise _invalid_request("The form cannot be read.", "请检查表单编码。") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _invalid_request("A parameter stands twice.", "每个参数只能出现一次。")
    if "grant_type" not in form:
        raise _invalid_request("grant_type is missing.", "请填写 grant_type=client_credentials。")
    if form["grant_type"] != "client_credentials":
        raise OAuthError(
            "unsupported_grant_type",
            "Only client_credentials is supported.",
            "请填写 grant_type=client_credentials。",
        )
    authorization = request.headers.get("authorization")
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            raise invalid_client()
        return _limited(form["client_id"], form["client_secret"])
    if "client_secret" in form:
        raise _invalid_request("Authenticate in one way only.", "客户端凭证只能用一种方式提交。")
    return _limited(*_read_basic(authorization))


def _read_basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # no base64, no UTF-8, or not even ASCII
        raise invalid_client() from None
    client_id, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise invalid_client()
    return unquote_plus(client_id), unquote_plus(secret)


def _limited(client_id: str, secret: str) -> tuple[str, str]:
    if len(client_id) > _LENGTH_MAX or len(secret) > _LENGTH_MAX:
        raise invalid_client()
    return client_id, secret


def _invalid_request(description: str, advice: str) -> OAuthError:
    return OAuthError("invalid_request", description, advice)


def invalid_client() -> OAuthError:
    """Give the refusal of an unknown client or a wrong secret; the two are not told apart."""
    return OAuthError(
        "invalid_client",
        "Client authentication failed.",
        "请核对客户端编号与密钥；密钥见运行目录下的 credentials.toml。",
        status=401,
        headers={"WWW-Authenticate": 'Basic realm="peibu", charset="UTF-8"'},
    )


def locked_out(seconds: int) -> OAuthError:
    """Give the refusal of a client that failed too often."""
    return OAuthError(
        "temporarily_unavailable",
        "Too many failed attempts.",
        f"失败次数过多，请在 {seconds} 秒后再试。",
        status=429,
        headers={"Retry-After": str(seconds)},
    )


def too_many(seconds: int) -> OAuthError:
    """Give the refusal of a caller whose address asks too often."""
    return OAuthError(
        "temporarily_unavailable",
        "Too many requests from one address.",
        f"来自同一网络地址的请求过于频繁，请在 {seconds} 秒后再试；令牌一小时内有效，请重复使用。",
        status=429,
        headers={"Retry-After": str(seconds)},
    )


TOKEN_REQUEST: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": ["client_credentials"]},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string", "format": "password"},
                    },
                }
            }
        },
    },
    "security": [],
}
