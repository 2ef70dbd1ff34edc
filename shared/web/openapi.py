"""What every operation's description gets besides its own: examples, the domain's refusals, how to repeat a request."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.web.examples import NoExample, example_of
from shared.web.idempotency import REPLAYED
from shared.web.problems import SEVERAL_PROBLEMS, describe_problems

JSON: Final = "application/json"

CONVENTIONS: Final = """约定

认证：除标明无须登录的接口外，请求头带 Authorization: Bearer <令牌>；令牌由 /auth/token 签发，有效期一小时，请重复使用。各接口可调用的角色见 x-roles；机构只见本机构、主管部门只见本辖区的数据，范围之外一律视为不存在（404）。

差错：一律为 application/problem+json（RFC 9457）。程序按 code 判断，code 长期不变；detail 说明原因，advice 说明如何处理，依据政策拒绝的带 rule、clause、document；同时有多处问题的逐条列在 errors。各接口可能的 code 见各状态的 x-problem-codes。个人信息从不回显。

幂等：POST 请求带 Idempotency-Key（每次业务操作一个新的唯一编号）。没有收到应答时用同一编号、同一内容重发：只生效一次，应答逐字节相同，并带 Idempotency-Replayed: true；编号保留 30 天。内容不同而编号相同的，答 409 IDEMPOTENCY_KEY_REUSED。设备签到按（设备，序号）幂等，不用此请求头。

批量：逐行审核，一行有误不影响其他行；应答按行给出结果与原因。

分页：列表应答为 {"items": [...], "next": 游标}；把 next 原样作为 cursor 参数取下一页，next 为 null 即为最后一页。游标不透明，请勿解析或拼造。

并发：单个对象的应答带 ETag；修改时可带 If-Match，对象已被他人修改的答 412 VERSION_CHANGED。

限流：无须登录的接口按网络地址限制频率，超过的答 429，请按 Retry-After 等待。503 同样按 Retry-After 用原请求重试。

格式：UTF-8 编码的 JSON；金额为整数分，比例为整数百分数，时刻为带时区的 RFC 3339，日期为 YYYY-MM-DD（北京时间）。同一版本只增加字段，请忽略不认识的字段。"""  # noqa: E501 - paragraphs


_IMPLIED: Final = {412: ("VERSION_CHANGED",), 428: ("IF_MATCH_MISSING",)}


def _implied(responses: Mapping[str, Any], codes: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Give the codes of statuses that have but one, and the code of several refusals at once where there can be."""
    yield from ((status, own) for status, own in _IMPLIED.items() if str(status) in responses)
    if len(codes.get(SEVERAL_PROBLEMS.status, ())) > 1:
        yield SEVERAL_PROBLEMS.status, (SEVERAL_PROBLEMS.code,)


def complete(
    operation: dict[str, Any], schemas: Mapping[str, Mapping[str, Any]], codes: Mapping[int, Sequence[str]]
) -> None:
    """Complete one operation of a document in place; `codes` are its domain's refusals by status.

    A body of which no example can be computed stays without: the gates say which field lacks one.
    """
    responses: dict[str, dict[str, Any]] = operation.setdefault("responses", {})
    for refusal, own in (*_implied(responses, codes), *codes.items()):
        known = responses.get(str(refusal), {}).get("x-problem-codes", ())
        responses[str(refusal)] = describe_problems(refusal, list(dict.fromkeys([*known, *own])))
    keyed = False
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "Idempotency-Key":
            keyed = parameter["required"] = True  # optional in the code only so that its absence has a code of its own
    contents = [(operation.get("requestBody", {}), "body")]
    for status, response in responses.items():
        if status.startswith("2"):
            contents.append((response, "answer"))
            if keyed:
                response.setdefault("headers", {})[REPLAYED] = {
                    "description": "同一幂等键重发时为 true：应答与首次相同，未再次生效",
                    "schema": {"type": "boolean"},
                }
    for described, name in contents:
        content = described.get("content", {}).get(JSON)
        if content is not None and "example" not in content and "examples" not in content:
            try:
                content["example"] = example_of(content.get("schema", {}), schemas, name=name)
            except NoExample:
                continue
