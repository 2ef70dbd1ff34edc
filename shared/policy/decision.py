"""What a rule answers: a finding about an input, or a trace of a decision.

Both name rule, document and clause, so that whoever reads a refusal, a reduction or a fen can open the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

TraceValue = str | int | bool | None


class Severity(StrEnum):
    """How a finding weighs: STOP refuses, ASK needs a recorded human decision, WARN is only shown."""

    STOP = "stop"
    ASK = "ask"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's objection to one input.

    `code` is stable for machines, `message` and `advice` are Chinese sentences for staff; `value` is the offending
    input when it is not personal data.
    """

    code: str
    rule: str
    document: str
    clause: str
    severity: Severity
    message: str
    advice: str
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One step of a decision: rule, document number, clause, the inputs it looked at and its result.

    Inputs and result are plain values (fen, counts, percentages, ISO dates, codes); never personal data. `unit` says
    what a number as a result counts; inputs in fen say so in their name.
    """

    rule: str
    document: str
    clause: str
    result: TraceValue
    inputs: Mapping[str, TraceValue] = field(default_factory=dict)
    note: str | None = None
    unit: Literal["fen", "heads"] | None = None
