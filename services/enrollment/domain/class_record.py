"""What must stand in a register before a class may run: listings, licences, agreements, won tenders (HL-INS-01 ...)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.enrollment.domain.register import Values
from shared.contracts.enrollment import ClassKind
from shared.policy.decision import Finding, Severity
from shared.policy.terms.class_record import ClassRecord, ObligatoryTopics
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
    """Object to every record that is missing, and to every one that bars the class."""
    return [
        _finding(record, said)
        for record, said in asked_of(subject, terms)
        if any(_proves(values, record, said, subject) for values in found.get(record.code, ())) is record.bars
    ]


def judge_topics(attributes: Mapping[str, str], terms: EnrollmentTerms) -> list[Finding]:
    """Ask about a plan that lacks obligatory topics, once for all of them (HL-ENR-16, LS-ENR-09)."""
    topics: ObligatoryTopics | None = terms.obligatory_topics
    if topics is None:
        return []
    names = {attribute.code: attribute.name for attribute in terms.attributes}
    missing = [code for code in topics.topics if not attributes.get(code)]
    if not missing:
        return []
    return [
        topics.finding(
            code="TOPIC_MISSING",
            severity=Severity.ASK,
            message=f"培训计划没有安排规定须贯穿培训全过程的内容：{'、'.join(names[code] for code in missing)}。",
            advice="请补充该内容的课时；不补充的，由当前审核环节的办理人员写明理由后决定是否同意。",
            field="attributes",
            value="、".join(missing),
        )
    ]


def _binds(record: ClassRecord, subject: RecordSubject) -> bool:
    return (
        (not record.class_kinds or subject.kind in record.class_kinds)
        and subject.kind not in record.except_class_kinds
        and (not record.training_types or subject.training_type in record.training_types)
        and (not record.institution_kinds or subject.institution_kind in record.institution_kinds)
        and (not record.if_stated or bool(subject.attributes.get(record.attribute or "")))
    )


def _proves(values: Values, record: ClassRecord, said: Mapping[str, str], subject: RecordSubject) -> bool:
    if any(not word or values.get(field) != word for field, word in said.items()):
        return False
    if record.choice is not None and values.get(record.choice) not in record.choices:
        return False
    return all(_counts_on(day, values, record) for day in _days(record, subject))


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
