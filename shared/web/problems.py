"""Problems as the API answers them: RFC 9457 `application/problem+json`, with a registry of every code.

A problem says what is wrong (`detail`) and what to do next (`advice`) in Chinese, a stable `code` for machines and,
where a policy document demanded the refusal, its rule and clause. What somebody sent is never repeated unless a domain
error says that the value is not personal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"


class FieldProblem(BaseModel):
    """One of several things wrong with one request."""

    code: str
    detail: str = Field(description="问题说明")
    advice: str = Field(description="如何处理")
    field: str | None = Field(default=None, description="出错的字段，如 planned 或 sessions.0.class_hours")
    value: str | None = Field(default=None, description="出错的值；个人信息从不回显")
    rule: str | None = Field(default=None, description="政策规则编号（如 JY-ENR-07）；INPUT_INVALID 时为接口的校验规则")
    clause: str | None = Field(default=None, description="政策条款")
    document: str | None = Field(default=None, description="政策文号")


class Problem(FieldProblem):
    """RFC 9457 problem document."""

    type: str = Field(description="urn:peibu:problem:CODE，长期不变")
    title: str
    status: int
    errors: list[FieldProblem] | None = Field(default=None, description="一次返回多处问题时逐条列出")
    incident: str | None = Field(default=None, description="内部错误编号，报障时请提供")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A published problem code: the status it comes with and its Chinese title."""

    code: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """Give the stable URI of the problem."""
        return f"urn:peibu:problem:{self.code}"


_REGISTRY: Final[dict[str, ProblemKind]] = {}

_TITLES: Final = {
    400: "请求有误",
    401: "未通过身份认证",
    403: "无权执行此操作",
    404: "未找到",
    405: "不支持的请求方法",
    409: "与当前状态冲突",
    412: "数据已变化",
    413: "请求过大",
    422: "不符合规则",
    428: "缺少前置条件",
    429: "请求过于频繁",
    500: "系统内部错误",
    503: "服务暂不可用",
    507: "存储空间不足",
}


def declare(code: str, status: int, title: str) -> ProblemKind:
    """Publish a problem code; raise ValueError when the code is already published otherwise."""
    kind = ProblemKind(code, status, title)
    if _REGISTRY.setdefault(code, kind) != kind:
        raise ValueError(f"problem code {code} is already declared as {_REGISTRY[code]}")
    return kind


def registry() -> Sequence[ProblemKind]:
    """Give every published problem code, in alphabetical order."""
    return tuple(_REGISTRY[code] for code in sorted(_REGISTRY))


def kind_of(code: str, status: int) -> ProblemKind:
    """Give the kind of a code; one that nobody declared gets its status's title."""
    known = _REGISTRY.get(code)
    if known is not None and known.status == status:
        return known
    return ProblemKind(code, status, _TITLES.get(status, "请求未能完成"))


TOKEN_MISSING: Final = declare("TOKEN_MISSING", 401, "缺少访问令牌")
TOKEN_INVALID: Final = declare("TOKEN_INVALID", 401, "访问令牌无效")
TOKEN_EXPIRED: Final = declare("TOKEN_EXPIRED", 401, "访问令牌已过期")
ROLE_MISSING: Final = declare("ROLE_MISSING", 403, "缺少所需角色")
REGION_OUT_OF_SCOPE: Final = declare("REGION_OUT_OF_SCOPE", 403, "超出管辖区划")
REGION_UNKNOWN: Final = declare("REGION_UNKNOWN", 422, "行政区划代码未知")
ADDRESS_UNKNOWN: Final = declare("ADDRESS_UNKNOWN", 404, "地址不存在")
METHOD_NOT_ALLOWED: Final = declare("METHOD_NOT_ALLOWED", 405, "不支持的请求方法")
REQUEST_INVALID: Final = declare("REQUEST_INVALID", 400, "请求有误")
IDEMPOTENCY_KEY_MISSING: Final = declare("IDEMPOTENCY_KEY_MISSING", 400, "缺少幂等键")
IDEMPOTENCY_KEY_INVALID: Final = declare("IDEMPOTENCY_KEY_INVALID", 400, "幂等键格式有误")
IDEMPOTENCY_KEY_REUSED: Final = declare("IDEMPOTENCY_KEY_REUSED", 409, "幂等键已用于另一请求")
IDEMPOTENCY_KEY_IN_USE: Final = declare("IDEMPOTENCY_KEY_IN_USE", 409, "同一请求正在处理")
VERSION_CHANGED: Final = declare("VERSION_CHANGED", 412, "数据已被他人修改")
IF_MATCH_MISSING: Final = declare("IF_MATCH_MISSING", 428, "缺少版本号")
BODY_TOO_LARGE: Final = declare("BODY_TOO_LARGE", 413, "请求体过大")
INPUT_INVALID: Final = declare("INPUT_INVALID", 422, "输入不符合要求")
VALUE_OUT_OF_RANGE: Final = declare("VALUE_OUT_OF_RANGE", 422, "数值或文字超出可处理范围")
SEVERAL_PROBLEMS: Final = declare("SEVERAL_PROBLEMS", 422, "存在多处问题")
TOO_MANY_REQUESTS: Final = declare("TOO_MANY_REQUESTS", 429, "请求过于频繁")
UNEXPECTED: Final = declare("UNEXPECTED", 500, "系统内部错误")
DATABASE_BUSY: Final = declare("DATABASE_BUSY", 503, "数据库繁忙")
DATABASE_UNAVAILABLE: Final = declare("DATABASE_UNAVAILABLE", 503, "数据库暂不可用")
AUTHENTICATION_UNAVAILABLE: Final = declare("AUTHENTICATION_UNAVAILABLE", 503, "认证服务暂不可用")
STORAGE_FULL: Final = declare("STORAGE_FULL", 507, "存储空间不足")


class WebProblem(HTTPException):
    """A problem of HTTP itself (token, key, version, size); domains raise `shared.domain.errors` instead."""

    def __init__(
        self, kind: ProblemKind, detail: str, advice: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code=kind.status, detail=detail, headers=dict(headers or {}))
        self.kind = kind
        self.advice = advice


def problem_response(
    kind: ProblemKind,
    detail: str,
    advice: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldProblem] | None = None,
    **members: str | None,
) -> Response:
    """Give the answer for one problem; `members` are `field`, `value`, `rule`, `clause`, `document`, `incident`."""
    problem = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        code=kind.code,
        detail=detail,
        advice=advice,
        errors=list(errors) if errors else None,
        **members,
    )
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=kind.status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


Responses = dict[int | str, dict[str, Any]]


def responses(*statuses_or_codes: int | str) -> Responses:
    """Give the OpenAPI `responses` of a route that may answer these problems.

    A number stands for the status alone, a text for a declared code (raise KeyError when nobody declared it), whose
    status it implies: `responses(404, "RATE_MISSING", "FOUR_EYES_VIOLATED")`.
    """
    codes: dict[int, list[str]] = {}
    for item in statuses_or_codes:
        if isinstance(item, int):
            codes.setdefault(item, [])
        else:
            codes.setdefault(_REGISTRY[item].status, []).append(item)
    return {status: describe_problems(status, named) for status, named in codes.items()}


def merge_responses(*parts: Mapping[int | str, dict[str, Any]]) -> Responses:
    """Join declarations of responses; the problem codes of one status add up, anything else: the last one wins."""
    merged: Responses = {}
    for part in parts:
        for status, response in part.items():
            codes = [*merged.get(status, {}).get("x-problem-codes", ()), *response.get("x-problem-codes", ())]
            is_problem = isinstance(status, int) and MEDIA_TYPE in response.get("content", {})
            merged[status] = describe_problems(int(status), list(dict.fromkeys(codes))) if is_problem else response
    return merged


def describe_problems(status: int, codes: Sequence[str]) -> dict[str, Any]:
    """Give the OpenAPI response of a status that comes with these codes, each with an example."""
    kinds = [kind_of(code, status) for code in codes]
    described: dict[str, Any] = {
        "description": "；".join(f"`{kind.code}` {kind.title}" for kind in kinds) or _TITLES.get(status, "问题"),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {kind.code: {"summary": kind.title, "value": _example(kind)} for kind in kinds},
            }
        },
        "x-problem-codes": list(codes),
    }
    if status in _COME_BACK:
        described["headers"] = {"Retry-After": {"description": "多少秒后再试", "schema": {"type": "integer"}}}
    return described


_COME_BACK: Final = (429, 503, 507)


@cache
def _example(kind: ProblemKind) -> dict[str, Any]:
    problem = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        code=kind.code,
        detail=f"{kind.title}（此处说明具体原因）。",
        advice="此处说明如何处理。",
    )
    return problem.model_dump(exclude_none=True)
