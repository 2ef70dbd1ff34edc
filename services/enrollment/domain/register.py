"""Registers: what a rulebook wants recorded beside classes; it says the fields, this reads and judges them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from shared.domain.errors import Refused
from shared.domain.identifiers import credit_code
from shared.policy.decision import Finding, Severity
from shared.policy.terms.register import FieldKind, Register, RegisterField, RegisterLink

Value = str | int | bool | None
Values = Mapping[str, Value]

TEXT_MAX: Final = 500
NUMBER_MAX: Final = 100
WHOLE_MAX: Final = 1_000_000_000_000
VILLAGE_DIGITS: Final = 12
PERSON: Final = "person"
"""Among the parts of a register's key: the person whom the entry names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry:
    """One entry: the values by field code (days as ISO text), whose it is, whom it names, and whether it was struck."""

    entry_id: str
    register: str
    region: str
    institution_id: str | None
    person_id: str | None
    masked_name: str | None
    values: Values = field(repr=False)
    recorded_on: date
    struck_on: date | None = None
    version: int = 1


def read_values(given: Mapping[str, object], terms: Register) -> tuple[dict[str, Value], list[Finding]]:
    """Give every field of the register as it is stored, and what is wrong with what was sent; nothing is repeated."""
    findings = [
        _stop(terms, "FIELD_UNKNOWN", "含有本登记册没有的字段。", f"可用字段：{_names(terms)}。", None)
        for _ in given.keys() - {one.code for one in terms.fields}
    ]
    values: dict[str, Value] = {}
    for one in terms.fields:
        sent = given.get(one.code)
        values[one.code] = None
        if sent is None:
            if one.required:
                findings.append(_stop(terms, "FIELD_MISSING", f"缺少“{one.name}”。", "请补充该字段。", one.code))
            continue
        read, advice = _READERS[one.kind]
        value = read(sent, one)
        if value is None:
            findings.append(_stop(terms, "FIELD_INVALID", f"“{one.name}”的内容无法读取。", advice, one.code))
        values[one.code] = value
    return values, findings


def judge_checks(values: Values, *, institution_kind: str | None, terms: Register) -> list[Finding]:
    """Give the objections of the register's own checks (JY-INS-10, JY-ENR-28, HB-ENR-22)."""
    found = []
    for check in terms.checks:
        bound = not check.institution_kinds or institution_kind in check.institution_kinds
        met = values[check.field] == 0 if check.shape == "zero" else values[check.field] is not None
        triggered = values[check.when] is True if check.value is None else values[check.when] == check.value
        if bound and triggered and not met:
            found.append(_stop(terms, check.code, check.message, check.advice, check.field))
    return found


def unlinked(link: RegisterLink, terms: Register) -> Finding:
    """Stop an entry for which nothing stands in the register that it builds on (LS-ENR-12)."""
    return _stop(terms, link.code, link.message, link.advice, link.field)


def judge_institution(kind: str, terms: Register) -> list[Finding]:
    """Stop an institution of a kind for which the register is not kept."""
    if not terms.institution_kinds or kind in terms.institution_kinds:
        return []
    kinds = "、".join(terms.institution_kinds)
    return [
        _stop(terms, "REGISTER_NOT_FOR_KIND", "本登记册不登记该类机构。", f"可登记的机构类别：{kinds}。", None, kind)
    ]


def judge_enterprise(values: Values, *, own_code: str, terms: Register) -> list[Finding]:
    """Stop an institution that writes about another enterprise than itself."""
    return [
        _stop(
            terms, "FOREIGN_ENTERPRISE", "只能登记本单位的情况。", "其他单位的情况请由该单位或主管部门登记。", one.code
        )
        for one in terms.fields
        if one.kind == "enterprise" and values[one.code] not in (None, own_code)
    ]


def natural_key(
    values: Values, *, region: str, institution_id: str | None, person_id: str | None, terms: Register
) -> str:
    """Give what must be different between two entries, as a digest; whoever has the same key is the same entry."""
    holder = institution_id if terms.of_institution else region
    parts = [holder, *(person_id if code == PERSON else values[code] for code in terms.key)]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def sealed_codes(terms: Register) -> frozenset[str]:
    """Give the fields whose values are stored sealed: the numbers of people's papers."""
    return frozenset(one.code for one in terms.fields if one.kind == "number")


def _names(terms: Register) -> str:
    return "、".join(f"{one.code}（{one.name}）" for one in terms.fields)


def _stop(
    terms: Register, code: str, message: str, advice: str, field: str | None, value: str | None = None
) -> Finding:
    return terms.finding(code=code, severity=Severity.STOP, message=message, advice=advice, field=field, value=value)


def _text(sent: object, one: RegisterField) -> Value:
    longest = NUMBER_MAX if one.kind == "number" else TEXT_MAX
    if not isinstance(sent, str) or any(letter < " " for letter in sent):
        return None
    text = sent.strip()
    return text if 0 < len(text) <= longest else None


def _whole(sent: object, _one: RegisterField) -> Value:
    return sent if type(sent) is int and 0 <= sent <= WHOLE_MAX else None


def _truth(sent: object, _one: RegisterField) -> Value:
    return sent if isinstance(sent, bool) else None


def _day(sent: object, _one: RegisterField) -> Value:
    try:
        day = date.fromisoformat(sent) if isinstance(sent, str) else None
    except ValueError:
        return None
    return sent if day is not None and day.isoformat() == sent else None


def _choice(sent: object, one: RegisterField) -> Value:
    return next((item.code for item in one.choices if item.code == sent), None)


def _enterprise(sent: object, _one: RegisterField) -> Value:
    try:
        return credit_code(sent).value if isinstance(sent, str) else None
    except Refused:
        return None


def _village(sent: object, _one: RegisterField) -> Value:
    digits = isinstance(sent, str) and sent.isascii() and sent.isdecimal() and len(sent) == VILLAGE_DIGITS
    return str(sent) if digits else None


_Reader = Callable[[object, RegisterField], Value]

_READERS: Final[Mapping[FieldKind, tuple[_Reader, str]]] = {
    "text": (_text, f"请填写不超过 {TEXT_MAX} 字的文本。"),
    "number": (_text, f"请填写不超过 {NUMBER_MAX} 位的编号。"),
    "class": (_text, "请填写班级编号 class_id。"),
    "whole": (_whole, "请填写不为负的整数。"),
    "amount_fen": (_whole, "请以分为单位填写不为负的整数。"),
    "truth": (_truth, "请填写 true 或 false。"),
    "day": (_day, "请使用 YYYY-MM-DD 格式的有效日期。"),
    "choice": (_choice, "请从本登记册该字段的选项代码中选择。"),
    "enterprise": (_enterprise, "请填写有效的 18 位统一社会信用代码。"),
    "village": (_village, f"请填写 {VILLAGE_DIGITS} 位统计用区划代码。"),
}
