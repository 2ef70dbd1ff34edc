"""The page a person reads at `/SERVICE/docs`: the service's OpenAPI as plain HTML, without a script or a foreign host.

Bureau networks have no way to a content delivery network, so nothing is loaded from anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

_STYLE: Final = (
    "body{font:15px/1.6 'Noto Sans SC','Microsoft YaHei',sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #bbb}details{margin:.5rem 0}summary{cursor:pointer}"
    "code,pre{font-family:monospace;background:#f3f4f6}pre{padding:.5rem;white-space:pre-wrap}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:left;"
    "vertical-align:top}.method{display:inline-block;min-width:4.5rem;font-weight:bold}"
)
SECURITY_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


def documentation_page(openapi: Mapping[str, Any]) -> str:
    """Give the HTML page of an OpenAPI document: operations by tag, their roles, fields, answers and problem codes."""
    info = openapi["info"]
    sections: dict[str, list[str]] = {}
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["其他"])[0]
            sections.setdefault(tag, []).append("".join(_operation(method, path, operation)))
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in sections.items())
    schemas = "".join(_schema(name, schema) for name, schema in openapi["components"]["schemas"].items())
    title = escape(info["title"])
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{_paragraphs(info.get('description', ''))}"
        f'<p>版本 {escape(info["version"])} · <a href="openapi.json">OpenAPI</a></p>{body}'
        f"<h2>数据结构</h2>{schemas}</body></html>"
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<details><summary><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code> '
    yield f"{escape(operation.get('summary', ''))}</summary>"
    yield f"<pre>{escape(operation['description'])}</pre>" if "description" in operation else ""
    if "x-roles" in operation:
        yield f"<p>可调用的角色：<code>{escape('、'.join(operation['x-roles']))}</code></p>"
    rows = [
        (parameter["name"], parameter["in"], "必填" if parameter.get("required") else "", _type(parameter["schema"]))
        for parameter in operation.get("parameters", ())
    ]
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        rows.append(("请求体", media, "必填", _type(content.get("schema", {}))))
    if rows:
        yield _table(("参数", "位置", "", "类型"), rows)
    answers = [(status, answer.get("description", ""), _content(answer)) for status, answer in _answers(operation)]
    yield _table(("状态", "说明", "内容"), answers) + "</details>"


def _answers(operation: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted(operation.get("responses", {}).items())


def _content(answer: Mapping[str, Any]) -> str:
    return "、".join(_type(content.get("schema", {})) for content in answer.get("content", {}).values())


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        (field, "必填" if field in required else "", _type(value), value.get("description", ""))
        for field, value in schema.get("properties", {}).items()
    ]
    table = _table(("字段", "", "类型", "说明"), rows) if rows else f"<p>{escape(_type(schema))}</p>"
    description = escape(schema.get("description", ""))
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary><p>{description}</p>'
        f"{table}</details>"
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " | ".join(_type(part) for part in schema[union])
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return " ".join(str(schema[name]) for name in ("const", "type", "format") if name in schema) or "任意"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
