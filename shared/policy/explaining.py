"""A decision in words: rule, clause, what was looked at, and what came of it."""

from typing import Final

from shared.domain.money import yuan_text
from shared.policy.decision import Trace, TraceValue
from shared.policy.words import words

_COUNTED: Final = {
    "had": "第 {} 次",
    "months_full": "{} 个月",
    "days_asked": "{} 天",
    "days_present": "{} 天",
    "groups": "{}%",
}
"""What a bare number as a result counts, by an input that only such a step looks at."""


def explained(trace: Trace) -> str:
    """Say one step of a decision in one Chinese line."""
    known = words()
    looked_at = "，".join(f"{known.input(name)} {_said(value, name)}" for name, value in trace.inputs.items())
    result = _said(trace.result, "lines_total_fen" if trace.unit == "fen" else "result")
    if trace.unit == "heads":
        result += " 人"
    elif type(trace.result) is int and trace.unit is None:
        result = next((said.format(result) for name, said in _COUNTED.items() if name in trace.inputs), result)
    note = f"（{trace.note}）" if trace.note else ""
    return f"{trace.rule} · {trace.clause}：{looked_at} → {result}{note}"


def _said(value: TraceValue, name: str) -> str:
    match value:
        case None:
            return "无"
        case bool():
            return words().values[str(value).lower()]
        case int() if name.endswith("_fen"):
            return f"{yuan_text(value)} 元"
        case str():
            parts = (words().value(part, name) or part for part in value.split(","))
            return "、".join(parts) or "无"
        case _:
            return str(value)
