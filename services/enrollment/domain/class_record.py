"""What must stand in a register before a class may run: listings, licences, agreements, won tenders (HL-INS-01 ...)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.enrollment.domain.register import Values
from shared.contracts.enrollment import ClassKind
from shared.policy.decision import Finding, Severity
from shared.policy.terms.class_record import ClassRecord, EmployerAgreements, ObligatoryTopics
from shared.policy.terms.enrollment import EnrollmentTerms

_SEVERITY = {"stop": Severity.STOP, "ask": Severity.ASK, "warn": Severity.WARN}

Found = Mapping[str, Sequence[Values]]
"""Entries that may prove something of a class, by the code of the term that asks for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSubject:
    """What a class is where its records are looked for; `enterprise` is the credit code of whom it is for."""

    kind: ClassKind
    training_type: str
    occupation: str
    opening_date: date
    closing_date: date
    applied_on: date
    attributes: Mapping[str, str]
    institution_kind: str
    provider: str
    enterprise: str | None


def asked_of(subject: RecordSubject, terms: EnrollmentTerms) -> Iterator[tuple[ClassRecord, dict[str, str]]]:
    """Give every record that the class is asked for, with what its entry must say word for word.

    An empty word is met by no entry: the class did not say what the entry is to be found by.
    """
    for record in terms.class_records:
        if not _binds(record, subject):
            continue
        stated = subject.attributes.get(record.attribute or "", "")
        said = {
            record.occupation: subject.occupation,
            record.provider: subject.provider,
            record.enterprise: subject.enterprise or "",
            record.stated: stated,
        }
        yield record, {field: word for field, word in said.items() if field is not None}


def judge_records(subject: RecordSubject, found: Found, terms: EnrollmentTerms) -> list[Finding]:
    """Object to every record that is missing, and to every one that bars the class; tell what reviewers are to see."""
    findings: list[Finding] = []
    for record, said in asked_of(subject, terms):
        entries = _speaking(record, found.get(record.code, ()))
        proving = [values for values in entries if _proves(values, record, said, subject)]
        if bool(proving) is not record.bars:
            findings += _told(record, proving, terms)
        elif why := _too_early(record, entries, said, subject):
            findings.append(_early(record, why))
        else:
            findings.append(_finding(record, said))
    return findings


def _speaking(record: ClassRecord, entries: Sequence[Values]) -> Sequence[Values]:
    dated = [values for values in entries if _day(values, record.newest)]
    if record.newest is None or not dated:
        return entries
    return [max(dated, key=lambda values: str(values[record.newest or ""]))]


def agreed_on(day: date, entries: Iterable[Values], terms: EmployerAgreements) -> frozenset[str]:
    """Give the credit codes of the enterprises whose agreement is in force on the day (HL-INS-09)."""
    in_force = []
    for values in entries:
        since, until = _day(values, terms.since), _day(values, terms.until)
        if since is not None and since <= day and (until is None or day <= until):
            in_force.append(str(values[terms.employer]))
    return frozenset(in_force)


def judge_topics(attributes: Mapping[str, str], kind: ClassKind, terms: EnrollmentTerms) -> list[Finding]:
    """Object to a plan that lacks obligatory topics, once for all of them (HL-ENR-16, LS-ENR-09, HB-ENR-11)."""
    topics: ObligatoryTopics | None = terms.obligatory_topics
    if topics is None or kind in topics.except_class_kinds:
        return []
    names = {attribute.code: attribute.name for attribute in terms.attributes}
    missing = [code for code in topics.topics if not attributes.get(code)]
    if not missing:
        return []
    return [
        topics.finding(
            code="TOPIC_MISSING",
            severity=_SEVERITY[topics.severity],
            message=f"培训计划没有安排规定的内容：{'、'.join(names[code] for code in missing)}。",
            advice="请补充该内容的课时后重新提交。"
            if topics.severity == "stop"
            else "请补充该内容的课时；不补充的，由当前审核环节的办理人员写明理由后决定是否同意。",
            field="attributes",
            value="、".join(missing),
        )
    ]


def _binds(record: ClassRecord, subject: RecordSubject) -> bool:
    return (
        (not record.class_kinds or subject.kind in record.class_kinds)
        and subject.kind not in record.except_class_kinds
        and (not record.training_types or subject.training_type in record.training_types)
        and subject.training_type not in record.except_training_types
        and (not record.institution_kinds or subject.institution_kind in record.institution_kinds)
        and (not record.if_stated or bool(subject.attributes.get(record.attribute or "")))
    )


def _is_meant(values: Values, record: ClassRecord, said: Mapping[str, str]) -> bool:
    if any(not word or values.get(field) != word for field, word in said.items()):
        return False
    return record.choice is None or values.get(record.choice) in record.choices


def _proves(values: Values, record: ClassRecord, said: Mapping[str, str], subject: RecordSubject) -> bool:
    return _is_meant(values, record, said) and all(_counts_on(day, values, record) for day in _days(record, subject))


def _days(record: ClassRecord, subject: RecordSubject) -> Iterable[date]:
    match record.covers:
        case "opening_date":
            return (subject.opening_date,)
        case "whole_class":
            return (subject.opening_date, subject.closing_date)
        case "application_date":
            return (subject.applied_on,)


def _counts_on(day: date, values: Values, record: ClassRecord) -> bool:
    since, after, until = (_day(values, field) for field in (record.since, record.after, record.until))
    return (since is None or since <= day) and (after is None or after < day) and (until is None or day <= until)


def _day(values: Values, field: str | None) -> date | None:
    value = values.get(field) if field else None
    return date.fromisoformat(value) if isinstance(value, str) else None


def _finding(record: ClassRecord, said: Mapping[str, str]) -> Finding:
    field = "occupation" if record.occupation else f"attributes.{record.attribute}" if record.attribute else None
    return record.finding(
        code=record.code,
        severity=_SEVERITY[record.severity],
        message=record.message,
        advice=record.advice,
        field=field,
        value=said.get(record.occupation or record.stated or "") or None,
    )


def _too_early(
    record: ClassRecord, entries: Iterable[Values], said: Mapping[str, str], subject: RecordSubject
) -> str | None:
    """Say why the class opens before an entry that may still come to prove it, or None (HB-INS-01)."""
    if record.early is None:
        return None
    days = (_day(values, record.since) for values in entries if _is_meant(values, record, said))
    later = min((day for day in days if day is not None and day > subject.opening_date), default=None)
    if later is not None:
        return f"相关记录自 {later.isoformat()} 起生效，晚于开班日期 {subject.opening_date.isoformat()}。"
    if record.expected_by is not None and subject.opening_date <= record.expected_by:
        return f"规定的公布期限为 {record.expected_by.isoformat()}，开班时可能尚未公布。"
    return None


def _early(record: ClassRecord, why: str) -> Finding:
    return record.finding(
        code=record.early or record.code,
        severity=Severity.ASK,
        message=f"{record.message}{why}",
        advice="请核对开班日期；确需在公布前开班的，由当前审核环节的办理人员核实并记录决定。",
        field="opening_date",
    )


def _told(record: ClassRecord, proving: Sequence[Values], terms: EnrollmentTerms) -> Iterator[Finding]:
    """Tell reviewers what the newest entry says; of a truth only that it holds."""
    register = terms.register(record.register)
    field = register.field(record.shown) if register and record.shown else None
    if field is None or record.shown_code is None or not proving:
        return
    newest = max(proving, key=lambda values: _day(values, record.since) or date.min)
    told = newest.get(field.code)
    if told is None or told is False:
        return
    value = "是" if told is True else str(told)
    name = next((item.name for item in field.choices if item.code == value), value)
    yield record.finding(
        code=record.shown_code,
        severity=Severity.WARN,
        message=f"{field.name}：{name}。",
        advice="供审核人员参考，不作为自动通过或不予通过的依据。",
        value=value,
    )
