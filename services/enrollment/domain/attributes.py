"""Attributes of a class (forms, modes, tags): which there are, what each needs and which of them a person looks at.

JY-ENR-18, -20, -21, -23, -26, -28, JY-INS-09, JY-FLD-16, HB-ENR-06, -12, -13 and HB-ENR-16 to HB-ENR-20 are lists of
the rulebook; here is only how a list is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from shared.contracts.enrollment import ClassKind
from shared.domain.errors import Refused
from shared.domain.identifiers import credit_code
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.terms.attribute import Attribute, AttributeValue
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.term import Term

TRAINING_MODE: Final = "training_mode"
"""The attribute that stands in the application itself: the form demands it of every class (JY-FLD-16)."""


def judge_attributes(
    attributes: Mapping[str, str],
    *,
    kind: ClassKind,
    institution_kind: str,
    terms: EnrollmentTerms,
    training_type: str | None = None,
) -> list[Finding]:
    """Stop what no list knows and what lacks another attribute; ask where a person has to look."""
    known = {attribute.code: attribute for attribute in terms.attributes}
    found = []
    for code, value in attributes.items():
        attribute = known.get(code)
        if attribute is None:
            if code == TRAINING_MODE:
                continue  # a rulebook that lists no modes takes every one
            found.append(_unknown(code, known, terms.documents or CONSISTENCY))
        elif _is_readable(value, attribute):
            found += _judge_value(attribute, value, attributes, institution_kind, known)
        else:
            found.append(_unreadable(attribute))
    for required in terms.class_kind_needs:
        if required.class_kind == kind or training_type in required.training_types:
            found += _missing(required.needs, attributes, known, required)
    return found


def published(attributes: Mapping[str, str], terms: EnrollmentTerms) -> dict[str, str]:
    """Give the attributes that events carry: codes of lists, never anybody's words."""
    travelling = {attribute.code for attribute in terms.attributes if attribute.published}
    return {code: value for code, value in attributes.items() if code in travelling}


def _judge_value(
    attribute: Attribute,
    value: str,
    attributes: Mapping[str, str],
    institution_kind: str,
    known: Mapping[str, Attribute],
) -> Iterator[Finding]:
    listed = next((one for one in attribute.values if one.code == value), None)
    if listed is None:
        return
    yield from _missing(listed.needs, attributes, known, attribute)
    yield from _missing(listed.wants, attributes, known, attribute, severity=Severity.WARN)
    if listed.institution_kinds and institution_kind not in listed.institution_kinds:
        message = f"“{listed.name}”按规定由其他类别的机构承担，本机构类别为 {institution_kind}。"
        yield _asking(attribute, "PROVIDER_KIND", message, listed)
    if listed.human_decision:
        message = listed.question or f"“{listed.name}”是否作为补贴性培训班办理，文件没有规定。"
        yield _asking(attribute, listed.asks or "ATTRIBUTE_DECISION", message, listed)


def _missing(
    needs: Iterable[str],
    attributes: Mapping[str, str],
    known: Mapping[str, Attribute],
    basis: Term,
    *,
    severity: Severity = Severity.STOP,
) -> Iterator[Finding]:
    for need in needs:
        if attributes.get(need):
            continue
        wanted = known.get(need)
        yield basis.finding(
            code=(wanted.missing if wanted else None) or "ATTRIBUTE_MISSING",
            severity=severity,
            message=f"缺少{'必填的' if severity is Severity.STOP else ''}班级属性“{_name(need, known)}”。",
            advice="请补充该属性后重新提交。" if severity is Severity.STOP else "请补充该属性，或由审核人员核实。",
            field=_place(need),
        )


def _asking(attribute: Attribute, code: str, message: str, listed: AttributeValue) -> Finding:
    return attribute.finding(
        code=code,
        severity=Severity.ASK,
        message=message,
        advice="请当前审核环节的办理人员核实并记录决定。",
        field=_place(attribute.code),
        value=listed.code,
    )


def _is_readable(value: str, attribute: Attribute) -> bool:
    if attribute.check == "credit_code":
        try:
            credit_code(value)
        except Refused:  # the finding says so in this attribute's name
            return False
        return True
    if attribute.check == "day":
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    if attribute.values:
        return any(one.code == value for one in attribute.values)
    return bool(value.strip()) and (attribute.pattern is None or re.fullmatch(attribute.pattern, value) is not None)


def _unreadable(attribute: Attribute) -> Finding:
    choices = "、".join(f"{one.code}（{one.name}）" for one in attribute.values)
    return attribute.finding(
        code="ATTRIBUTE_INVALID",
        severity=Severity.STOP,
        message=f"班级属性“{attribute.name}”的内容不符合要求。",
        advice=f"请从下列代码中选择：{choices}。" if choices else "请按规则册规定的格式填写。",
        field=_place(attribute.code),
    )


def _unknown(code: str, known: Mapping[str, Attribute], basis: Term) -> Finding:
    return basis.finding(
        code="ATTRIBUTE_UNKNOWN",
        severity=Severity.STOP,
        message="申请中含有规则册没有规定的班级属性。",
        advice=f"可用的属性：{'、'.join(known) or '无'}。",
        field="attributes",
        value=code,
    )


def _place(code: str) -> str:
    return code if code == TRAINING_MODE else f"attributes.{code}"


def _name(code: str, known: Mapping[str, Attribute]) -> str:
    return known[code].name if code in known else code
