"""What is wrong with an input, in Chinese and without ever repeating the input.

Only what the schema says (limits, allowed values) and field names reach the answer; a rejected value may be somebody's
identity number.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from shared.web.masking import MASK, mask
from shared.web.problems import INPUT_INVALID, FieldProblem

_OURS: Final = "peibu"
_SENT_IN: Final = ("body", "query", "path", "header")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")

_MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("缺少必填字段。", "请补充该字段后重新提交。"),
    "extra_forbidden": ("含有接口未定义的字段。", "请删除该字段，或按接口文档改正字段名。"),
    "json_invalid": ("请求体不是有效的 JSON。", "请检查 JSON 语法与 UTF-8 编码后重新提交。"),
    "string_type": ("应为文本。", "请以字符串提交，号码类字段需加引号。"),
    "string_too_short": ("文本过短，至少 {min_length} 个字符。", "请补全内容。"),
    "string_too_long": ("文本过长，至多 {max_length} 个字符。", "请缩短内容。"),
    "string_pattern_mismatch": ("文本格式不符合要求（{pattern}）。", "请按接口文档规定的格式填写。"),
    "int_type": ("应为整数。", "请填写整数；金额以分为单位，不带小数。"),
    "int_parsing": ("应为整数。", "请填写整数；金额以分为单位，不带小数。"),
    "int_from_float": ("应为整数，不能带小数。", "请填写整数；金额以分为单位。"),
    "bool_type": ("应为 true 或 false。", "请填写 true 或 false。"),
    "bool_parsing": ("应为 true 或 false。", "请填写 true 或 false。"),
    "greater_than": ("应大于 {gt}。", "请填写允许范围内的数值。"),
    "greater_than_equal": ("不得小于 {ge}。", "请填写允许范围内的数值。"),
    "less_than": ("应小于 {lt}。", "请填写允许范围内的数值。"),
    "less_than_equal": ("不得大于 {le}。", "请填写允许范围内的数值。"),
    "multiple_of": ("应为 {multiple_of} 的整数倍。", "请填写允许的数值。"),
    "enum": ("不在允许的取值之内，可用：{expected}。", "请从允许的取值中选择。"),
    "literal_error": ("不在允许的取值之内，可用：{expected}。", "请从允许的取值中选择。"),
    "union_tag_invalid": ("类型标识不在允许的取值之内，可用：{expected_tags}。", "请从允许的取值中选择。"),
    "too_short": ("条目过少，至少 {min_length} 条。", "请补充条目。"),
    "too_long": ("条目过多，至多 {max_length} 条。", "请分批提交。"),
    "timezone_aware": ("时间缺少时区。", "请使用带时区的时间，例如 2021-09-13T08:00:00+08:00。"),
    "uuid_parsing": ("编号格式不正确。", "请原样使用系统返回的编号。"),
}

_BY_PREFIX: Final = (
    ("datetime", ("时间格式不正确。", "请使用带时区的时间，例如 2021-09-13T08:00:00+08:00。")),
    ("date", ("日期格式不正确。", "请使用 YYYY-MM-DD 格式的有效日期，例如 2021-09-13。")),
    ("time", ("时刻格式不正确。", "请使用 HH:MM 格式的时刻，例如 08:30。")),
    ("decimal", ("数值格式不正确。", "请填写规定位数以内的十进制数。")),
    ("list", ("应为数组。", "请以 JSON 数组提交。")),
    ("model", ("应为对象。", "请以 JSON 对象提交，并设置 Content-Type: application/json。")),
    ("dict", ("应为对象。", "请以 JSON 对象提交。")),
)
_OTHERWISE: Final = ("不符合要求。", "请按接口文档的说明改正该字段。")

_SCHEMA_LIMITS: Final = (
    *("min_length", "max_length", "gt", "ge", "lt", "le", "multiple_of"),
    *("expected", "expected_tags", "pattern", "max_digits", "decimal_places"),
)
"""Members of a pydantic error's context that come from the schema; all others may repeat the input."""


def invalid_value(
    code: str, message: str, advice: str, *, rule: str | None = None, clause: str | None = None
) -> PydanticCustomError:
    """Give the error that a pydantic validator raises with a text of ours: `raise invalid_value("CODE", ...)`.

    Message and advice are Chinese sentences that repeat nothing personal.
    """
    context = {"source": _OURS, "code": code, "detail": message, "advice": advice, "rule": rule, "clause": clause}
    return PydanticCustomError("peibu", "invalid value", context)


def storable(text: str) -> str:
    """Give the text; raise INPUT_INVALID for control characters, some of which PostgreSQL cannot store."""
    if any(letter < " " and letter not in "\n\t" for letter in text):
        raise invalid_value(INPUT_INVALID.code, "文本含有控制字符。", "请删除不可见的控制字符后重新提交。")
    return text


def impersonal(text: str) -> str:
    """Give the text; raise PERSONAL_DATA when something in it looks like a number of a person.

    Only numbers are recognised. A name has no shape, so what people write freely is left out of events.
    """
    if mask(text) != text:
        raise invalid_value(
            "PERSONAL_DATA",
            "文本含有疑似证件号、电话或账号的数字。",
            "此文本不加密保存，也会供他人查阅，请删除个人信息后重新提交。",
        )
    return text


Text = Annotated[str, AfterValidator(storable)]
"""A text that both databases can store."""
Impersonal = AfterValidator(impersonal)
"""On a text that is stored open and that others read: `Annotated[Text, Impersonal]`."""


def field_problems(errors: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """Give one problem per validation error; none of them holds anything that was sent but known field names."""
    return [_field_problem(error) for error in errors]


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    kind = str(error["type"])
    context: Mapping[str, Any] = error.get("ctx") or {}
    field = _field(kind, error["loc"])
    if kind == _OURS and context.get("source") == _OURS:
        ours = {name: context[name] for name in ("code", "detail", "advice", "rule", "clause")}
        return FieldProblem(field=field, **ours)
    prefixed = (texts for prefix, texts in _BY_PREFIX if kind.startswith(prefix))
    if kind in ("too_short", "too_long") and isinstance(error.get("input"), str):
        kind = f"string_{kind}"  # a text that a validator of ours has seen: pydantic no longer says what it is
    message, advice = _MESSAGES.get(kind) or next(prefixed, _OTHERWISE)
    limits = {name: context[name] for name in _SCHEMA_LIMITS if name in context}
    try:
        detail = message.format(**limits)
    except KeyError:
        detail = _OTHERWISE[0]
    return FieldProblem(code=INPUT_INVALID.code, detail=detail, advice=advice, field=field, rule=kind)


def _field(kind: str, location: Sequence[str | int]) -> str:
    # The keys of an object are the sender's too: only what looks like a field's name is repeated. Where it was sent
    # is left out: a field is called the same whoever objects to it.
    if kind == "json_invalid":
        return "body"
    inner = location[1:] if location and location[0] in _SENT_IN else location
    shown = [part if isinstance(part, int) or _is_name(part) else MASK for part in inner]
    return ".".join(str(part) for part in shown) or "body"


def _is_name(part: str) -> bool:
    return _NAME.fullmatch(part) is not None and mask(part) == part
