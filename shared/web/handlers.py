"""From an exception to the problem that is answered: the only place that knows both."""

import re
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.clock import new_id
from shared.domain.errors import Conflict, DomainError, Forbidden, MissingFact, NotFound, Refused
from shared.web.faults import Fault, fault_of, is_unstorable
from shared.web.logging import describe
from shared.web.masking import mask
from shared.web.problems import (
    ADDRESS_UNKNOWN,
    DATABASE_BUSY,
    DATABASE_UNAVAILABLE,
    INPUT_INVALID,
    METHOD_NOT_ALLOWED,
    REQUEST_INVALID,
    SEVERAL_PROBLEMS,
    STORAGE_FULL,
    UNEXPECTED,
    VALUE_OUT_OF_RANGE,
    FieldProblem,
    ProblemKind,
    WebProblem,
    kind_of,
    problem_response,
)
from shared.web.validation import field_problems

_STATUS: Final = ((Conflict, 409), (Refused, 422), (NotFound, 404), (Forbidden, 403), (MissingFact, 409))

_MEMBERS: Final = ("field", "value", "rule", "clause", "document")
_CODE: Final = re.compile(r"[\x20-\x7e]{0,200}")

_FAULTS: Final[dict[Fault, tuple[ProblemKind, str, str, int]]] = {
    Fault.BUSY: (DATABASE_BUSY, "数据库繁忙，本次操作未生效。", "请稍后用同一请求（同一幂等键）重试。", 1),
    Fault.UNAVAILABLE: (
        DATABASE_UNAVAILABLE,
        "数据库暂不可用，不能确认本次操作是否生效。",
        "请稍后用同一请求（同一幂等键）重试，系统不会重复处理。",
        5,
    ),
    Fault.FULL: (STORAGE_FULL, "存储空间不足，本次操作未生效。", "请联系系统管理员扩容后用同一请求重试。", 60),
}

_log = structlog.get_logger(__name__)


def install_handlers(application: FastAPI) -> None:
    """Make the application answer every exception as problem+json; `answer_unexpected` is the middleware's."""
    application.add_exception_handler(DomainError, _answer_domain_error)
    application.add_exception_handler(ExceptionGroup, _answer_group)
    application.add_exception_handler(RequestValidationError, _answer_validation)
    application.add_exception_handler(WebProblem, _answer_web_problem)
    application.add_exception_handler(HTTPException, _answer_http_exception)


def status_of(error: DomainError) -> int:
    """Give the HTTP status of a domain error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 422)


def answer_unexpected(error: Exception) -> Response:
    """Answer what no handler knew: a fault of the database, or a defect, logged under an incident id."""
    fault = fault_of(error)
    if fault is not None:
        kind, detail, advice, seconds = _FAULTS[fault]
        _log.warning("database_fault", fault=fault.value, cause=type(error).__name__)
        return problem_response(kind, detail, advice, headers={"Retry-After": str(seconds)})
    if is_unstorable(error):
        _log.warning("unstorable_value", causes=describe(error))
        advice = "请检查数值、日期是否过大，文字是否含有控制字符，改正后重新提交。"
        return problem_response(VALUE_OUT_OF_RANGE, "请求中有数值、日期或文字超出系统可处理的范围。", advice)
    incident = new_id()
    _log.error("unexpected_error", incident=incident, causes=describe(error))
    return problem_response(
        UNEXPECTED,
        "系统内部错误，本次操作未完成。",
        "请用同一请求（同一幂等键）重试一次；仍然出错请把事件编号 incident 报给系统管理员。",
        incident=incident,
    )


async def _answer_domain_error(_request: Request, error: Any) -> Response:
    kind = kind_of(error.code, status_of(error))
    headers = {"Retry-After": "5"} if isinstance(error, MissingFact) else None
    return problem_response(kind, mask(error.message), error.advice, headers=headers, **_members(error))


def _members(error: DomainError) -> dict[str, Any]:
    """Give an error's further members; its value only when it reads like a code: whatever was sent may stand in it."""
    members: dict[str, Any] = {name: getattr(error, name) for name in _MEMBERS}
    value = members["value"]
    if value is not None and (mask(value) != value or not _CODE.fullmatch(value)):
        members["value"] = None
    return members


async def _answer_group(request: Request, group: Any) -> Response:
    """Answer several domain errors raised together; anything else inside makes it a defect."""
    errors = list(_leaves(group))
    if not all(isinstance(error, DomainError) for error in errors):
        raise group
    if len(errors) == 1:
        return await _answer_domain_error(request, errors[0])
    statuses = {status_of(error) for error in errors}
    status = statuses.pop() if len(statuses) == 1 else SEVERAL_PROBLEMS.status
    kind = ProblemKind(SEVERAL_PROBLEMS.code, status, SEVERAL_PROBLEMS.title)
    details = [
        FieldProblem(
            code=error.code,
            detail=mask(error.message),
            advice=error.advice,
            **_members(error),
        )
        for error in errors
    ]
    return problem_response(kind, f"共有 {len(errors)} 处问题。", "请按 errors 逐条处理后重新提交。", errors=details)


def _leaves(group: BaseExceptionGroup[Any]) -> Any:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


async def _answer_validation(_request: Request, error: Any) -> Response:
    problems = field_problems(error.errors())
    return problem_response(
        INPUT_INVALID,
        f"输入有 {len(problems)} 处不符合要求。",
        "请按 errors 逐条改正后重新提交。",
        field=problems[0].field if len(problems) == 1 else None,
        errors=problems,
    )


async def _answer_web_problem(_request: Request, problem: Any) -> Response:
    return problem_response(problem.kind, problem.detail, problem.advice, headers=problem.headers)


async def _answer_http_exception(request: Request, error: Any) -> Response:
    if error.status_code == 404:
        advice = "请对照接口文档核对地址与编号。"
        return problem_response(ADDRESS_UNKNOWN, "没有这个地址。", advice, headers=error.headers)
    if error.status_code == 405:
        allowed = ", ".join(_allowed_methods(request))
        return problem_response(
            METHOD_NOT_ALLOWED,
            f"此地址不支持 {request.method if request.method.isalpha() else '该'} 方法。",
            f"请改用：{allowed}。",
            headers={"Allow": allowed},
        )
    kind = kind_of(REQUEST_INVALID.code, error.status_code)
    detail = "请求体无法读取。" if error.status_code == REQUEST_INVALID.status else "请求未能处理。"
    return problem_response(kind, detail, "请以 UTF-8 编码的 JSON、按接口文档提交。", headers=error.headers)


def _allowed_methods(request: Request) -> list[str]:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        if context.path_regex.match(path):
            methods |= context.methods or set()
    return sorted(methods)
