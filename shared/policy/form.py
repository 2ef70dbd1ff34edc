"""A form of a policy document as data: every field with its label, stage, type, unit, validation and rule. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.policy.coherence import CatalogueRule, Objection, nearest, table_objections
from shared.policy.mistakes import PolicyFilesInvalid
from shared.policy.rulebook_file import expectation, mistakes_of, read_toml, validated
from shared.policy.terms.term import Term
from shared.policy.toml_text import told_at_once

Applicant = Literal["institution", "enterprise", "individual"]
Service = Literal["enrollment", "supervision", "assessment", "payment"]
FieldType = Literal[
    "text",
    "text_list",
    "code",
    "enum",
    "phone",
    "digits",
    "integer",
    "integer_list",
    "decimal",
    "boolean",
    "date",
    "date_list",
    "count",
    "signature",
    "review",
    "opinion",
    "undertaking",
    "deadlines",
    "objections",
    "sources",
    "batches",
]
FIELD_RULE = "JY-FLD-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What a value must satisfy; the texts name other fields of the form.

    `not_before`, `not_after` and `after` compare days (every day of a list), `at_most` numbers,
    `another_person_than` who signed.
    """

    minimum: int | None = None
    at_most: str | None = None
    not_before: str | None = None
    not_after: str | None = None
    after: str | None = None
    another_person_than: str | None = None
    must_be_yes: bool = False
    one_of: tuple[str, ...] = ()

    @property
    def named(self) -> dict[str, str]:
        """Give the other fields it refers to, by the key that names them."""
        keys = ("at_most", "not_before", "not_after", "after", "another_person_than")
        return {key: name for key in keys if (name := getattr(self, key)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField(Term):
    """One field: `stage` says when it is filled in, `source` in which service its fact arises.

    `applicants` are those whose variant of the form has it (JY-CLM-08); `unit` is None for what has none.
    """

    code: str
    label: str
    stage: Literal["enrollment", "supervision", "assessment", "claim", "payment"]
    type: FieldType
    source: Service
    required: bool
    unit: Literal["persons", "class_hours", "working_days", "wan_yuan"] | None = None
    applicants: tuple[Applicant, ...] = ("institution", "enterprise", "individual")
    validation: Validation = field(default_factory=Validation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of one region and document, valid from its first day to its last, both included."""

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None
    fields: tuple[FormField, ...]

    def field(self, code: str) -> FormField | None:
        """Give the field with this code."""
        return next((each for each in self.fields if each.code == code), None)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None = None
    fields: tuple[FormField, ...]


@told_at_once
def read_form(content: bytes, *, name: str, catalogue: Mapping[str, CatalogueRule]) -> Form:
    """Read one form, or raise PolicyFilesInvalid with every mistake.

    Refuse one that misses a field of its document's catalogue, has one twice or in another order, or whose validation
    names a field that it does not have.
    """
    table, lines = read_toml(content, name)
    objections = list(table_objections(table, table.get("document"), catalogue))
    form = None
    try:
        file = validated(_File, table)
    except ValidationError as error:
        objections += [expectation(details, _File) for details in error.errors()]
    else:
        form = Form(**{each.name: getattr(file, each.name) for each in fields(Form)})
        objections += [*_missing(form, catalogue), *_unknown(form)]
    if objections or form is None:
        raise PolicyFilesInvalid(mistakes_of(objections, name, lines))
    return form


def _missing(form: Form, catalogue: Mapping[str, CatalogueRule]) -> Iterator[Objection]:
    printed = [rule.id for rule in catalogue.values() if FIELD_RULE in rule.id and rule.doc_no == form.document]
    written = [each.rule for each in form.fields]
    for rule in printed:
        if written.count(rule) != 1:
            message = f"{rule} 出现 {written.count(rule)} 次"
            yield Objection(key=("fields",), message=message, advice="表格的每个栏目须恰好写一次")
    if sorted(written) == sorted(printed) and written != printed:
        yield Objection(key=("fields",), message="栏目的顺序与表格不同", advice="请按表格的顺序排列")


def _unknown(form: Form) -> Iterator[Objection]:
    codes = [each.code for each in form.fields]
    for place, each in enumerate(form.fields):
        for key, other in each.validation.named.items():
            if other not in codes:
                advice = nearest(other, codes, "请填写本表栏目的代码")
                yield Objection(
                    key=("fields", place, "validation", key), message=f"本表没有栏目 {other}", advice=advice
                )
