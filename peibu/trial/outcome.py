"""What came of a case, and in what that differs from what its file expects."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

from shared.domain.money import yuan_text
from shared.policy.case_file import Case, Expectation, fen_of
from shared.policy.decision import Finding, Trace

CLASS: Final = "班级"
"""Stands for a person in what is the class's own."""

Row = TypeVar("Row")
Name = TypeVar("Name")
_NUMBERED: Final = re.compile(r"([a-z]+)(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """What one person (None: the class) is due under one programme, and every step that led there."""

    person: str | None
    programme: str
    amount_fen: int
    payee: str | None
    traces: tuple[Trace, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def rules(self) -> set[str]:
        """Give every rule that the line names."""
        return {step.rule for step in self.traces} | {finding.rule for finding in self.findings}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One person (None: the class) refused by one rule."""

    person: str | None
    rule: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Lines, refusals, flags and days of one case; a negative settlement is money asked back.

    `advanced` are the programmes of which an advance was paid.
    """

    case: str
    rulebook_id: str
    lines: tuple[TrialLine, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    flags: tuple[Finding, ...] = ()
    dates: Mapping[str, date] = field(default_factory=dict)
    traces: tuple[Trace, ...] = ()
    advance_fen: int = 0
    advanced: tuple[str, ...] = ()

    @property
    def total_fen(self) -> int:
        """Give the sum of the lines."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def settlement_fen(self) -> int:
        """Give what is still to be paid of what was `advanced` (everything where nothing was), or to be asked back."""
        due = [line.amount_fen for line in self.lines if not self.advanced or line.programme in self.advanced]
        return sum(due) - self.advance_fen

    def to_json(self, differences: list[str]) -> dict[str, Any]:
        """Give the outcome as `peibu policy try --json` prints it."""
        return {
            "case": self.case,
            "rulebook_id": self.rulebook_id,
            "total_fen": self.total_fen,
            "advance_fen": self.advance_fen,
            "settlement_fen": self.settlement_fen,
            "lines": [
                {
                    "person": line.person,
                    "programme": line.programme,
                    "amount_fen": line.amount_fen,
                    "rule": line.traces[-1].rule if line.traces else None,
                    "payee": line.payee,
                    "trace": [_step(step) for step in line.traces],
                }
                for line in self.lines
            ],
            "refusals": [
                {"person": refusal.person, "rule": refusal.rule, "message": refusal.message}
                for refusal in self.refusals
            ],
            "flags": [{"rule": flag.rule, "code": flag.code, "message": flag.message} for flag in self.flags],
            "dates": {event: day.isoformat() for event, day in self.dates.items()},
            "differences": differences,
        }


def _step(step: Trace) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "document": step.document,
        "clause": step.clause,
        "inputs": dict(step.inputs),
        "result": step.result,
    }


def differences(case: Case, outcome: Outcome) -> list[str]:
    """Compare an outcome with what the file expects, in words; nothing differs when the list is empty."""
    expected = case.expect
    return [
        *_sums(expected, outcome),
        *_together(_lines(expected, outcome)),
        *_together(_refusals(expected, outcome)),
        *(f"没有提示 {flag.rule}" for flag in expected.flag if flag.rule not in {one.rule for one in outcome.flags}),
        *(
            f"{expectation.event} 应为 {expectation.on}，得 {outcome.dates.get(expectation.event, '无')}"
            for expectation in expected.date
            if outcome.dates.get(expectation.event) != expectation.on
        ),
    ]


def _sums(expected: Expectation, outcome: Outcome) -> Iterator[str]:
    sums = {
        "合计": (expected.total_yuan, outcome.total_fen),
        "预支": (expected.advance_yuan, outcome.advance_fen),
        "结算": (expected.settlement_yuan, outcome.settlement_fen),
    }
    for name, (due, fen) in sums.items():
        if due is not None and fen_of(due) != fen:
            yield f"{name}应为 {due} 元，得 {yuan_text(fen)} 元"


def _lines(expected: Expectation, outcome: Outcome) -> Iterator[tuple[str | None, str]]:
    paid_under = {None, *(one.programme for one in outcome.lines)}
    for line in expected.line:
        for person in line.persons or (None,):
            found = [one for one in outcome.lines if one.person == person and line.programme in (None, one.programme)]
            if line.programme is None and len({one.programme for one in found}) > 1:
                found = [one for one in found if line.rule in one.rules] or found
            due = sum(one.amount_fen for one in found)
            if due != fen_of(line.amount_yuan):
                none = "" if line.programme in paid_under else f"（没有补贴项目 {line.programme}）"
                yield person, f"应得 {line.amount_yuan} 元，得 {yuan_text(due)} 元{none}"
            elif line.rule and not any(line.rule in one.rules for one in found):
                yield person, f"的金额没有依据 {line.rule}，而是 {_listed(rule for one in found for rule in one.rules)}"
            elif line.payee and any(one.amount_fen and one.payee != line.payee for one in found):
                yield person, f"应付 {line.payee}，得 {_listed(str(one.payee) for one in found)}"


def _refusals(expected: Expectation, outcome: Outcome) -> Iterator[tuple[str | None, str]]:
    refused: dict[str | None, set[str]] = {}
    for refusal in outcome.refusals:
        refused.setdefault(refusal.person, set()).add(refusal.rule)
    for expectation in expected.refusal:
        for person in expectation.persons or (None,):
            rules = refused.get(person, set())
            if not rules or expectation.rule not in (None, *rules):
                wanted = f"按 {expectation.rule} " if expectation.rule else ""
                yield person, f"应{wanted}不予通过，得 {_listed(rules) or '通过'}"


def _together(told: Iterable[tuple[str | None, str]]) -> Iterator[str]:
    """Give each difference once, with everybody in whom it is the same."""
    for text, persons in alike((text, person) for person, text in told).items():
        yield f"{ranges(persons)} {text}"


def alike(rows: Iterable[tuple[Row, Name]]) -> dict[Row, list[Name]]:
    """Put together what is told alike, each with everybody of whom it is told."""
    together: dict[Row, list[Name]] = {}
    for row, name in rows:
        together.setdefault(row, []).append(name)
    return together


def ranges(persons: Sequence[str | None]) -> str:
    """Write `p1..p3、p7` as the case file does; nobody stands for the class."""
    runs: list[list[str]] = []
    for person in persons:
        if runs and person is not None and _follows(runs[-1][-1], person):
            runs[-1].append(person)
        else:
            runs.append([person or CLASS])
    return "、".join(run[0] if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)


def _follows(one: str, other: str) -> bool:
    first, second = _NUMBERED.fullmatch(one), _NUMBERED.fullmatch(other)
    return first is not None and second is not None and (first[1], int(first[2]) + 1) == (second[1], int(second[2]))


def _listed(words: Iterable[str]) -> str:
    return "、".join(sorted(set(words)))
