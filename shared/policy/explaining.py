"""A decision in words: rule, clause, what was looked at, and what came of it."""

from shared.domain.money import yuan_text
from shared.policy.decision import Trace, TraceValue
from shared.policy.words import words


def explained(trace: Trace) -> str:
    """Say one step of a decision in one Chinese line."""
    known = words()
    looked_at = "，".join(f"{known.input(name)} {_said(value, name)}" for name, value in trace.inputs.items())
    result = _said(trace.result, "lines_total_fen" if trace.unit == "fen" else "result")
    if trace.unit == "heads":
        result += " 人"
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
